import { inject } from "vitest";

/** Base URL of the Worker that holds the demo collection, one for all end-to-end tests. Do not change its collections. */
export async function demoUrl(): Promise<string> {
  const response = await fetch(inject("demoGate"));
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`the demo's Worker did not start: ${text}`);
  }
  return text;
}
