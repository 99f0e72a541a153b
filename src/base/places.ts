// Where a page finds what comes with the package beside its code: the folders wasm/ and weights/.

import { UserError } from "./errors.js";

/** From dist/base/; wrong in a bundle, which therefore calls locate(). */
let root = new URL("../../", import.meta.url);

/**
 * Says where the package's folders wasm/ and weights/ are served, for pages whose bundler moved the code away from them.
 * @param folder a URL, relative ones from the page or worker that calls
 * @throws UserError when it is none
 */
export function locate(folder: string | URL): void {
  const text = String(folder);
  try {
    root = new URL(text.endsWith("/") ? text : `${text}/`, globalThis.location?.href);
  } catch {
    throw new UserError(`locate: ${text} is no URL of a folder; give for example "./fovea/".`);
  }
}

/** The URL of one of the package's files, such as "weights/photo.safetensors". */
export const placeOf = (file: string): URL => new URL(file, root);

/** The bytes there. Throws a UserError that names the file. */
export async function fetchBytes(file: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const url = placeOf(file);
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    const why = url.protocol === "file:" ? "a page that is a file cannot load it" : String(error);
    throw new UserError(
      `${url} cannot be loaded (${why}); serve the page and its folders from a web server.`,
    );
  }
  if (!response.ok)
    throw new UserError(
      `${url} is not there (${response.status}); serve the package's folders wasm/ and weights/ beside the page, or call locate().`,
    );
  return new Uint8Array(await response.arrayBuffer());
}
