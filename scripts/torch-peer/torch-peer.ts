import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { z } from "zod";

const replySchema = z.object({
  ready: z.boolean().optional(),
  torch: z.string().optional(),
  loss: z.number().optional(),
  seconds: z.number().default(0),
  cpuSeconds: z.number().default(0),
  peakBytes: z.number().default(0),
  gigaflops: z.number().optional(),
  /** What that Python lacks to do it. */
  missing: z.string().optional(),
});
export type PeerReply = z.output<typeof replySchema>;

export interface PeerRequest {
  readonly do: "gradient" | "step" | "limit" | "epoch";
  readonly queries?: readonly (readonly number[])[];
  readonly passages?: readonly (readonly number[])[];
  /** Queries and passages in one pass, padded to one length. */
  readonly together?: boolean;
  /** Where gradients go. */
  readonly folder?: string;
  /** Of an epoch: questions with their passages, cut at `longest` tokens. */
  readonly pairs?: readonly (readonly [string, string])[];
  readonly batchSize?: number;
  readonly longest?: number;
}

export interface TorchPeerOptions {
  readonly python: string;
  /** The encoder's ONNX file. */
  readonly model: string;
  readonly threads: number;
}

/** A Python process with torch that holds the same encoder. */
export class TorchPeer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Undefined, and said so on stderr, when that Python does not have torch, transformers and onnx. */
  static async start({ python, model, threads }: TorchPeerOptions): Promise<TorchPeer | undefined> {
    const probe = spawnSync(python, ["-c", "import torch, transformers, onnx"], { encoding: "utf8" });
    if (probe.status !== 0) {
      const reason = probe.error?.message ?? probe.stderr.trim().split("\n").at(-1) ?? "";
      process.stderr.write(`${python} has no torch, transformers and onnx: nothing is compared with (${reason})\n`);
      return undefined;
    }
    const script = path.join(import.meta.dirname, "peer.py");
    const child = spawn(python, [script, model, String(threads)], { stdio: ["pipe", "pipe", "inherit"] });
    const peer = new TorchPeer(child);
    await peer.#reply();
    return peer;
  }

  async ask(request: PeerRequest): Promise<PeerReply> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#reply();
  }

  stop(): void {
    this.#child.stdin.end();
  }

  async #reply(): Promise<PeerReply> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      throw new Error("the torch process ended; its message is above");
    }
    return replySchema.parse(JSON.parse(value));
  }
}
