import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Committed: what `npm run build:adapter` makes; `ADAPTERS` of wrangler.toml names it. */
export const EXAMPLE_ADAPTER = path.join(ROOT, "src/assets/adapters/factbook-example/adapter.safetensors");
/** Committed: the recipe, for `aar adapt`, with the committed labels. */
export const EXPERIMENT = path.join(ROOT, "scripts/example-adapter/experiment.json");
/** Not committed: questions in BEIR layout, named by the experiment. */
export const QUESTIONS_FOLDER = path.join(ROOT, ".aar/example-adapter/questions");
/** Not committed: what the stages make. */
export const WORK_FOLDER = path.join(ROOT, ".aar/example-adapter/work");
