// The Node-API module: what JavaScript sees of the addon is added by the other files here.
#include "addon/arguments.h"
#include "program/dispatch.h"

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  try {
    fovea::kernels();  // an addon that cannot compute here is not loaded
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
  const fovea::Exports all{env, exports};
  fovea::add_blocks(all);
  fovea::add_programs(all);
  fovea::add_machine(all);
  return exports;
}

NODE_API_MODULE(fovea, init)
