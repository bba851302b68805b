import { DurableObject } from "cloudflare:workers";
import type { MetricsSink } from "../metrics/metrics-hub.ts";
import { MAX_SERIES, type Series } from "../metrics/metrics.ts";

/** The Durable Object that adds up what all isolates have counted; one for the whole Worker, asked by each every 10 s. */
export class MetricsObject extends DurableObject<object> implements MetricsSink {
  constructor(context: DurableObjectState, env: object) {
    super(context, env);
    context.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS series (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID",
    );
  }

  async add(series: Series): Promise<void> {
    const { sql } = this.ctx.storage;
    const [row] = sql.exec<{ count: number }>("SELECT count(*) AS count FROM series").toArray();
    // A full table takes no new series, only more of those that it has.
    const isFull = (row?.count ?? 0) >= MAX_SERIES;
    sql.exec(
      `INSERT INTO series SELECT key, value FROM json_each(?) WHERE ${isFull ? "key IN (SELECT name FROM series)" : "true"}
        ON CONFLICT DO UPDATE SET value = value + excluded.value`,
      JSON.stringify(series),
    );
  }

  async read(): Promise<Series> {
    const rows = this.ctx.storage.sql.exec<{ name: string; value: number }>("SELECT name, value FROM series").toArray();
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }
}

/** The one object of a namespace. */
export function createMetricsSink(namespace: DurableObjectNamespace<MetricsObject>): MetricsSink {
  const object = (): DurableObjectStub<MetricsObject> => namespace.getByName("all");
  return { add: async (series) => await object().add(series), read: async () => await object().read() };
}
