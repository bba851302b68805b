import { askRunGate } from "./run-gate.ts";

/** Base URL of the Worker that holds the demo collection, one for all end-to-end tests. Do not change its collections. */
export async function demoUrl(): Promise<string> {
  return await askRunGate("/demo");
}
