#!/usr/bin/env bash
# Makes the prebuilt addons, packs the package as it would be published, looks at what is in it, and installs it into empty folders:
# by npm and pnpm with no compiler at hand and no script run, where the native backend must work, from ES modules, CommonJS and
# TypeScript; then builds the addon from the sources in the package.
set -euo pipefail
cd "$(dirname "$0")/.."

budget=$((20 * 1024 * 1024)) # bytes of the tarball; four bundled networks are 14 MB of it, the addons 2
checkout=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "check-package: $*" >&2
  exit 1
}

npm run --silent prebuilds
npm run --silent build:ts
npm run --silent site
tarball="$work/$(npm pack --silent --ignore-scripts --pack-destination "$work")"
size=$(stat -c %s "$tarball")
tar -tzf "$tarball" >"$work/files"
echo "check-package: $(basename "$tarball") has $size bytes, $(wc -l <"$work/files") files"
((size <= budget)) || fail "that is over the budget of $budget bytes"
# Of src/ only what `fovea inspect` shows: the rules' source lines, and its pages.
shown='^package/src/(ops/|inspect/page/|inspect/report/|backend/reference/functions\.ts$)'
if grep -E '^package/(src|test|bench|build|\.ci)/|\.(log|tsbuildinfo|map)$' "$work/files" | grep -vE "$shown"; then
  fail "the files above do not belong into the package"
fi
for name in prebuilds/linux-x64/fovea.node wasm/simd-threads.wasm src/inspect/page/main.js site/dist/worker.js docs/demo.jpg dist/index.d.cts native/addon/module.cc native/mpi/module.cc; do
  grep -qx "package/$name" "$work/files" || fail "$name is missing"
done
if grep -E '^package/site/(src|dist/(wasm|weights))/' "$work/files"; then fail "the files above are in the package already, or no part of it"; fi
if tar -xzOf "$tarball" package/package.json | grep -E '"(pre|post)?install":'; then fail "it runs a script when it is installed"; fi

# A project that uses the package from ES modules, CommonJS and TypeScript with no more than ES2022's library.
project() { # folder
  mkdir -p "$work/$1" && cd "$work/$1"
  echo '{ "private": true, "type": "commonjs" }' >package.json
  cat >compute.cjs <<'JS'
const { useBackend, tensor, matMul } = require("fovea");
useBackend("native").then(async (backend) => {
  const values = [...(await matMul(tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]])).data())];
  if (values.join() !== "19,22,43,50") throw new Error(`matMul gave ${values}`);
  await backend.close();
});
JS
  sed 's/^const \(.*\) = require("fovea")/import \1 from "fovea"/' compute.cjs >compute.mjs
  for kind in cts mts; do
    echo 'import { Dense, tensor, type Tensor } from "fovea";
export const y: Tensor = new Dense(2).call(tensor([[1, 2]]));' >"types.$kind"
  done
  echo '{ "compilerOptions": { "module": "node16", "target": "es2022", "lib": ["es2022"], "types": ["node"], "noEmit": true, "strict": true } }' >tsconfig.json
}

# Runs with nothing on PATH but Node, npm and the few programs that their launchers use.
mkdir "$work/bin"
for program in node npm npx sh env sed dirname uname; do ln -s "$(command -v "$program")" "$work/bin/$program"; done
without_compiler() { env PATH="$work/bin" HOME="$work/home" npm_config_cache="$cache" "$@"; }
cache=$(npm config get cache)

compute_and_examine() { # where the addon must come from
  for file in compute.cjs compute.mjs; do without_compiler node "$file"; done
  without_compiler node node_modules/fovea/dist/cli/main.js doctor --json >doctor.json
  grep -q '"part":"native","works":true.*"addon":"'"$1"'"' doctor.json || fail "no $1 addon: $(grep '"native"' doctor.json)"
  grep -o '"summary":"the C++ addon[^"]*"' doctor.json
}

echo "check-package: npm, no compiler"
project npm
without_compiler npm install --omit=optional --no-audit --no-fund "$tarball"
compute_and_examine prebuilt
without_compiler npx --no-install fovea --help >/dev/null
mkdir -p node_modules/@types
cp -r "$checkout"/node_modules/@types/node node_modules/@types/
cp -r "$checkout"/node_modules/undici-types node_modules/
node "$checkout/node_modules/typescript/bin/tsc" -p .

echo "check-package: pnpm, no compiler, no scripts"
project pnpm
without_compiler npx --yes pnpm@10 install --ignore-scripts --no-optional "$tarball"
compute_and_examine prebuilt

echo "check-package: built from the package"
cd "$work/npm"
FOVEA_ISAS=portable npx --no-install fovea build-addon
compute_and_examine "built here"
if command -v mpicxx >/dev/null; then npx --no-install fovea build-addon --mpi; else echo "check-package: no mpicxx, the MPI addon was not built"; fi
echo "check-package: passed"
