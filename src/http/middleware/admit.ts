import type { MiddlewareHandler } from "hono";
import type { Configuration } from "../../shared/configuration.ts";
import { AppError, toAppError } from "../../shared/errors.ts";
import { hasScope, isGranted, type Principal } from "../../tenancy/principal.ts";
import type { Allowance } from "../../usage/key-ledger.ts";
import type { MeteredEnding, RequestMeter } from "../../usage/request-meter.ts";
import type { Access } from "../access.ts";
import { errorStatus } from "../error-response.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import type { RouteAccess } from "../route-access.ts";
import { watchedBody } from "../watched-body.ts";

type ClosedAccess = Exclude<RouteAccess, "public">;

export interface AdmitOptions {
  readonly configuration: Configuration;
  readonly identify: (headers: Headers, access: ClosedAccess) => Promise<Principal>;
  /** Forgets what is remembered of a principal that turned out to be out of date. */
  readonly forget: (principal: Principal) => void;
  readonly createMeter: (c: HttpContext, principal: Principal) => RequestMeter;
  readonly allowanceOf: (principal: Principal) => Allowance;
  readonly accessOf: (c: HttpContext, principal: Principal) => Access;
  /** Keeps the isolate alive until a promise is settled, whatever the client does. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** Routes of these reserve before they use anything, so that the ledger hears of a request together with what it takes. */
const RESERVING: ReadonlySet<ClosedAccess> = new Set(["retrieve", "generate"]);

/**
 * Lets in who may: known, within the key's limits, with the route's scope. Puts the caller's `Access` on the request, and
 * settles what it has used when its response has ended, however it ended; once.
 */
export function admit(options: AdmitOptions): MiddlewareHandler<HttpEnvironment> {
  return async function admit(c, next) {
    const access = c.get("routeAccess");
    if (access === "public") {
      await next();
      return;
    }
    const { principal, meter } = await enter(c, access, options);
    c.set("meter", meter);
    options.defer(meter.finished);
    try {
      authorize(principal, { access, path: c.req.path, configuration: options.configuration });
      c.set("access", options.accessOf(c, principal));
      await next();
      // What has reserved nothing, as a request with a mistake in it, counts against the limits too.
      await meter.admitted();
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
  options: AdmitOptions,
): Promise<{ readonly principal: Principal; readonly meter: RequestMeter }> {
  const { identify, forget, createMeter, defer } = options;
  for (let attempt = 0; attempt < 2; attempt++) {
    const principal = await identify(c.req.raw.headers, access);
    const meter = createMeter(c, principal);
    if (RESERVING.has(access) && mayEnter(principal, { access, path: c.req.path })) {
      meter.postpone(() => allowanceOfPresent(c, principal, { access, options }));
      return { principal, meter };
    }
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
  throw justChanged();
}

interface PresentOptions {
  readonly access: ClosedAccess;
  readonly options: AdmitOptions;
}

/**
 * The allowance of a principal as it is now. When what it may reach has changed too, the request is to be sent again: it was
 * begun by what was before.
 */
async function allowanceOfPresent(
  c: HttpContext,
  principal: Principal,
  { access, options }: PresentOptions,
): Promise<Allowance> {
  options.forget(principal);
  const present = await options.identify(c.req.raw.headers, access);
  authorize(present, { access, path: c.req.path, configuration: options.configuration });
  if (reachOf(present) !== reachOf(principal)) {
    throw justChanged();
  }
  return options.allowanceOf(present);
}

function reachOf({ id, tenant, grants }: Principal): string {
  return JSON.stringify([id, tenant, grants.scopes, grants.collections, grants.models, grants.routes]);
}

function justChanged(): AppError {
  return new AppError("unauthenticated", "this key has just been changed; try again", { isRetryable: true });
}

interface Entrance {
  readonly access: ClosedAccess;
  readonly path: string;
}

interface AuthorizeOptions extends Entrance {
  readonly configuration: Configuration;
}

function mayEnter(principal: Principal, { access, path }: Entrance): boolean {
  return (access === "authenticated" || hasScope(principal, access)) && isGranted(principal.grants.routes, path);
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
  const outcome = status >= 400 ? "failed" : "completed";
  if (c.error !== undefined) {
    void meter.settle(endingOfError(toAppError(c.error)));
  } else if (meter.failure !== undefined) {
    // Told in the protocol's own way, inside of a reply.
    void meter.settle({ ...endingOfError(meter.failure), status });
  } else {
    void meter.settle({ outcome, status });
  }
}

function endingOfError(error: AppError): MeteredEnding {
  const { code } = error;
  const refused = code === "rate_limited" || code === "budget_exhausted";
  const outcome = code === "aborted" ? "aborted" : refused ? "refused" : "failed";
  return { outcome, status: errorStatus(error), errorCode: code };
}
