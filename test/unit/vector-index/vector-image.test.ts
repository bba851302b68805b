import * as fc from "fast-check";
import { it, type TestContext } from "vitest";
import { parseFilter } from "../../../src/vector-index/filter.ts";
import { quantizeRow } from "../../../src/vector-index/quantize.ts";
import { VectorImage } from "../../../src/vector-index/vector-image.ts";
import { kernelModule } from "../../support/kernel-module.ts";

const CAPACITY = 12;

interface ModelRow {
  readonly namespace: number;
  readonly color: string | undefined;
}

function emptyImage(): VectorImage {
  const image = new VectorImage({
    dimensions: 2,
    metric: "cosine",
    capacity: CAPACITY,
    module: kernelModule("kernel-relaxed.wasm"),
  });
  image.addColumn({ propertyName: "color", indexType: "string" });
  return image;
}

function put(image: VectorImage, slot: number, { namespace, color }: ModelRow): void {
  const indexed = color === undefined ? [] : [["color", color] as const];
  image.set(slot, { ...quantizeRow(Float32Array.of(1, slot)), namespace, indexed });
}

const row = fc.record({ namespace: fc.nat(3), color: fc.constantFrom("red", "blue", "green", undefined) });
const operation = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), row }),
  fc.record({ kind: fc.constant("replace" as const), at: fc.nat(CAPACITY), row }),
  fc.record({ kind: fc.constant("delete" as const), at: fc.nat(CAPACITY) }),
);

it("select agrees with a plain map after any sequence of writes, and after a rebuild", ({ expect }) => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const image = emptyImage();
      const model = new Map<number, ModelRow>();
      for (const step of operations) {
        const slots = [...model.keys()];
        const slot = step.kind === "add" ? undefined : slots[step.at % Math.max(1, slots.length)];
        if (step.kind === "add" && model.size < CAPACITY) {
          const taken = image.takeSlot();
          expect(model.has(taken)).toBe(false);
          model.set(taken, step.row);
          put(image, taken, step.row);
        } else if (step.kind === "replace" && slot !== undefined) {
          model.set(slot, step.row);
          put(image, slot, step.row);
        } else if (step.kind === "delete" && slot !== undefined) {
          model.delete(slot);
          image.delete(slot);
        }
      }
      const rebuilt = emptyImage();
      for (const [slot, stored] of [...model].toSorted(([a], [b]) => a - b)) {
        put(rebuilt, slot, stored);
      }
      rebuilt.releaseGaps();
      for (const candidate of [image, rebuilt]) {
        expectSame(candidate, model, expect);
      }
      // Whatever was deleted can be taken again, each slot once.
      const free = Array.from({ length: CAPACITY - model.size }, () => rebuilt.takeSlot());
      expect(new Set([...free, ...model.keys()]).size).toBe(CAPACITY);
      expect(() => rebuilt.takeSlot()).toThrow(RangeError);
    }),
    { numRuns: 500 },
  );
});

function expectSame(image: VectorImage, model: ReadonlyMap<number, ModelRow>, expect: TestContext["expect"]): void {
  expect(image.size).toBe(model.size);
  const filters = [{ color: "red" }, { color: { $nin: ["red", "blue"] } }, { color: { $lt: "green" } }, undefined];
  for (const namespace of [undefined, 0, 1, 2, 3]) {
    for (const filter of filters) {
      const expected = [...model]
        .filter(([, stored]) => namespace === undefined || stored.namespace === namespace)
        .filter(([, { color }]) => {
          if (filter === undefined) {
            return true;
          }
          if (filter.color === "red") {
            return color === "red";
          }
          return "$lt" in Object(filter.color) ? color === "blue" : color === "green" || color === undefined;
        })
        .map(([slot]) => slot)
        .toSorted((a, b) => a - b);
      const count = image.select(namespace, filter === undefined ? [] : parseFilter(filter));
      expect([...image.memory.slots.subarray(0, count)]).toEqual(expected);
    }
  }
}
