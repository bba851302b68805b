import type { Encoder } from "./encoder.ts";

/** Resolves to the one encoder of this process, loading it at the first call. */
export type EncoderSource = () => Promise<Encoder>;

/**
 * Loads an encoder once: calls made while it loads share that load, later ones get the same encoder. A failed load
 * fails the calls that waited for it and is forgotten, so the next call tries again.
 */
export function lazyEncoder(load: EncoderSource): EncoderSource {
  let loading: Promise<Encoder> | undefined;
  return () => {
    if (loading === undefined) {
      const attempt = Promise.try(load);
      loading = attempt;
      attempt.catch(() => {
        loading = loading === attempt ? undefined : loading;
      });
    }
    return loading;
  };
}
