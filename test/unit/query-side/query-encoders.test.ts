import { test } from "vitest";
import { decodeQueryAdapter } from "../../../src/encoder/query-adapter.ts";
import { createQueryEncoders } from "../../../src/query-side/query-encoders.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";
import { encoderRegistry, fakeQuerySide } from "../../support/fake-query-side.ts";
import { collectionOf } from "../../support/passages.ts";
import { randomAdapter, sha256Of } from "../../support/random-adapter.ts";

const full = fakeEncoder();
const tiny = fakeEncoder({ manifest: { model: { ...full.manifest.model, sha256: "c".repeat(64) } } });

async function newQueryEncoders() {
  const side = fakeQuerySide(encoderRegistry({ full, tiny }));
  const put = async (name: string, queryModel: string): Promise<string> => {
    const file = await randomAdapter({ seed: 3, manifest: { queryModel } });
    const sha256 = await sha256Of(file);
    const { manifest } = await decodeQueryAdapter(file, name);
    await side.adapterStore.put("animals", { name, sha256, bytes: file.byteLength, manifest, file });
    return sha256;
  };
  return { queryEncoder: createQueryEncoders(side), put };
}

test("without any choice: the default encoder, no adapter", async ({ expect }) => {
  const { queryEncoder } = await newQueryEncoders();
  expect(await queryEncoder({ collection: collectionOf() })).toEqual({ encoder: full, used: { encoder: "full" } });
});

test("an adapter brings the encoder that it was trained for", async ({ expect }) => {
  const { queryEncoder, put } = await newQueryEncoders();
  const sha256 = await put("for-tiny", "c".repeat(64));
  const { encoder, used } = await queryEncoder({ collection: collectionOf(), querySide: { adapter: "for-tiny" } });
  expect(used).toEqual({ encoder: "tiny", adapter: { name: "for-tiny", sha256 } });
  expect(encoder.adapterSha256).toBe(sha256);
});

test("an adapter on an encoder that it was not trained for is refused", async ({ expect }) => {
  const { queryEncoder, put } = await newQueryEncoders();
  await put("for-tiny", "c".repeat(64));
  const request = { collection: collectionOf(), querySide: { adapter: "for-tiny", encoder: "full" } };
  await expect(queryEncoder(request)).rejects.toMatchObject({ code: "fingerprint_mismatch" });
});

test("unknown names are refused", async ({ expect }) => {
  const { queryEncoder } = await newQueryEncoders();
  const collection = collectionOf();
  await expect(queryEncoder({ collection, querySide: { adapter: "x" } })).rejects.toMatchObject({
    code: "unknown_adapter",
  });
  await expect(queryEncoder({ collection, querySide: { encoder: "x" } })).rejects.toMatchObject({
    code: "unknown_model",
  });
});
