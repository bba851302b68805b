/** Where cached texts are. It may forget anything at any time, and never fails: what it cannot do, it does not do. */
export interface CacheStore {
  get(key: string): Promise<string | undefined>;
  put(key: string, value: string, ttlSeconds: number): Promise<void>;
}
