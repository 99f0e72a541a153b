// A real browser for pages that Fovea writes or is: the Chromium that is installed, driven by playwright-core. Where there is none,
// `withoutBrowser` says so, and tests skip with that reason, unless FOVEA_REQUIRE_CHROMIUM=1 makes that a failure.
import fs from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from "playwright-core";

export type { Browser, BrowserContext, Page } from "playwright-core";

const programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const program = process.env.FOVEA_CHROMIUM ?? programs.find((file) => fs.existsSync(file));

/** Why there is no browser; undefined where there is one. */
export const withoutBrowser = program
  ? undefined
  : "no Chromium; apt-get install chromium, or FOVEA_CHROMIUM names it";
if (withoutBrowser && process.env.FOVEA_REQUIRE_CHROMIUM === "1") throw new Error(withoutBrowser);

/** WebGPU is SwiftShader's, Chromium's own software Vulkan: the same on every machine. */
const softwareGpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

export const launchBrowser = (gpu: readonly string[] = softwareGpu): Promise<Browser> =>
  chromium.launch({ executablePath: program!, args: ["--no-sandbox", ...gpu] });

/** A visitor without a past, who waits for what comes as long as a test may take (vitest.config.ts). */
export async function newVisitor(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  context.setDefaultTimeout(280_000);
  return context;
}
