import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readTrecRun } from "../../../training/artifacts/trec.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../support/beir-folder.ts";
import { runCliInProcess } from "../../support/run-cli-in-process.ts";
import { runCli } from "../../support/run-cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { tinyOnnxModel } from "../../support/tiny-onnx-model.ts";
import { tinyTokenizerJson } from "../../support/tiny-tokenizer.ts";

/** A folder with `data/` (judged passages) and `encoder/` (a model of one operator). */
async function workspace(onTestFinished: Parameters<typeof temporaryFolder>[0]): Promise<string> {
  const folder = await temporaryFolder(onTestFinished);
  await writeBeirFolder(path.join(folder, "data"), SMALL_BEIR);
  await mkdir(path.join(folder, "encoder"));
  await writeFile(path.join(folder, "encoder/model.onnx"), tinyOnnxModel());
  await writeFile(path.join(folder, "encoder/tokenizer.json"), JSON.stringify(tinyTokenizerJson()));
  return folder;
}

describe("the command line", () => {
  it("lists every command without loading one, and describes a command by its schema", async ({ expect }) => {
    const list = await runCli(["--help"]);
    expect([list.code, list.stderr]).toEqual([0, ""]);
    for (const name of ["encode", "index", "upload", "search", "evaluate", "fit-fusion", "quantize"]) {
      expect(list.stdout).toMatch(new RegExp(`^  ${name} `, "mu"));
    }
    const help = await runCliInProcess(["evaluate", "--help"]);
    expect(help.stdout).toMatch(/--top-k <n> +passages kept for each query \(default 100\)/u);
    expect(help.stdout).toMatch(/--data <dir>[^(]*\(required\)/u);
  });

  it.for([
    [["encode", "--foo"], /error: unknown option '--foo'/u],
    [["evalute"], /unknown command 'evalute'\n\(Did you mean evaluate\?\)/u],
    [["encode"], /error: --corpus is required; --output is required/u],
    [["evaluate", "--data", "x", "--top-k", "ten"], /error: --top-k: expected number, received string, got "ten"/u],
    [["evaluate", "--data", "x", "--top-k", "0"], /error: --top-k: .*>=1, got 0/u],
    [["evaluate", "--data", "x", "--mode", "sparse"], /error: --mode: .*"dense"\|"lexical"\|"hybrid", got "sparse"/u],
    [["fit-fusion", "--data", "x", "--split", "test"], /fitted on the test questions would report their luck/u],
    [["search", "--corpus", "x"], /give either --query or --queries/u],
  ] as const)("%j is a usage error: exit code 2, one line on stderr", async ([argv, message], { expect }) => {
    const { code, stdout, stderr } = await runCliInProcess(argv);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /u);
  });

  it("as a process ends with the same code and says the same on its streams", async ({ expect }) => {
    for (const argv of [
      ["encode", "--foo"],
      ["evaluate", "--help"],
    ]) {
      expect(await runCli(argv)).toEqual(await runCliInProcess(argv));
    }
  });

  it("a file that is wrong is exit code 1, named with its line and without a stack", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await workspace(onTestFinished);
    await writeFile(path.join(folder, "data/corpus.jsonl"), '{"_id":"a","text":"x"}\n{"_id":"a"}\n');
    const { code, stdout, stderr } = await runCli(["evaluate", "--data", "data", "--mode", "lexical"], folder);
    expect([code, stdout, stderr]).toEqual([
      1,
      "",
      "error: data/corpus.jsonl:2: text: Invalid input: expected string, received undefined\n",
    ]);
  });

  it("encodes, indexes, evaluates and searches by an encoder folder without a manifest", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await workspace(onTestFinished);
    const run = async (...argv: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCliInProcess(argv, folder);
      expect(code, stderr).toBe(0);
      return stdout;
    };
    const encode = [
      "encode",
      "--corpus",
      "data",
      "--output",
      "vectors",
      "--encoder",
      "encoder",
      "--pooling",
      "cls",
      "--dtype",
      "int8",
    ];
    expect(JSON.parse(await run(...encode))).toMatchObject({
      count: 3,
      dtype: "int8",
      reused: 0,
      encoderName: "encoder",
    });
    expect(JSON.parse(await run(...encode))).toMatchObject({ reused: 3 });
    await run("index", "--corpus", "data", "--vectors", "vectors", "--collection", "docs", "--output", "index");
    expect((await readdir(path.join(folder, "index"))).toSorted()).toEqual([
      "d1",
      "index.meta.json",
      "passages.sqlite",
      "vectorize",
    ]);
    const evaluate = [
      "evaluate",
      "--data",
      "data",
      "--encoder",
      "encoder",
      "--run",
      "run.trec",
      "--per-query",
      "scores.jsonl",
    ];
    const table = await run(...evaluate, "--mode", "lexical", "--measures", "nDCG@10,AnswerMatch@1");
    expect(table).toBe("measure          mean  n\nnDCG@10        1.0000  2\nAnswerMatch@1  1.0000  2\n");
    expect((await readTrecRun(path.join(folder, "run.trec"))).get("q1")?.[0]?.id).toBe("coast");
    const compared = await run(...evaluate, "--mode", "hybrid", "--json", "--compare", "scores.jsonl");
    expect(JSON.parse(compared)).toMatchObject({
      mode: "hybrid",
      queries: 2,
      encoder: { name: "encoder", runtime: "node" },
      comparison: [
        { name: "scores.jsonl", measure: "nDCG@10", pValue: 1 },
        { name: "scores.jsonl", measure: "AnswerMatch@1" },
      ],
    });
    const fromRun = ["evaluate", "--data", "data", "--from-run", "run.trec", "--measures", "nDCG@10"];
    const remeasured = await run(...fromRun, "--compare", "scores.jsonl");
    expect(remeasured).toMatch(/^nDCG@10 +1\.0000 +2$/mu);
    expect(remeasured).toMatch(/^scores\.jsonl +nDCG@10 +\+0\.0000 +\+0\.0000 \+0\.0000 +1\.0000 +0\/0\/2$/mu);
    expect(existsSync(path.join(folder, ".aar/cache"))).toBe(true);
    const found = await run("search", "--corpus", "data", "--query", "the Nile", "--mode", "lexical", "--json");
    expect(JSON.parse(found)).toMatchObject({
      query: "the Nile",
      passages: [{ id: "river", rank: 1, text: "The Nile flows through Egypt." }],
    });
    await run(
      "fit-fusion",
      "--data",
      "data",
      "--split",
      "dev",
      "--encoder",
      "encoder",
      "--output",
      "fusion.json",
      "--step",
      "0.5",
    );
    expect(JSON.parse(await readFile(path.join(folder, "fusion.json"), "utf8"))).toMatchObject({ method: "convex" });
    await run("evaluate", "--data", "data", "--encoder", "encoder", "--mode", "hybrid", "--fusion", "fusion.json");
  }, 120_000);

  it("goes on over odd data and says what it met; what no run or no Worker takes is refused first", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await workspace(onTestFinished);
    await writeBeirFolder(path.join(folder, "data"), {
      "corpus.jsonl": [
        { _id: "the coast", text: "Canada has the longest coastline.", metadata: { by: { name: "x" }, year: null } },
        { _id: "empty", title: "", text: "", url: "x".repeat(2049) },
      ],
      "queries.jsonl": [{ _id: "q1", text: "longest coastline", metadata: {} }],
      "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\tthe coast\t1\nq1\tgone\t1\n",
    });
    const evaluate = ["evaluate", "--data", "data", "--mode", "lexical", "--measures", "MRR@10,Recall@10"];
    const { code, stdout, stderr } = await runCliInProcess(evaluate, folder);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("measure      mean  n\nMRR@10     1.0000  1\nRecall@10  0.5000  1\n");
    expect(stderr.match(/1 of 2 passages have neither title nor text/gu)).toHaveLength(1);
    expect(stderr).toContain('1 of 2 judgments are of passages not in the corpus, as "gone" of query "q1"');
    const encoded = await runCliInProcess(
      ["encode", "--corpus", "data", "--output", "v", "--encoder", "encoder"],
      folder,
    );
    expect(encoded.code, encoded.stderr).toBe(0);
    expect(encoded.stderr.match(/1 of 2 passages have neither title nor text/gu)).toHaveLength(1);
    const to = ["--url", "http://127.0.0.1:9", "--collection", "docs"];
    const upload = await runCliInProcess(["upload", ...to, "--corpus", "data", "--vectors", "v"], folder);
    expect([upload.code, upload.stdout]).toEqual([1, ""]);
    expect(upload.stderr).toContain('passage "empty": its url has 2049 characters, at most 2048 are taken');
    const refused = await runCliInProcess([...evaluate, "--run", "run.trec"], folder);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain('passage "the coast" holds white space');
  });

  it("a search that finds nothing says so and is no failure", async ({ expect, onTestFinished }) => {
    const folder = await workspace(onTestFinished);
    const { code, stdout } = await runCliInProcess(
      ["search", "--corpus", "data", "--query", "zzz", "--mode", "lexical"],
      folder,
    );
    expect([code, stdout]).toEqual([0, "nothing found\n"]);
  });
});
