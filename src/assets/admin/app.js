import { fetchCollections, fetchInventory, RequestError, storedKey, storeKey } from "./api.js";
import { byId, element } from "../playground/dom.js";
import { showKeys, watchKeys } from "./keys-view.js";
import { formatNumber } from "./plot.js";
import { fillTable } from "./table.js";
import { showUsage, watchUsage } from "./usage-view.js";

const status = byId("status", HTMLParagraphElement);
const keyForm = byId("key-form", HTMLFormElement);
const keyInput = byId("admin-key", HTMLInputElement);
const errorBox = byId("error", HTMLDivElement);
const content = byId("content", HTMLDivElement);

/** @param {unknown} error */
function showFailure(error) {
  errorBox.replaceChildren(element("p", {}, [error instanceof Error ? error.message : String(error)]));
  errorBox.hidden = false;
}

async function open() {
  errorBox.hidden = true;
  try {
    await showAll();
    content.hidden = false;
    keyForm.hidden = true;
    status.dataset["state"] = "up";
  } catch (error) {
    content.hidden = true;
    status.dataset["state"] = "down";
    if (error instanceof RequestError && (error.status === 401 || error.status === 403)) {
      status.textContent = "wants the admin key";
      // The first time nobody has done anything wrong.
      if (storedKey() !== "") {
        showFailure(error);
      }
      storeKey("");
      keyForm.hidden = false;
      keyInput.focus();
      return;
    }
    status.textContent = "not reached";
    showFailure(error);
  }
}

async function showAll() {
  const inventory = await fetchInventory();
  const { passages, vector_index: index, database, encoder, mode } = inventory;
  status.textContent = `${mode} · ${encoder.name}`;
  const size = database.bytes === null ? "" : `, ${formatNumber(Math.round(database.bytes / 1e5) / 10)} MB in D1`;
  byId("inventory", HTMLParagraphElement).textContent =
    `${formatNumber(passages)} passages, ${formatNumber(index.vectors)} vectors${size}`;
  const collections = await fetchCollections();
  fillTable(
    byId("collections", HTMLTableElement),
    [
      { title: "name", cell: ({ name }) => name },
      { title: "passages", isNumber: true, cell: (row) => formatNumber(row.passage_count) },
      { title: "encoder", cell: (row) => row.encoder_name },
      { title: "dimensions", isNumber: true, cell: ({ dims }) => String(dims) },
      {
        title: "searchable by meaning",
        cell: (row) => (row.encoder_fingerprint === encoder.fingerprint ? "yes" : "no: of another encoder than the one served"),
      },
    ],
    collections,
    { empty: "No collections yet.", isOver: (row) => row.encoder_fingerprint !== encoder.fingerprint },
  );
  await Promise.all([showUsage(), showKeys()]);
}

keyForm.addEventListener("submit", (event) => {
  event.preventDefault();
  storeKey(keyInput.value.trim());
  keyInput.value = "";
  void open();
});
watchUsage(showFailure);
watchKeys(showFailure);
void open();
