import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1);
const replySchema = z.object({
  id: z.int(),
  result: z
    .object({ usedSize: z.number(), backingStorageSize: z.number().default(0) })
    .partial()
    .default({}),
});

/** What a Worker's isolate holds, as its inspector tells; unlike resident memory it has no wrangler, no SQLite and no garbage in it. */
export interface WorkerHeap {
  /** MiB in use after a collection of garbage: objects, and the bytes of buffers. */
  measure(): Promise<number>;
  close(): void;
}

/** Connects to the inspector that wrangler opens at `port`. */
export async function connectWorkerHeap(port: number): Promise<WorkerHeap> {
  const targets = targetsSchema.parse(await (await fetch(`http://127.0.0.1:${port}/json`)).json());
  // wrangler lets in who comes from Cloudflare's own tools only. Node's WebSocket takes headers; its types are the browser's.
  const options = { headers: { origin: "https://devtools.devprod.cloudflare.dev", "user-agent": "Mozilla/5.0" } };
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "", options);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("the Worker's inspector refused the connection")));
  });
  let lastId = 0;
  async function ask(method: string): Promise<z.infer<typeof replySchema>["result"]> {
    const id = ++lastId;
    const reply = new Promise<z.infer<typeof replySchema>["result"]>((resolve) => {
      const listen = ({ data }: MessageEvent): void => {
        const parsed = replySchema.safeParse(JSON.parse(String(data)));
        if (parsed.success && parsed.data.id === id) {
          socket.removeEventListener("message", listen);
          resolve(parsed.data.result);
        }
      };
      socket.addEventListener("message", listen);
    });
    socket.send(JSON.stringify({ id, method }));
    return await reply;
  }
  await ask("Runtime.enable");
  return {
    measure: async () => {
      await ask("HeapProfiler.collectGarbage");
      await sleep(100);
      const { usedSize = 0, backingStorageSize = 0 } = await ask("Runtime.getHeapUsage");
      return (usedSize + backingStorageSize) / 2 ** 20;
    },
    close: () => socket.close(),
  };
}
