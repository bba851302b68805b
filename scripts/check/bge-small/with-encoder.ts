import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * Runs a check of the fp32 bge-small-en-v1.5 in a folder that is removed afterwards, and ends the process with its exit code. Says
 * that nothing was checked when the encoder's files are not there.
 */
export async function withBgeSmall(
  encoder: string | undefined,
  check: (encoder: string, folder: string) => Promise<number>,
): Promise<void> {
  if (
    encoder === undefined ||
    !["model.onnx", "tokenizer.json"].every((name) => existsSync(path.join(encoder, name)))
  ) {
    console.log(
      "Nothing was checked: give --encoder, a folder with the fp32 model.onnx and tokenizer.json of bge-small-en-v1.5.",
    );
    return;
  }
  const folder = await mkdtemp(path.join(tmpdir(), "aar-bge-"));
  try {
    process.exitCode = await check(encoder, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
