import { byId } from "./dom.js";

/** @typedef {{ mode: string, topK: number, model: string, collection: string, key: string }} Settings */

/** Kept in this tab only: a key must not outlive it. */
const KEY_ENTRY = "aar-api-key";

const modelSelect = byId("model", HTMLSelectElement);
const collectionSelect = byId("collection", HTMLSelectElement);
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
 * @param {HTMLSelectElement} select
 * @param {readonly string[]} names
 * @param {string} selected
 */
function offer(select, names, selected) {
  const all = names.includes(selected) ? names : [selected, ...names];
  select.replaceChildren(...all.map((name) => new Option(name, name, name === selected, name === selected)));
}
