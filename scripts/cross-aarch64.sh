#!/usr/bin/env bash
# Cross-compiles the addon and its C++ tests for 64-bit ARM (the NEON path) into build-aarch64/.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake -S . -B build-aarch64 -DCMAKE_BUILD_TYPE=Release -DFOVEA_TESTS=ON -DFOVEA_ISAS=all \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
cmake --build build-aarch64 --target fovea_native_tests fovea --parallel "$(nproc)"
