// `wasi:filesystem` for the component, over directories of this page.
//
// A directory is a `MemoryDirectory` or a `HandleDirectory`; both have the same methods. Each
// method that the component calls takes single names, so that nothing outside of the opened
// directories can be named. Errors are thrown as the codes of `wasi:filesystem`.

/** The directories that the component can access: name, directory, and what it may do there. */
let opened = [];

/**
 * Opens directories for the next operation of the component. The keys are their names; that of the
 * only directory that may be changed is `writable`.
 */
export function openDirectories(directories, writable) {
  opened = Object.entries(directories).map(([name, directory]) => {
    return { name, directory, flags: { read: true, mutateDirectory: name === writable } };
  });
}

export const preopens = {
  getDirectories: () =>
    opened.map(({ name, directory, flags }) => [new Descriptor(directory, flags), name]),
};

/** Returns the time of a number of milliseconds since the Unix epoch. */
function datetime(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  return {
    seconds: BigInt(seconds),
    nanoseconds: Math.floor((milliseconds - seconds * 1000) * 1e6),
  };
}

/** Returns the metadata of a directory or file. */
async function stat(node) {
  const { size, modified } = node.kind === "directory" ? { size: 0 } : await node.metadata();
  return {
    type: node.kind,
    linkCount: 1n,
    size: BigInt(size),
    dataModificationTimestamp: modified === undefined ? undefined : datetime(modified),
  };
}

/** An open directory or file. */
class Descriptor {
  #node;
  #flags;

  constructor(node, flags) {
    this.#node = node;
    this.#flags = flags;
  }

  /** Returns the directory. Throws if this is a file. */
  #directory() {
    if (this.#node.kind !== "directory") {
      throw "not-directory";
    }
    return this.#node;
  }

  /** Returns the directory. Throws if it was not opened for changes. */
  #mutableDirectory() {
    const directory = this.#directory();
    if (!this.#flags.mutateDirectory) {
      throw "read-only";
    }
    return directory;
  }

  /** Returns the file. Throws if this is a directory. */
  #file() {
    if (this.#node.kind !== "regular-file") {
      throw "is-directory";
    }
    return this.#node;
  }

  getFlags() {
    return this.#flags;
  }

  stat() {
    return stat(this.#node);
  }

  isSameObject(other) {
    return this.#node.id === other.#node.id;
  }

  metadataHash() {
    return { lower: this.#node.id, upper: 0n };
  }

  async openAt(_pathFlags, name, open, flags) {
    const directory = this.#directory();
    flags.mutateDirectory &&= this.#flags.mutateDirectory;
    if (name === ".") {
      return new Descriptor(directory, flags);
    }
    if (open.create) {
      if (!open.exclusive) {
        throw "unsupported";
      }
      return new Descriptor(await this.#mutableDirectory().createFile(name), flags);
    }
    const node = await directory.find(name, open.directory ? "directory" : undefined);
    if (open.directory && node.kind !== "directory") {
      throw "not-directory";
    }
    if (flags.write) {
      this.#mutableDirectory();
    }
    if (node.kind === "regular-file") {
      await node.open();
    }
    return new Descriptor(node, flags);
  }

  async statAt(_pathFlags, name) {
    return stat(await this.#directory().find(name));
  }

  readDirectory() {
    return new DirectoryEntryStream(this.#directory().entries());
  }

  createDirectoryAt(name) {
    return this.#mutableDirectory().createDirectory(name);
  }

  removeDirectoryAt(name) {
    return this.#mutableDirectory().remove(name, "directory");
  }

  unlinkFileAt(name) {
    return this.#mutableDirectory().remove(name, "regular-file");
  }

  renameAt(from, target, to) {
    const directory = this.#mutableDirectory();
    if (directory.id !== target.#node.id) {
      throw "cross-device";
    }
    return directory.rename(from, to);
  }

  /** No file system of a browser has hard links. */
  linkAt() {
    throw "unsupported";
  }

  read(length, offset) {
    return this.#file().read(Number(offset), Number(length));
  }

  async write(bytes, offset) {
    if (!this.#flags.write) {
      throw "bad-descriptor";
    }
    await this.#file().write(Number(offset), bytes);
    return BigInt(bytes.length);
  }

  /** Makes what was written visible under the name of the file. A browser syncs nothing to disk. */
  async sync() {
    if (this.#node.kind === "regular-file") {
      await this.#node.flush();
    }
  }

  advise() {}

  [Symbol.dispose ?? Symbol.for("dispose")]() {
    if (this.#node.kind === "regular-file") {
      this.#node.close();
    }
  }
}

/** A listing of a directory: its entries, or the code of an error that concerns one entry. */
class DirectoryEntryStream {
  #entries;

  constructor(entries) {
    this.#entries = entries;
  }

  async readDirectoryEntry() {
    const { done, value: entry } = await this.#entries.next();
    if (typeof entry === "string") {
      throw entry;
    }
    return done ? undefined : entry;
  }
}

export const types = { Descriptor, DirectoryEntryStream };
