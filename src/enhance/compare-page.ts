// A page that lays two pictures of one scene over each other, with a slider between before and after. One file that needs
// nothing else: pictures are inside it, and it asks no network. The pictures themselves are compare.ts's callers' business.

export interface PageEntry {
  readonly title: string;
  /** Figures, or "". */
  readonly detail: string;
  /** The picture as a data URI. */
  readonly source: string;
}

export interface Page {
  readonly title: string;
  /** Of every picture, in pixels. */
  readonly width: number;
  readonly height: number;
  /** At least two; the first is shown on the left, the one numbered `after` on the right. */
  readonly entries: readonly PageEntry[];
  readonly after: number;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]);

export function comparePage({ title, width, height, entries, after }: Page): string {
  const options = (chosen: number) =>
    entries
      .map(({ title: name }, i) => `<option${i === chosen ? " selected" : ""}>${escaped(name)}</option>`)
      .join("");
  const pictures = entries
    .map(({ title: name, source }) => `<img alt="${escaped(name)}" src="${source}" hidden>`)
    .join("\n");
  // What stands in a script may not close it.
  const details = JSON.stringify(entries.map(({ detail }) => detail)).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body style="--width: ${width}; --height: ${height}">
<header>
<h1>${escaped(title)}</h1>
<label>Left <select id="left">${options(0)}</select></label>
<label>Right <select id="right">${options(after)}</select></label>
<label>Size <select id="size">
<option value="fit" selected>fit</option><option value="1">1:1</option><option value="2">2:1</option><option value="4">4:1</option>
</select></label>
</header>
<main id="view" tabindex="-1">
<div id="frame">
${pictures}
<div id="line" aria-hidden="true"></div>
<input id="slider" type="range" min="0" max="100" step="0.5" value="50" aria-label="Where the left picture ends, in percent">
</div>
</main>
<footer><span id="left-detail"></span><span id="right-detail"></span></footer>
<script>
const details = ${details};
${script}
</script>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --ground: #f7f7f5; --ink: #1c1c1e; --faint: #5f5f66; --edge: #d5d5d2; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #161618; --ink: #ededf0; --faint: #a5a5ad; --edge: #3a3a3f; }
}
* { box-sizing: border-box; }
body { margin: 0; height: 100vh; height: 100dvh; display: flex; flex-direction: column;
  background: var(--ground); color: var(--ink); font: 16px/1.4 system-ui, sans-serif; }
header, footer { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; padding: 10px 16px; }
h1 { font-size: 1rem; margin: 0; flex: 1 1 12rem; overflow-wrap: anywhere; }
label { color: var(--faint); display: flex; flex: 0 1 auto; gap: 8px; align-items: center; min-width: 0; }
select { font: inherit; min-height: 40px; min-width: 0; }
main { flex: 1; min-height: 0; overflow: auto; display: flex; border-block: 1px solid var(--edge); container-type: size; }
#frame { position: relative; margin: auto; flex: none; --zoom: 1; line-height: 0;
  width: calc(var(--width) * var(--zoom) * 1px); aspect-ratio: var(--width) / var(--height); }
#frame.fit { width: min(100cqw, calc(100cqh * var(--width) / var(--height))); }
#frame.pixels img { image-rendering: pixelated; }
#frame img { position: absolute; inset: 0; width: 100%; height: 100%; user-select: none; -webkit-user-drag: none; }
#line { position: absolute; top: 0; bottom: 0; left: var(--at); width: 44px; margin-left: -22px; cursor: ew-resize; touch-action: none; }
#line::before { content: ""; position: absolute; top: 0; bottom: 0; left: 21px; width: 2px; background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / 0.45); }
#line::after { content: "\\2194"; position: sticky; top: calc(50cqh - 18px); display: block; width: 36px; height: 36px; margin-inline: 4px;
  border-radius: 50%; background: #fff; color: #1c1c1e; text-align: center; line-height: 34px; font-size: 20px; box-shadow: 0 0 0 1px rgb(0 0 0 / 0.45); }
#slider { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; pointer-events: none; }
#frame:has(#slider:focus-visible) { outline: 3px solid #2f7de1; outline-offset: -3px; }
footer { justify-content: space-between; color: var(--faint); font-variant-numeric: tabular-nums; }
`;

const script = `
const find = (id) => document.getElementById(id);
const [frame, line, slider, left, right, size] = ["frame", "line", "slider", "left", "right", "size"].map(find);
const images = [...frame.querySelectorAll("img")];

function show() {
  const [before, after] = [left.selectedIndex, right.selectedIndex];
  for (const [i, image] of images.entries()) {
    image.hidden = i !== before && i !== after;
    image.style.zIndex = "";
    image.style.clipPath = i === after ? "inset(0 0 0 " + slider.value + "%)" : "none";
  }
  images[after].style.zIndex = 1;
  line.style.zIndex = slider.style.zIndex = 2;
  frame.style.setProperty("--at", slider.value + "%");
  find("left-detail").textContent = named(left);
  find("right-detail").textContent = named(right);
}
const named = (select) =>
  [select.value, details[select.selectedIndex]].filter((text) => text !== "").join(": ");

function zoom() {
  const fits = size.value === "fit";
  frame.classList.toggle("fit", fits);
  frame.classList.toggle("pixels", !fits && Number(size.value) > 1);
  frame.style.setProperty("--zoom", fits ? 1 : size.value);
}

function moveTo(clientX) {
  const box = frame.getBoundingClientRect();
  slider.value = (100 * (clientX - box.left)) / box.width;
  show();
}

// The line is dragged; a click anywhere brings it there; the arrow keys move it. All else is scrolling, by the browser.
line.addEventListener("pointerdown", (event) => {
  line.setPointerCapture(event.pointerId);
  slider.focus({ preventScroll: true, focusVisible: false });
  event.preventDefault();
});
line.addEventListener("pointermove", (event) => {
  if (line.hasPointerCapture(event.pointerId)) moveTo(event.clientX);
});
frame.addEventListener("click", (event) => {
  if (event.target !== line && event.target !== slider) moveTo(event.clientX);
});
slider.addEventListener("input", show);
for (const select of [left, right]) select.addEventListener("change", show);
size.addEventListener("change", zoom);
zoom();
show();
`;
