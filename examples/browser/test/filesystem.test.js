// `wasi:filesystem` of the page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryDirectory } from "../page/filesystem/memory.js";
import { openDirectories, preopens } from "../page/filesystem/wasi.js";

/** Opens a directory with a file, and returns its descriptor. */
function openDirectory(isWritable) {
  const directory = new MemoryDirectory();
  directory.add("a.lic", new File(["license"], "a.lic", { lastModified: 1500 }));
  openDirectories({ "/store": directory }, isWritable ? "/store" : undefined);
  const [[descriptor, name]] = preopens.getDirectories();
  assert.equal(name, "/store");
  return descriptor;
}

/** Requires that a call fails with a code. */
async function failsWith(code, call) {
  await assert.rejects(
    async () => call(),
    (error) => error === code,
  );
}

const NEW = { create: true, exclusive: true };
const READ = { read: true };
const WRITE = { read: true, write: true };

test("a file is read at any position, to its end", async () => {
  const file = await openDirectory().openAt({}, "a.lic", {}, READ);
  const text = async (length, offset) => {
    const [bytes, isEnd] = await file.read(BigInt(length), BigInt(offset));
    return [new TextDecoder().decode(bytes), isEnd];
  };
  assert.deepEqual(await text(3, 2), ["cen", false]);
  assert.deepEqual(await text(100, 0), ["license", true]);
  assert.deepEqual(await text(1, 7), ["", true]);
  assert.deepEqual(await text(1, 100), ["", true]);
});

test("a new file contains what was written, across blocks and with gaps", async () => {
  const directory = openDirectory(true);
  const file = await directory.openAt({}, "new", NEW, WRITE);
  const block = 1 << 20;
  await file.write(new Uint8Array(block + 2).fill(1), 1n);
  await file.write(new Uint8Array([2]), BigInt(block * 3));
  const { size } = await directory.statAt({}, "new");
  assert.equal(size, BigInt(block * 3 + 1));
  const byte = async (offset) => (await file.read(1n, BigInt(offset)))[0][0];
  const offsets = [0, 1, block + 2, block + 3, block * 3];
  assert.deepEqual(await Promise.all(offsets.map(byte)), [0, 1, 1, 0, 2]);
});

test("a directory that is open for reading cannot be changed", async () => {
  const directory = openDirectory(false);
  const reopened = await directory.openAt({}, ".", {}, { ...READ, mutateDirectory: true });
  for (const descriptor of [directory, reopened]) {
    await failsWith("read-only", () => descriptor.openAt({}, "new", NEW, WRITE));
    await failsWith("read-only", () => descriptor.openAt({}, "a.lic", {}, WRITE));
    await failsWith("read-only", () => descriptor.unlinkFileAt("a.lic"));
    await failsWith("read-only", () => descriptor.createDirectoryAt("new"));
    await failsWith("read-only", () => descriptor.renameAt("a.lic", descriptor, "b.lic"));
  }
});

test("an existing name is not created, and no name leaves the directory", async () => {
  const directory = openDirectory(true);
  await failsWith("exist", () => directory.openAt({}, "a.lic", NEW, WRITE));
  for (const name of ["..", "/", "../a.lic", "missing"]) {
    await failsWith("no-entry", () => directory.openAt({}, name, {}, READ));
  }
});

test("a renamed file keeps its identity and replaces another one", async () => {
  const directory = openDirectory(true);
  const file = await directory.openAt({}, "new", NEW, WRITE);
  await directory.renameAt("new", directory, "a.lic");
  const renamed = await directory.openAt({}, "a.lic", {}, READ);
  assert.ok(renamed.isSameObject(file));
  assert.deepEqual(renamed.metadataHash(), file.metadataHash());
  await failsWith("no-entry", () => directory.statAt({}, "new"));
});

test("there are no hard links", async () => {
  const directory = openDirectory(true);
  await failsWith("unsupported", () => directory.linkAt({}, "a.lic", directory, "b.lic"));
});

test("a path with a backslash in the name of a file has one component less", async () => {
  const file = new File(["license"], "a\\b.lic");
  openDirectories({ "/store": MemoryDirectory.ofFiles([{ path: "store/x/a/b.lic", file }]) });
  const [[store]] = preopens.getDirectories();
  const directory = await store.openAt({}, "x", { directory: true }, READ);
  assert.equal((await directory.readDirectory().readDirectoryEntry()).name, "a\\b.lic");
});
