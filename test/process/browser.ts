// A real browser for pages that Fovea writes: the Chromium that is installed, driven by playwright-core. Where one of them is missing,
// `withoutBrowser` says so, and tests skip with that reason. The few methods that tests use are typed here, so that types can be
// checked without the package.
import fs from "node:fs";

export interface Locator {
  count(): Promise<number>;
  click(): Promise<void>;
  fill(value: string): Promise<void>;
  textContent(): Promise<string | null>;
  allTextContents(): Promise<string[]>;
  first(): Locator;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  locator(selector: string, options?: { hasText?: string }): Locator;
  getByRole(role: string, options?: { name?: string; exact?: boolean }): Locator;
  readonly keyboard: { press(key: string): Promise<void> };
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  on(event: "request", listener: (request: { url(): string }) => void): void;
  evaluate<T>(body: () => T): Promise<T>;
  close(): Promise<void>;
}

export interface Browser {
  newPage(options: { viewport: { width: number; height: number } }): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: { launch(options: { executablePath: string; args: string[] }): Promise<Browser> };
}

const programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const program = process.env.FOVEA_CHROMIUM ?? programs.find((file) => fs.existsSync(file));
const driver = await import(/* @vite-ignore */ ["playwright", "core"].join("-")).then(
  (module) => module as Playwright,
  () => undefined,
);

/** Why there is no browser; undefined where there is one. */
export const withoutBrowser = !program
  ? "no Chromium; apt-get install chromium, or FOVEA_CHROMIUM names it"
  : driver
    ? undefined
    : "playwright-core is not installed";

export const launchBrowser = (): Promise<Browser> =>
  driver!.chromium.launch({ executablePath: program!, args: ["--no-sandbox"] });
