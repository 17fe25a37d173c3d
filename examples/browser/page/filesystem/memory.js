// A file system in memory: the files of an opened archive or picked directory, which stay where
// they are until they are read, and new files.

import { ReadBuffer } from "./read_buffer.js";

let lastId = 0n;

/** Returns an identity that no other file or directory in memory has. */
export function newId() {
  return (lastId += 1n);
}

/** A directory in memory. */
export class MemoryDirectory {
  kind = "directory";
  id = newId();
  #nodes = new Map();

  /**
   * Creates the tree of a picked directory from its files. Their paths begin with the name of the
   * directory.
   */
  static ofFiles(files) {
    const root = new MemoryDirectory();
    for (const { path, file } of files) {
      // A browser replaces a backslash in the path, but not in the name of the file.
      const [, ...names] = path.slice(0, -file.name.length - 1).split("/");
      const parent = names.reduce((directory, name) => directory.#child(name), root);
      parent.add(file.name, file);
    }
    return root;
  }

  #child(name) {
    if (!this.#nodes.has(name)) {
      this.#nodes.set(name, new MemoryDirectory());
    }
    return this.#nodes.get(name);
  }

  /** Adds a file whose content is that of a `Blob`. */
  add(name, blob) {
    this.#nodes.set(name, new BlobFile(blob));
  }

  /** Returns the content of a file as a `Blob`, or `undefined` if there is no such file. */
  blob(name) {
    return this.#nodes.get(name)?.blob();
  }

  find(name) {
    const node = this.#nodes.get(name);
    if (node === undefined) {
      throw "no-entry";
    }
    return node;
  }

  *entries() {
    for (const [name, node] of this.#nodes) {
      yield { name, type: node.kind };
    }
  }

  createFile(name) {
    if (this.#nodes.has(name)) {
      throw "exist";
    }
    const file = new NewFile();
    this.#nodes.set(name, file);
    return file;
  }

  remove(name, kind) {
    if (this.find(name).kind !== kind) {
      throw kind === "directory" ? "not-directory" : "is-directory";
    }
    this.#nodes.delete(name);
  }

  rename(from, to) {
    this.#nodes.set(to, this.find(from));
    this.#nodes.delete(from);
  }
}

/** A file that somebody has opened in this page. */
class BlobFile {
  kind = "regular-file";
  id = newId();
  #blob;
  #reads;

  constructor(blob) {
    this.#blob = blob;
    this.#reads = new ReadBuffer(blob);
  }

  open() {}

  close() {
    this.#reads.clear();
  }

  blob() {
    return this.#blob;
  }

  metadata() {
    return { size: this.#blob.size, modified: this.#blob.lastModified };
  }

  read(offset, length) {
    return this.#reads.read(offset, length);
  }

  write() {
    throw "read-only";
  }

  flush() {}
}

/** The size of a block of a new file in bytes: few blocks for an archive, and little waste. */
const BLOCK = 1 << 20;

/** A file that the component has created. */
class NewFile {
  kind = "regular-file";
  id = newId();
  #blocks = [];
  #size = 0;
  #modified = Date.now();

  open() {}

  close() {}

  blob() {
    const last = this.#blocks.length - 1;
    return new Blob(
      this.#blocks.map((block, index) =>
        index < last ? block : block.subarray(0, this.#size - last * BLOCK),
      ),
    );
  }

  metadata() {
    return { size: this.#size, modified: this.#modified };
  }

  read(offset, length) {
    const block = this.#blocks[Math.floor(offset / BLOCK)] ?? new Uint8Array();
    const start = offset % BLOCK;
    const bytes = block.subarray(start, Math.min(start + length, start + this.#size - offset));
    return [bytes, offset + bytes.length >= this.#size];
  }

  write(offset, bytes) {
    let written = 0;
    while (written < bytes.length) {
      const position = offset + written;
      const index = Math.floor(position / BLOCK);
      const start = position % BLOCK;
      while (this.#blocks.length <= index) {
        this.#blocks.push(new Uint8Array(BLOCK));
      }
      const part = bytes.subarray(written, written + BLOCK - start);
      this.#blocks[index].set(part, start);
      written += part.length;
    }
    this.#size = Math.max(this.#size, offset + bytes.length);
  }

  flush() {}
}
