import { z } from "zod";
import wordings from "./wordings.json" with { type: "json" };

const wordingsSchema = z.tuple([z.string(), z.string(), z.string(), z.string()]);
const tableSchema = z.record(z.string(), wordingsSchema);

/**
 * How people ask about a field, in other words than the Factbook's label. `*` is the country inside a sentence ("the
 * Philippines"), `#` its bare name. The first two are for training, the third for development, the fourth for the test: what is
 * tested was never trained on, not even with another country.
 */
export type Wordings = z.output<typeof wordingsSchema>;

/** By the label that begins a line of a passage, as `scripts/demo-corpus/labels.ts` writes it. */
export const LINE_WORDINGS: Readonly<Record<string, Wordings>> = tableSchema.parse(wordings.lines);

/** By the topic of passages of running prose, all of whose parts answer. */
export const TOPIC_WORDINGS: Readonly<Record<string, Wordings>> = tableSchema.parse(wordings.topics);
