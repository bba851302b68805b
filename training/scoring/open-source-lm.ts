import { AppError } from "../../src/shared/errors.ts";
import { openGgufLm } from "./gguf-source-lm.ts";
import { openOnnxLm } from "./onnx-source-lm.ts";
import { openServerLm } from "./server/server-source-lm.ts";
import type { SourceLm } from "./source-lm.ts";

/** Which LM, and what it needs to be opened. */
export interface SourceLmSettings {
  /** An ONNX file, a folder with one, a GGUF file, or the URL of a server with its version (`http://localhost:8080/v1`). */
  readonly lm: string;
  /** A server's name of the model. */
  readonly model?: string | undefined;
  /** A server's LM: folder with its tokeniser and chat template, instead of asking the server. */
  readonly tokenizer?: string | undefined;
  readonly threads: number;
}

/** Name of the environment variable with a server's key; keys are never flags, which every process can read. */
const KEY_VARIABLE = "AAR_LM_KEY";

/** Opens the LM that `--lm` names. Throws AppError for one that cannot be opened. */
export async function openSourceLm({ lm, model, tokenizer, threads }: SourceLmSettings): Promise<SourceLm> {
  if (lm.endsWith(".gguf")) {
    return await openGgufLm(lm, { threads });
  }
  if (!/^https?:\/\//u.test(lm)) {
    return await openOnnxLm(lm, { threads });
  }
  if (model === undefined) {
    throw new AppError("invalid_request", `--lm ${lm} is a server: name its model with --model`);
  }
  return await openServerLm({ baseUrl: lm, model, tokenizer, key: process.env[KEY_VARIABLE] });
}
