// A file system over the handles of the File System Access API: a directory that somebody has
// picked, in which the component reads and writes.
//
// Such a file system has no hard links, no exclusive creation and no sync to disk. What is written
// to a file becomes visible at once, when the file is flushed. A handle is a path, not an open
// file, so the identity of a file is that of the object that represents it here.

import { newId } from "./memory.js";
import { ReadBuffer } from "./read_buffer.js";

/** The code of `wasi:filesystem` for each exception of the File System Access API. */
const CODES = {
  AbortError: "access",
  InvalidModificationError: "not-empty",
  NoModificationAllowedError: "busy",
  NotAllowedError: "access",
  NotFoundError: "no-entry",
  QuotaExceededError: "insufficient-space",
  SecurityError: "access",
  // Returned for a name that the browser does not permit.
  TypeError: "illegal-byte-sequence",
};

/**
 * Waits for a call of the API. Throws its error as a code; `mismatch` is that of a name of the
 * other kind.
 */
async function wait(promise, mismatch = "io") {
  try {
    return await promise;
  } catch (error) {
    throw error.name === "TypeMismatchError" ? mismatch : (CODES[error.name] ?? "io");
  }
}

/** A picked directory, or one below it. */
export class HandleDirectory {
  kind = "directory";
  id = newId();
  #handle;
  /** What was found or created in this directory, by name. */
  #nodes = new Map();
  /** The file that was created last, which may still be written. */
  #created;

  constructor(handle) {
    this.#handle = handle;
  }

  /** Opens the directory `handle` below this one, so that both are recognized as the same. */
  async below(handle) {
    const names = await wait(this.#handle.resolve(handle));
    if (names === null) {
      return new HandleDirectory(handle);
    }
    return names.reduce(async (directory, name) => (await directory).find(name, "directory"), this);
  }

  /** Returns what has a name. If `kind` is a directory, looks for one only. */
  async find(name, kind) {
    const known = this.#nodes.get(name);
    if (known?.kind === "regular-file" && kind !== "directory") {
      // Whether it still exists is known as soon as it is opened.
      return known;
    }
    if (known === undefined && kind !== "directory") {
      try {
        return this.#add(await wait(this.#handle.getFileHandle(name), "is-directory"));
      } catch (code) {
        if (code !== "is-directory") {
          throw code;
        }
      }
    }
    return this.#add(await wait(this.#handle.getDirectoryHandle(name), "not-directory"));
  }

  /** Returns the one object that represents a file or directory in this directory. */
  #add(handle) {
    const known = this.#nodes.get(handle.name);
    const kind = handle.kind === "directory" ? "directory" : "regular-file";
    if (known?.kind === kind) {
      return known;
    }
    const node = kind === "directory" ? new HandleDirectory(handle) : new HandleFile(handle);
    this.#nodes.set(handle.name, node);
    return node;
  }

  async *entries() {
    const handles = this.#handle.values();
    for (;;) {
      const { done, value: handle } = await wait(handles.next());
      if (done) {
        return;
      }
      // The name of a file is empty if it is not UTF-8.
      yield handle.name === ""
        ? "illegal-byte-sequence"
        : { name: handle.name, type: this.#add(handle).kind };
    }
  }

  async #requireFree(name) {
    try {
      const node = await this.find(name);
      if (node.kind === "regular-file") {
        await node.metadata();
      }
    } catch (code) {
      if (code === "no-entry") {
        this.#nodes.delete(name);
        return;
      }
      throw code;
    }
    throw "exist";
  }

  async createFile(name) {
    // Thousands of files are created one after the other, and few should be open at a time.
    await this.#created?.settle();
    await this.#requireFree(name);
    this.#created = this.#add(await wait(this.#handle.getFileHandle(name, { create: true })));
    return this.#created;
  }

  async createDirectory(name) {
    await this.#requireFree(name);
    this.#add(await wait(this.#handle.getDirectoryHandle(name, { create: true })));
  }

  async remove(name, kind) {
    const node = await this.find(name, kind);
    if (node.kind !== kind) {
      throw kind === "directory" ? "not-directory" : "is-directory";
    }
    if (kind !== "directory") {
      await node.settle();
    }
    await wait(this.#handle.removeEntry(name));
    this.#nodes.delete(name);
  }

  /** Renames a file. Replaces a file of the new name in one step. */
  async rename(from, to) {
    const file = await this.find(from);
    if (file.kind === "directory") {
      throw "is-directory";
    }
    await file.flush();
    await file.rename(this.#handle, to);
    this.#nodes.delete(from);
    this.#nodes.set(to, file);
  }
}

/** A file in a picked directory. */
class HandleFile {
  kind = "regular-file";
  id = newId();
  #handle;
  #reads;
  #writable;
  /** The end of the last flush that nobody has waited for. */
  #flushed;

  constructor(handle) {
    this.#handle = handle;
  }

  /** Opens the file for reading as it is now. A read fails if the file has changed since. */
  async open() {
    await this.flush();
    this.#reads = new ReadBuffer(await wait(this.#handle.getFile(), "is-directory"));
  }

  /**
   * Closes the file. What was written is flushed later, and the next call for this file gets the
   * error.
   */
  close() {
    this.#reads?.clear();
    if (this.#writable !== undefined) {
      this.#flushed = this.flush();
      this.#flushed.catch(() => {});
    }
  }

  async metadata() {
    await this.flush();
    const { size, lastModified: modified } = await wait(this.#handle.getFile(), "is-directory");
    return { size, modified };
  }

  async read(offset, length) {
    if (this.#reads === undefined) {
      await this.open();
    }
    return this.#reads.read(offset, length);
  }

  async write(position, data) {
    await this.#flushed;
    this.#reads = undefined;
    this.#writable ??= await wait(this.#handle.createWritable({ keepExistingData: true }));
    await wait(this.#writable.write({ type: "write", position, data }));
  }

  /** Makes what was written visible. */
  async flush() {
    const earlier = this.#flushed;
    this.#flushed = undefined;
    await earlier;
    const writable = this.#writable;
    this.#writable = undefined;
    await wait(writable?.close());
  }

  /** Waits for the last flush, whatever its outcome. */
  async settle() {
    try {
      await this.#flushed;
    } catch {
      // The next call for this file gets the error.
    }
  }

  async rename(directory, name) {
    try {
      await this.#handle.move(name);
    } catch {
      // The browser cannot rename in this file system, or not to a name that exists.
      await this.#copy(directory, name);
    }
    this.#reads = undefined;
  }

  /** Copies the file to a name, which gets all of its content in one step, and removes the file. */
  async #copy(directory, name) {
    const content = await wait(this.#handle.getFile());
    const target = await wait(directory.getFileHandle(name, { create: true }), "is-directory");
    const writable = await wait(target.createWritable());
    try {
      await wait(writable.write(content));
      await wait(writable.close());
    } catch (code) {
      await writable.abort().catch(() => {});
      if ((await target.getFile()).size === 0) {
        await directory.removeEntry(name);
      }
      throw code;
    }
    await wait(directory.removeEntry(this.#handle.name));
    this.#handle = target;
  }
}
