#!/usr/bin/env bash
# `npm run sanitize`: builds the addon under the address and undefined-behaviour sanitizers, with leak detection in
# its C++ tests, and runs those tests; then runs the native backend's conformance tests against an addon built the
# same way. Any finding ends it with an error.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=$(nproc 2>/dev/null || echo 2)
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"

echo "sanitize: the C++ tests"
cmake -S . -B build-sanitize -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFOVEA_TESTS_ONLY=ON -DFOVEA_SANITIZE=ON
cmake --build build-sanitize --target fovea_native_tests --parallel "$jobs"
ASAN_OPTIONS="detect_leaks=1" build-sanitize/fovea_native_tests

echo "sanitize: conformance of the addon"
npx --no-install cmake-js build --out build-sanitize-addon --config RelWithDebInfo --parallel "$jobs" --CDFOVEA_SANITIZE=ON
addon="$PWD/build-sanitize-addon/RelWithDebInfo/fovea.node"
test -f "$addon"
# Node itself is not instrumented, so the runtimes go in first; V8 leaves its heap to the exit of the process.
compiler=${CXX:-c++}
preload="$($compiler -print-file-name=libasan.so):$($compiler -print-file-name=libubsan.so)"
FOVEA_ADDON="$addon" FOVEA_REQUIRE_NATIVE=1 LD_PRELOAD="$preload" ASAN_OPTIONS="detect_leaks=0" \
  node node_modules/vitest/vitest.mjs run test/conformance/native.test.ts
