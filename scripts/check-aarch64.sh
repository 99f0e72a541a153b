#!/usr/bin/env bash
# Cross-compiles the addon and the C++ tests for 64-bit ARM (the NEON path) and, where qemu is installed, runs the tests under its
# emulation.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake -S . -B build-aarch64 -DCMAKE_BUILD_TYPE=Release -DFOVEA_TESTS=ON -DFOVEA_ISAS=all \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
cmake --build build-aarch64 --target fovea_native_tests fovea --parallel "$(nproc)"
if command -v qemu-aarch64-static >/dev/null; then
  qemu-aarch64-static -L /usr/aarch64-linux-gnu build-aarch64/fovea_native_tests
else
  echo "check-aarch64: compiled; not run, because qemu-aarch64-static is not installed"
fi
