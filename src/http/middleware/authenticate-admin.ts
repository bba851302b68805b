import type { MiddlewareHandler } from "hono";
import type { Configuration } from "../../shared/configuration.ts";
import { AppError } from "../../shared/errors.ts";
import type { HttpEnvironment } from "../http-context.ts";
import { authenticate, type AuthenticateOptions } from "./authenticate.ts";

export interface AuthenticateAdminOptions {
  readonly configuration: Pick<Configuration, "mode" | "adminKey">;
  readonly timingSafeEqual: AuthenticateOptions["timingSafeEqual"];
}

/** Lets in who has the admin key. Without one configured, local mode lets everyone in and production nobody. */
export function authenticateAdmin({
  configuration: { mode, adminKey },
  timingSafeEqual,
}: AuthenticateAdminOptions): MiddlewareHandler<HttpEnvironment> {
  if (adminKey !== undefined || mode === "local") {
    return authenticate({ keys: adminKey === undefined ? [] : [adminKey], timingSafeEqual });
  }
  return function refuseAdmin() {
    throw new AppError(
      "configuration_invalid",
      "ADMIN_KEY: the admin routes are closed until this secret is set with `wrangler secret put ADMIN_KEY`",
    );
  };
}
