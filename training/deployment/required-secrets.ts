import { parseTargetLmTable } from "../../src/generation/target-lm-configuration.ts";

/** A secret of which one is enough: without either, a Worker in production answers nobody. */
const OPERATOR_SECRETS = ["ADMIN_KEY", "API_KEYS"] as const;

/**
 * Names of the secrets that the target LMs want, each once, in the order of the table.
 * @throws AppError `configuration_invalid` when TARGET_LMS does not parse.
 */
function targetLmSecrets(vars: Readonly<Record<string, unknown>>): string[] {
  const text = vars["TARGET_LMS"];
  const table = parseTargetLmTable(typeof text === "string" ? text : JSON.stringify(text ?? {}));
  const names = [...table.values()].flatMap((lm) =>
    "headers" in lm
      ? [
          ...(lm.secret === undefined ? [] : [lm.secret]),
          ...Object.values(lm.headers).flatMap((value) =>
            [...value.matchAll(/\$\{(\w+)\}/gu)].flatMap(([, name]) => name ?? []),
          ),
        ]
      : [],
  );
  return [...new Set(names)];
}

/** What is wanted and not among `known`. */
export function missingSecrets(vars: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): string[] {
  const missing = targetLmSecrets(vars).filter((name) => !known.has(name));
  return OPERATOR_SECRETS.some((name) => known.has(name)) ? missing : [OPERATOR_SECRETS[0], ...missing];
}
