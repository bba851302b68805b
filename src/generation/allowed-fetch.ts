import { AppError } from "../shared/errors.ts";
import type { TargetLmDependencies } from "./target-lm.ts";
import { checkUpstreamUrl, type CheckUpstreamUrlOptions } from "./upstream-url.ts";

export interface AllowedFetchOptions extends CheckUpstreamUrlOptions {
  readonly baseUrl: string;
}

/** Fetches a path below the one base URL it was made for. */
export type AllowedFetch = (path: string, init: RequestInit) => Promise<Response>;

/**
 * Wraps `fetch` so that it reaches the host of the configuration and no other: the address is checked, and a redirect
 * is refused, because it would carry the key and the conversation to wherever it points. Throws `host_not_allowed`.
 */
export function createAllowedFetch(
  { baseUrl, allowPrivateHosts }: AllowedFetchOptions,
  fetch: TargetLmDependencies["fetch"],
): AllowedFetch {
  return async (path, init) => {
    const problem = checkUpstreamUrl(baseUrl, { allowPrivateHosts });
    if (problem !== undefined) {
      throw new AppError("host_not_allowed", `requests to ${hostOf(baseUrl)} are not allowed: ${problem}`);
    }
    // "manual" and not "error": workerd knows no redirect mode "error".
    const response = await fetch(`${baseUrl.replace(/\/+$/u, "")}/${path}`, { ...init, redirect: "manual" });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      const message = `${hostOf(baseUrl)} answered with a redirect, which is not followed; configure the final base_url`;
      throw new AppError("host_not_allowed", message, { details: { status: response.status } });
    }
    return response;
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "an unreadable URL";
}
