// Runs every test that a file of this folder registers; exits with 1 if one fails. Arguments: parts of the
// names to run.
#include "tests/testing.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace fovea::testing {

static int failures = 0;

std::vector<Test>& tests() {
  static std::vector<Test> list;
  return list;
}

void fail(const std::string& what) {
  failures++;
  std::fprintf(stderr, "    %s\n", what.c_str());
}

int number(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

}  // namespace fovea::testing

int main(int argc, char** argv) {
  using namespace fovea::testing;
  int failed = 0, ran = 0;
  for (const Test& test : tests()) {
    bool named = argc < 2;
    for (int i = 1; i < argc; i++) named = named || std::strstr(test.name, argv[i]);
    if (!named) continue;
    failures = 0;
    try {
      test.run();
    } catch (const std::exception& error) {
      fail(std::string("threw ") + error.what());
    }
    std::printf("%s %s\n", failures ? "FAIL" : "ok  ", test.name);
    ran++;
    failed += failures > 0;
  }
  std::printf("%d of %d tests failed\n", failed, ran);
  return failed || !ran ? 1 : 0;
}
