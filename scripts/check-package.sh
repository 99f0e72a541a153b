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

cat >"$work/try.js" <<'JS'
import { useBackend, tensor, matMul } from "fovea";
const backend = await useBackend(process.argv[2]);
const product = matMul(tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]]));
const values = [...(await product.data())];
if (values.join() !== "19,22,43,50") throw new Error(`matMul gave ${values}`);
console.log(`matMul is right on the backend ${backend.name}`);
await backend.close();
JS

# Installs into the folder of that name, with an empty home, and computes on that backend.
install_and_try() { # folder, backend, PATH
  mkdir -p "$work/$1/home"
  cp "$work/try.js" "$work/$1/"
  echo '{ "private": true, "type": "module" }' >"$work/$1/package.json"
  (
    cd "$work/$1"
    export HOME="$work/$1/home" PATH="$3"
    npm install --omit=optional --no-audit --no-fund --foreground-scripts "$tarball"
    npx --no-install fovea --help
    npx --no-install fovea doctor
    node try.js "$2"
  )
}

echo "check-package: installing with a compiler, which must give the addon"
install_and_try with-compiler native "$PATH"

echo "check-package: installing without a compiler, which must succeed all the same"
mkdir "$work/bin"
for program in node npm npx sh env; do ln -s "$(command -v "$program")" "$work/bin/$program"; done
install_and_try without-compiler reference "$work/bin"
[[ ! -e "$work/without-compiler/node_modules/fovea/build/Release/fovea.node" ]] || {
  echo "check-package: a compiler was found where none should be" >&2
  exit 1
}
echo "check-package: passed"
