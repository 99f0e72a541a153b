// The page that walks through one step of training, node by node: that of `fovea inspect --html` (src/inspect/page), given its trace by
// the page that it is framed in.

addEventListener("message", ({ data, origin, source }: MessageEvent<unknown>) => {
  if (origin !== location.origin || source !== parent || typeof data !== "string") return;
  document.getElementById("data")!.textContent = data;
  void import("../../src/inspect/page/main.js" as string);
});
