import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../../src/shared/errors.ts";

const NAME = "node-llama-cpp";
const VERSION = "3.22.1";

/** Where the package is looked for besides this project's own: a folder that git ignores. */
const FOLDER = path.resolve(import.meta.dirname, "../../.aar/llama");

/** The parts of node-llama-cpp 3.22 that are used here. */
export interface NodeLlamaCpp {
  readonly getLlama: (options: {
    readonly gpu: false;
    readonly build: "never";
    readonly skipDownload: true;
    readonly progressLogs: false;
    readonly logLevel: string;
    readonly maxThreads: number;
  }) => Promise<Llama>;
}

interface Llama {
  loadModel(options: { readonly modelPath: string }): Promise<LlamaModel>;
  dispose(): Promise<void>;
}

export interface LlamaModel {
  readonly trainContextSize: number;
  readonly fileInfo: { readonly metadata: { readonly tokenizer?: { readonly chat_template?: string } } };
  readonly tokens: {
    readonly bosString: string | null;
    readonly eosString: string | null;
    readonly bos: number | null;
    readonly shouldPrependBosToken: boolean;
  };
  /** `specialTokens`: whether marks in the text become their own tokens. */
  tokenize(text: string, specialTokens: boolean): number[];
  detokenize(tokens: readonly number[], specialTokens?: boolean): string;
  isEogToken(token: number): boolean;
  isSpecialToken(token: number): boolean;
  iterateAllTokens(): Iterable<number>;
  createContext(options: {
    readonly contextSize: number;
    readonly sequences: number;
    readonly threads: number;
  }): Promise<{ getSequence(): LlamaSequence }>;
}

export interface LlamaSequence {
  readonly nextTokenIndex: number;
  /** Keeps the prefix that state and tokens share, and drops the rest of the state. */
  adaptStateToTokens(tokens: readonly number[], allowShift: boolean): Promise<void>;
  controlledEvaluate(
    input: readonly (number | readonly [number, EvaluateOptions])[],
  ): Promise<(EvaluateOutput | undefined)[]>;
}

interface EvaluateOptions {
  readonly generateNext: {
    readonly totalLogitWeight: true;
    readonly logits: { readonly filter: { readonly tokens: readonly number[]; readonly includeTop: number } };
    readonly options: { readonly temperature: 0 };
  };
}

interface EvaluateOutput {
  readonly next: { readonly logits?: ReadonlyMap<number, number>; readonly totalLogitWeight?: number };
}

/**
 * Loads node-llama-cpp, which runs GGUF files. It is an optional peer dependency, which npm does not install by itself: its usual
 * installation pulls 725 MB of GPU builds, and those who only want the Worker never need any of it.
 * @throws AppError `configuration_invalid` with the command that installs it when it is absent.
 */
export async function loadNodeLlamaCpp(
  folders: readonly string[] = [import.meta.dirname, FOLDER],
): Promise<NodeLlamaCpp> {
  for (const folder of folders) {
    let file: string;
    try {
      file = createRequire(path.join(folder, "package.json")).resolve(NAME);
    } catch {
      continue; // not installed there
    }
    const loaded: unknown = await import(pathToFileURL(file).href);
    return loaded as NodeLlamaCpp; // the version is fixed; another shape shows in the first call
  }
  throw new AppError(
    "configuration_invalid",
    `GGUF files are run by ${NAME}, which is not installed (an optional dependency, for its size). 85 MB, CPU only:\n` +
      `  npm ${installArguments(".aar/llama").join(" ")}`,
  );
}

/** Arguments of npm that install it for the CPU alone, 85 MB, where `loadNodeLlamaCpp` looks for it. */
export function installArguments(folder: string = FOLDER): string[] {
  const platform = { darwin: "mac", linux: "linux", win32: "win" }[process.platform as string] ?? process.platform;
  const binary = `@node-llama-cpp/${platform}-${process.arch}`;
  const packages = [`${NAME}@${VERSION}`, `${binary}@${VERSION}`];
  return ["install", "--prefix", folder, "--ignore-scripts", "--omit=optional", ...packages];
}
