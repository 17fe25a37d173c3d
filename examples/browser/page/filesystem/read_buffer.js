// A buffer for reads of a `Blob`, each of which is a message to another process of the browser.

/** The number of bytes that are read at once. The component reads an archive from front to back. */
const LENGTH = 1 << 20;

/** A reader of a `Blob` that keeps the last part that it has read. */
export class ReadBuffer {
  #blob;
  #offset = 0;
  #bytes = new Uint8Array();

  constructor(blob) {
    this.#blob = blob;
  }

  /**
   * Reads at most `length` bytes at `offset`. Returns them, and whether the file ends after them.
   */
  async read(offset, length) {
    const end = Math.min(offset + length, this.#blob.size);
    if (offset < this.#offset || end > this.#offset + this.#bytes.length) {
      this.#bytes = await this.#fetch(offset);
      this.#offset = offset;
    }
    const bytes = this.#bytes.subarray(offset - this.#offset, end - this.#offset);
    return [bytes, end >= this.#blob.size];
  }

  /** Releases what was read. */
  clear() {
    this.#bytes = new Uint8Array();
  }

  async #fetch(offset) {
    // Each slice is registered with another process, and most licenses are read as a whole.
    const isWhole = offset === 0 && this.#blob.size <= LENGTH;
    const part = isWhole ? this.#blob : this.#blob.slice(offset, offset + LENGTH);
    try {
      return new Uint8Array(await part.arrayBuffer());
    } catch {
      // The file was changed or removed since it was opened, or cannot be read.
      throw "io";
    }
  }
}
