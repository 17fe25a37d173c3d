// The page: what somebody chooses, the running operation, and its result.

import { Operations } from "./operations.js";
import { Table } from "./table.js";
import { bytesText, counted, licensesText, numberText, progressText, sentence } from "./text.js";

/** Returns the element with an ID. */
const element = (id) => document.getElementById(id);

/** Whether the browser can open a picked directory for reading and writing. */
const canPick = "showDirectoryPicker" in window;

const table = new Table(element);
let operations;
/** The chosen store: its name, and its handle or its files. */
let store;
/** The intact backup that is shown, a `Blob`. */
let archive;
/** The last request that failed or met conflicts, to repeat it with a further option. */
let repeat;

/** Shows one of the parts of the page. */
function show(part) {
  for (const id of ["start", "running", "result"]) {
    element(id).hidden = id !== part;
  }
}

/** Runs a request with its progress. Returns the summary, or throws the failure. */
async function run(title, request, onRows) {
  element("running-heading").textContent = title;
  element("progress").removeAttribute("value");
  element("progress-text").textContent = "Starting";
  element("cancel").disabled = false;
  show("running");
  element("cancel").focus();
  addEventListener("beforeunload", warn);
  try {
    return await operations.run(request, { onProgress: showProgress, onRows });
  } finally {
    removeEventListener("beforeunload", warn);
  }
}

/** Makes the browser ask before it leaves the page and ends an operation. */
function warn(event) {
  event.preventDefault();
}

function showProgress(progress) {
  const bar = element("progress");
  if (progress.total === undefined) {
    bar.removeAttribute("value");
  } else {
    bar.max = Math.max(progress.total, 1);
    bar.value = progress.done;
  }
  element("progress-text").textContent = progressText(progress);
}

