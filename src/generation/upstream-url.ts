import ipaddr from "ipaddr.js";

export interface CheckUpstreamUrlOptions {
  /** Accept private, link-local, metadata and other special addresses, also over plain http. */
  readonly allowPrivateHosts: boolean;
}

/** Names that only mean something inside a private network or a cloud's own machine. */
const PRIVATE_SUFFIXES = [".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa"];

/**
 * What is wrong with a URL of the configuration, or undefined when requests may go there. The WHATWG parser has already
 * turned decimal, octal, hexadecimal and short IPv4 forms into four numbers, so one look at the address is enough.
 * A public name that resolves to a private address cannot be seen from a Worker; the platform blocks those itself.
 */
export function checkUpstreamUrl(url: string, { allowPrivateHosts }: CheckUpstreamUrlOptions): string | undefined {
  if (!URL.canParse(url)) {
    return "not a URL";
  }
  const { protocol, username, password, hostname, search, hash } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") {
    return "expected an http or https URL";
  }
  if (username !== "" || password !== "") {
    return "credentials in a URL end up in logs; name a secret instead";
  }
  if (search !== "" || hash !== "") {
    return "expected no query and no fragment";
  }
  const reach = hostReach(hostname);
  if (reach === "special" && !allowPrivateHosts) {
    return "a private, link-local or metadata address; set allow_private_hosts to mean it";
  }
  if (protocol === "http:" && reach === "public") {
    return "plain http to a public host would send the key unencrypted; use https";
  }
  return undefined;
}

type HostReach = "loopback" | "special" | "public";

function hostReach(hostname: string): HostReach {
  // "localhost." and "10.0.0.1." mean the same as without the dot; IPv6 comes in brackets.
  const host = hostname.replace(/\.+$/u, "").replace(/^\[(.*)\]$/u, "$1");
  if (ipaddr.isValid(host)) {
    // `process` unwraps IPv4-mapped IPv6, so ::ffff:10.0.0.1 is judged as 10.0.0.1.
    const range = ipaddr.process(host).range();
    return range === "loopback" ? "loopback" : range === "unicast" ? "public" : "special";
  }
  if (host === "localhost" || host.endsWith(".localhost")) {
    return "loopback";
  }
  return !host.includes(".") || PRIVATE_SUFFIXES.some((suffix) => host.endsWith(suffix)) ? "special" : "public";
}
