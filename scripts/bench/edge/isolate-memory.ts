import { once } from "node:events";
import { z } from "zod";

const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1);
const answerSchema = z.object({ id: z.number(), result: z.unknown() });
const usageSchema = z.object({
  usedSize: z.number(),
  embedderHeapUsedSize: z.number(),
  backingStorageSize: z.number(),
});

/** wrangler's inspector lets in who comes from its own pages or from this machine. */
const ORIGIN = "http://localhost";

/**
 * Bytes of an isolate's JavaScript heap after a garbage collection, by V8's inspector: objects, workerd's own of this isolate, and
 * array buffers. WebAssembly memories and compiled code are not in it. `inspector` is the origin of wrangler's inspector; `wake` asks
 * the Worker for anything: an isolate collects only while it has something to do.
 */
export async function heapBytes(inspector: string, wake: () => Promise<unknown>): Promise<number> {
  const targets = targetsSchema.parse(await (await fetch(`${inspector}/json`)).json());
  const socket = new InspectorSocket(targets[0]?.webSocketDebuggerUrl ?? "", { headers: { origin: ORIGIN } });
  await once(socket, "open");
  try {
    let last = 0;
    const ask = async (method: string): Promise<unknown> => {
      last += 1;
      const id = last;
      const answered = answerTo(socket, id);
      socket.send(JSON.stringify({ id, method, params: {} }));
      return await answered;
    };
    await ask("HeapProfiler.enable");
    await Promise.all([ask("HeapProfiler.collectGarbage"), wake()]);
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = usageSchema.parse(await ask("Runtime.getHeapUsage"));
    return usedSize + embedderHeapUsedSize + backingStorageSize;
  } finally {
    socket.close();
  }
}

/** Node's WebSocket takes headers, which the standard's does not and its types do not tell. */
const InspectorSocket = WebSocket as unknown as new (
  url: string,
  options: { readonly headers: Readonly<Record<string, string>> },
) => WebSocket;

/** The inspector tells of other things in between. */
function answerTo(socket: WebSocket, id: number): Promise<unknown> {
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent): void => {
      const answer = answerSchema.safeParse(JSON.parse(String(data)));
      if (answer.data?.id === id) {
        socket.removeEventListener("message", listen);
        resolve(answer.data.result);
      }
    };
    socket.addEventListener("message", listen);
  });
}
