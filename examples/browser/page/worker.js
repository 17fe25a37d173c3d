// The worker of the page: runs the component, one operation at a time.
//
// A request is an object with a `verb`; see the functions of `VERBS`. The worker answers with
// messages of the types `progress`, `rows` (files for the table), and at last `end` with a
// `summary` or a `failure`. The request `cancel` cancels the operation.

import "./timers.js";

import { management } from "./component/license-backup.js";
import { HandleDirectory } from "./filesystem/handles.js";
import { MemoryDirectory } from "./filesystem/memory.js";
import { openDirectories } from "./filesystem/wasi.js";

/** The names of the opened directories. The component requires that of the store. */
const STORE = "/licenses";
const BACKUP = "/backup";

/** The name of a backup file in its directory. */
const ARCHIVE = "licenses.zip";

const EVERYTHING = { include: [], licenseIds: [], keyIds: [] };

/** The milliseconds between two messages about the same operation. */
const INTERVAL = 100;

/** A failure of an operation. `failure` is the record of the interface. */
class Failed extends Error {
  constructor(failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The cookie of the running operation. */
let cookie;
/** Whether somebody has cancelled the request. Its next operation is not started then. */
let isCancelled;

/** Starts an operation with a function of the component, and waits for its outcome. */
async function perform(start, onEvent) {
  if (isCancelled) {
    throw new Failed({ code: "cancelled", message: "the operation was cancelled" });
  }
  let operation;
  try {
    operation = await start();
  } catch (error) {
    throw error.payload === undefined ? error : new Failed(error.payload);
  }
  cookie = operation.cookie;
  if (isCancelled) {
    cookie.cancel();
  }
  for await (const event of operation.events) {
    onEvent(event);
  }
  const outcome = await operation.completed;
  cookie = undefined;
  if (outcome.tag === "err") {
    throw new Failed(outcome.val);
  }
  return outcome.val;
}

/** Returns a function that posts progress, not more often than somebody can read it. */
function progressPoster() {
  let posted = { time: 0 };
  return ({ stage, done, total, bytes }) => {
    const now = performance.now();
    if (stage !== posted.stage || now - posted.time >= INTERVAL) {
      posted = { stage, time: now };
      postMessage({
        type: "progress",
        stage,
        done: Number(done),
        total: total && Number(total),
        bytes: Number(bytes),
      });
    }
  };
}

/** Returns a function that handles the events of an operation: `onError` gets each error. */
function statusHandler(onError) {
  const postProgress = progressPoster();
  return ({ tag, val }) => {
    if (tag === "progress") {
      postProgress(val);
    } else if (tag === "error") {
      onError(val);
    }
  };
}

/** The rows of a table, which are posted in few messages. */
class Rows {
  #rows = [];
  #posted = performance.now();

  add(row) {
    this.#rows.push(row);
    if (performance.now() - this.#posted >= INTERVAL) {
      this.post();
    }
  }

  post() {
    postMessage({ type: "rows", rows: this.#rows });
    this.#rows = [];
    this.#posted = performance.now();
  }
}

/**
 * Returns the row of a file in a listing. `messages` has the error of each file that was not read.
 */
function rowOf({ path, identity, size, standing }, messages) {
  const { format, licenseIds, keyIds, rightsEnd } = identity;
  return {
    path,
    status: standing.tag === "backed-up" ? "backed-up" : "skipped",
    reason: standing.val,
    message: messages.get(path),
    format,
    licenseIds,
    keyIds,
    rightsEnd,
    size: size && Number(size),
  };
}

/** Verifies and lists a backup in the directory. Returns the summary of the verification. */
async function verifyAndList(generation, messages = new Map()) {
  const rows = new Rows();
  let summary;
  try {
    summary = await perform(
      () => management.verifyBackup(BACKUP, { generation }),
      statusHandler(({ path, message }) =>
        rows.add({ path: path ?? "", status: "damaged", message }),
      ),
    );
    await perform(
      () =>
        management.listLicenses(
          { tag: "backup", val: { backupDirectory: BACKUP, generation } },
          EVERYTHING,
        ),
      (listing) => rows.add(rowOf(listing, messages)),
    );
  } finally {
    rows.post();
  }
  return summary;
}

/** Returns the store of a request: a picked directory, or the files in it. */
function storeOf({ handle, files }) {
  return handle === undefined ? MemoryDirectory.ofFiles(files) : new HandleDirectory(handle);
}

/** What the page can request. */
const VERBS = {
  /** Verifies and lists the backup in the file `archive`. */
  async open({ archive }) {
    const directory = new MemoryDirectory();
    directory.add(ARCHIVE, archive);
    openDirectories({ [BACKUP]: directory });
    return { verified: await verifyAndList(ARCHIVE) };
  },

  /** Backs up `store` into the picked directory `handle`, or into memory if there is none. */
  async backup({ store: source, handle, overwrite, allowShrink }) {
    const store = storeOf(source);
    const directory = await directoryOf(store, handle);
    openDirectories({ [STORE]: store, [BACKUP]: directory }, BACKUP);
    const messages = new Map();
    const made = await perform(
      () => management.backupLicenses(BACKUP, { overwrite, allowShrink }),
      statusHandler(({ path, message }) => messages.set(path, message)),
    );
    const archive =
      handle === undefined
        ? directory.blob(made.file)
        : await (await handle.getFileHandle(made.file)).getFile();
    try {
      return { made, verified: await verifyAndList(made.file, messages), archive };
    } catch (error) {
      if (error instanceof Failed) {
        const fate = handle === undefined ? "no backup was kept" : "the backup was made";
        error.failure.message = `${fate}, but ${error.failure.message}`;
      }
      throw error;
    }
  },

  /** Restores the backup in the file `archive` into the picked directory `handle`. */
  async restore({ archive, handle, overwrite }) {
    const directory = new MemoryDirectory();
    directory.add(ARCHIVE, archive);
    openDirectories({ [STORE]: new HandleDirectory(handle), [BACKUP]: directory }, STORE);
    const rows = new Rows();
    try {
      return await perform(
        () => management.restoreLicenses(BACKUP, { overwrite, dryRun: false, filter: EVERYTHING }),
        statusHandler(({ path, message }) =>
          rows.add({ path: path ?? "", status: "not-restored", message }),
        ),
      );
    } finally {
      rows.post();
    }
  },
};

/**
 * Returns the directory of a backup. One below the store is recognized, so that it is not backed
 * up.
 */
async function directoryOf(store, handle) {
  if (handle === undefined) {
    return new MemoryDirectory();
  }
  return store instanceof HandleDirectory ? store.below(handle) : new HandleDirectory(handle);
}

/** Returns a copy of a record whose numbers are of the type `number`. */
function plain(value) {
  if (typeof value === "bigint") {
    return Number(value);
  }
  if (value === null || typeof value !== "object" || value instanceof Blob) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

/** Runs a request. */
async function run({ verb, ...request }) {
  isCancelled = false;
  try {
    postMessage({ type: "end", summary: plain(await VERBS[verb](request)) });
  } catch (error) {
    const failure =
      error instanceof Failed
        ? error.failure
        : { code: "io", message: `the page failed: ${error.message ?? error}; reload it` };
    postMessage({ type: "end", failure: plain(failure) });
  }
}

onmessage = ({ data: request }) => {
  if (request.verb === "cancel") {
    isCancelled = true;
    cookie?.cancel();
  } else {
    run(request);
  }
};

postMessage({ type: "ready" });
