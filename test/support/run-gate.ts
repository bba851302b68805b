import { inject } from "vitest";

/** What demo-worker-setup.ts says when it is ready; throws why it will not be. */
export async function askRunGate(route: "/demo" | "/prepared"): Promise<string> {
  const response = await fetch(inject("runGate") + route);
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`the run's Worker could not be made ready: ${text}`);
  }
  return text;
}
