import { z } from "zod";

/**
 * Work on the queue. It names versions and nothing else: what is to be done is read from the database when it is done, so
 * that a message that comes twice, late or out of order finds that there is nothing left to do.
 */
export const ingestionMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("split"), version: z.int() }),
  /** `first`: ordinal of the first of `PASSAGES_PER_ENCODE` passages. */
  z.strictObject({ type: z.literal("encode"), version: z.int(), first: z.int() }),
  /** `checks`: how often the vectors, all written, were not visible yet; 0: they are still to be written. */
  z.strictObject({ type: z.literal("publish"), version: z.int(), checks: z.int() }),
  z.strictObject({ type: z.literal("sweep"), version: z.int() }),
  /** The rest of a deletion by filter (all, without one), a `VectorFilter` that was checked when it came. */
  z.strictObject({
    type: z.literal("delete"),
    collection: z.string(),
    filter: z.record(z.string(), z.unknown()).optional(),
    upToVersion: z.int(),
  }),
]);

export type IngestionMessage = z.infer<typeof ingestionMessageSchema>;

/** Encoded by one message: a few seconds of CPU, well below a Worker's 30, whatever the tokens. */
export const PASSAGES_PER_ENCODE = 16;
