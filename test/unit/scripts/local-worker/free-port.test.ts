import { createServer } from "node:net";
import { describe, it } from "vitest";
import { findFreePort, isPortFree } from "../../../../scripts/local-worker/free-port.ts";

/** Listens on a free port until the test ends. */
async function takePort(onTestFinished: (cleanUp: () => void) => void): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  onTestFinished(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new TypeError("not a TCP server");
  }
  return address.port;
}

describe("findFreePort", () => {
  it("takes the next port when the preferred one is in use", async ({ expect, onTestFinished }) => {
    const taken = await takePort(onTestFinished);
    expect(await isPortFree(taken)).toBe(false);
    const found = await findFreePort(taken);
    expect(found).toBeGreaterThan(taken);
    expect(await isPortFree(found)).toBe(true);
  });
});
