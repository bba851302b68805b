import { z } from "@hono/zod-openapi";
import { describe, it } from "vitest";
import { readJson } from "../../../src/http/read-json.ts";

const schema = z.strictObject({ text: z.string() });

/** A request whose body comes in pieces, and without a length. */
function requestOf(pieces: Iterable<Uint8Array<ArrayBuffer>>): Request {
  const body = ReadableStream.from(pieces);
  return new Request("http://worker.test/", { method: "POST", body, duplex: "half" });
}

describe("readJson", () => {
  it("reads characters that are cut between pieces", async ({ expect }) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ text: "Grüße 🍁" }));
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await readJson(requestOf(pieces), { schema })).toEqual({ text: "Grüße 🍁" });
  });

  it("reads a body with a byte order mark", async ({ expect }) => {
    const bytes = new TextEncoder().encode('\u{feff}{"text":"a"}');
    expect(await readJson(requestOf([bytes]), { schema })).toEqual({ text: "a" });
  });

  it("takes a body of exactly the limit, and none that is larger", async ({ expect }) => {
    const bytes = new TextEncoder().encode('{"text":"12"}');
    const limitBytes = bytes.length;
    expect(await readJson(requestOf([bytes]), { schema, limitBytes })).toEqual({ text: "12" });
    await expect(readJson(requestOf([bytes]), { schema, limitBytes: limitBytes - 1 })).rejects.toMatchObject({
      code: "body_too_large",
      details: { limitBytes: limitBytes - 1 },
    });
  });

  it("stops reading at the limit, though no length was given", async ({ expect }) => {
    let sent = 0;
    function* endless(): Generator<Uint8Array<ArrayBuffer>> {
      for (;;) {
        sent += 1;
        yield new Uint8Array(1_000).fill(32);
      }
    }
    await expect(readJson(requestOf(endless()), { schema, limitBytes: 10_000 })).rejects.toMatchObject({
      code: "body_too_large",
    });
    expect(sent).toBeLessThan(20);
  });
});
