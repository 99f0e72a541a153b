// The studio: pictures are dropped, pasted or chosen, computed one after the other in a worker, shown before and after, and downloaded.

import { download } from "./download.js";
import { type Engine, PageEngine } from "./engine.js";
import { LentEngine, lentBackend } from "./lent.js";
import type { TaskName } from "./messages.js";
import { drawQueue, type Picture, resultName } from "./queue.js";
import { Viewer } from "./viewer.js";
import { beginVisit } from "./visit.js";
import { zipOf } from "./zip.js";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

const viewer = new Viewer();
const pictures: Picture[] = [];
let shown: Picture | undefined;
let isBusy = false;
let nextId = 1;

let engine: Engine | undefined;

const actions = { show, cancel };

function draw(): void {
  drawQueue(byId("queue"), pictures, shown, actions);
  const done = pictures.filter(({ state }) => state === "done").length;
  const failed = pictures.filter(({ state }) => state === "failed").length;
  byId("status").textContent =
    pictures.length === 0
      ? "No pictures yet."
      : `${done} of ${pictures.length} done${failed > 0 ? `, ${failed} failed` : ""}.`;
  byId<HTMLButtonElement>("again").disabled = !shown || shown.state === "running";
  byId<HTMLButtonElement>("download-all").disabled = done === 0;
}

function show(picture: Picture): void {
  shown = picture;
  void viewer.show(picture.file, picture.result);
  draw();
}

function cancel(picture: Picture): void {
  if (picture.state === "running") engine?.cancel(picture.id);
  else Object.assign(picture, { state: "failed", note: "Cancelled." });
  draw();
}

function add(files: Iterable<File>): void {
  for (const file of files) pictures.push({ id: nextId++, file, state: "waiting", note: "Waits.", share: 0 });
  if (!shown && pictures.length > 0) show(pictures[0]);
  draw();
  void workOn();
}

/** Works until nothing waits; a picture that fails does not keep the next from its turn. */
async function workOn(): Promise<void> {
  if (isBusy || !engine) return;
  isBusy = true;
  for (let picture; (picture = pictures.find(({ state }) => state === "waiting"));)
    await enhance(picture, engine);
  isBusy = false;
}

const chosenTask = (): TaskName =>
  document.querySelector<HTMLInputElement>("input[name=task]:checked")!.value as TaskName;

async function enhance(picture: Picture, engine: Engine): Promise<void> {
  Object.assign(picture, { state: "running", note: "Begins.", share: 0, result: undefined });
  draw();
  const { id, file } = picture;
  const strength = byId<HTMLInputElement>("strength").valueAsNumber;
  const work = { id, file, name: file.name, task: chosenTask(), strength };
  try {
    const { blob, remark } = await engine.enhance(work, (share) => {
      Object.assign(picture, { share, note: `${Math.round(100 * share)} %` });
      draw();
    });
    Object.assign(picture, { state: "done", note: remark, result: blob });
    if (picture === shown) show(picture);
  } catch (error) {
    Object.assign(picture, { state: "failed", note: (error as Error).message });
  }
  draw();
}

byId<HTMLInputElement>("files").addEventListener("change", (event) => {
  const input = event.target as HTMLInputElement;
  add(input.files ?? []);
  input.value = "";
});
document.addEventListener("paste", (event) => add(event.clipboardData?.files ?? []));
for (const kind of ["dragenter", "dragover"])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
for (const kind of ["dragleave", "drop"])
  document.addEventListener(kind, () => document.body.classList.remove("dragging"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  add(event.dataTransfer?.files ?? []);
});
byId<HTMLInputElement>("strength").addEventListener("input", (event) => {
  const share = (event.target as HTMLInputElement).valueAsNumber;
  byId("strength-value").textContent = `${Math.round(100 * share)} %`;
});
byId("again").addEventListener("click", () => {
  if (!shown) return;
  Object.assign(shown, { state: "waiting", note: "Waits." });
  draw();
  void workOn();
});
byId("download-all").addEventListener("click", () => void downloadAll());
for (const choice of document.querySelectorAll("input[name=task]"))
  choice.addEventListener("change", () => engine?.prepare(chosenTask()));

async function downloadAll(): Promise<void> {
  const done = pictures.filter(({ state }) => state === "done");
  if (done.length === 1) return download(done[0].result!, resultName(done[0]));
  try {
    const zip = await zipOf(done.map((picture) => ({ name: resultName(picture), blob: picture.result! })));
    download(zip, "enhanced.zip");
  } catch (error) {
    byId("status").textContent = (error as Error).message;
  }
}

async function start(): Promise<void> {
  byId("engine").textContent = "The engine starts ...";
  const news = {
    engine: (sentence: string) => (byId("engine").textContent = sentence),
    prepared: (_: TaskName, isKept: boolean) =>
      (byId("ready").textContent = isKept ? "Ready, also without a network." : "Ready."),
  };
  const lent = lentBackend();
  if (!lent) await beginVisit(() => pictures.length === 0);
  engine = lent ? new LentEngine(lent, news) : new PageEngine(news);
  engine.prepare(chosenTask());
  await workOn();
}

draw();
void start();
