#!/usr/bin/env bash
# Installs Mesa's software Vulkan (llvmpipe), on which the WebGPU backend's tests run where there is no GPU.
# Dawn needs a newer Mesa than Debian 12's own 22.3; 25.0 from bookworm-backports works. That suite is taken from
# the Debian mirror that this machine uses already. For Debian and its relatives, as root; does nothing when done.
set -euo pipefail

enough=25
export DEBIAN_FRONTEND=noninteractive
packages=(mesa-vulkan-drivers libvulkan1)

major() { # "1:25.0.7-2~bpo12+1" -> 25; nothing installed -> 0
  local version="${1#*:}"
  version="${version%%.*}"
  [[ $version =~ ^[0-9]+$ ]] && echo "$version" || echo 0
}
installed() { dpkg-query -W -f '${Version}' mesa-vulkan-drivers 2>/dev/null || true; }
candidate() { apt-cache policy mesa-vulkan-drivers | sed -n 's/^ *Candidate: //p'; }

say() { echo "install-software-vulkan: $*"; }

if (($(major "$(installed)") >= enough)); then
  say "Mesa $(installed) is installed already"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  say "this script knows apt only; install Mesa $enough or later and the Vulkan loader by hand" >&2
  exit 1
fi
if ((EUID != 0)); then
  say "needs root: sudo bash $0" >&2
  exit 1
fi

apt-get update -q
if (($(major "$(candidate)") >= enough)); then
  apt-get install -q -y --no-install-recommends "${packages[@]}"
  say "installed Mesa $(installed)"
  exit 0
fi

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if [[ $codename != bookworm ]]; then
  say "this system offers Mesa $(candidate), older than $enough, and only Debian 12's backports are known here" >&2
  exit 1
fi

# The mirror: the first source that serves the suite bookworm itself, in either of apt's two formats.
mirror="" keyring=""
shopt -s nullglob
for file in /etc/apt/sources.list.d/*.sources; do
  found=$(awk -v suite="$codename" '
    function flush() { if (uri != "" && served && !done) { print uri, key; done = 1 } uri = key = ""; served = 0 }
    /^[ \t]*$/ { flush(); next }
    tolower($1) == "uris:" { uri = $2 }
    tolower($1) == "signed-by:" { key = $2 }
    tolower($1) == "suites:" { for (i = 2; i <= NF; i++) if ($i == suite) served = 1 }
    END { flush() }' "$file")
  if [[ -n $found ]]; then
    read -r mirror keyring <<<"$found"
    break
  fi
done
if [[ -z $mirror ]]; then
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    found=$(awk -v suite="$codename" '
      $1 == "deb" {
        key = ""; i = 2
        if ($2 ~ /^\[/) { # options, maybe several words, up to the closing bracket
          for (; i <= NF; i++) {
            word = $i; gsub(/[][]/, "", word)
            if (word ~ /^signed-by=/) { key = word; sub(/^signed-by=/, "", key) }
            if ($i ~ /\]$/) { i++; break }
          }
        }
        if ($(i + 1) == suite) { print $i, key; exit }
      }' "$file")
    if [[ -n $found ]]; then
      read -r mirror keyring <<<"$found"
      break
    fi
  done
fi
if [[ -z $mirror ]]; then
  say "no source in /etc/apt serves $codename, so its mirror is unknown" >&2
  exit 1
fi

source_file=/etc/apt/sources.list.d/fovea-backports.sources
{
  echo "Types: deb"
  echo "URIs: $mirror"
  echo "Suites: $codename-backports"
  echo "Components: main"
  [[ -z $keyring ]] || echo "Signed-By: $keyring"
} >"$source_file"
if ! apt-get update -q; then
  rm -f "$source_file"
  say "the mirror does not serve $codename-backports" >&2
  exit 1
fi
apt-get install -q -y --no-install-recommends -t "$codename-backports" "${packages[@]}"
(($(major "$(installed)") >= enough)) || { say "got Mesa $(installed), which is too old" >&2; exit 1; }
say "installed Mesa $(installed)"
