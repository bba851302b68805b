import { byId } from "./dom.js";

/**
 * @typedef {{ encoder?: string, adapter?: string | null }} QuerySide  what is left out is the collection's own
 * @typedef {{ mode: string, topK: number, model: string, collection: string, key: string, querySide: QuerySide }} Settings
 */

/** Kept in this tab only: a key must not outlive it. */
const KEY_ENTRY = "aar-api-key";

/** No name of an adapter, which begins with a letter or digit. */
const NO_ADAPTER = "-";

const modelSelect = byId("model", HTMLSelectElement);
const collectionSelect = byId("collection", HTMLSelectElement);
const encoderSelect = byId("encoder", HTMLSelectElement);
const encoderField = byId("encoder-field", HTMLLabelElement);
const adapterSelect = byId("adapter", HTMLSelectElement);
const adapterField = byId("adapter-field", HTMLLabelElement);
const topKInput = byId("top-k", HTMLInputElement);
const keyInput = byId("key", HTMLInputElement);
const keyField = byId("key-field", HTMLLabelElement);
const form = byId("form", HTMLFormElement);

/** @returns {Settings} */
export function readSettings() {
  const topK = Number.parseInt(topKInput.value, 10);
  return {
    mode: String(new FormData(form).get("mode") ?? "hybrid"),
    topK: Number.isNaN(topK) || topK < 1 ? 5 : topK,
    model: modelSelect.value,
    collection: collectionSelect.value,
    key: readKey(),
    querySide: readQuerySide(),
  };
}

/** @returns {QuerySide} */
function readQuerySide() {
  const [encoder, adapter] = [encoderSelect.value, adapterSelect.value];
  return {
    ...(encoder === "" ? {} : { encoder }),
    ...(adapter === "" ? {} : { adapter: adapter === NO_ADAPTER ? null : adapter }),
  };
}

/** @returns {string} */
export function readKey() {
  return keyInput.value.trim();
}

/**
 * Shows the key field and calls back when a key was entered.
 * @param {() => void} onChange
 */
export function askForKey(onChange) {
  keyField.hidden = false;
  keyInput.value = sessionStorage.getItem(KEY_ENTRY) ?? "";
  keyInput.addEventListener("change", () => {
    sessionStorage.setItem(KEY_ENTRY, readKey());
    onChange();
  });
}

/** @param {string} mode */
export function setMode(mode) {
  for (const input of form.querySelectorAll("input[name=mode]")) {
    if (input instanceof HTMLInputElement) {
      input.checked = input.value === mode || input.checked;
    }
  }
}

/**
 * @param {readonly string[]} models
 * @param {string} selected
 */
export function offerModels(models, selected) {
  offer(modelSelect, models, selected);
}

/**
 * @param {readonly string[]} collections
 * @param {string} selected
 */
export function offerCollections(collections, selected) {
  offer(collectionSelect, collections, selected);
}

/**
 * Shows what there is to choose from; what was chosen stays where it is still there.
 * @param {import("./api.js").QuerySideChoices} choices
 */
export function offerQuerySide({ encoders, adapters }) {
  const own = new Option("the collection's", "");
  offerAgain(encoderSelect, [own, ...encoders.map((name) => new Option(name, name))]);
  encoderField.hidden = encoders.length < 2;
  offerAgain(adapterSelect, [
    own.cloneNode(true),
    new Option("none", NO_ADAPTER),
    ...adapters.map((name) => new Option(name, name)),
  ]);
  adapterField.hidden = adapters.length === 0;
}

/**
 * @param {HTMLSelectElement} select
 * @param {readonly Node[]} options  the first is the default
 */
function offerAgain(select, options) {
  const { value } = select;
  select.replaceChildren(...options);
  select.value = value;
  if (select.selectedIndex === -1) {
    select.selectedIndex = 0;
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {readonly string[]} names
 * @param {string} selected
 */
function offer(select, names, selected) {
  const all = names.includes(selected) ? names : [selected, ...names];
  select.replaceChildren(...all.map((name) => new Option(name, name, name === selected, name === selected)));
}
