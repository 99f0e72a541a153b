// unary, unaryGrad and binary: every function over its range, at its special points, and in lengths that
// leave ragged ends.
#include "tests/elements.h"

namespace fovea::testing {
namespace {

const double kGelu = std::sqrt(2 / M_PI);
double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double gelu_slope(double x) {
  const double t = std::tanh(kGelu * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kGelu * (1 + 3 * 0.044715 * x * x);
}

constexpr double kAlpha = 0.3f;
struct Function {
  const char* name;
  double (*value)(double);
  double (*derivative)(double);  // of what is saved
  double low, high;              // where it is tried
};
const Function kFunctions[] = {
    {"linear", [](double x) { return x; }, [](double) { return 1.0; }, -10, 10},
    {"relu", [](double x) { return x < 0 ? 0 : x; }, [](double y) { return y > 0 ? 1.0 : 0.0; }, -10, 10},
    {"leakyRelu", [](double x) { return x > 0 ? x : kAlpha * x; },
     [](double y) { return y > 0 ? 1.0 : kAlpha; }, -10, 10},
    {"sigmoid", sigmoid, [](double y) { return y * (1 - y); }, -80, 80},
    {"tanh", [](double x) { return std::tanh(x); }, [](double y) { return 1 - y * y; }, -20, 20},
    {"softplus", [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); },
     [](double y) { return -std::expm1(-y); }, -80, 80},
    {"silu", [](double x) { return x * sigmoid(x); },
     [](double x) { return sigmoid(x) * (1 + x * (1 - sigmoid(x))); }, -60, 60},
    {"gelu", [](double x) { return x * sigmoid(2 * kGelu * (x + 0.044715 * x * x * x)); }, gelu_slope, -4,
     30},
    {"exp", [](double x) { return std::exp(x); }, [](double y) { return y; }, -87, 88.5},
    {"log", [](double x) { return std::log(x); }, [](double x) { return 1 / x; }, 1e-37, 1e4},
    {"sqrt", [](double x) { return std::sqrt(x); }, [](double y) { return 0.5 / y; }, 0, 1e6},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, [](double y) { return -0.5 * y * y * y; }, 1e-3,
     1e4},
    {"square", [](double x) { return x * x; }, [](double x) { return 2 * x; }, -100, 100},
    {"abs", [](double x) { return std::abs(x); }, [](double x) { return sign(x); }, -10, 10},
    {"sign", sign, [](double) { return 0.0; }, -10, 10},
    {"neg", [](double x) { return -x; }, [](double) { return -1.0; }, -10, 10},
    {"reciprocal", [](double x) { return 1 / x; }, [](double y) { return -y * y; }, 1e-3, 1e3},
    {"sin", [](double x) { return std::sin(x); }, [](double x) { return std::cos(x); }, -8000, 8000},
    {"cos", [](double x) { return std::cos(x); }, [](double x) { return -std::sin(x); }, -8000, 8000},
    {"floor", [](double x) { return std::floor(x); }, [](double) { return 0.0; }, -10, 10},
    {"ceil", [](double x) { return std::ceil(x); }, [](double) { return 0.0; }, -10, 10},
    {"round", [](double x) { return std::nearbyint(x); }, [](double) { return 0.0; }, -10, 10},
    {"erf", [](double x) { return std::erf(x); },
     [](double x) { return 2 / std::sqrt(M_PI) * std::exp(-x * x); }, -5, 5},
};

/** Points spread over [low, high], some of them close to 0 where that lies inside. */
Floats points(const Function& f, size_t count) {
  Floats made = random_floats(count, 7);
  for (size_t i = 0; i < count; i++) {
    const double u = 0.5 + 0.5 * made[i], range = f.high - f.low;
    made[i] = float(f.low + range * u);
    if (i % 4 == 1 && f.low < 0) made[i] = float(made[i] / range);
    if (i % 4 == 2 && f.low < 0) made[i] = float(made[i] / range / 1000);
  }
  return made;
}

TEST(unary_functions_are_within_two_units_in_the_last_place) {
  for (size_t f = 0; f < std::size(kFunctions); f++) {
    const Function& function = kFunctions[f];
    const Floats x = points(function, 40000);
    Doubles expected;
    for (float v : x) expected.push_back(function.value(v));
    // 2^-24 is half a unit for a mantissa of 1 and a quarter for one just below 2; sines cross 0 away from 0.
    const bool periodic = function.high == 8000;
    // gelu falls like e^-x^2: here its argument reaches 8, and loses three roundings of 6e-8.
    const double relative = periodic ? 0 : function.value == kFunctions[7].value ? 1.5e-6 : 2.5e-7;
    check({"unary",
           function.name,
           {x},
           {40000, double(f), kAlpha},
           {expected},
           relative,
           periodic ? 1.2e-7 : 1e-37});
  }
}

TEST(unary_lengths) {
  for (size_t n : {0, 1, 2, 3, 5, 15, 16, 17, 31, 33, 100, 16383, 16385, 50000}) {
    const Floats x = random_floats(n, uint32_t(n));
    Doubles expected;
    for (float v : x) expected.push_back(std::tanh(double(v)));
    check({"unary", std::to_string(n), {x}, {double(n), 4, 0}, {expected}});
  }
}

TEST(unary_special_values) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Floats x = {nan,     inf, -inf, 0.0f, -0.0f, 3e38f, -3e38f, 1e-37f,
                    -1e-37f, 100, -100, 1e9f, -1e5f, 1,     -1};
  for (size_t f = 0; f < std::size(kFunctions); f++) {
    const std::string name = kFunctions[f].name;
    Doubles expected;
    for (float v : x) {
      double y = kFunctions[f].value(v);
      // -inf * 0, in double as in the specification's own formula
      if ((name == "gelu" || name == "silu") && v == -inf) y = nan;
      expected.push_back(y);
    }
    check({"unary",
           name + " of special values",
           {x},
           {double(x.size()), double(f), kAlpha},
           {expected},
           3e-7,
           1e-37});
  }
}

