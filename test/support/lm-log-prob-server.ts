import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface LmLogProbServer {
  /** With the version. */
  readonly url: string;
  /** Paths asked for, in order. */
  readonly paths: readonly string[];
  readonly headers: readonly NodeJS.Dict<string | string[]>[];
  /** From now on connections are cut, as by a server that died. */
  readonly die: () => void;
  /** The server is back. */
  readonly revive: () => void;
}

/** How servers tell the log-probabilities of a prompt, as each writes it (vLLM 0.11, llama.cpp b6000, llama-cpp-python 0.3). */
export type LogProbForm = "echo" | "vllm" | "llama.cpp" | "none";

/**
 * A server whose tokens are single characters (their ids code points) and for whom the log-probability of a character is minus its
 * code point in hundredths, whatever stands before it.
 */
export async function lmLogProbServer(
  form: LogProbForm,
  onTestFinished: (cleanUp: () => Promise<void>) => void,
): Promise<LmLogProbServer> {
  const paths: string[] = [];
  const headers: NodeJS.Dict<string | string[]>[] = [];
  let isDead = false;
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = (await json(request)) as Record<string, unknown>; // the client under test sends objects
      paths.push(request.url ?? "");
      headers.push(request.headers);
      if (isDead) {
        request.socket.destroy();
        return;
      }
      const reply = replyTo(form, request.url ?? "", body);
      response.writeHead(reply === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(reply ?? { error: { message: "no such route" } }));
    };
    void answer();
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  const die = (): void => void (isDead = true);
  const revive = (): void => void (isDead = false);
  return { url: `http://127.0.0.1:${port}/v1`, paths, headers, die, revive };
}

export function characterLogProb(character: string): number {
  return -(character.codePointAt(0) ?? 0) / 100;
}

function replyTo(form: LogProbForm, path: string, body: Record<string, unknown>): unknown {
  const given = body["prompt"] ?? body["content"];
  const text = typeof given === "string" ? given : "";
  if (path === "/tokenize") {
    return { tokens: Array.from(text, (character) => character.codePointAt(0)) };
  }
  if (path === "/detokenize") {
    const ids = body["tokens"] as number[]; // as the client under test sends it
    return { [form === "vllm" ? "prompt" : "content"]: String.fromCodePoint(...ids) };
  }
  if (path === "/apply-template" && form === "llama.cpp") {
    return { prompt: `<${JSON.stringify(body["messages"])}>` };
  }
  if (path === "/completion" && form === "llama.cpp") {
    const [[forced] = [0]] = body["logit_bias"] as number[][]; // as the client under test sends it
    const id = forced ?? 0;
    return {
      completion_probabilities: [{ id, logprob: characterLogProb(String.fromCodePoint(id)), top_logprobs: [] }],
    };
  }
  return path === "/v1/completions" ? completion(form, body, text) : undefined;
}

function completion(form: LogProbForm, body: Record<string, unknown>, text: string): unknown {
  const characters = Array.from(text);
  if (form === "echo" && body["echo"] === true) {
    const tokens = [...characters, "!"]; // and the one token that is generated
    const token_logprobs = tokens.map((token, index) => (index === 0 ? null : characterLogProb(token)));
    const text_offset = tokens.map((_, index) => index);
    return { choices: [{ text: `${text}!`, logprobs: { tokens, token_logprobs, text_offset } }] };
  }
  if (form === "vllm") {
    const prompt_logprobs = characters.map((token, index) =>
      index === 0
        ? null
        : { [String(token.codePointAt(0))]: { logprob: characterLogProb(token), decoded_token: token } },
    );
    return { choices: [{ text: "!", logprobs: null, ...(body["prompt_logprobs"] === 0 ? { prompt_logprobs } : {}) }] };
  }
  return { choices: [{ text: " written ", logprobs: null }] };
}