/** Shows a result. `facts` are pairs of a term and its value. */
function showResult({ heading, text, kind, facts = [], status }) {
  element("outcome").dataset.kind = kind;
  element("result-heading").textContent = heading;
  element("result-text").textContent = text;
  element("facts").replaceChildren(
    ...facts.flatMap(([term, value]) => [
      Object.assign(document.createElement("dt"), { textContent: term }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    ]),
  );
  const isIntact = archive !== undefined;
  element("save").hidden = element("save").href === "";
  element("restore").hidden = !isIntact || !canPick;
  element("restore-hint").hidden = !isIntact || canPick;
  element("replace").hidden = repeat === undefined;
  element("replace").textContent = repeat?.label ?? "";
  element("files").hidden = table.isEmpty;
  table.show(status);
  show("result");
  element("result-heading").focus();
}

/** The heading of a failure, by its code. */
const HEADINGS = {
  cancelled: "Cancelled",
  "backup-corrupt": "The backup is damaged",
  "backup-exists": "The directory contains a backup",
  shrunk: "Most licenses are missing",
};

function showFailure(failure) {
  const { code, message } = failure;
  showResult({
    heading: HEADINGS[code] ?? "Failed",
    text: sentence(message),
    kind: code === "cancelled" ? "neutral" : "failure",
  });
}

/** Shows a verified backup, during which a number of files could not be read. */
function showVerified(heading, verified, errors = 0) {
  const { licenses, bytes, skipped, size, blake3, program } = verified;
  const unread = errors === 0 ? "" : `${counted(errors, "file")} could not be read. `;
  showResult({
    heading,
    text:
      `${unread}Verified ${licensesText(licenses, bytes)}: no errors. ` +
      "Record the BLAKE3: it shows later whether the file is still the same.",
    kind: errors === 0 ? "success" : "warning",
    facts: [
      ["BLAKE3 of the file", blake3],
      ["Size of the file", bytesText(size)],
      ["Written by", program],
      ["Skipped", counted(skipped, "file")],
    ],
  });
}

/** Forgets the backup that is shown. */
function reset() {
  const save = element("save");
  if (save.href !== "") {
    URL.revokeObjectURL(save.href);
    save.removeAttribute("href");
  }
  archive = undefined;
  repeat = undefined;
  table.clear();
}

const addRows = (rows) => table.add(rows);

/** Opens a backup. */
async function open(file) {
  reset();
  try {
    const { verified } = await run(
      `Verifying ${file.name}`,
      { verb: "open", archive: file },
      addRows,
    );
    archive = file;
    showVerified(`${file.name} is intact`, verified);
  } catch (failure) {
    showFailure(failure);
  }
}

/** The label of the button that repeats a failed backup with a further option, and the option. */
const FURTHER = {
  "backup-exists": { label: "Replace the existing backup", option: { overwrite: true } },
  shrunk: { label: "Replace it nevertheless", option: { overwrite: true, allowShrink: true } },
};

/** Backs up the chosen store, into a picked directory or for saving. */
async function backUp(handle, options = {}) {
  reset();
  const { name, ...source } = store;
  const request = {
    verb: "backup",
    store: source,
    handle,
    overwrite: false,
    allowShrink: false,
    ...options,
  };
  try {
    const result = await run(`Backing up ${name}`, request, addRows);
    const { made, verified } = result;
    archive = result.archive;
    if (handle === undefined) {
      element("save").href = URL.createObjectURL(archive);
      showVerified(`The backup of ${name} is ready to be saved`, verified, made.errors);
    } else {
      const heading = made.unchanged
        ? `The backup in ${handle.name} is unchanged`
        : `${name} is backed up in ${handle.name}`;
      showVerified(heading, verified, made.errors);
    }
  } catch (failure) {
    const further = FURTHER[failure.code];
    repeat = further && { label: further.label, run: () => backUp(handle, further.option) };
    showFailure(failure);
  }
}

/** Restores the shown backup into a picked directory. */
async function restore(handle, options = {}) {
  repeat = undefined;
  const notRestored = [];
  const request = { verb: "restore", archive, handle, overwrite: false, ...options };
  try {
    const { restored, bytes, present, conflicts } = await run(
      `Restoring into ${handle.name}`,
      request,
      (rows) => notRestored.push(...rows),
    );
    table.mark(notRestored);
    if (conflicts > 0 && !request.overwrite) {
      repeat = {
        label: "Replace the files in conflict",
        run: () => restore(handle, { overwrite: true }),
      };
    }
    showResult({
      heading:
        conflicts === 0
          ? `Restored into ${handle.name}`
          : `Restored into ${handle.name}, with conflicts`,
      text:
        `Restored ${licensesText(restored, bytes)}; already present: ${numberText(present)}; ` +
        `not restored: ${numberText(conflicts)}.`,
      kind: conflicts === 0 ? "success" : "warning",
      status: conflicts === 0 ? "" : "not-restored",
    });
  } catch (failure) {
    table.mark(notRestored);
    showFailure(failure);
  }
}

/** Opens the picker of the browser. Returns `undefined` if it was closed. */
async function pick(mode) {
  try {
    return await showDirectoryPicker({ mode });
  } catch (error) {
    if (error.name === "AbortError") {
      return undefined;
    }
    throw error;
  }
}

/** Takes a store, and offers to back it up. */
function choose(chosen, label) {
  store = chosen;
  element("store-name").textContent = label;
  element("store-chosen").hidden = false;
  show("start");
  element("make").focus();
}

/** Takes the files of a directory as the store. */
function chooseFiles(list) {
  const files = [...list].map((file) => ({ path: file.webkitRelativePath, file }));
  const name = files[0]?.path.split("/")[0] ?? "the directory";
  choose({ name, files }, `${name} (${counted(files.length, "file")})`);
}

/** Takes what was dropped: a backup, or the directory of a store. */
async function drop(item) {
  const handle = await item.getAsFileSystemHandle?.();
  if (handle?.kind === "directory") {
    choose({ name: handle.name, handle }, handle.name);
  } else {
    const file = handle === undefined ? item.getAsFile() : await handle.getFile();
    await open(file);
  }
}

function listen() {
  element("open").addEventListener("click", () => element("archive").click());
  element("archive").addEventListener("change", ({ target }) => {
    const [file] = target.files;
    target.value = "";
    open(file);
  });
  element("choose-store").addEventListener("click", async () => {
    if (!canPick) {
      element("store").click();
      return;
    }
    const handle = await pick("read");
    if (handle !== undefined) {
      choose({ name: handle.name, handle }, handle.name);
    }
  });
  element("store").addEventListener("change", ({ target }) => chooseFiles(target.files));
  element("make").addEventListener("click", () => backUp());
  element("make-into").addEventListener("click", async () => {
    const handle = await pick("readwrite");
    if (handle !== undefined) {
      await backUp(handle);
    }
  });
  element("cancel").addEventListener("click", ({ target }) => {
    target.disabled = true;
    element("progress-text").textContent = "Cancelling";
    operations.cancel();
  });
  element("restore").addEventListener("click", async () => {
    const handle = await pick("readwrite");
    if (handle !== undefined) {
      await restore(handle);
    }
  });
  element("replace").addEventListener("click", () => repeat.run());
  element("again").addEventListener("click", () => {
    reset();
    show("start");
    element("open").focus();
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("is-target");
  });
  addEventListener("dragleave", () => document.body.classList.remove("is-target"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("is-target");
    const [item] = event.dataTransfer.items;
    if (element("running").hidden && item?.kind === "file") {
      drop(item);
    }
  });
}

/** Starts the page, or says why it cannot start. */
async function start() {
  const unavailable = element("unavailable");
  if (!("Suspending" in WebAssembly)) {
    unavailable.textContent =
      "This browser cannot run the page, because it does not support JavaScript Promise " +
      "Integration (JSPI) for WebAssembly. Use one that does, such as Chrome or Edge 137 or later.";
    return;
  }
  try {
    operations = new Operations();
    await operations.start();
  } catch (error) {
    unavailable.textContent = `This page cannot start: ${error.message}.`;
    return;
  }
  listen();
  element("make-into").hidden = !canPick;
  unavailable.hidden = true;
  show("start");
}

await start();