TEST(unary_gradients) {
  for (size_t f = 0; f < std::size(kFunctions); f++) {
    const Function& function = kFunctions[f];
    Floats saved = points(function, 3001);
    const std::string name = function.name;
    // What is saved is an output: of a sigmoid in (0, 1), of a tanh in (-1, 1), of a softplus positive.
    for (float& v : saved) {
      if (name == "sigmoid" || name == "tanh") v = float(function.value(v / 10));
      if (name == "softplus" || name == "exp") v = float(std::exp(v / 8));
    }
    saved[0] = saved[1] = name == "log" || name == "sqrt" ? 1.0f : 0.0f;
    const Floats dy = random_floats(saved.size(), 3);
    Doubles expected;
    for (size_t i = 0; i < saved.size(); i++) expected.push_back(dy[i] * function.derivative(saved[i]));
    check({"unary_grad", name, {saved, dy}, {3001, double(f), kAlpha}, {expected}, 5e-7, 1.5e-7});
  }
}

TEST(unary_gradients_do_not_hide_nan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (size_t f = 0; f < std::size(kFunctions); f++)
    check({"unary_grad",
           std::string(kFunctions[f].name) + " of NaN",
           {{0.5f, 0.5f}, {nan, nan}},
           {2, double(f), kAlpha},
           {{nan, nan}}});
}

using Binary = double (*)(double, double);
double larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); }
double smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b); }
double js_power(double a, double b) {
  return std::isnan(b) || (std::abs(a) == 1 && std::isinf(b)) ? NAN : std::pow(a, b);
}
const Binary kBinary[] = {
    [](double a, double b) { return a + b; },
    [](double a, double b) { return a - b; },
    [](double a, double b) { return a * b; },
    [](double a, double b) { return a / b; },
    larger,
    smaller,
    js_power,
    [](double a, double b) { return double(a > b); },
    [](double a, double b) { return double(a >= b); },
    [](double a, double b) { return double(a < b); },
    [](double a, double b) { return double(a <= b); },
    [](double a, double b) { return double(a == b); },
};

TEST(binary_functions_and_special_values) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Floats special = {nan, inf, -inf, 0, 1, -1, 2, 0.5f, -3, 7.25f};
  Floats a, b;
  for (float x : special)
    for (float y : special) a.push_back(x), b.push_back(y);
  const double n = double(a.size());
  for (size_t f = 0; f < std::size(kBinary); f++) {
    Doubles expected;
    for (size_t i = 0; i < a.size(); i++) expected.push_back(kBinary[f](a[i], b[i]));
    check({"binary", "function " + std::to_string(f), {a, b}, {double(f), 1, n, n, n}, {expected}});
  }
}

