import type { Encoder } from "../encoder/encoder.ts";
import type { Collection } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";

/** Throws `fingerprint_mismatch` when the collection's vectors are not those of this Worker's encoder. */
export function assertOwnEncoder(
  { name, encoderName, encoderFingerprint }: Pick<Collection, "name" | "encoderName" | "encoderFingerprint">,
  { manifest, fingerprint }: Pick<Encoder, "manifest" | "fingerprint">,
): void {
  if (encoderFingerprint !== fingerprint) {
    throw new AppError(
      "fingerprint_mismatch",
      `collection "${name}" is of encoder ${encoderName} (${encoderFingerprint}), this Worker encodes documents by ${manifest.name} (${fingerprint}); encode them offline (\`npm run aar -- encode\` and \`upload\`), or ingest into another collection`,
      { details: { expected: encoderFingerprint, got: fingerprint } },
    );
  }
}
