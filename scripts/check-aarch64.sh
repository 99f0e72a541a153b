#!/usr/bin/env bash
# Runs the C++ tests for 64-bit ARM (scripts/cross-aarch64.sh) under qemu's emulation, where it is installed: those of NEON, as plain
# loops are the same code everywhere, and take most of the time when they are emulated.
set -euo pipefail
cd "$(dirname "$0")/.."

bash scripts/cross-aarch64.sh
if command -v qemu-aarch64-static >/dev/null; then
  FOVEA_ISA=neon qemu-aarch64-static -L /usr/aarch64-linux-gnu build-aarch64/fovea_native_tests
else
  echo "check-aarch64: compiled; not run, because qemu-aarch64-static is not installed"
fi
