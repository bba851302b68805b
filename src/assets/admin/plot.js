const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 200;
const WIDTH = 800;
const MARGIN = { top: 14, bottom: 22, left: 60 };

/**
 * Bars, one a row, in the order given, with the largest value on the axis. Drawn as SVG elements: no library, no markup.
 * @param {SVGSVGElement} svg
 * @param {readonly { label: string, value: number }[]} bars
 */
export function drawBars(svg, bars) {
  const largest = Math.max(0, ...bars.map(({ value }) => value));
  const inner = HEIGHT - MARGIN.top - MARGIN.bottom;
  const step = (WIDTH - MARGIN.left) / Math.max(bars.length, 1);
  const every = Math.max(1, Math.ceil(bars.length / 8));
  const title = svg.querySelector("title");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(
    ...(title ? [title] : []),
    shape("line", { x1: MARGIN.left, x2: WIDTH, y1: HEIGHT - MARGIN.bottom, y2: HEIGHT - MARGIN.bottom }),
    text(formatNumber(largest), { x: MARGIN.left - 6, y: MARGIN.top + 4, "text-anchor": "end" }),
    text("0", { x: MARGIN.left - 6, y: HEIGHT - MARGIN.bottom, "text-anchor": "end" }),
    ...bars.flatMap(({ label, value }, index) => {
      const height = largest === 0 ? 0 : (value / largest) * inner;
      const x = MARGIN.left + index * step;
      const bar = shape("rect", {
        x: x + step * 0.1,
        y: HEIGHT - MARGIN.bottom - height,
        width: step * 0.8,
        height,
      });
      bar.append(shape("title", {}, `${label}: ${formatNumber(value)}`));
      return index % every === 0
        ? [bar, text(label.slice(0, 14), { x: x + step / 2, y: HEIGHT - 6, "text-anchor": "middle" })]
        : [bar];
    }),
  );
}

/**
 * @param {number} value
 * @returns {string}
 */
export function formatNumber(value) {
  return value.toLocaleString("en", { maximumSignificantDigits: Number.isInteger(value) ? 12 : 4 });
}

/**
 * @param {string} content
 * @param {Record<string, string | number>} attributes
 */
function text(content, attributes) {
  return shape("text", attributes, content);
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} [content]
 * @returns {SVGElement}
 */
function shape(name, attributes, content) {
  const created = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [attribute, value] of Object.entries(attributes)) {
    created.setAttribute(attribute, String(value));
  }
  if (content !== undefined) {
    created.textContent = content;
  }
  return created;
}
