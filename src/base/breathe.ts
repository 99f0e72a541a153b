// Long computations on the main thread let the event loop turn now and then, so that Ctrl-C, timers and progress get through.

/** A function to await between pieces of work: about every 25 ms it lets pending events run, else it returns at once. */
export function breather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 25) return;
    await new Promise((resume) => setTimeout(resume));
    last = performance.now();
  };
}
