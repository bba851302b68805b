import type { MiddlewareHandler } from "hono";
import type { Configuration } from "../../shared/configuration.ts";
import { AppError } from "../../shared/errors.ts";
import { apiKeyId } from "../../tenancy/api-key.ts";
import type { Authenticator } from "../../tenancy/authenticator.ts";
import { hasScope, isGranted, type Principal, type Scope } from "../../tenancy/principal.ts";
import type { Access } from "../access.ts";
import type { HttpEnvironment } from "../http-context.ts";
import { openPrincipal } from "../open-access.ts";
import { routeAccess } from "../route-access.ts";

export interface AuthenticateOptions {
  readonly configuration: Configuration;
  readonly authenticator: Pick<Authenticator, "principalOf">;
  readonly accessOf: (principal: Principal) => Access;
}

/**
 * Finds out who asks, from `Authorization: Bearer <key>`, and lets in who may: the key's scopes have to include the route's,
 * and its routes the path. Puts the caller's `Access` on the request. In local mode, routes for which no key is configured
 * are open to everyone, whatever else is sent; a key of our own form counts there too, for trying out what it opens.
 */
export function authenticate({
  configuration,
  authenticator,
  accessOf,
}: AuthenticateOptions): MiddlewareHandler<HttpEnvironment> {
  return async function authenticate(c, next) {
    const access = routeAccess(c.req.method, c.req.path) ?? "authenticated";
    if (access !== "public") {
      const principal = await identify(c.req.header("authorization"), access);
      authorize(principal, { access, path: c.req.path, configuration });
      c.set("access", accessOf(principal));
    }
    await next();
  };

  async function identify(header: string | undefined, access: Scope | "authenticated"): Promise<Principal> {
    const key = bearerKey(header);
    const open = openPrincipal(configuration, access);
    if (open !== undefined && (key === undefined || apiKeyId(key) === undefined)) {
      return open;
    }
    if (key === undefined) {
      throw new AppError("unauthenticated", "no API key: send it as `Authorization: Bearer <key>`");
    }
    const principal = await authenticator.principalOf(key);
    if (principal === undefined) {
      throw new AppError("unauthenticated", "this key is not known here");
    }
    return principal;
  }
}

interface AuthorizeOptions {
  readonly access: Scope | "authenticated";
  readonly path: string;
  readonly configuration: Configuration;
}

function authorize(principal: Principal, { access, path, configuration }: AuthorizeOptions): void {
  if (access !== "authenticated" && !hasScope(principal, access)) {
    if (access === "admin" && configuration.mode === "production" && configuration.adminKey === undefined) {
      throw new AppError(
        "configuration_invalid",
        "ADMIN_KEY: the admin routes are closed until this secret is set with `wrangler secret put ADMIN_KEY`",
      );
    }
    const { scopes } = principal.grants;
    throw new AppError("forbidden", `this route wants a key with the scope ${access}; yours has ${scopes.join(", ")}`);
  }
  if (!isGranted(principal.grants.routes, path)) {
    throw new AppError("forbidden", `this key is for ${principal.grants.routes.join(", ")} only`);
  }
}

function bearerKey(header: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? "")?.[1];
}
