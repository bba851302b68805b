import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";

const replySchema = z.object({
  /** A query. */
  milliseconds: z.number(),
  cpuMilliseconds: z.number(),
  /** Row numbers, the nearest first, by query. */
  ids: z.array(z.array(z.int())),
});

export interface FaissPeerOptions {
  readonly python: string;
  /** A file of float32 rows. */
  readonly vectors: string;
  readonly dimensions: number;
}

/** A Python process with faiss' 8-bit scalar quantiser over the same vectors, on one thread. */
export class FaissPeer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Undefined, and said so on stderr, when that Python does not have faiss and numpy. */
  static async start({ python, vectors, dimensions }: FaissPeerOptions): Promise<FaissPeer | undefined> {
    const probe = spawnSync(python, ["-c", "import faiss, numpy"], { encoding: "utf8" });
    if (probe.status !== 0) {
      const reason = probe.error?.message ?? probe.stderr.trim().split("\n").at(-1) ?? "";
      process.stderr.write(`${python} has no faiss and numpy: nothing is compared with faiss (${reason})\n`);
      return undefined;
    }
    const script = path.join(import.meta.dirname, "faiss_peer.py");
    const peer = new FaissPeer(
      spawn(python, [script, vectors, String(dimensions)], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    await peer.#reply();
    return peer;
  }

  /** Searches for one query after the other. */
  async search(queries: readonly Float32Array[], topK: number): Promise<z.output<typeof replySchema>> {
    this.#child.stdin.write(`${JSON.stringify({ queries: queries.map((query) => [...query]), topK })}\n`);
    return await this.#reply();
  }

  stop(): void {
    this.#child.stdin.end();
  }

  async #reply(): Promise<z.output<typeof replySchema>> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      throw new Error("the faiss process ended; its message is above");
    }
    return replySchema.parse(JSON.parse(value));
  }
}
