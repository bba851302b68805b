import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { findChromium } from "./find-chromium.ts";

/** For people to look at; git ignores the folder. */
export const SCREENSHOTS = "screenshots";

/** No network but ours, and no look-ups by the browser itself. */
const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts this machine's Chromium, for the files of one test. */
export async function launchBrowser(): Promise<Browser> {
  await mkdir(SCREENSHOTS, { recursive: true });
  const executablePath = findChromium();
  return await chromium.launch({
    args: BROWSER_ARGUMENTS,
    ...(executablePath === undefined ? {} : { executablePath }),
  });
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors on the console, uncaught exceptions and requests to other hosts: all of them are defects. */
  readonly complaints: readonly string[];
}

export interface OpenPageOptions {
  readonly browser: Browser;
  readonly url: string;
  readonly context: BrowserContextOptions;
  /** Whether a page may load from there; its own origin alone by default. */
  readonly mayLoad?: (from: URL) => boolean;
  readonly prepare?: ((page: Page) => Promise<unknown>) | undefined;
}

/** Opens an address in a context of its own and listens for what must not happen. */
export async function openPage({ browser, url, context, mayLoad, prepare }: OpenPageOptions): Promise<OpenedPage> {
  const { origin } = new URL(url);
  const page = await (await browser.newContext(context)).newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const from = new URL(request.url());
    return from.origin === origin || mayLoad?.(from) === true || complaints.push(request.url());
  });
  await prepare?.(page);
  await page.goto(url);
  return { page, complaints };
}
