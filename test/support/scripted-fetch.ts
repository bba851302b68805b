import type { TargetLmDependencies } from "../../src/generation/target-lm.ts";

/** A request as the code under test made it. */
interface RecordedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly init: RequestInit;
}

/** A `fetch` that answers from a script and remembers what it was asked. */
export interface ScriptedFetch {
  readonly fetch: TargetLmDependencies["fetch"];
  readonly requests: RecordedRequest[];
}

/** Answers in turn; the last one again for every further request. An Error is thrown as a broken connection would be. */
export function scriptedFetch(
  ...answers: readonly (Error | ((init: RequestInit) => Response | Promise<Response>))[]
): ScriptedFetch {
  const requests: RecordedRequest[] = [];
  return {
    requests,
    fetch: async (url, init) => {
      // The adapters send a plain record of headers and a JSON text; anything else would fail the test that reads them.
      const headers = init.headers as Record<string, string>;
      const body = JSON.parse(init.body as string) as Record<string, unknown>;
      requests.push({ url, headers, body, init });
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      if (answer === undefined || answer instanceof Error) {
        throw answer ?? new Error("no answer was scripted");
      }
      return await answer(init);
    },
  };
}

/** A JSON answer. */
export function jsonReply(body: unknown, { status = 200, headers = {} }: ReplyOptions = {}): () => Response {
  return () =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

export interface ReplyOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StreamReplyOptions {
  /** Bytes of a piece; default: all at once. Or the positions at which to cut. */
  readonly cuts?: number | readonly number[];
  /** What happens after the last byte: a clean end, a broken connection, or nothing ever. */
  readonly ending?: "close" | "break" | "hang";
  /** Called when the reader cancels. */
  readonly onCancel?: () => void;
}

/** A stream of server-sent events, cut into pieces wherever a test wants. */
export function streamReply(
  text: string,
  { cuts = [], ending = "close", onCancel }: StreamReplyOptions = {},
): () => Response {
  return () => {
    const pieces = cut(new TextEncoder().encode(text), cuts);
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const piece = pieces.shift();
        if (piece !== undefined) {
          controller.enqueue(piece);
        } else if (ending === "close") {
          controller.close();
        } else if (ending === "break") {
          controller.error(new TypeError("terminated"));
        } else {
          await new Promise(() => undefined);
        }
      },
      ...(onCancel === undefined ? {} : { cancel: onCancel }),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  };
}

function cut(bytes: Uint8Array, cuts: number | readonly number[]): Uint8Array[] {
  const positions =
    typeof cuts === "number"
      ? Array.from({ length: Math.ceil(bytes.length / cuts) }, (_, index) => index * cuts)
      : [0, ...cuts.map((position) => position % (bytes.length + 1)).toSorted((a, b) => a - b)];
  return positions
    .map((start, index) => bytes.slice(start, positions[index + 1] ?? bytes.length))
    .filter(({ length }) => length > 0);
}

/** Events as `data:` lines; strings as they are, everything else as JSON. `event` names are added for objects with a `type`. */
export function serverSentEvents(
  events: readonly unknown[],
  { named = false }: { readonly named?: boolean } = {},
): string {
  return events
    .map((event) => {
      const name =
        named && typeof event === "object" && event !== null && "type" in event ? `event: ${String(event.type)}\n` : "";
      return `${name}data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`;
    })
    .join("");
}
