// Keeps the page and what it loaded for later visits without a network, and adds the headers that isolate the page, so that threads work
// from any web server from the second visit on. Asks the network for nothing that the page did not ask for.

declare const VERSION: string;

interface Scope {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  location: Location;
  addEventListener(kind: string, listener: (event: ServiceEvent) => void): void;
}
interface ServiceEvent extends Event {
  readonly request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
}
const scope = self as unknown as Scope;
const cacheName = `fovea-${VERSION}`;
/** What the page needs to begin; models and modules are kept when they were used. */
const first = ["./", "main.js", "worker.js", "style.css", "icon.svg"];

scope.addEventListener("install", (event) => {
  const store = async (): Promise<void> => {
    const cache = await caches.open(cacheName);
    await cache.addAll(first);
    await scope.skipWaiting();
  };
  event.waitUntil(store());
});

scope.addEventListener("activate", (event) => {
  const clear = async (): Promise<void> => {
    for (const name of await caches.keys())
      if (name.startsWith("fovea-") && name !== cacheName) await caches.delete(name);
    await scope.clients.claim();
  };
  event.waitUntil(clear());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === scope.location.origin)
    event.respondWith(answer(request));
});

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const known = await cache.match(request, { ignoreSearch: true });
  if (known) return isolated(known);
  const response = await fetch(request);
  // A disk that is full only means that the next visit asks again.
  if (response.ok && response.status === 200) await cache.put(request, response.clone()).catch(() => {});
  return isolated(response);
}

function isolated(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
