// The pictures that were given: each with its state, a line in the list, and its result. One is computed at a time, in order.

import { download } from "./download.js";

export type State = "waiting" | "running" | "done" | "failed";

export interface Picture {
  readonly id: number;
  readonly file: File;
  state: State;
  note: string;
  share: number;
  result?: Blob;
}

export interface QueueActions {
  show(picture: Picture): void;
  cancel(picture: Picture): void;
}

/** photo.jpg becomes photo.enhanced.jpg, with the ending of what the result is. */
export function resultName({ file, result }: Picture): string {
  const ending = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" }[result!.type] ?? "png";
  return `${file.name.replace(/\.[^.]*$/, "") || "picture"}.enhanced.${ending}`;
}

/** Draws a picture's line anew. */
function lineOf(picture: Picture, isShown: boolean, actions: QueueActions): HTMLLIElement {
  const { file, state, note, share } = picture;
  const line = document.createElement("li");
  line.classList.add(state);
  line.classList.toggle("shown", isShown);
  const name = Object.assign(document.createElement("button"), { className: "name", type: "button" });
  name.textContent = file.name;
  name.setAttribute("aria-label", `Show ${file.name}`);
  name.setAttribute("aria-pressed", String(isShown));
  name.addEventListener("click", () => actions.show(picture));
  line.append(name);
  if (state !== "failed") line.append(buttonOf(picture, actions));
  if (state === "running") {
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: share });
    bar.setAttribute("aria-label", `${file.name}: progress`);
    line.append(bar);
  }
  const text = Object.assign(document.createElement("p"), { className: "note", textContent: note });
  line.append(text);
  return line;
}

function buttonOf(picture: Picture, actions: QueueActions): HTMLButtonElement {
  const isDone = picture.state === "done";
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.textContent = isDone ? "Download" : "Cancel";
  button.setAttribute("aria-label", `${button.textContent} ${picture.file.name}`);
  button.addEventListener("click", () =>
    isDone ? download(picture.result!, resultName(picture)) : actions.cancel(picture),
  );
  return button;
}

/** Draws the list, and keeps the keyboard where it was. */
export function drawQueue(
  list: HTMLElement,
  pictures: readonly Picture[],
  shown: Picture | undefined,
  actions: QueueActions,
): void {
  const focused = document.activeElement?.getAttribute("aria-label");
  list.replaceChildren(...pictures.map((picture) => lineOf(picture, picture === shown, actions)));
  if (focused)
    [...list.querySelectorAll("button")].find((b) => b.getAttribute("aria-label") === focused)?.focus();
}
