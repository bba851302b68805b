/** 60 bits: unique without asking, and short enough to be read out. */
const ID_CHARACTERS = 12;
/** As many bits as the hash has: nobody finds a key by trying, so that a plain hash, not a slow one, is what is stored. */
const SECRET_BYTES = 32;

const ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz123456789";
const KEY_FORM = /^aar_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/;

export interface NewApiKey {
  /** The public part: listed, logged, counted by. */
  readonly id: string;
  /** What the client sends. Shown once, never stored. */
  readonly key: string;
}

/** A fresh key, `aar_<id>_<secret>`, from the platform's random source; with `id`, a fresh secret for that key. */
export function createApiKey(id: string = randomId()): NewApiKey {
  const secret = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(SECRET_BYTES))));
  return { id, key: `aar_${id}_${secret.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}` };
}

/** The id inside a key of our form; undefined for anything else. */
export function apiKeyId(key: string): string | undefined {
  return KEY_FORM.exec(key)?.[1];
}

/** SHA-256 of a key, in hex: what is stored of it. */
export async function hashApiKey(key: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_CHARACTERS));
  // 256 is a multiple of the alphabet's 32 signs: no sign is likelier than another.
  return Array.from(bytes, (byte) => ID_ALPHABET.charAt(byte % ID_ALPHABET.length)).join("");
}
