import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { z } from "zod";
import { openJournal } from "../../../../training/artifacts/journal.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const schema = z.strictObject({ n: z.int() });

async function journalFile(onTestFinished: Parameters<typeof temporaryFolder>[0]): Promise<string> {
  return path.join(await temporaryFolder(onTestFinished), "new/journal.jsonl");
}

describe("openJournal", () => {
  it("gives back what was appended, also when appended all at once", async ({ expect, onTestFinished }) => {
    const file = await journalFile(onTestFinished);
    const journal = await openJournal(file, { identity: "a", schema });
    await Promise.all(Array.from({ length: 20 }, (_, n) => journal.append({ n })));
    await journal.close();
    const again = await openJournal(file, { identity: "a", schema });
    await again.close();
    expect(again.entries).toEqual(Array.from({ length: 20 }, (_, n) => ({ n })));
  });

  it.for(['{"n":', '{"n":3}', "\u{1F600}".slice(0, 1)])(
    "cuts off a last line without its end (%j) and goes on",
    async (half, { expect, onTestFinished }) => {
      const file = await journalFile(onTestFinished);
      const first = await openJournal(file, { identity: "a", schema });
      await first.append({ n: 1 });
      await first.close();
      await appendFile(file, half);
      const second = await openJournal(file, { identity: "a", schema });
      await second.append({ n: 2 });
      await second.close();
      expect(second.entries).toEqual([{ n: 1 }]);
      expect(await readFile(file, "utf8")).toBe('{"identity":"a"}\n{"n":1}\n{"n":2}\n');
    },
  );

  it("goes on when even the first line was cut", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "journal.jsonl");
    await writeFile(file, '{"iden');
    const journal = await openJournal(file, { identity: "a", schema });
    await journal.close();
    expect(await readFile(file, "utf8")).toBe('{"identity":"a"}\n');
  });

  it("refuses one that was begun from something else, and a malformed line", async ({ expect, onTestFinished }) => {
    const file = await journalFile(onTestFinished);
    await (await openJournal(file, { identity: "a", schema })).close();
    await expect(openJournal(file, { identity: "b", schema })).rejects.toThrow(/begun from other inputs or options/u);
    await appendFile(file, '{"n":"x"}\n');
    await expect(openJournal(file, { identity: "a", schema })).rejects.toThrow(/journal.jsonl:2: /u);
  });
});
