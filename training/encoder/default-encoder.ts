import path from "node:path";

/** Folder of the encoder that is committed with the project and served by default. */
export const DEFAULT_ENCODER = path.join(import.meta.dirname, "../../src/assets/encoder");
