import path from "node:path";
import { AppError } from "../../../src/shared/errors.ts";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { sha256File, sha256Hex, writeMeta } from "../../../training/artifacts/meta.ts";
import { loadVectorSet, VECTOR_SET_VERSION, vectorSetFiles } from "../../../training/artifacts/vector-set.ts";

/**
 * Writes the passages of several encoded corpora as one folder; an id that two of them have gets the number of its folder before it.
 * Throws AppError `invalid_artifact` when they are of different encoders.
 */
export async function joinVectors(folders: readonly string[], output: string): Promise<void> {
  const sets = await Promise.all(folders.map(loadVectorSet));
  const [first] = sets;
  const stray = sets.findIndex(({ facts }) => facts.encoderFingerprint !== first?.facts.encoderFingerprint);
  if (first === undefined || stray >= 0) {
    throw new AppError(
      "invalid_artifact",
      `${folders[stray] ?? "nothing"} was encoded by another encoder than ${folders[0]}`,
    );
  }
  const files = vectorSetFiles(output, "float32");
  const seen = new Set<string>();
  const ids = sets.flatMap((set, index) =>
    set.ids.map((id) => {
      const own = seen.has(id) ? `${index}/${id}` : id;
      seen.add(own);
      return own;
    }),
  );
  await writeFileAtomic(
    files.vectors,
    sets.map(({ matrix: { buffer, byteOffset, byteLength } }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
  await writeFileAtomic(
    files.ids,
    ids.map((id) => `${id}\n`),
  );
  await writeMeta(path.join(output, "vectors"), {
    stage: "encode",
    schemaVersion: VECTOR_SET_VERSION,
    options: { joined: folders },
    inputs: { ...first.inputs, corpus: sha256Hex(JSON.stringify(sets.map(({ inputs }) => inputs["corpus"]))) },
    facts: {
      ...first.facts,
      dtype: "float32",
      count: ids.length,
      vectorsSha256: await sha256File(files.vectors),
      idsSha256: await sha256File(files.ids),
    },
  });
}
