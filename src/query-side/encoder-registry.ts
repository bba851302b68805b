import type { EncoderSource } from "../encoder/lazy-encoder.ts";
import type { EncoderManifest } from "../encoder/manifest.ts";
import { AppError } from "../shared/errors.ts";

/** A query encoder of the configuration. */
export interface EncoderEntry {
  /** Read without loading the model. */
  readonly manifest: () => Promise<EncoderManifest>;
  readonly load: EncoderSource;
}

/** The query encoders by name. All search the same passage vectors, or are refused where they do not. */
export interface EncoderRegistry {
  readonly defaultName: string;
  readonly entries: ReadonlyMap<string, EncoderEntry>;
}

/** All names, the default first. */
export function encoderNames({ defaultName, entries }: EncoderRegistry): readonly string[] {
  return [defaultName, ...[...entries.keys()].filter((name) => name !== defaultName)];
}

/** The encoder of that name. Throws `unknown_model`. */
export function findEncoder({ entries }: EncoderRegistry, name: string): EncoderEntry {
  const entry = entries.get(name);
  if (entry === undefined) {
    throw new AppError(
      "unknown_model",
      `there is no query encoder "${name.slice(0, 128)}"; there are ${[...entries.keys()].join(", ")}`,
      { details: { param: "encoder" } },
    );
  }
  return entry;
}

/** Name of the encoder with that model file, by its sha256. Undefined when this Worker has none. */
export async function encoderOfModel({ entries }: EncoderRegistry, sha256: string): Promise<string | undefined> {
  for (const [name, { manifest }] of entries) {
    if ((await manifest()).model.sha256 === sha256) {
      return name;
    }
  }
  return undefined;
}
