// Sample stores, the program of `make build`, and directories that the page can pick.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAMS = fileURLToPath(new URL("../../../target/release", import.meta.url));

/** Runs the program. Returns what it prints; `codes` are the exit codes of a success. */
export function licenseBackup(options, codes = [0]) {
  try {
    return execFileSync(join(PROGRAMS, "license-backup"), options, {
      encoding: "utf8",
      maxBuffer: Infinity,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    if (codes.includes(error.status)) {
      return error.stdout;
    }
    throw error;
  }
}

/** Writes a sample store of ordinary licenses. */
export function writeOrdinaryStore(directory, licenses) {
  execFileSync(
    join(PROGRAMS, "sample-store"),
    ["--ordinary-only", "--licenses", String(licenses), directory],
    { stdio: "ignore" },
  );
}

/**
 * Writes a sample store with every special case that a browser shows a page: none of the links and
 * special files, and none of the names that are not UTF-8 or that a browser considers unsafe.
 */
export function writeSampleStore(directory) {
  execFileSync(join(PROGRAMS, "sample-store"), ["--licenses", "40", directory], {
    stdio: "ignore",
  });
  rmSync(join(directory, "names"), { recursive: true });
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() && !entry.isDirectory()) {
      rmSync(join(entry.parentPath, entry.name));
    }
  }
}

/** Backs up a store with the program. Returns the file. */
export function backUpWithProgram(store, directory) {
  mkdirSync(directory, { recursive: true });
  licenseBackup(["backup", "--store", store, "--to", directory, "--quiet"], [0, 3]);
  return join(directory, "licenses.zip");
}

/** Returns the files below a directory as an object of hexadecimal contents by path. */
export function filesBelow(directory) {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.sort().map((file) => [relative(directory, file), readFileSync(file).toString("hex")]),
  );
}

/**
 * Makes the picker of the page return directories of the origin private file system, because no
 * program can use a real picker. `globalThis.picked` is the path of the next one. Runs in the page.
 */
export function stubPicker() {
  globalThis.showDirectoryPicker = async () => {
    const names = globalThis.picked.split("/");
    let directory = await navigator.storage.getDirectory();
    for (const name of names) {
      directory = await directory.getDirectoryHandle(name, { create: true });
    }
    return directory;
  };
}

/** Clicks a button that opens the picker, which returns the directory of this path. */
export async function pick(tab, button, path) {
  await tab.evaluate((picked) => {
    globalThis.picked = picked;
  }, path);
  await tab.getByRole("button", { name: button }).click();
}

/** Writes files into a directory that can be picked; their contents are text. */
export async function writePicked(tab, path, files) {
  await tab.evaluate(
    async ([picked, contents]) => {
      globalThis.picked = picked;
      const directory = await showDirectoryPicker();
      for (const [file, content] of Object.entries(contents)) {
        const handle = await directory.getFileHandle(file, { create: true });
        const writable = await handle.createWritable();
        await writable.write(content);
        await writable.close();
      }
    },
    [path, files],
  );
}

/** Returns the files below a directory that can be picked, like `filesBelow`. */
export async function filesBelowPicked(tab, path) {
  const files = await tab.evaluate(async (picked) => {
    globalThis.picked = picked;
    const found = [];
    const visit = async (directory, parent) => {
      for await (const handle of directory.values()) {
        if (handle.kind === "directory") {
          await visit(handle, `${parent}${handle.name}/`);
        } else {
          const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
          found.push([parent + handle.name, bytes.toHex()]);
        }
      }
    };
    await visit(await showDirectoryPicker(), "");
    return found;
  }, path);
  return Object.fromEntries(files.sort(([one], [other]) => (one < other ? -1 : 1)));
}
