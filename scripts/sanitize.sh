#!/usr/bin/env bash
# `npm run sanitize`: builds the addon and its C++ tests under the address and undefined-behaviour sanitizers, runs
# those tests (leaks are errors there), then the native backend's conformance tests on that addon. Any finding ends
# it with an error.
set -euo pipefail
cd "$(dirname "$0")/.."

build="build-sanitize"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"

echo "sanitize: building"
cmake -S . -B $build -DFOVEA_SANITIZE=ON -DFOVEA_ISAS=all -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1
cmake --build $build --parallel "$(nproc)"

echo "sanitize: the C++ tests"
ASAN_OPTIONS="detect_leaks=1" "$build/fovea_native_tests"

echo "sanitize: conformance of the addon"
# Node itself is not instrumented, so the runtimes are loaded first; V8 leaves its heap to the end of the process.
compiler=${CXX:-c++}
preload="$($compiler -print-file-name=libasan.so):$($compiler -print-file-name=libubsan.so)"
FOVEA_ADDON="$PWD/$build/fovea.node" FOVEA_REQUIRE_NATIVE=1 LD_PRELOAD="$preload" \
  ASAN_OPTIONS="detect_leaks=0" node node_modules/vitest/vitest.mjs run test/conformance/native.test.ts