TEST(powers) {
  Floats a, b;
  const Floats u = random_floats(20000, 1), v = random_floats(20000, 2);
  for (size_t i = 0; i < u.size(); i++) {
    const bool negative = i % 3 == 0;  // only a whole power of a negative number is real
    a.push_back(negative ? -std::abs(u[i]) * 30 : std::exp2(u[i] * 40));
    b.push_back(negative || i % 3 == 1 ? std::round(v[i] * 9) : v[i] * (i % 2 ? 3.0f : 100.0f));
  }
  a[1] = 0.9999f, b[1] = 400000;
  a[2] = -0.5f, b[2] = 4194305;
  a[4] = 1e-40f, b[4] = 2;
  a[5] = -2, b[5] = 0.5f;
  Doubles expected;
  for (size_t i = 0; i < a.size(); i++) expected.push_back(std::pow(double(a[i]), double(b[i])));
  check({"binary", "pow", {a, b}, {6, 1, 20000, 20000, 20000}, {expected}, 1.3e-7, 1.2e-38});
}

using Shape = std::vector<int64_t>;

void check_broadcast(const Shape& out, const Shape& a, const Shape& b) {
  const auto count = [](const Shape& s) {
    size_t n = 1;
    for (int64_t k : s) n *= size_t(k);
    return n;
  };
  const Floats left = random_floats(count(a), 1), right = random_floats(count(b), 2);
  Doubles expected(count(out)), numbers = {1, double(out.size())};
  std::string what;
  for (const Shape& shape : {out, a, b})
    for (int64_t k : shape) numbers.push_back(double(k)), what += std::to_string(k) + " ";
  for (size_t i = 0; i < expected.size(); i++) {
    size_t rest = i, at_a = 0, at_b = 0, step_a = 1, step_b = 1;
    for (size_t k = out.size(); k-- > 0; rest /= size_t(out[k])) {
      const size_t index = rest % size_t(out[k]);
      at_a += a[k] == 1 ? 0 : index * step_a;
      at_b += b[k] == 1 ? 0 : index * step_b;
      step_a *= size_t(a[k]);
      step_b *= size_t(b[k]);
    }
    expected[i] = double(left[at_a]) - double(right[at_b]);
  }
  check({"binary", "sub " + what, {left, right}, numbers, {expected}, 1e-7, 0});
}

TEST(binary_broadcasts) {
  check_broadcast({}, {}, {});
  check_broadcast({1}, {1}, {1});
  check_broadcast({40000}, {40000}, {1});
  check_broadcast({17}, {1}, {17});
  check_broadcast({7, 5}, {7, 1}, {1, 5});
  check_broadcast({3, 300}, {3, 1}, {1, 300});
  check_broadcast({700, 64}, {700, 64}, {1, 64});
  check_broadcast({1500, 33}, {1, 33}, {1500, 33});
  check_broadcast({70, 500}, {70, 500}, {1, 500});
  check_broadcast({5000, 7}, {5000, 1}, {5000, 7});
  check_broadcast({2, 41, 43, 16}, {2, 41, 43, 16}, {2, 1, 1, 16});
  check_broadcast({2, 41, 43, 3}, {2, 41, 43, 3}, {2, 41, 43, 1});
  check_broadcast({2, 3, 4, 5, 6, 7}, {2, 1, 4, 1, 6, 1}, {1, 3, 1, 5, 1, 7});
  check_broadcast({2, 3, 4, 5, 6, 7}, {1, 3, 4, 1, 1, 7}, {2, 1, 1, 5, 6, 7});
  check_broadcast({2, 3, 1, 2, 2, 3, 1, 2, 3, 2}, {2, 1, 1, 2, 1, 3, 1, 1, 3, 1},
                  {1, 3, 1, 1, 2, 1, 1, 2, 1, 2});
  check_broadcast({3, 4, 5, 300}, {3, 1, 5, 300}, {1, 4, 5, 1});
  check_broadcast({0, 5}, {0, 5}, {1, 5});
  check_broadcast({4, 0}, {4, 1}, {1, 0});
}

TEST(select_chooses) {
  const size_t n = 20011;
  Floats condition = random_floats(n, 1);
  for (size_t i = 0; i < n; i += 3) condition[i] = 0;
  condition[1] = std::numeric_limits<float>::quiet_NaN();
  const Floats a = random_floats(n, 2), b = random_floats(n, 3);
  Doubles expected;
  for (size_t i = 0; i < n; i++) expected.push_back(condition[i] != 0 ? a[i] : b[i]);
  check({"select", "", {condition, a, b}, {double(n)}, {expected}, 0, 0});
}

}  // namespace
}  // namespace fovea::testing
