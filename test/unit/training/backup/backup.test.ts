import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { upsertPassages } from "../../../../src/ingestion/upsert-passages.ts";
import { loadEncodedCorpus } from "../../../../training/indexing/encoded-passages.ts";
import { createBackupWorld, describeCollection } from "../../../support/backup-world.ts";
import type { BackupWorld } from "../../../support/backup-world.ts";
import { fakeEncoder } from "../../../support/fake-encoder.ts";
import { WORLD_COLLECTION } from "../../../support/ingestion-world.ts";
import { collectionSettingsOf, passageOf } from "../../../support/passages.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** Two uploaded passages, and two documents of which one was sent in two editions. */
async function filledWorld(): Promise<BackupWorld> {
  const world = await createBackupWorld();
  const texts = ["Ottawa is the capital of Canada.", "Bamako is the capital of Mali. 日本"];
  const { embeddings } = await fakeEncoder().encodeQueries(texts);
  await upsertPassages(world.dependencies, {
    collection: WORLD_COLLECTION,
    encoderFingerprint: "f".repeat(64),
    // Not in the order of their ids.
    passages: texts.map((text, index) => ({
      ...passageOf({ id: `z${9 - index}`, title: "Capital", text, metadata: { n: index, nested: { a: true } } }),
      values: [...(embeddings[index] ?? [])],
    })),
  });
  const split = { maxTokens: 16, overlapTokens: 0 };
  await world.accept({ id: "long", content: "An old edition.", split });
  const long = Array.from({ length: 9 }, (_, index) => `Sentence ${index} of the long document says that much.`);
  await world.accept({ id: "long", title: "Long", metadata: { team: "ops" }, content: long.join(" "), split });
  await world.accept({ id: "short", url: "https://example.org/s", format: "markdown", content: "# Head\n\nShort." });
  await world.drain();
  await world.database.query({
    sql: `UPDATE collections SET display_name = 'Facts', metadata = '{"team":"ops"}'`,
  });
  return world;
}

/** A Worker that has had other versions before, so that no number fits by chance. */
async function otherWorld(): Promise<BackupWorld> {
  const world = await createBackupWorld();
  await world.accept({ id: "other", content: "Something else." });
  await world.drain();
  world.clock.now += 10_000;
  const { versions } = world.dependencies;
  await versions.retireDocuments(WORLD_COLLECTION, ["other"]);
  const [version] = await versions.toSweep({ limit: 1 });
  world.queue.push({ message: { type: "sweep", version: version?.version ?? 0 }, attempts: 0 });
  await world.drain();
  return world;
}

describe("export and import", () => {
  it("give the same collection in another Worker: texts, vectors, documents, order, settings", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const source = await filledWorld();
    const manifest = await source.export(folder);
    expect(manifest).toMatchObject({ documents: 2, isConsistent: true, collection: { displayName: "Facts" } });
    const target = await otherWorld();
    expect(await target.import(folder)).toEqual({
      collection: WORLD_COLLECTION,
      uploadedPassages: 2,
      restoredDocuments: 2,
      verifiedPassages: manifest.passages,
    });
    expect(await describeCollection(target)).toEqual(await describeCollection(source));
    for (const query of ["capital", "long document", "Short"]) {
      const search = { collection: WORLD_COLLECTION, query, depth: 20 };
      const [before, after] = await Promise.all([source, target].map(({ store }) => store.searchLexical(search)));
      expect(
        after?.map(({ score }) => score),
        query,
      ).toEqual(before?.map(({ score }) => score));
      expect(after?.map(({ id }) => id.replace(/#\d+-/u, "#"))).toEqual(
        before?.map(({ id }) => id.replace(/#\d+-/u, "#")),
      );
    }
    // Nothing was encoded, so nobody pays.
    expect([...target.metered.keys()].filter((key) => !key.endsWith(" 1"))).toEqual([]);
  });

  it("bring documents back as documents: the same again changes nothing, another edition replaces it", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await (await filledWorld()).export(folder);
    const target = await otherWorld();
    await target.import(folder);
    const before = await describeCollection(target);
    await target.accept({ id: "short", url: "https://example.org/s", format: "markdown", content: "# Head\n\nShort." });
    await target.drain();
    expect(await describeCollection(target)).toEqual(before);
    await target.accept({ id: "long", content: "A new edition." });
    await target.drain();
    expect(await target.texts("long")).toEqual(["A new edition."]);
    const { vectors } = (await describeCollection(target)) as { vectors: number };
    expect(vectors).toBe(2 + 1 + 1);
  });

  it("make a folder that other commands take as a corpus and its vectors", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const source = await filledWorld();
    const { passages } = await source.export(folder);
    const encoded = await loadEncodedCorpus(path.join(folder, "corpus.jsonl"), folder);
    expect([encoded.passages.length, encoded.vectors.ids]).toEqual([passages, encoded.passages.map(({ id }) => id)]);
    expect(encoded.passages[0]).toMatchObject({ id: "z9", metadata: { n: 0, nested: { a: true } } });
  });

  it.for([true, false])(
    "export: killed at any request (reply lost: %s), goes on to the same bytes",
    async (isDone, { expect, onTestFinished }) => {
      const source = await filledWorld();
      const whole = await temporaryFolder(onTestFinished);
      await source.export(whole, { pageSize: 5 });
      const requests = source.requests.length;
      for (let request = 0; request < requests; request++) {
        const folder = await temporaryFolder(onTestFinished);
        source.failAt = { request: source.requests.length + request, isDone };
        await expect(source.export(folder, { pageSize: 5 }), String(request)).rejects.toMatchObject({
          code: "upstream_unavailable",
        });
        source.failAt = undefined;
        await source.export(folder, { pageSize: 5 });
        const names = await readdir(whole);
        expect(await readdir(folder)).toEqual(names);
        for (const name of names) {
          expect(await readFile(path.join(folder, name)), name).toEqual(await readFile(path.join(whole, name)));
        }
      }
    },
  );

  it.for([true, false])(
    "import: killed at any request (reply lost: %s), goes on to the same collection",
    async (isDone, { expect, onTestFinished }) => {
      const source = await filledWorld();
      const folder = await temporaryFolder(onTestFinished);
      await source.export(folder);
      const expected = await describeCollection(source);
      const trial = await createBackupWorld();
      const receipt = (name: string): string => path.join(folder, `receipt-${name}-${receipts++}`);
      let receipts = 0;
      await trial.import(folder, { receipt });
      for (let request = 0; request < trial.requests.length; request++) {
        const target = await createBackupWorld();
        const file = receipt("x");
        target.failAt = { request, isDone };
        await expect(target.import(folder, { receipt: () => file }), String(request)).rejects.toMatchObject({
          code: "upstream_unavailable",
        });
        target.failAt = undefined;
        target.clock.now += 10_000;
        await target.import(folder, { receipt: () => file });
        await target.drain();
        // A reply that was lost may have begun a version that the next one overtook; nothing is left of it once swept.
        for (const version of await target.dependencies.versions.toSweep({ limit: 100 })) {
          target.queue.push({ message: { type: "sweep", version: version.version }, attempts: 0 });
        }
        await target.drain();
        expect(await describeCollection(target), String(request)).toEqual(expected);
      }
    },
  );

  it("sends a document of many passages in several requests, found when the last has come", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const source = await createBackupWorld();
    const content = Array.from({ length: 700 }, (_, index) => `Sentence ${index} says so, and so on, and on.`).join(
      " ",
    );
    await source.accept({ id: "book", content, split: { maxTokens: 16, overlapTokens: 0 } });
    await source.drain();
    const { passages } = await source.export(folder, { pageSize: 200 });
    expect(passages).toBeGreaterThan(500);
    const target = await createBackupWorld();
    target.failAt = { request: 4, isDone: true };
    await expect(target.import(folder)).rejects.toMatchObject({ code: "upstream_unavailable" });
    expect(target.requests.filter((request) => request.startsWith("POST"))).toHaveLength(2);
    expect(await target.texts("book")).toEqual([]);
    target.failAt = undefined;
    await target.import(folder);
    expect(await target.texts("book")).toEqual(await source.texts("book"));
  });
});

