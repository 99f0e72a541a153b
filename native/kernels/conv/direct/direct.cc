#include "kernels/conv/direct/direct.h"

#include <algorithm>

#include "kernels/conv/plan.h"
#include "kernels/elements/epilogue.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::direct {
namespace {

/** Calls visit(p, q, pixel) for the kernel elements that are in bounds when output (i, j) is made. */
template <class Visit>
inline void for_window(const ConvShape& s, int i, int j, Visit visit) {
  for (int p = 0; p < s.kh; p++) {
    const int y = i * s.stride_y + p * s.dilation_y - s.pad_top;
    if (y < 0 || y >= s.h * s.up) continue;
    for (int q = 0; q < s.kw; q++) {
      const int x = j * s.stride_x + q * s.dilation_x - s.pad_left;
      if (x < 0 || x >= s.w * s.up) continue;
      visit(p, q, (ptrdiff_t)(y / s.up) * s.w + x / s.up);
    }
  }
}

struct Reads {  // dy's positions that read one place of x, with the kernel element through which they do
  std::vector<std::pair<int, int>> y, x;
};

/** The same for every place with one residue: offsets relative to the place's number within its phase. */
Reads reads_of(const AxisPhase& y, const AxisPhase& x) {
  Reads reads;
  for (const Tap& t : y.taps)
    for (int p : t.elements) reads.y.push_back({t.offset, p});
  for (const Tap& t : x.taps)
    for (int q : t.elements) reads.x.push_back({t.offset, q});
  return reads;
}

}  // namespace

void forward(const ConvShape& s, const float* x, const float* w, float* y, const Epilogue& e) {
  const int ci = s.ci / s.groups, co = s.co / s.groups;
  parallel_for(s.n * s.oh, [&](int row, int) {
    const float* const image = x + (ptrdiff_t)(row / s.oh) * s.h * s.w * s.ci;
    // A group's outputs at one place, a vector of output channels at a time.
    const auto forward_pixel = [&](int j, int group, float* to) {
      for_lanes(co, [&](int64_t c, auto lanes) {
        const int channel = group * co + (int)c;
        vf sum{};
        for_window(s, row % s.oh, j, [&](int p, int q, ptrdiff_t pixel) {
          const float* a = image + pixel * s.ci + group * ci;
          const float* b = w + (ptrdiff_t)(p * s.kw + q) * ci * s.co + channel;
          for (int k = 0; k < ci; k++) sum = fma(splat(a[k]), lanes.get(b + (ptrdiff_t)k * s.co), sum);
        });
        lanes.put(to + channel, finish(e, sum, to + channel - y, channel, lanes));
      });
    };
    for (int j = 0; j < s.ow; j++)
      for (int g = 0; g < s.groups; g++) forward_pixel(j, g, y + ((ptrdiff_t)row * s.ow + j) * s.co);
  });
}

void input_grad(const ConvShape& s, const float* dy, const float* w, float* dx, const Epilogue& e) {
  const Plan plan = plan_input_grad(s);
  const int ci = s.ci / s.groups, co = s.co / s.groups;
  const int period = (int)plan.y.size();
  parallel_for(s.n * s.h, [&](int row, int) {
    const AxisPhase& ay = plan.y[row % s.h % period];
    for (const AxisPhase& ax : plan.x) {
      const Reads reads = reads_of(ay, ax);
      const auto for_reads = [&](int j, auto visit) {
        for (const auto& [oy, p] : reads.y) {
          const int i = row % s.h / period * ay.in_step + oy;
          if (i < 0 || i >= s.oh) continue;
          for (const auto& [ox, q] : reads.x) {
            const int k = j * ax.in_step + ox;
            if (k < 0 || k >= s.ow) continue;
            visit(dy + (((ptrdiff_t)(row / s.h) * s.oh + i) * s.ow + k) * s.co,
                  w + (ptrdiff_t)(p * s.kw + q) * ci * s.co);
          }
        }
      };
      for (int j = 0; j < ax.count; j++) {
        float* const to = dx + ((ptrdiff_t)row * s.w + ax.out + j * ax.out_step) * s.ci;
        for (int c = 0; c < s.ci; c++) {
          const int first = c / ci * co;
          vf sum{};
          for_reads(j, [&](const float* a, const float* b) {
            const float* const row_of_w = b + (ptrdiff_t)(c % ci) * s.co + first;
            for_lanes(co, [&](int64_t o, auto lanes) {
              sum = fma(lanes.get(a + first + o), lanes.get(row_of_w + o), sum);
            });
          });
          const vf total = splat(fovea::FOVEA_ISA::sum(sum));
          Part{1}.put(to + c, finish(e, total, to + c - dx, c, Part{1}));
        }
      }
    }
  });
}

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const int ci = s.ci / s.groups, co = s.co / s.groups;
  const auto visit_places = [&](int p, int q, auto visit) {
    for (int image = 0; image < s.n; image++) {
      for (int i = 0; i < s.oh; i++) {
        const int y = i * s.stride_y + p * s.dilation_y - s.pad_top;
        if (y < 0 || y >= s.h * s.up) continue;
        for (int j = 0; j < s.ow; j++) {
          const int k = j * s.stride_x + q * s.dilation_x - s.pad_left;
          if (k < 0 || k >= s.w * s.up) continue;
          visit(x + (((ptrdiff_t)image * s.h + y / s.up) * s.w + k / s.up) * s.ci,
                dy + (((ptrdiff_t)image * s.oh + i) * s.ow + j) * s.co);
        }
      }
    }
  };
  parallel_for(s.kh * s.kw * ci, [&](int row, int) {
    const int element = row / ci, c = row % ci;
    float* const to = dw + (ptrdiff_t)row * s.co;
    for (int g = 0; g < s.groups; g++)
      for_lanes(co, [&](int64_t o, auto lanes) {
        vf sum{};
        visit_places(element / s.kw, element % s.kw, [&](const float* a, const float* b) {
          sum = fma(splat(a[g * ci + c]), lanes.get(b + g * co + o), sum);
        });
        lanes.put(to + g * co + o, sum);
      });
  });
}

}  // namespace fovea::FOVEA_ISA::conv::direct
