// What JavaScript lends a module (src/backend/wasm/imports.ts).
#pragma once

#include <cstddef>

#define FOVEA_IMPORT(name) __attribute__((import_module("env"), import_name(#name)))

namespace fovea {

extern "C" {
/** Throws a JavaScript error with this text. */
[[noreturn]] FOVEA_IMPORT(fail) void fail_in_javascript(const char* text, size_t length);
/** Milliseconds since some moment. */
FOVEA_IMPORT(now) double milliseconds();
}

}  // namespace fovea
