import { byId, element } from "./dom.js";

/** What the stages do, for people. Stages that we do not know keep their name. */
const LABELS = new Map([
  ["encode", "Encode the question"],
  ["dense", "Search the vectors"],
  ["lexical", "Search the words"],
  ["fuse", "Fuse both"],
  ["passages", "Read the passages"],
  ["rewrite", "Rewrite the question"],
]);

/**
 * Shows the stages the server measured and what the reader waited for.
 * @param {{ stages: Readonly<Record<string, number>>, firstWord: number | undefined, total: number }} timings  milliseconds
 */
export function showTimings({ stages, firstWord, total }) {
  const rows = Object.entries(stages).map(([stage, ms]) => ({ label: LABELS.get(stage) ?? stage, ms, seen: false }));
  if (firstWord !== undefined) {
    rows.push({ label: "First words, seen from here", ms: firstWord, seen: true });
  }
  rows.push({ label: "Whole answer, seen from here", ms: total, seen: true });
  const longest = Math.max(...rows.map(({ ms }) => ms), 1);
  byId("timing-list", HTMLDListElement).replaceChildren(
    ...rows.map(({ label, ms, seen }) => {
      const bar = element("span", { class: "bar" });
      bar.style.inlineSize = `${Math.max(0.5, (100 * ms) / longest)}%`;
      return element("div", seen ? { class: "seen" } : {}, [
        element("dt", {}, [label]),
        element("dd", {}, [element("span", { class: "track", "aria-hidden": "true" }, [bar]), formatMilliseconds(ms)]),
      ]);
    }),
  );
  byId("timings", HTMLElement).hidden = false;
}

/**
 * @param {number} ms
 * @returns {string}
 */
export function formatMilliseconds(ms) {
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
