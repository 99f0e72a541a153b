// What visitors of the site do.
import path from "node:path";
import type { Page } from "./browser.js";

/** Opens the studio, and waits until it asks the network for nothing more. */
export async function openStudio(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByText("Ready, also without a network").waitFor();
}

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
