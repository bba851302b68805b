import { parse, View } from "vega";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import { AppError } from "../../src/shared/errors.ts";
import { PLOT_CONFIG } from "./theme.ts";

/** Draws a vega-lite chart as SVG text, without a browser. The same chart gives the same text. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const { spec: compiled } = compile(spec, { config: PLOT_CONFIG });
  const view = new View(parse(compiled), { renderer: "none" });
  try {
    return await view.toSVG();
  } catch (error) {
    throw new AppError("internal", "a chart could not be drawn", { cause: error });
  } finally {
    view.finalize();
  }
}
