import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { FusionSettings } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";

/** Fusion as the admin route takes it, and as `fit-fusion` writes it. */
const wireFusionSchema = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("rrf"), rrf_k: z.number().min(0) }),
  z.strictObject({
    method: z.literal("convex"),
    weight: z.number().min(0).max(1),
    normalization: z.enum(["min-max", "theoretical"]),
    adapt: z.number().min(0).max(2).exactOptional(),
  }),
]);

export type WireFusion = z.output<typeof wireFusionSchema>;

/** The form that a collection's record has on the wire. */
export function toWireFusion(fusion: FusionSettings): WireFusion {
  return fusion.method === "rrf" ? { method: "rrf", rrf_k: fusion.rrfK } : { ...fusion };
}

/** The short form: `rrf:60`, `convex:0.5:theoretical`, `convex:0.5:theoretical:1` with its `adapt`. */
export function formatFusion(fusion: FusionSettings): string {
  if (fusion.method === "rrf") {
    return `rrf:${fusion.rrfK}`;
  }
  const { weight, normalization, adapt = 0 } = fusion;
  return `convex:${weight}:${normalization}${adapt === 0 ? "" : `:${adapt}`}`;
}

/**
 * Reads the short form, or a JSON file in the wire form.
 * @throws AppError `invalid_request` for a malformed short form, `invalid_artifact` for a malformed file.
 */
export async function readFusion(given: string): Promise<FusionSettings> {
  const [method = "", first, second, third, ...rest] = given.split(":");
  if (method === "rrf" || method === "convex") {
    const wire =
      method === "rrf"
        ? { method, rrf_k: first === undefined ? 60 : Number(first) }
        : {
            method,
            weight: first === undefined ? 0.5 : Number(first),
            normalization: second ?? "theoretical",
            ...(third === undefined ? {} : { adapt: Number(third) }),
          };
    const parsed = wireFusionSchema.safeParse(wire);
    if (!parsed.success || rest.length > 0 || (method === "rrf" && second !== undefined)) {
      throw new AppError(
        "invalid_request",
        `--fusion ${given}: expected rrf:K or convex:WEIGHT:min-max|theoretical[:ADAPT], weight 0..1, adapt 0..2`,
      );
    }
    return fromWire(parsed.data);
  }
  return fromWire(await readFusionFile(given));
}

async function readFusionFile(file: string): Promise<WireFusion> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    throw new AppError(
      "invalid_artifact",
      `--fusion ${file} is neither rrf:K, convex:WEIGHT:NORMALIZATION nor a readable file (${reason})`,
      { cause: error },
    );
  }
  const parsed = wireFusionSchema.safeParse(raw);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function fromWire(wire: WireFusion): FusionSettings {
  return wire.method === "rrf" ? { method: "rrf", rrfK: wire.rrf_k } : wire;
}
