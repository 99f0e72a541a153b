// The playground: a small autoencoder is chosen, trained in a worker, watched, walked through, and taken home. The link holds its state.

import { foveaCode, kerasCode } from "./playground/code.js";
import { Curve } from "./playground/curve.js";
import { drawPictures } from "./playground/draw.js";
import { picturesOf } from "./playground/files.js";
import { CodeMap } from "./playground/map.js";
import type { FromTrainer, ToTrainer, View } from "./playground/messages.js";
import * as choices from "./playground/settings.js";
import { download } from "./download.js";
import { beginVisit } from "./visit.js";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const form = byId<HTMLFormElement>("settings");
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;

let worker: Worker | undefined;
let settings = choices.settingsOfHash(location.hash);
let isTraining = false;
/** Wishes to train whose end was not told yet. */
let trainings = 0;
let step = 0;
let loss: number | undefined;

const curve = new Curve(byId("curve"));
const map = new CodeMap((code) => send({ decode: code }));

const send = (wish: ToTrainer): void => worker?.postMessage(wish);

function fill(name: string, list: readonly string[]): void {
  byId("settings")
    .querySelector(`select[name=${name}]`)!
    .append(...list.map((text) => new Option(text)));
}

function showSettings(): void {
  for (const [name, value] of Object.entries(settings))
    if (name === "variational") field(name).checked = value as boolean;
    else field(name).value = Array.isArray(value) ? value.join(", ") : String(value);
}

/** Makes the network of the settings anew. */
function begin(pictures?: Awaited<ReturnType<typeof picturesOf>>): void {
  history.replaceState(null, "", `#${choices.hashOf(settings)}`);
  curve.clear();
  [step, loss] = [0, undefined];
  map.reset(settings.code);
  send({ begin: settings, pictures });
}

function train(steps: number | "on"): void {
  trainings++;
  send({ train: steps });
}

function drawState(text = ""): void {
  byId("train").textContent = isTraining ? "Pause" : "Train";
  for (const id of ["one", "inspect"]) byId<HTMLButtonElement>(id).disabled = isTraining;
  const told = loss === undefined ? "" : `, loss ${loss.toPrecision(4)}`;
  byId("status").textContent = text || `Step ${step}${told}.`;
}

function show(view: View): void {
  step = view.step;
  const shown = view.inputs.length / (28 * 28);
  drawPictures(byId("inputs"), view.inputs, shown, false);
  drawPictures(byId("outputs"), view.outputs, shown, false);
  drawPictures(byId("filters"), view.filters, 8, true);
  drawPictures(byId("gradients"), view.gradients, 8, true);
  map.show(view.codes);
  drawState();
}

function hear({ data }: MessageEvent<FromTrainer>): void {
  if ("engine" in data) byId("engine").textContent = data.engine;
  else if ("begun" in data) {
    for (const id of ["train", "one", "reset", "inspect"]) byId<HTMLButtonElement>(id).disabled = false;
    drawState(`Begins with ${data.begun}.`);
  } else if ("losses" in data) {
    curve.add(data.losses);
    loss = data.losses.at(-1)?.[1] ?? loss;
  } else if ("view" in data) show(data.view);
  else if ("stopped" in data) {
    if (--trainings === 0) isTraining = false;
    drawState();
  } else if ("trace" in data) walk(data.trace);
  else if ("decoded" in data) drawPictures(byId("decoded"), data.decoded, 1, false);
  else if ("file" in data) download(new Blob([data.file]), "playground.safetensors");
  else drawState(data.error);
}

/** Opens the page of a trace in a frame of its own. */
function walk(trace: string): void {
  const frame = byId<HTMLIFrameElement>("walk-frame");
  frame.onload = () => frame.contentWindow!.postMessage(trace, location.origin);
  frame.src = "walk.html";
  byId<HTMLDialogElement>("walk").showModal();
  drawState();
}

form.addEventListener("change", (event) => {
  if (event.target === byId("files")) return;
  settings = choices.settingsFrom({
    ...Object.fromEntries(new FormData(form)),
    variational: field("variational").checked,
  });
  showSettings();
  begin();
});
form.addEventListener("submit", (event) => event.preventDefault());
byId("files").addEventListener("change", () => {
  const files = [...(byId<HTMLInputElement>("files").files ?? [])];
  if (files.length > 0) void picturesOf(files).then(begin, (error: Error) => drawState(error.message));
});
byId("train").addEventListener("click", () => {
  if (isTraining) send({ train: "stop" });
  else train("on");
  isTraining = !isTraining;
  drawState();
});
byId("one").addEventListener("click", () => train(1));
byId("reset").addEventListener("click", () => begin());
byId("inspect").addEventListener("click", () => {
  drawState("The next step is traced ...");
  send({ inspect: true });
});
byId("walk-close").addEventListener("click", () => byId<HTMLDialogElement>("walk").close());
byId("save").addEventListener("click", () => send({ save: true }));
byId("copy").addEventListener("click", () => {
  navigator.clipboard.writeText(location.href).then(
    () => drawState("The link is copied."),
    () => drawState("The browser does not let the page copy; take the link from the address bar."),
  );
});
byId("fovea-code").addEventListener("click", () =>
  download(new Blob([foveaCode(settings)]), "autoencoder.mjs"),
);
byId("keras-code").addEventListener("click", () =>
  download(new Blob([kerasCode(settings)]), "autoencoder.py"),
);
addEventListener("hashchange", () => {
  settings = choices.settingsOfHash(location.hash);
  showSettings();
  begin();
});

async function start(): Promise<void> {
  for (const name of ["activation", "loss", "optimizer"] as const)
    fill(
      name,
      { activation: choices.activations, loss: choices.losses, optimizer: choices.optimizers }[name],
    );
  showSettings();
  byId("engine").textContent = "The engine starts ...";
  await beginVisit(() => true);
  worker = new Worker(`playground-worker.js${location.search}`, { type: "module" });
  worker.onmessage = hear;
  worker.onerror = (event) =>
    drawState(`The worker stopped (${event.message || "it could not be loaded"}); reload the page.`);
  begin();
}

void start();
