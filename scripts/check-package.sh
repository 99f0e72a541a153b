#!/usr/bin/env bash
# Packs the package as it would be published, checks its size, and installs it into an empty folder: with a compiler
# (the addon must be built there and work) and without one (the installation must succeed all the same).
set -euo pipefail
cd "$(dirname "$0")/.."

budget=$((16 * 1024 * 1024)) # bytes of the tarball; the bundled models are most of it
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tarball="$work/$(npm pack --silent --pack-destination "$work")"
size=$(stat -c %s "$tarball")
echo "check-package: $(basename "$tarball") has $size bytes, $(tar -tzf "$tarball" | wc -l) files"
((size <= budget)) || { echo "check-package: that is over the budget of $budget bytes" >&2; exit 1; }
if tar -tzf "$tarball" | grep -E '^package/(src|test|bench|build|\.ci)/|\.log$|\.tsbuildinfo$'; then
  echo "check-package: the files above do not belong into the package" >&2
  exit 1
fi

install_and_try() { # name, expected backend
  local folder="$work/$1"
  mkdir -p "$folder/home"
  echo '{ "private": true, "type": "module" }' >"$folder/package.json"
  (
    cd "$folder"
    export HOME="$folder/home"
    npm install --omit=optional --no-audit --no-fund --foreground-scripts "$tarball"
    npx --no-install fovea --help
    cat >try.js <<'JS'
import { useBackend, tensor, matMul } from "fovea";
const backend = await useBackend("auto");
const product = matMul(tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]]));
const values = [...(await product.data())];
if (values.join() !== "19,22,43,50") throw new Error(`matMul gave ${values}`);
console.log(`matMul is right on the backend ${backend?.name ?? "auto"}`);
JS
    node try.js
  )
  local built=no
  [[ ! -f "$folder/node_modules/fovea/build/Release/fovea.node" ]] || built=yes
  [[ $built == "$2" ]] || { echo "check-package: $1: addon built: $built, expected: $2" >&2; exit 1; }
}

echo "check-package: installing with a compiler"
install_and_try with-compiler yes

echo "check-package: installing without a compiler"
mkdir "$work/bin"
for program in node npm npx sh bash env; do ln -s "$(command -v "$program")" "$work/bin/$program"; done
PATH="$work/bin" install_and_try without-compiler no
echo "check-package: passed"
