// What goes before the engine on a web server: a service worker, which keeps the site for visits without a network and adds the headers
// that isolate the page. They count from the next load on, so a first visit without them is loaded once more, before anything is
// computed: then threads work at once, and everything that the page fetches is kept.

/** Milliseconds that the engine waits for the service worker; without it the page computes on one thread and needs the network. */
const PATIENCE = 3000;

const triedKey = "fovea-loaded-again";

/** @param isUnused nothing was given to the page yet, so that it may be loaded again */
export async function beginVisit(isUnused: () => boolean): Promise<void> {
  if (!("serviceWorker" in navigator) || location.protocol === "file:") return;
  const { serviceWorker } = navigator;
  try {
    await serviceWorker.register("service-worker.js");
    if (!serviceWorker.controller) await Promise.race([controlled(serviceWorker), passed(PATIENCE)]);
    if (crossOriginIsolated || !serviceWorker.controller || !isUnused() || sessionStorage.getItem(triedKey))
      return;
    sessionStorage.setItem(triedKey, "yes");
  } catch {
    return; // no right to store anything here
  }
  location.reload();
  await new Promise(() => {});
}

const controlled = (container: ServiceWorkerContainer): Promise<void> =>
  new Promise((resolve) => container.addEventListener("controllerchange", () => resolve(), { once: true }));

const passed = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
