// Reading arguments from JavaScript and turning C++ errors into its errors. Addresses are numbers (they have 48
// bits); operands come as pairs address, elements.
#pragma once

#include <napi.h>

#include <cmath>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>

#include "program/order.h"
#include "program/program.h"

namespace fovea {

using Napi::CallbackInfo;
using Napi::Value;

/** Runs `body`; what C++ throws becomes a JavaScript error. */
template <class Body>
auto guarded(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(env, "out of memory");
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

inline double number(const CallbackInfo& info, size_t i) {
  if (i >= info.Length() || !info[i].IsNumber())
    throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(i) + " must be a number");
  return info[i].As<Napi::Number>().DoubleValue();
}

/** A whole number in [0, limit]. */
inline double whole(const CallbackInfo& info, size_t i, double limit = 9007199254740991.0) {
  const double value = number(info, i);
  if (!(value >= 0 && value <= limit && value == std::floor(value)))
    throw Napi::RangeError::New(info.Env(),
                                "argument " + std::to_string(i) + " must be a whole number in range");
  return value;
}

template <class Array>
Array array(const CallbackInfo& info, size_t i, napi_typedarray_type type, const char* name) {
  if (i < info.Length() && info[i].IsTypedArray() && info[i].As<Napi::TypedArray>().TypedArrayType() == type)
    return info[i].As<Array>();
  throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(i) + " must be a " + name);
}
inline Napi::Float64Array doubles(const CallbackInfo& info, size_t i) {
  return array<Napi::Float64Array>(info, i, napi_float64_array, "Float64Array");
}

/** Adds a function to the addon's exports. */
struct Exports {
  Napi::Env env;
  Napi::Object object;
  template <class Function>
  void add(const char* name, Function function) const {
    object.Set(name, Napi::Function::New(env, function, name));
  }
};

void add_blocks(const Exports& exports);
void add_programs(const Exports& exports);
void add_machine(const Exports& exports);

}  // namespace fovea
