import { z } from "zod";
import type { QuerySide, QuerySideSettings } from "./types.ts";

const querySideShape = { encoder: z.string().optional(), adapter: z.string().nullable().optional() };

const settingsSchema = z.object({
  default: z.object(querySideShape).optional(),
  models: z.record(z.string(), z.object(querySideShape)).optional(),
  shadow: z.object({ ...querySideShape, share: z.number(), logQuery: z.boolean() }).optional(),
});

/** Reads the column `query_side` of a collection, which `JSON.stringify` of the settings wrote. */
export function parseQuerySideSettings(json: string): QuerySideSettings {
  // `undefined` of an optional field never comes out of JSON.
  return settingsSchema.parse(JSON.parse(json)) as QuerySideSettings;
}

export interface ChooseQuerySideOptions {
  /** By the request. */
  readonly asked?: QuerySide | undefined;
  /** The target LM that the passages are for. */
  readonly model?: string | undefined;
  readonly settings?: QuerySideSettings | undefined;
}

/**
 * The request's own choice, else the collection's for that target LM, else the collection's default. The first that says
 * anything counts as a whole: an encoder of one and an adapter of another would not fit together.
 */
export function chooseQuerySide({ asked, model, settings }: ChooseQuerySideOptions): QuerySide {
  const { models = {} } = settings ?? {};
  const ofModel = model !== undefined && Object.hasOwn(models, model) ? models[model] : undefined;
  return [asked, ofModel, settings?.default].find((side) => side !== undefined && saysAnything(side)) ?? {};
}

function saysAnything({ encoder, adapter }: QuerySide): boolean {
  return encoder !== undefined || adapter !== undefined;
}
