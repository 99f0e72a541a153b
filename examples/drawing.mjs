// Figures as SVG: axes, lines, dots, words. Colours are readable on light and dark ground alike.

export const [blue, orange, grey, green] = ["#3b82d6", "#d9772b", "#8b8f99", "#3f9b62"];
const font = 'font-family="system-ui, sans-serif" font-size="13"';

export const svg = (width, height, ...parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${font} fill="${grey}">\n${parts.flat().join("\n")}\n</svg>\n`;
export const text = (x, y, words, anchor = "middle", fill = grey) =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}">${words}</text>`;
export const line = (points, colour, dash = "") =>
  `<polyline points="${points.map((p) => p.map((v) => v.toFixed(1)).join(",")).join(" ")}" fill="none" stroke="${colour}" stroke-width="2" ${dash && `stroke-dasharray="${dash}"`}/>`;
export const dots = (points, colour) =>
  points.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" fill="${colour}"/>`);

/** Two axes from x0 to x1 and from y0 to y1 with their titles; `at` maps a pair of numbers to a place. */
export function plot(width, height, [x0, x1], [y0, y1], xTitle, yTitle) {
  const [left, right, top, bottom] = [70, 20, 14, 42];
  const at = ([x, y]) => [
    left + ((x - x0) / (x1 - x0)) * (width - left - right),
    height - bottom - ((y - y0) / (y1 - y0)) * (height - top - bottom),
  ];
  const frame = [
    `<path d="M${left},${top}V${height - bottom}H${width - right}" fill="none" stroke="${grey}"/>`,
    text((left + width) / 2, height - 6, xTitle),
    `<text transform="translate(14 ${(height - bottom) / 2}) rotate(-90)" text-anchor="middle" fill="${grey}">${yTitle}</text>`,
  ];
  return { at, frame };
}

/** Numbers along the axes, at these places. */
export const marks = (at, [x0, y0], xs, ys, show = String) => [
  ...xs.map((x) => text(at([x, y0])[0], at([x, y0])[1] + 18, show(x, "x"))),
  ...ys.map((y) => text(at([x0, y])[0] - 8, at([x0, y])[1] + 4, show(y, "y"), "end")),
];
