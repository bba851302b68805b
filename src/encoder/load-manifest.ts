import { z } from "zod";
import { AppError } from "../shared/errors.ts";
import type { EncoderManifest } from "./manifest.ts";
import { encoderManifestSchema } from "./manifest.ts";

/**
 * Parses the text of a `manifest.json`.
 * @throws AppError `invalid_artifact` that names every field that is wrong.
 */
export function parseManifest(text: string): EncoderManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid_artifact", "the encoder's manifest.json is not JSON", { cause });
  }
  const parsed = encoderManifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `the encoder's manifest.json is invalid: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** What a manifest promises of one of its files; `bytes` is recorded for the model only. */
export interface ExpectedFile {
  readonly file: string;
  readonly sha256: string;
  readonly bytes?: number;
}

/**
 * Checks that a file beside a manifest is the one the manifest was written for: an encoder that was trained further has
 * the same size and other vectors.
 * @throws AppError `invalid_artifact` when its length or its sha256 (hex) is another.
 */
export function verifyFile(expected: ExpectedFile, actual: { readonly bytes: number; readonly sha256: string }): void {
  if (expected.bytes !== undefined && actual.bytes !== expected.bytes) {
    throw new AppError(
      "invalid_artifact",
      `encoder file ${expected.file} has ${actual.bytes} bytes, its manifest says ${expected.bytes}; ${REMEDY}`,
    );
  }
  if (actual.sha256 !== expected.sha256) {
    throw new AppError(
      "invalid_artifact",
      `encoder file ${expected.file} has sha256 ${actual.sha256}, its manifest says ${expected.sha256}; ${REMEDY}`,
    );
  }
}

const REMEDY = "fetch it again, or write model and manifest together with `npm run aar -- quantize`";
