/**
 * A process to be killed: encodes a corpus by the fake encoder, three passages a shard, and prints a line when an
 * encoder call begins. Arguments: corpus.jsonl, output folder.
 */
import { setTimeout } from "node:timers/promises";
import { encodeCorpus } from "../../training/indexing/encode-corpus.ts";
import { fakeEncoder } from "./fake-encoder.ts";
import { silentProgress } from "./silent-progress.ts";

const [corpus = "", output = ""] = process.argv.slice(2);
const fake = fakeEncoder();
await encodeCorpus({
  corpus,
  output,
  encoder: {
    ...fake,
    async encodePassages(passages) {
      process.stdout.write("call\n");
      await setTimeout(20); // so that the kill lands inside of a call
      return await fake.encodePassages(passages);
    },
  },
  shardSize: 3,
  progress: silentProgress,
});
