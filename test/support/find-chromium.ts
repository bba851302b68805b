import { existsSync } from "node:fs";

/** Where distributions and vendors put a browser that speaks Chromium's protocol. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
] as const;

/** Path of a Chromium or Chrome: `CHROMIUM_PATH` if set, else the usual places; undefined when there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment["CHROMIUM_PATH"];
  return named === undefined || named === "" ? PLACES.find((place) => existsSync(place)) : named;
}
