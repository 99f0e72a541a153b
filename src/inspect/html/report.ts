// A training run as one page: its log's curves, what was found about its gradients, and a picture as the network mended it over time.
// uPlot draws the curves; everything is inside the page.

import { reportAssets } from "../files.js";
import type { GradientLook, ParameterLook } from "../gradient-look.js";

/** A line of RUN/log.jsonl. */
export interface LogEntry {
  readonly step: number;
  readonly loss?: number;
  readonly learningRate?: number;
  readonly validationPsnr?: number;
  readonly gradients?: GradientLook;
  readonly findings?: readonly { readonly kind: string; readonly layer: string; readonly text: string }[];
}

export interface ReportPicture {
  readonly label: string;
  /** A data URI. */
  readonly source: string;
}

export interface Report {
  readonly title: string;
  /** Figures beside the title. */
  readonly figures: Readonly<Record<string, string>>;
  readonly log: readonly LogEntry[];
  readonly pictures: readonly ReportPicture[];
}

interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly faint?: boolean;
  readonly points?: boolean;
}

/** Points a curve has at most: longer ones are averaged. */
const mostPoints = 1500;

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]);

/** The page's text. Throws a UserError where uPlot is not installed. */
export function reportPage({ title, figures, log, pictures }: Report): string {
  const { style, script, libraryStyle, library } = reportAssets();
  const looks = log.filter((entry) => entry.gradients);
  const last = looks.at(-1);
  const data = {
    charts: chartsOf(log),
    findings: log.flatMap(({ step, findings = [] }) =>
      findings.map(({ kind, text }) => ({ step, kind, text })),
    ),
    gradients: last?.gradients?.parameters ?? [],
    gradientStep: last?.step ?? 0,
    pictures,
  };
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  const told = Object.entries(figures).map(
    ([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
${libraryStyle}
${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<dl>${told.join("")}</dl>
<div id="charts"></div>
<script type="application/json" id="data">${json}</script>
<script>
${library}
</script>
<script type="module">
${script}</script>
</body>
</html>
`;
}

function chartsOf(log: readonly LogEntry[]) {
  const steps = log.filter(({ loss }) => loss !== undefined);
  const validations = log.filter(({ validationPsnr }) => validationPsnr !== undefined);
  const looks = log.filter(({ gradients }) => gradients);
  const group = Math.ceil(steps.length / mostPoints);
  const thinned = (pick: (entry: LogEntry) => number) =>
    Array.from({ length: Math.ceil(steps.length / group) }, (_, i) => {
      const part = steps.slice(i * group, (i + 1) * group).map(pick);
      return part.reduce((a, b) => a + b, 0) / part.length;
    });
  const x = thinned(({ step }) => step);
  const losses = thinned(({ loss }) => loss!);
  const ofLoss: Series[] = [
    { name: "loss", values: losses, faint: true },
    { name: "smoothed", values: smoothed(losses) },
  ];
  return [
    {
      title: "Loss",
      x,
      series: ofLoss,
      logarithmic: Math.min(...losses) > 0 && Math.max(...losses) > 30 * Math.min(...losses),
    },
    ...(validations.length === 0
      ? []
      : [
          {
            title: "Validation",
            unit: "dB",
            x: validations.map(({ step }) => step),
            series: [
              { name: "PSNR", values: validations.map((entry) => entry.validationPsnr!), points: true },
            ],
          },
        ]),
    {
      title: "Learning rate",
      x,
      series: [{ name: "learning rate", values: thinned((e) => e.learningRate ?? 0) }],
    },
    ...(looks.length === 0 ? [] : [gradientChart(looks)]),
  ];
}

/** Norms of the weights' gradients, of up to ten parameters with more than one axis, evenly picked. */
function gradientChart(looks: readonly LogEntry[]) {
  const all = looks[0].gradients!.parameters.filter(({ shape }) => shape.length > 1);
  const apart = Math.max(1, Math.ceil(all.length / 10));
  const series = all
    .filter((_, i) => i % apart === 0)
    .map(({ name }): Series => {
      const of = (look: LogEntry) => look.gradients!.parameters.find((p: ParameterLook) => p.name === name);
      return { name, values: looks.map((look) => of(look)?.gradient || null), points: true };
    });
  return { title: "Norms of the gradients", x: looks.map(({ step }) => step), series, logarithmic: true };
}

/** An exponential mean over about a fiftieth of the run, begun at the first value. */
function smoothed(values: readonly number[]): number[] {
  const share = 1 / Math.max(1, values.length / 50);
  let mean = values[0] ?? 0;
  return values.map((value) => (mean += share * (value - mean)));
}
