/** Where a streamed chat completion is asked for, and how. */
export interface StreamTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Beside `model`, `messages` and `stream`, which is true unless it says otherwise. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface StreamTimes {
  /** Milliseconds from the request to the first word. */
  readonly firstWord: number;
  readonly whole: number;
}

/** Asks for an answer and reads it to its end. Throws when it does not hold the first word, or a stream not its end. */
export async function timeStream(
  { url, headers, body }: StreamTarget,
  { model, question, firstWord }: { readonly model: string; readonly question: string; readonly firstWord: string },
): Promise<StreamTimes> {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: question }], ...body }),
  });
  let said = "";
  let firstWordAt: number | undefined;
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    said += decoder.decode(bytes, { stream: true });
    if (firstWordAt === undefined && said.includes(firstWord)) {
      firstWordAt = performance.now();
    }
  }
  const endedAt = performance.now();
  if (!response.ok || firstWordAt === undefined || (body["stream"] !== false && !said.includes("[DONE]"))) {
    throw new Error(`${url} answered ${response.status}: ${said.slice(0, 500)}`);
  }
  return { firstWord: firstWordAt - startedAt, whole: endedAt - startedAt };
}
