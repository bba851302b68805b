import * as fc from "fast-check";
import { describe, it } from "vitest";
import { readEventData } from "../../../src/assets/playground/event-stream.js";

const encoder = new TextEncoder();

async function read(pieces: readonly Uint8Array[]): Promise<string[]> {
  return await Array.fromAsync(readEventData(ReadableStream.from(pieces)));
}

describe("readEventData", () => {
  it("yields the data of each event, whatever ends its lines", async ({ expect }) => {
    expect(await read([encoder.encode("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n")])).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
  });

  it("joins several data lines and skips comments and other fields", async ({ expect }) => {
    expect(await read([encoder.encode(": ping\nevent: x\ndata: a\ndata:b\nid: 1\n\n")])).toEqual(["a\nb"]);
  });

  it("takes off one space after the colon, not two", async ({ expect }) => {
    expect(await read([encoder.encode("data:  a\n\n")])).toEqual([" a"]);
  });

  it("drops an event that the end of the stream cut off", async ({ expect }) => {
    expect(await read([encoder.encode("data: a\n\ndata: half")])).toEqual(["a"]);
  });

  it("reads the same events however the bytes are cut", async ({ expect }) => {
    const text = fc.string({ unit: "grapheme" }).map((value) => value.replaceAll(/[\r\n]/gu, " "));
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.infiniteStream(fc.nat(7)),
        async (events, end, sizes) => {
          const bytes = encoder.encode(events.map((data) => `data: ${data}${end}${end}`).join("") + ": end\n");
          const pieces: Uint8Array[] = [];
          for (let start = 0; start < bytes.length;) {
            const size = 1 + (sizes.next().value ?? 0);
            pieces.push(bytes.slice(start, start + size));
            start += size;
          }
          expect(await read(pieces)).toEqual(events);
        },
      ),
    );
  });

  it("cancels the stream when the reader leaves early", async ({ expect }) => {
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode("data: a\n\n")),
      cancel: () => {
        isCancelled = true;
      },
    });
    for await (const data of readEventData(stream)) {
      expect(data).toBe("a");
      break;
    }
    expect(isCancelled).toBe(true);
  });
});
