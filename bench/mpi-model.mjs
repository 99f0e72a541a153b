// What a training step over N ranks would take: a model of computation, latency and bandwidth, and its drawing. Measured numbers go in
// (mpi.mjs); what is assumed of networks stands here.
//
//   compute(b)  = fixed + b perSample                       b patches a rank, measured
//   backward(b) = 2/3 compute(b)                            a backward pass costs two forward ones
//   sums(N)     = S 2 (latency + (N - 1) start) + 2 (N - 1)/N bytes / bandwidth
//   step(N, b)  = compute(b) + max( sums(N) - backward(b), sums(N)/S )
//
// S sums a step, each a reduce-scatter and an all-gather of N - 1 messages a rank (native/mpi/all_reduce.h). All but the last hide
// behind the backward pass as far as that is long enough. Left out: slow ranks, reading of pictures, validation, a network that is
// shared with others or narrower between racks.

/** Latency of a message, what starting one takes its sender, in milliseconds; bytes a millisecond. */
export const networks = [
  { name: "10 GbE", latency: 0.03, start: 0.005, bandwidth: 1.15e6, colour: "#c2571a" },
  { name: "100 Gb InfiniBand", latency: 0.002, start: 0.0007, bandwidth: 11.5e6, colour: "#1a6fc2" },
];
export const ranksDrawn = [4, 16, 64, 256, 1024];

const compute = ({ fixedMs, perSampleMs }, b) => fixedMs + b * perSampleMs;

export function sumsMs({ bytes, sums }, { latency, start, bandwidth }, n) {
  return n === 1 ? 0 : sums * 2 * (latency + (n - 1) * start) + ((2 * (n - 1)) / n) * (bytes / bandwidth);
}

export function stepMs(measured, network, n, b) {
  const computed = compute(measured, b);
  const travelling = sumsMs(measured, network, n);
  return computed + Math.max(travelling - (2 / 3) * computed, travelling / measured.sums);
}

/** Speed of n ranks with b patches each, as a share of n times that of one. */
export const efficiency = (measured, network, n, b) => compute(measured, b) / stepMs(measured, network, n, b);

/** The fewest patches a rank with which n ranks keep 80 %. */
export function leastBatch(measured, network, n) {
  for (let b = 1; b <= 1 << 16; b++) if (efficiency(measured, network, n, b) >= 0.8) return b;
  return Infinity;
}

/** The model as an SVG: efficiency over ranks, a curve for each network and number of patches a rank. */
export function drawModel(measured) {
  const [width, height, left, top, right, bottom] = [760, 420, 64, 48, 190, 56];
  const x = (n) => left + ((Math.log2(n) - 2) / 8) * (width - left - right);
  const y = (share) => top + (1 - share) * (height - top - bottom);
  const text = (at, text, more = "") =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${text}</text>`;
  const line = (from, to, stroke) =>
    `<line x1="${from[0].toFixed(1)}" y1="${from[1].toFixed(1)}" x2="${to[0].toFixed(1)}" y2="${to[1].toFixed(1)}" stroke="${stroke}"/>`;
  const ranks = Array.from({ length: 33 }, (_, i) => 2 ** (2 + i / 4));
  const dashes = { 1: "2 4", 4: "7 4", 16: "none" };
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(
      [left, 26],
      "Reckoned efficiency of training over machines, by patches a rank",
      'font-size="15" font-weight="bold"',
    ),
  ];
  for (const share of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    parts.push(line([left, y(share)], [width - right, y(share)], share === 0.8 ? "#999" : "#e4e4e4"));
    parts.push(text([left - 8, y(share) + 4], `${share * 100} %`, 'text-anchor="end"'));
  }
  for (const n of [4, 8, 16, 32, 64, 128, 256, 512, 1024]) {
    parts.push(line([x(n), y(0)], [x(n), y(0) + 5], "#999"));
    parts.push(text([x(n), y(0) + 20], n, 'text-anchor="middle"'));
  }
  parts.push(text([(left + width - right) / 2, height - 14], "machines (ranks)", 'text-anchor="middle"'));
  let row = 0;
  for (const network of networks)
    for (const b of [16, 4, 1]) {
      const points = ranks.map(
        (n) => `${x(n).toFixed(1)},${y(efficiency(measured, network, n, b)).toFixed(1)}`,
      );
      const style = `stroke="${network.colour}" stroke-width="2" stroke-dasharray="${dashes[b]}" fill="none"`;
      parts.push(`<polyline points="${points.join(" ")}" ${style}/>`);
      const at = top + 8 + row++ * 24;
      parts.push(
        `<line x1="${width - right + 14}" y1="${at}" x2="${width - right + 44}" y2="${at}" ${style}/>`,
      );
      parts.push(
        text([width - right + 50, at + 4], `${network.name.replace("InfiniBand", "IB")}, ${b} a rank`),
      );
    }
  return `${[...parts, "</svg>"].join("\n")}\n`;
}
