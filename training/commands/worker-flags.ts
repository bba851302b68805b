import { z } from "zod";
import type { CommandContext } from "../define-command.ts";
import { createAdminClient } from "../indexing/admin-client.ts";
import type { AdminClient } from "../indexing/admin-client.ts";

/** Flags of commands about one collection of a Worker. */
export const workerFlags = {
  url: z.string().meta({ placeholder: "url", description: "base URL of the Worker" }),
  collection: z.string().meta({ placeholder: "name", description: "of the Worker" }),
};

/** A client of the Worker's admin routes; the key comes from AAR_ADMIN_KEY. */
export function openAdminClient(url: string, { env, signal }: Pick<CommandContext, "env" | "signal">): AdminClient {
  return createAdminClient({
    url,
    adminKey: env["AAR_ADMIN_KEY"] === "" ? undefined : env["AAR_ADMIN_KEY"],
    fetch: globalThis.fetch,
    signal,
  });
}
