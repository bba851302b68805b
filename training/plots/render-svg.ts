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
    return roundCoordinates(await view.toSVG());
  } catch (error) {
    throw new AppError("internal", "a chart could not be drawn", { cause: error });
  } finally {
    view.finalize();
  }
}

/** A hundredth of a pixel is not seen, and fifteen decimals make a page a good deal larger. */
function roundCoordinates(svg: string): string {
  return svg.replaceAll(/\b(?:d|transform)="[^"]*"/gu, (attribute) =>
    attribute.replaceAll(/-?\d+\.\d{3,}/gu, (number) => String(Number(Number(number).toFixed(2)))),
  );
}
