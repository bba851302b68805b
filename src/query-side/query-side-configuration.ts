import { z } from "zod";
import { AppError } from "../shared/errors.ts";

/** As names of collections: they stand in paths and in messages. (A flag would end up in the pattern of /openapi.json.) */
export const QUERY_SIDE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** A path below the static assets that leads nowhere else. */
const assetPath = z.string().regex(/^(?:[A-Za-z0-9][\w-]*(?:\.[\w-]+)*\/)*[A-Za-z0-9][\w-]*(?:\.[\w-]+)*$/u, {
  error: "expected a relative path of plain names",
});
const name = z.string().regex(QUERY_SIDE_NAME, { error: "expected letters, digits, `.`, `_` or `-`" });

const encodersSchema = z.record(name, assetPath).refine((table) => Object.keys(table).length > 0, "names no encoder");
const adaptersSchema = z.record(name, assetPath);

/** The folder with the encoder that passages are encoded with. */
export const PASSAGE_ENCODER_FOLDER = "encoder";

/** Which query encoders and adapters came with the Worker. */
export interface QuerySideConfiguration {
  /** Name -> folder of static assets. */
  readonly encoders: ReadonlyMap<string, string>;
  readonly defaultEncoder: string;
  /** Name -> file of the static assets. */
  readonly adapters: ReadonlyMap<string, string>;
}

/** The variables as they come; each is JSON of name -> path, but `defaultEncoder`. */
export interface QuerySideVariables {
  readonly encoders: string | undefined;
  readonly defaultEncoder: string | undefined;
  readonly adapters: string | undefined;
}

/**
 * Parses ENCODERS, DEFAULT_ENCODER and ADAPTERS. Without them: the passage encoder as the one query encoder, named `default`,
 * and no adapters. Throws `configuration_invalid` that names the variable.
 */
export function parseQuerySideConfiguration(variables: QuerySideVariables): QuerySideConfiguration {
  const encoders = parseTable(
    "ENCODERS",
    variables.encoders ?? `{"default":"${PASSAGE_ENCODER_FOLDER}"}`,
    encodersSchema,
  );
  const [first = ""] = encoders.keys();
  const defaultEncoder = variables.defaultEncoder ?? first;
  if (!encoders.has(defaultEncoder)) {
    throw invalid(`DEFAULT_ENCODER: "${defaultEncoder}" is not one of ENCODERS: ${[...encoders.keys()].join(", ")}`);
  }
  return { encoders, defaultEncoder, adapters: parseTable("ADAPTERS", variables.adapters ?? "{}", adaptersSchema) };
}

function parseTable(
  variable: string,
  text: string,
  schema: z.ZodType<Readonly<Record<string, string>>>,
): ReadonlyMap<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(`${variable} is not JSON; expected an object of name -> path in the static assets`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw invalid(`${variable}: ${z.prettifyError(parsed.error)}`);
  }
  return new Map(Object.entries(parsed.data));
}

function invalid(message: string): AppError {
  return new AppError("configuration_invalid", `the Worker's configuration is invalid: ${message}`);
}
