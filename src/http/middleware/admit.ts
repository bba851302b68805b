import type { MiddlewareHandler } from "hono";
import type { Configuration } from "../../shared/configuration.ts";
import { AppError, toAppError } from "../../shared/errors.ts";
import { hasScope, isGranted, type Principal } from "../../tenancy/principal.ts";
import type { MeteredEnding, RequestMeter } from "../../usage/request-meter.ts";
import type { Access } from "../access.ts";
import { errorStatus } from "../error-response.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { type RouteAccess, routeAccess } from "../route-access.ts";
import { watchedBody } from "../watched-body.ts";

type ClosedAccess = Exclude<RouteAccess, "public">;

export interface AdmitOptions {
  readonly configuration: Configuration;
  readonly identify: (headers: Headers, access: ClosedAccess) => Promise<Principal>;
  /** Forgets what is remembered of a principal that turned out to be out of date. */
  readonly forget: (principal: Principal) => void;
  readonly createMeter: (c: HttpContext, principal: Principal) => RequestMeter;
  readonly accessOf: (principal: Principal, meter: RequestMeter) => Access;
  /** Keeps the isolate alive until a promise is settled, whatever the client does. */
  readonly defer: (work: Promise<unknown>) => void;
}

/**
 * Lets in who may: known, within the key's limits, with the route's scope. Puts the caller's `Access` on the request, and
 * settles what it has used when its response has ended, however it ended; once.
 */
export function admit(options: AdmitOptions): MiddlewareHandler<HttpEnvironment> {
  return async function admit(c, next) {
    const access = routeAccess(c.req.method, c.req.path) ?? "authenticated";
    if (access === "public") {
      await next();
      return;
    }
    const { principal, meter } = await enter(c, access, options);
    c.set("meter", meter);
    options.defer(meter.finished);
    try {
      authorize(principal, { access, path: c.req.path, configuration: options.configuration });
      c.set("access", options.accessOf(principal, meter));
      await next();
    } catch (error) {
      await meter.settle(endingOfError(toAppError(error)));
      throw error;
    }
    settleWithResponse(c, meter);
  };
}

/** A principal that is out of date is looked up anew, once: a second time it is the store that lags. */
async function enter(
  c: HttpContext,
  access: ClosedAccess,
  { identify, forget, createMeter, defer }: AdmitOptions,
): Promise<{ readonly principal: Principal; readonly meter: RequestMeter }> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const principal = await identify(c.req.raw.headers, access);
    const meter = createMeter(c, principal);
    try {
      if (await meter.open()) {
        return { principal, meter };
      }
    } catch (error) {
      c.set("meter", meter);
      defer(meter.settle(endingOfError(toAppError(error))));
      throw error;
    }
    forget(principal);
  }
  throw new AppError("unauthenticated", "this key has just been changed; try again", { isRetryable: true });
}

interface AuthorizeOptions {
  readonly access: ClosedAccess;
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

/** A stream ends after its head was sent; everything else has ended. */
function settleWithResponse(c: HttpContext, meter: RequestMeter): void {
  const { status, body, headers } = c.res;
  if (body !== null && headers.get("content-type")?.startsWith("text/event-stream") === true) {
    const watched = watchedBody(body, (isCancelled) => {
      const { failure } = meter;
      const failed: MeteredEnding["outcome"] = failure === undefined ? "completed" : "failed";
      void meter.settle({ outcome: isCancelled ? "aborted" : failed, status, errorCode: failure?.code });
    });
    c.res = new Response(watched, c.res);
    return;
  }
  const error = c.error === undefined ? undefined : toAppError(c.error);
  const outcome = status >= 400 ? "failed" : "completed";
  void meter.settle(error === undefined ? { outcome, status } : endingOfError(error));
}

function endingOfError(error: AppError): MeteredEnding {
  const { code } = error;
  const refused = code === "rate_limited" || code === "budget_exhausted";
  const outcome = code === "aborted" ? "aborted" : refused ? "refused" : "failed";
  return { outcome, status: errorStatus(error), errorCode: code };
}