describe("export", () => {
  it.for([false, true])(
    "of a collection that is written to meanwhile, allowed: %s, is not taken for consistent",
    async (allowChanges, { expect, onTestFinished }) => {
      const folder = await temporaryFolder(onTestFinished);
      const source = await filledWorld();
      source.fault = async (where) => {
        if (where === "after vectors") {
          source.fault = () => undefined;
          await source.accept({ id: "late", content: "A late document." });
        }
      };
      const exported = source.export(folder, { allowChanges });
      if (allowChanges) {
        expect(await exported).toMatchObject({ isConsistent: false });
        return;
      }
      await expect(exported).rejects.toThrow(/was written to while it was exported.*--allow-changes/su);
      expect(await source.export(folder)).toMatchObject({ isConsistent: true, documents: 3 });
    },
  );

  it("refuses passages whose vectors the index does not show", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const source = await filledWorld();
    source.vectorIndex.vectors.delete(`${WORLD_COLLECTION}/z9`);
    await expect(source.export(folder)).rejects.toThrow(/1 passages have no vector.*"z9"/su);
  });

  it("does not write over a backup", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const source = await filledWorld();
    await source.export(folder);
    await expect(source.export(folder)).rejects.toThrow(/holds a backup already/u);
  });
});

describe("import", () => {
  it.for(["corpus.jsonl", "documents.jsonl", "vectors.f32"])(
    "sends nothing of a backup whose %s was changed by one byte",
    async (name, { expect, onTestFinished }) => {
      const folder = await temporaryFolder(onTestFinished);
      await (await filledWorld()).export(folder);
      const file = path.join(folder, name);
      const bytes = await readFile(file);
      bytes[10] = (bytes[10] ?? 0) ^ 1;
      await writeFile(file, bytes);
      const target = await createBackupWorld();
      await expect(target.import(folder)).rejects.toThrow(`${name} is not the file that was exported`);
      expect(target.requests).toEqual([]);
    },
  );

  it("refuses a collection of another encoder", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await (await filledWorld()).export(folder);
    const target = await createBackupWorld();
    await target.store.putCollection(
      collectionSettingsOf({ name: WORLD_COLLECTION, encoderFingerprint: "e".repeat(64) }),
    );
    await target.store.upsertPassages(WORLD_COLLECTION, [passageOf({ id: "there" })]);
    await expect(target.import(folder)).rejects.toMatchObject({ code: "fingerprint_mismatch" });
  });

  it("says how many passages are not there afterwards, when the index lost their vectors", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await (await filledWorld()).export(folder);
    const target = await createBackupWorld();
    await target.import(folder);
    target.vectorIndex.vectors.delete(`${WORLD_COLLECTION}/z9`);
    await expect(target.import(folder)).rejects.toThrow(/^1 of \d+ passages/u);
  });
});
