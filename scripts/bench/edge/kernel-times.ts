import type { Kernel } from "../../../src/encoder/engine/kernel.ts";
import type { ModelHeader } from "../../../src/encoder/engine/model-header.ts";

/** A kind of layer: what it took at best, and how many integer multiply-adds it did, all layers together. */
export interface LayerKind {
  readonly kind: string;
  readonly milliseconds: number;
  readonly multiplyAdds: number;
}

/** What the kernel's functions are for; products are told apart by their sizes. */
const KINDS: Readonly<Record<string, string>> = {
  embedRows: "embedding",
  normRows: "embedding",
  attentionProduct: "product: queries, keys, values",
  dequantizeRows: "attention",
  attention: "attention",
  codeRows: "attention",
  outputProduct: "product: attention output",
  addNormRows: "add and norm",
  upProduct: "product: feed-forward, up",
  geluRows: "GELU",
  downProduct: "product: feed-forward, down",
  meanRow: "pooling",
  copyRow: "pooling",
  normalizeRow: "pooling",
};

/** Times every function of a kernel, pass by pass. */
export class KernelTimes {
  readonly #best = new Map<string, number>();
  #pass = new Map<string, number>();

  /** A kernel that does the same and is timed. */
  watch(kernel: Kernel): Kernel {
    const watched = Object.entries(kernel).map(([name, member]: [string, unknown]) => [
      name,
      typeof member === "function" ? this.#timed(name, member as (...numbers: number[]) => unknown) : member,
    ]);
    return Object.fromEntries(watched) as Kernel; // the same names
  }

  /** `forget`: of what was timed before nothing counts. */
  beginPass(forget: boolean): void {
    this.#pass = new Map();
    if (forget) {
      this.#best.clear();
    }
  }

  endPass(): void {
    for (const [name, milliseconds] of this.#pass) {
      this.#best.set(name, Math.min(this.#best.get(name) ?? Infinity, milliseconds));
    }
  }

  byKind(header: ModelHeader, tokens: number): LayerKind[] {
    const { hidden, heads, headSize, intermediate, layers } = header;
    const width = heads * headSize;
    const products: Readonly<Record<string, readonly [inputs: number, outputs: number]>> = {
      attentionProduct: [hidden, 3 * width],
      outputProduct: [width, hidden],
      upProduct: [hidden, intermediate],
      downProduct: [intermediate, hidden],
    };
    const kinds = new Map<string, LayerKind>();
    for (const [name, kind] of Object.entries(KINDS)) {
      const [inputs, outputs] = products[name] ?? [0, 0];
      const timed = inputs === 0 ? name : `matrixProduct ${inputs} ${outputs}`;
      const before = kinds.get(kind) ?? { kind, milliseconds: 0, multiplyAdds: 0 };
      kinds.set(kind, {
        kind,
        milliseconds: before.milliseconds + (this.#best.get(timed) ?? 0),
        multiplyAdds: before.multiplyAdds + layers * tokens * inputs * outputs,
      });
    }
    return [...kinds.values()];
  }

  #timed(name: string, call: (...numbers: number[]) => unknown): (...numbers: number[]) => unknown {
    return (...numbers) => {
      const start = performance.now();
      const result = call(...numbers);
      const key = name === "matrixProduct" ? `${name} ${numbers[5]} ${numbers[6]}` : name;
      this.#pass.set(key, (this.#pass.get(key) ?? 0) + performance.now() - start);
      return result;
    };
  }
}
