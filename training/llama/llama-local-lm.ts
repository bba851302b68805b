import { existsSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import { sha256File } from "../artifacts/meta.ts";
import { createChatTemplate } from "../scoring/chat-template.ts";
import type { LocalLm, TokenLogProb } from "./local-lm.ts";
import { loadNodeLlamaCpp } from "./node-llama-cpp.ts";
import type { LlamaModel, LlamaSequence } from "./node-llama-cpp.ts";

export interface OpenLlamaLmOptions {
  readonly threads?: number;
  /** Default: what the model was trained for, 4096 at most. */
  readonly contextSize?: number | undefined;
}

const MAX_DEFAULT_CONTEXT = 4096;

/**
 * Opens a GGUF file with node-llama-cpp on the CPU. One sequence: several change scores by up to half a nat here and win nothing.
 * @throws AppError `configuration_invalid` when node-llama-cpp is absent, `invalid_artifact` when the file is no GGUF.
 */
export async function openLlamaLm(
  file: string,
  { threads = 1, contextSize }: OpenLlamaLmOptions = {},
): Promise<LocalLm> {
  if (!existsSync(file)) {
    throw new AppError("invalid_artifact", `cannot read ${file}: there is no such file`);
  }
  const { getLlama } = await loadNodeLlamaCpp();
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    logLevel: "error",
    maxThreads: threads,
  });
  try {
    const model = await llama.loadModel({ modelPath: file });
    const size = contextSize ?? Math.min(model.trainContextSize, MAX_DEFAULT_CONTEXT);
    const context = await model.createContext({ contextSize: size, sequences: 1, threads });
    return createLlamaLm({
      name: path.basename(file, ".gguf"),
      fingerprint: await sha256File(file),
      model,
      sequence: context.getSequence(),
      contextSize: size,
      close: () => llama.dispose(),
    });
  } catch (cause) {
    await llama.dispose();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw cause instanceof AppError
      ? cause
      : new AppError("invalid_artifact", `llama.cpp cannot load ${file}: ${reason}`, { cause });
  }
}

interface LlamaLmParts extends Pick<LocalLm, "name" | "fingerprint" | "contextSize" | "close"> {
  readonly model: LlamaModel;
  readonly sequence: LlamaSequence;
}

function createLlamaLm({ model, sequence, ...parts }: LlamaLmParts): LocalLm {
  const source = model.fileInfo.metadata.tokenizer?.chat_template;
  const { bosString, eosString, bos, shouldPrependBosToken } = model.tokens;
  const marks = Array.from(model.iterateAllTokens())
    .filter((token) => model.isSpecialToken(token))
    .map((token) => model.detokenize([token], true))
    .filter((mark) => mark !== "");

  /** Evaluates from `first` on, asking for the distribution after each position from `wantedFrom` on. */
  async function evaluate(
    ids: readonly number[],
    {
      wantedFrom,
      top,
      targets,
    }: { readonly wantedFrom: number; readonly top: number; readonly targets: readonly number[] },
  ): Promise<TokenLogProb[][]> {
    if (ids.length > parts.contextSize) {
      throw new AppError("invalid_request", `${ids.length} tokens exceed the LM's context of ${parts.contextSize}`);
    }
    await sequence.adaptStateToTokens(ids.slice(0, wantedFrom), false);
    const from = sequence.nextTokenIndex;
    const outputs = await sequence.controlledEvaluate(
      ids.slice(from).map((id, index) => {
        const wanted = from + index - wantedFrom;
        if (wanted < 0) {
          return id;
        }
        const target = targets[wanted];
        const filter = { tokens: target === undefined ? [] : [target], includeTop: Math.max(1, top) };
        // At temperature 0 the largest logit is the first of the top, which the total weight is relative to.
        return [id, { generateNext: { totalLogitWeight: true, logits: { filter }, options: { temperature: 0 } } }];
      }),
    );
    return outputs.slice(wantedFrom - from).map((output) => toLogProbs(output?.next));
  }

  return {
    ...parts,
    chatTemplate:
      source === undefined ? undefined : createChatTemplate(source, { bos_token: bosString, eos_token: eosString }),
    encode: (text) => model.tokenize(text, true),
    withStart: (ids) => (shouldPrependBosToken && bos !== null && ids[0] !== bos ? [bos, ...ids] : [...ids]),
    decode: (ids) => model.detokenize(ids),
    text: (ids) => model.detokenize(ids, true),
    withoutMarks: (text) => marks.reduce((rest, mark) => rest.replaceAll(mark, ""), text),
    isEnd: (token) => model.isEogToken(token),
    async promptLogProbs(ids, { first, top }) {
      const targets = ids.slice(first);
      const distributions = await evaluate(ids.slice(0, -1), { wantedFrom: first - 1, top, targets });
      return targets.map((token, index) => {
        const distribution = distributions[index] ?? [];
        const found = distribution.find((entry) => entry.token === token);
        return { token, logProb: found?.logProb ?? Number.NaN, top: distribution.slice(0, top) };
      });
    },
    async next(ids, count) {
      const [distribution = []] = await evaluate(ids, { wantedFrom: ids.length - 1, top: count, targets: [] });
      return distribution.slice(0, count);
    },
  };
}

/** Best first. `totalLogitWeight` is the sum of exp(logit - largest logit) over the vocabulary. */
function toLogProbs(
  next: { readonly logits?: ReadonlyMap<number, number>; readonly totalLogitWeight?: number } | undefined,
): TokenLogProb[] {
  if (next?.logits === undefined || next.totalLogitWeight === undefined) {
    throw new AppError("internal", "node-llama-cpp gave no logits for a token that they were asked of");
  }
  const entries = [...next.logits].toSorted(([, a], [, b]) => b - a);
  const offset = (entries[0]?.[1] ?? 0) + Math.log(next.totalLogitWeight);
  return entries.map(([token, logit]) => ({ token, logProb: logit - offset }));
}
