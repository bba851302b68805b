import { exports } from "cloudflare:workers";

/** A reply, with its JSON body if it has one. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into replies freely; what is not there fails them
  readonly json: any;
}

export interface CallOptions {
  readonly method?: string;
  /** Sent as JSON; a string as it stands. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request to the Worker of wrangler.toml, with a method that fits. */
export async function callWorker(path: string, options: CallOptions = {}): Promise<Reply> {
  return await readReply(await exports.default.fetch(requestOf(path, options)));
}

function requestOf(path: string, { method, body, headers = {} }: CallOptions): Request {
  return new Request(`http://worker.test${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

async function readReply(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** The `data:` objects of an event stream; `[DONE]` as a string. */
export function framesOf(stream: string): unknown[] {
  return stream
    .split("\n\n")
    .filter((frame) => frame.startsWith("data: "))
    .map((frame) => frame.slice("data: ".length))
    .map((data): unknown => (data === "[DONE]" ? data : JSON.parse(data)));
}
