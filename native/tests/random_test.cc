// random against its authors' test vectors and a plain Philox; sgdStep and adamStep against the formulas in
// double.
#include "runtime/core_distance.h"
#include "tests/elements.h"

namespace fovea::testing {
namespace {

struct Block {
  uint32_t w[4];
};

Block philox(Block c, uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++, k0 += 0x9e3779b9u, k1 += 0xbb67ae85u) {
    const uint64_t p0 = uint64_t(0xd2511f53u) * c.w[0], p1 = uint64_t(0xcd9e8d57u) * c.w[2];
    c = {{uint32_t(p1 >> 32) ^ c.w[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ c.w[3] ^ k1, uint32_t(p0)}};
  }
  return c;
}

TEST(plain_philox_gives_its_authors_vectors) {
  // kat_vectors of Random123: counter and key all zeros, and the digits of pi.
  const Block zero = philox({{0, 0, 0, 0}}, 0, 0);
  if (zero.w[0] != 0x6627e8d5u || zero.w[1] != 0xe169c58du || zero.w[2] != 0xbc57ac4cu ||
      zero.w[3] != 0x9b00dbd8u)
    fail("not the known answer for zeros");
  const Block pi = philox({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0xa4093822u, 0x299f31d0u);
  if (pi.w[0] != 0xd16cfe09u || pi.w[1] != 0x94fdccebu || pi.w[2] != 0x5001e420u || pi.w[3] != 0x24126ea1u)
    fail("not the known answer for pi");
}

TEST(random_numbers) {
  for (uint64_t counter : {uint64_t(0), uint64_t(0xfffffffd), uint64_t(0x123456789abcdef), ~uint64_t(2)})
    for (double seed : {0.0, 42.0, 9007199254740991.0})
      for (size_t n : {0, 1, 4, 7, 63, 64, 65, 20000, 40001}) {
        const uint32_t low = uint32_t(uint64_t(seed)), high = uint32_t(uint64_t(seed) >> 32);
        Doubles uniform, normal;
        for (size_t i = 0; i < n; i++) {
          const uint64_t block = counter + i / 4;
          const Block words = philox({{uint32_t(block), uint32_t(block >> 32), 0, 0}}, low, high);
          uniform.push_back((words.w[i % 4] >> 8) * 0x1p-24);
          const size_t pair = i % 4 / 2 * 2;
          const double u = (words.w[pair] >> 8) * 0x1p-24, v = (words.w[pair + 1] >> 8) * 0x1p-24;
          const double radius = std::sqrt(-2 * std::log(1 - u)), angle = 2 * M_PI * v;
          normal.push_back(radius * (i % 2 ? std::sin(angle) : std::cos(angle)));
        }
        Floats limbs;
        for (int k = 0; k < 4; k++) limbs.push_back(float(counter >> (16 * k) & 0xffff));
        const std::string what = std::to_string(counter) + " " + std::to_string(n);
        check({"random",
               "uniform " + what,
               {limbs},
               {double(n), 0, double(low), double(high)},
               {uniform},
               0,
               0});
        check({"random",
               "normal " + what,
               {limbs},
               {double(n), 1, double(low), double(high)},
               {normal},
               4e-7,
               4e-7});
      }
}

const std::vector<size_t> kSizes = {1, 64, 0, 16384, 5, 40001, 3, 300};

/** Runs an optimiser on buffers of its own, on all instruction sets and numbers of threads; the update is in
 * place. */
void check_step(const char* kernel, const Doubles& numbers, const Floats& hyper,
                const std::vector<Floats>& operands, const std::vector<Doubles>& expected) {
  on_every_isa([&](const KernelTable& table) {
    for (int count : {1, 2, 3}) {
      set_threads(count);
      suppose_cores_share_l3(count == 3);
      std::vector<std::unique_ptr<Buffer>> buffers;
      std::vector<float*> pointers;
      const auto add = [&](const Floats& values) {
        buffers.push_back(std::make_unique<Buffer>(values.size(), values.size() % 2));
        std::copy(values.begin(), values.end(), buffers.back()->data());
        pointers.push_back(buffers.back()->data());
      };
      add(hyper);
      for (const Floats& operand : operands) add(operand);
      run_kernel(table, kernel, pointers, numbers);
      for (size_t k = 0; k < operands.size(); k++) {
        buffers[k + 1]->check_guards(kernel);
        for (size_t i = 0; i < operands[k].size(); i++)
          if (!agrees(pointers[k + 1][i], expected[k][i], 1e-6, 1e-7))
            return fail(std::string(table.isa) + " " + kernel + ": operand " + std::to_string(k) + " at " +
                        std::to_string(i));
      }
    }
  });
}

TEST(sgd_steps) {
  for (int nesterov : {0, 1}) {
    const Floats hyper = {0.1f, 0.9f, 0.01f, 0.5f};
    std::vector<Floats> operands;
    std::vector<Doubles> expected;
    Doubles numbers = {double(nesterov), double(kSizes.size())};
    for (size_t n : kSizes) {
      numbers.push_back(double(n));
      for (uint32_t k = 0; k < 3; k++) {
        operands.push_back(random_floats(n, uint32_t(n) + k));
        expected.emplace_back(operands.back().begin(), operands.back().end());
      }
      Doubles &p = expected.end()[-3], &g = expected.end()[-2], &v = expected.end()[-1];
      for (size_t i = 0; i < n; i++) {
        const double gradient = hyper[3] * g[i] + hyper[2] * p[i];
        v[i] = hyper[1] * v[i] + gradient;
        p[i] -= hyper[0] * (nesterov ? gradient + hyper[1] * v[i] : v[i]);
      }
    }
    check_step("sgd_step", numbers, hyper, operands, expected);
  }
}

TEST(adam_steps) {
  const Floats hyper = {0.01f, 0.9f, 0.999f, 1e-8f, 0.02f, 0.271f, 0.002997f, 0.25f};
  std::vector<Floats> operands;
  std::vector<Doubles> expected;
  Doubles numbers = {double(kSizes.size())};
  for (size_t n : kSizes) {
    numbers.push_back(double(n));
    for (uint32_t k = 0; k < 4; k++) {
      operands.push_back(random_floats(n, uint32_t(n) + k));
      if (k == 3)
        for (float& v : operands.back()) v = v * v + 0.01f;  // the step divides by its root
      expected.emplace_back(operands.back().begin(), operands.back().end());
    }
    Doubles &p = expected.end()[-4], &g = expected.end()[-3], &m = expected.end()[-2],
            &v = expected.end()[-1];
    for (size_t i = 0; i < n; i++) {
      const double gradient = hyper[7] * g[i];
      m[i] = hyper[1] * m[i] + (1 - hyper[1]) * gradient;
      v[i] = hyper[2] * v[i] + (1 - double(hyper[2])) * gradient * gradient;
      p[i] -= hyper[0] * (m[i] / hyper[5] / (std::sqrt(v[i] / hyper[6]) + hyper[3]) + hyper[4] * p[i]);
    }
  }
  check_step("adam_step", numbers, hyper, operands, expected);
}

}  // namespace
}  // namespace fovea::testing
