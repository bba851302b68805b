import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";

export interface StreamTally {
  completed: number;
  /** Streams that failed, broke off, or held another's words; what was wrong with each. */
  readonly failures: string[];
  /** Milliseconds to the first word. */
  readonly firstWordMs: number[];
}

export interface StreamClientOptions {
  readonly url: string;
  readonly key: string;
  readonly model: string;
  /** Names of this client's streams, each asked once. */
  readonly questions: () => string;
  /** What a stream of that name must say. */
  readonly expected: (question: string) => string;
  readonly tally: StreamTally;
  readonly signal: AbortSignal;
}

const chunkSchema = z.object({
  error: z.object({ message: z.string() }).optional(),
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })).default([]),
});

/** Asks for one stream after the other until told to stop, and reads each to its end. */
export async function runStreamClient(options: StreamClientOptions): Promise<void> {
  const { questions, expected, tally, signal } = options;
  while (!signal.aborted) {
    const question = questions();
    try {
      const said = await readStream(options, question);
      if (said === expected(question)) {
        tally.completed += 1;
      } else {
        tally.failures.push(`${question}: said ${JSON.stringify(said.slice(0, 200))}`);
      }
    } catch (error) {
      tally.failures.push(`${question}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function readStream({ url, key, model, tally }: StreamClientOptions, question: string): Promise<string> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, stream: true, retrieval: false, messages: [{ role: "user", content: question }] }),
  });
  if (!response.ok || response.body === null) {
    throw new Error(`${response.status} ${(await response.text()).slice(0, 200)}`);
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  let said = "";
  let isDone = false;
  for await (const { data } of events) {
    if (data === "[DONE]") {
      isDone = true;
      continue;
    }
    const { error, choices } = chunkSchema.parse(JSON.parse(data));
    if (error !== undefined) {
      throw new Error(error.message);
    }
    const content = choices[0]?.delta.content ?? "";
    if (said === "" && content !== "") {
      tally.firstWordMs.push(performance.now() - startedAt);
    }
    said += content;
  }
  if (!isDone) {
    throw new Error("ended without [DONE]");
  }
  return said;
}
