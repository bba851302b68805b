/** What keys of common providers look like, and the values of headers that carry them. */
const KEY_PATTERNS = [
  /\b(bearer|basic)\s+[\w.~+/=*-]{4,}/giu,
  /\b(?:sk|pk|rk|gsk|hf|r8|xai|key|pplx|cfut)[-_][\w*-]{6,}/gu,
  /\bAIza[\w-]{20,}/gu,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/gu,
];

/** Shortest value that is taken for a secret: replacing "1" everywhere would make a text unreadable and hide nothing. */
const MIN_SECRET_LENGTH = 6;

/** Makes a function that takes known secrets, and whatever looks like a key, out of a text that others wrote. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets
    // One may hold its scheme, for `authorization: ${NAME}`.
    .flatMap((secret) => [secret, secret.replace(/^(?:bearer|basic)\s+/iu, "")])
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    // A secret may begin with another one; what is left of the longer one must not stay.
    .toSorted((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of known) {
      clean = clean.replaceAll(secret, "[redacted]");
    }
    for (const pattern of KEY_PATTERNS) {
      clean = clean.replaceAll(pattern, "[redacted]");
    }
    return clean;
  };
}
