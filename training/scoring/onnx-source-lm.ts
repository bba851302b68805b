import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { AppError } from "../../src/shared/errors.ts";
import { sha256File, sha256Hex } from "../artifacts/meta.ts";
import { refusedModel } from "../encoder/onnx-graph.ts";
import { loadChatTemplate } from "./chat-template.ts";
import type { ChatTemplate } from "./chat-template.ts";
import { loadLmTokenizer } from "./lm-tokenizer.ts";
import type { LmTokenizer } from "./lm-tokenizer.ts";
import { argMax, logSoftmaxAt } from "./log-softmax.ts";
import { findLayout } from "./onnx-lm-layouts.ts";
import type { LmPast } from "./onnx-lm-layouts.ts";
import { createOnnxLmRunner } from "./onnx-lm-runner.ts";
import type { OnnxLmRunner } from "./onnx-lm-runner.ts";
import type { Choice, SourceLm } from "./source-lm.ts";
import { keepWantedPositions } from "./wanted-positions.ts";

/** Of the beginnings of prompts that are kept: some fifty passages of a small LM; asked passage by passage, one would do. */
const MAX_KEPT_BYTES = 2 ** 29;

/** Where a folder's LM may be, in this order. */
const MODEL_FILES = ["model.onnx", "onnx/model.onnx", "decoder_model.onnx", "onnx/decoder_model_merged.onnx"];

export interface OpenOnnxLmOptions {
  /** Of one forward pass. Default 1: two processes of one thread beat one process of two. */
  readonly threads?: number;
}

/**
 * Opens a causal LM in ONNX with onnxruntime-node: a file with `tokenizer.json` (and `tokenizer_config.json`, for the chat
 * template) beside it or in the folder above it, or a folder with `model.onnx` or `onnx/model.onnx`.
 * @throws AppError `invalid_artifact` for files that are missing or of another kind.
 */
export async function openOnnxLm(location: string, { threads = 1 }: OpenOnnxLmOptions = {}): Promise<SourceLm> {
  const found = findOnnxLm(location);
  if (found === undefined) {
    throw new AppError("invalid_artifact", `no ONNX LM in ${location}: none of ${MODEL_FILES.join(", ")} exists`);
  }
  const { modelFile, folder } = found;
  const tokenizer = await loadLmTokenizer(path.join(folder, "tokenizer.json"));
  const chatTemplate = await loadChatTemplate(folder);
  const session = await openSession(modelFile, threads);
  const inputs = session.inputMetadata.flatMap((input) => (input.isTensor ? [input] : []));
  const layout = findLayout(
    inputs.map(({ name }) => name),
    modelFile,
  );
  if (!session.outputNames.includes("logits")) {
    throw new AppError(
      "invalid_artifact",
      `${modelFile} has no output "logits"; it has ${session.outputNames.join(", ")}`,
    );
  }
  const hashes = [await sha256File(modelFile), await sha256File(path.join(folder, "tokenizer.json"))];
  return createOnnxLm({
    name: path.basename(path.resolve(folder)),
    fingerprint: sha256Hex(JSON.stringify([...hashes, chatTemplate?.source ?? ""])),
    session,
    runner: createOnnxLmRunner({ session, inputs, layout, maxKeptBytes: MAX_KEPT_BYTES }),
    tokenizer,
    chatTemplate,
    endTokens: await readEndTokens(folder, tokenizer),
  });
}

interface OnnxLmParts {
  readonly name: string;
  readonly fingerprint: string;
  readonly session: InferenceSession;
  readonly runner: OnnxLmRunner;
  readonly tokenizer: LmTokenizer;
  readonly chatTemplate: ChatTemplate | undefined;
  readonly endTokens: ReadonlySet<number>;
}

