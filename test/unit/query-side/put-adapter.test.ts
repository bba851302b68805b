import * as fc from "fast-check";
import { describe, test } from "vitest";
import { putAdapter } from "../../../src/query-side/put-adapter.ts";
import { encodeSafetensors } from "../../../src/shared/safetensors.ts";
import { fakeQuerySide } from "../../support/fake-query-side.ts";
import { collectionOf } from "../../support/passages.ts";
import { randomAdapter, sha256Of } from "../../support/random-adapter.ts";

const good = await randomAdapter({ seed: 5 });

async function put(file: Uint8Array, sha256?: string) {
  const side = fakeQuerySide();
  const record = await putAdapter(side, collectionOf(), { name: "a", file, sha256: sha256 ?? (await sha256Of(file)) });
  return { record, stored: await side.adapterStore.read("animals", "a") };
}

describe("putAdapter", () => {
  test("keeps the file as it came, with its hash and manifest", async ({ expect }) => {
    const { record, stored } = await put(good);
    expect(record).toMatchObject({ name: "a", sha256: await sha256Of(good), bytes: good.byteLength });
    expect(record.manifest).toMatchObject({ kind: "linear", dims: 16 });
    expect(stored).toEqual(good);
  });

  test.for([
    ["of other dimensions", { seed: 1, dims: 8 }, "dims_mismatch", /maps 8 dimensions, collection "animals" has 16/u],
    [
      "for other passage vectors",
      { seed: 1, manifest: { compatibleWith: "e".repeat(64) } },
      "fingerprint_mismatch",
      /e{64}.*holds f{64}; train one/u,
    ],
    [
      "on a query model that is not here",
      { seed: 1, manifest: { queryModel: "9".repeat(64) } },
      "fingerprint_mismatch",
      /9{64}, which none of this Worker's encoders has \(default\)/u,
    ],
    ["that is not finite", { seed: 1, scale: Infinity }, "invalid_artifact", /not finite/u],
  ] as const)("refuses one %s", async ([, options, code, message], { expect }) => {
    const attempt = randomAdapter(options).then((file) => put(file));
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("refuses a file that is not the one that was sent", async ({ expect }) => {
    await expect(put(good, "0".repeat(64))).rejects.toMatchObject({
      code: "invalid_request",
      details: { param: "sha256" },
    });
  });

  test("refuses weights of which any byte is another", async ({ expect }) => {
    const weightBytes = 16 * 16 * 4;
    const damage = fc.record({
      fromEnd: fc.integer({ min: 1, max: weightBytes }),
      change: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ fromEnd, change }) => {
        const file = Uint8Array.from(good);
        file[file.length - fromEnd] = (file.at(-fromEnd) ?? 0) ^ change;
        await expect(put(file)).rejects.toMatchObject({
          code: "invalid_request",
          message: expect.stringContaining("weights are not those of its manifest"),
        });
      }),
      { numRuns: 50 },
    );
  });

  test("refuses hostile files without reading past them", async ({ expect }) => {
    const weights = new Map([["delta", { shape: [1, 1], data: Float32Array.of(1) }]]);
    const join = (parts: Iterable<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat([...parts]));
    const header = (json: string): Uint8Array => {
      const text = new TextEncoder().encode(json);
      const length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
      return join([length, text]);
    };
    const hostile = [
      new Uint8Array(),
      new Uint8Array(8).fill(255),
      header("{}"),
      header('{"__metadata__":{"format":"aar-query-adapter","manifest":"{"}}'),
      header('{"delta":{"dtype":"F32","shape":[9007199254740991,9007199254740991],"data_offsets":[0,4]}}'),
      header('{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}'),
      header("[".repeat(100_000)),
      join(encodeSafetensors({ tensors: weights, metadata: { format: "pt" } })),
    ];
    for (const file of hostile) {
      await expect(put(file)).rejects.toMatchObject({ code: "invalid_request" });
    }
  });
});
