// Is a page of `fovea inspect --html` smooth? Size, time to first paint, and, with all layers unfolded, frames a second while the
// tape is scrolled for two seconds, with the milliseconds that the page's own work takes of a frame (processor time of its main thread; 60 frames a second leave 16.7).
//   node bench/inspect-page.mjs PAGE.html... [--shots FOLDER]        Chromium by playwright-core; FOVEA_CHROMIUM names another
// Without a GPU Chromium draws with the processor, so that frames also wait for whatever else runs on the machine.

/* global document, requestAnimationFrame */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values, positionals: pages } = parseArgs({ allowPositionals: true, options: { shots: { type: "string" } } }); // prettier-ignore
const executablePath = process.env.FOVEA_CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** Scrolls the tape a little each frame for two seconds; the number of frames and the seconds they took. */
const scroll = () =>
  new Promise((resolve) => {
    const graph = document.getElementById("graph");
    const most = graph.scrollHeight - graph.clientHeight;
    const started = performance.now();
    let [frames, step] = [0, 12];
    requestAnimationFrame(function frame(now) {
      if (now - started > 2000) return resolve({ frames, seconds: (now - started) / 1000, most });
      if (graph.scrollTop + step > most || graph.scrollTop + step < 0) step = -step;
      graph.scrollTop += step;
      frames++;
      requestAnimationFrame(frame);
    });
  });

/** Milliseconds from the navigation to the first pixels of content. */
const firstPaint = () =>
  new Promise((resolve) => {
    const seen = new PerformanceObserver((list) => {
      const entry = list.getEntriesByName("first-contentful-paint")[0];
      if (entry) resolve(entry.startTime);
    });
    seen.observe({ type: "paint", buffered: true });
  });

for (const file of pages) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(pathToFileURL(path.resolve(file)).href);
  const paint = await page.evaluate(firstPaint);
  await page.getByRole("button", { name: "unfold", exact: true }).click();
  const rows = await page.locator("#graph .row").count();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" }); // processor time, whatever else runs
  const busy = async () =>
    (await cdp.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const before = await busy();
  const { frames, seconds, most } = await page.evaluate(scroll);
  const perFrame = (1000 * ((await busy()) - before)) / frames;
  const megabytes = (fs.statSync(file).size / 1e6).toFixed(2);
  console.log(
    `${path.basename(file)}: ${megabytes} MB, first paint ${paint.toFixed(0)} ms, ${rows} rows (${most} px to scroll): ${(frames / seconds).toFixed(0)} frames a second, ${perFrame.toFixed(1)} ms of work each`,
  );
  await page.close();
  if (!values.shots) continue;
  for (const colorScheme of ["light", "dark"])
    for (const width of [1400, 800]) {
      const shot = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      await shot.goto(pathToFileURL(path.resolve(file)).href);
      const name = `${path.basename(file, ".html")}-${colorScheme}-${width}`;
      await shot.screenshot({ path: path.join(values.shots, `${name}.png`) });
      await shot.locator("#graph .row .cell.value").nth(2).click();
      await shot.screenshot({ path: path.join(values.shots, `${name}-open.png`) });
      await shot.close();
    }
}
await browser.close();
