import { element } from "../playground/dom.js";

/**
 * @template Row
 * @typedef {{ title: string, isNumber?: boolean, cell: (row: Row) => Node | string }} Column
 */

/**
 * Fills a table. Cells that are strings become text, never markup.
 * @template Row
 * @param {HTMLTableElement} table
 * @param {readonly Column<Row>[]} columns
 * @param {readonly Row[]} rows
 * @param {{ empty: string, isOver?: (row: Row) => boolean }} options
 */
export function fillTable(table, columns, rows, { empty, isOver = () => false }) {
  const className = (/** @type {Column<Row>} */ { isNumber = false }) => (isNumber ? { class: "amount" } : {});
  const head = element("thead", {}, [
    element("tr", {}, columns.map((column) => element("th", { scope: "col", ...className(column) }, [column.title]))),
  ]);
  const body = element(
    "tbody",
    {},
    rows.length === 0
      ? [element("tr", {}, [element("td", { colspan: String(columns.length) }, [empty])])]
      : rows.map((row) =>
          element("tr", isOver(row) ? { class: "is-over" } : {}, columns.map((column) => element("td", className(column), [column.cell(row)]))),
        ),
  );
  table.replaceChildren(head, body);
}
