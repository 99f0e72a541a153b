// What visitors of the site do.
import path from "node:path";
import { type Browser, newVisitor, type Page } from "./browser.js";

/** Opens the studio, and waits until it asks the network for nothing more. */
export async function openStudio(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("#ready", { hasText: "Ready" }).waitFor();
}

/**
 * Opens the playground with the settings of a link, and waits until it shows its network. What the page throws or complains about is
 * thrown at the end.
 */
export async function inPlayground(
  browser: Browser,
  url: string,
  hash: string,
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await newVisitor(browser);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  try {
    await page.goto(`${url}playground.html#${hash}`);
    await page.locator("#status", { hasText: "Step 0" }).waitFor();
    await body(page);
    if (errors.length > 0) throw new Error(errors.join("; "));
  } finally {
    await context.close();
  }
}

/** The levels of a canvas's red channel. */
export const levelsOf = (page: Page, canvas: string): Promise<{ width: number; levels: number[] }> =>
  page.locator(canvas).evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
    return { width, levels: Array.from({ length: width * height }, (_, i) => data[4 * i]) };
  });

/** Files from the disk, in one go. */
export const drop = (page: Page, files: readonly string[]): Promise<void> =>
  page.locator("#files").setInputFiles([...files]);

/** Waits until the pictures of a name are done, the same one dropped again included; their lines must say so. */
export async function enhanced(page: Page, name: string): Promise<void> {
  const lines = page.locator("#queue li", { hasText: name });
  for (let i = 0; i < Math.max(1, await lines.count()); i++) {
    const line = lines.nth(i);
    await line.and(page.locator(".done, .failed")).waitFor();
    const note = await line.locator(".note").textContent();
    if (!note!.startsWith("Enhanced")) throw new Error(`${name}: ${note}`);
  }
}

/** Presses a button that downloads, and gives the file under the name that the page chose. */
export async function saved(page: Page, button: string, folder: string): Promise<string> {
  const arriving = page.waitForEvent("download");
  await page.getByRole("button", { name: button, exact: true }).click();
  const download = await arriving;
  const file = path.join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}