function createOnnxLm({ name, fingerprint, session, runner, tokenizer, ...parts }: OnnxLmParts): SourceLm {
  let tokens = 0;
  return {
    name,
    fingerprint,
    async answerLogProbs({ prompt, answer, shared = "" }, signal) {
      signal?.throwIfAborted();
      const ids = tokenizer.encodePair(prompt, answer);
      if (ids.prompt.length === 0 || ids.answer.length === 0) {
        throw new AppError("invalid_request", `prompt and answer must have a token each: ${JSON.stringify(answer)}`);
      }
      tokens += ids.prompt.length + ids.answer.length;
      const request = {
        ids: [...ids.prompt, ...ids.answer.slice(0, -1)],
        firstPosition: ids.prompt.length - 1,
        sharedTokens: commonLength(tokenizer.encode(shared), ids.prompt),
      };
      return await runner.logProbs(request, ids.answer);
    },
    async firstLogProbs(choice, signal) {
      signal?.throwIfAborted();
      const { ids, first } = encodeChoice(tokenizer, choice);
      tokens += ids.length + first.length;
      const [row = new Float32Array()] = await runner.logits({ ids, firstPosition: ids.length - 1, sharedTokens: 0 });
      return Float64Array.from(first, (token) => logSoftmaxAt(row, token));
    },
    async chatPrompt(messages) {
      if (parts.chatTemplate === undefined) {
        throw new AppError("invalid_request", `the LM "${name}" has no chat template; choose --prompt plain`);
      }
      return await Promise.resolve(
        parts.chatTemplate.render(
          messages.map(({ role, content }) => ({ role, content: tokenizer.withoutMarks(content) })),
        ),
      );
    },
    async truncate(text, maxTokens) {
      const ids = tokenizer.encode(text);
      return await Promise.resolve(ids.length <= maxTokens ? text : tokenizer.decode(ids.slice(0, maxTokens)));
    },
    async generate(prompt, { maxTokens, signal }) {
      const ids = tokenizer.encode(prompt);
      const generated: number[] = [];
      let past: LmPast | undefined;
      while (generated.length < maxTokens) {
        signal?.throwIfAborted();
        // What was read is not read again, by an LM that keeps it.
        const step = await runner.step(past === undefined ? [...ids, ...generated] : generated.slice(-1), past);
        ({ past } = step);
        const [row] = step.rows;
        const token = row === undefined ? -1 : argMax(row);
        if (token < 0 || parts.endTokens.has(token)) {
          break;
        }
        generated.push(token);
      }
      tokens += ids.length + generated.length;
      return tokenizer.decode(generated).trim();
    },
    tokens: () => tokens,
    close: () => session.release(),
  };
}

/** Tokens of the prompt, and the first one of each answer after it. */
function encodeChoice(tokenizer: LmTokenizer, { prompt, answers }: Choice): { ids: number[]; first: number[] } {
  const ids = tokenizer.encode(prompt);
  const first = answers.flatMap((answer) => tokenizer.encodePair(prompt, answer).answer.slice(0, 1));
  if (ids.length === 0 || first.length < answers.length) {
    throw new AppError("invalid_request", `prompt and answers must have a token each: ${JSON.stringify(answers)}`);
  }
  return { ids, first };
}

/** Tokens that two sequences have in common from their beginning. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((id, index) => id !== b[index]);
  return differs === -1 ? a.length : differs;
}

async function openSession(modelFile: string, threads: number): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  };
  try {
    const session = await InferenceSession.create(modelFile, options);
    const narrows = session.inputNames.some((name) => name === "positions" || name === "num_logits_to_keep");
    const narrowed = narrows ? undefined : await keepWantedPositions(modelFile);
    if (narrowed === undefined) {
      return session;
    }
    await session.release();
    return await InferenceSession.create(narrowed, options);
  } catch (cause) {
    throw cause instanceof AppError ? cause : refusedModel(modelFile, cause);
  }
}

/** The model file that a location means, and the folder with its tokeniser; undefined when there is none. */
export function findOnnxLm(location: string): { readonly modelFile: string; readonly folder: string } | undefined {
  const candidates = location.endsWith(".onnx") ? [location] : MODEL_FILES.map((file) => path.join(location, file));
  const modelFile = candidates.find((file) => existsSync(file));
  if (modelFile === undefined) {
    return undefined;
  }
  const beside = path.dirname(modelFile);
  const folder = [beside, path.dirname(beside)].find((candidate) => existsSync(path.join(candidate, "tokenizer.json")));
  return { modelFile, folder: folder ?? beside };
}

/** Ids that end the LM's turn, from `generation_config.json` or `config.json`, and the usual marks the tokeniser knows. */
async function readEndTokens(folder: string, tokenizer: LmTokenizer): Promise<ReadonlySet<number>> {
  const ids = ["<|im_end|>", "<|endoftext|>", "</s>", "<|eot_id|>", "<end_of_turn>"].flatMap(
    (mark) => tokenizer.idOf(mark) ?? [],
  );
  for (const name of ["generation_config.json", "config.json"]) {
    const file = path.join(folder, name);
    if (existsSync(file)) {
      const { eos_token_id: ends } = JSON.parse(await readFile(file, "utf8")) as { eos_token_id?: number | number[] };
      ids.push(...[ends ?? []].flat());
    }
  }
  return new Set(ids);
}
