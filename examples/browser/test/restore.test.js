// Restores into a picked directory.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";

import { openBackup, useBrowser, useDirectory, waitForResult } from "./page.js";
import {
  backUpWithProgram,
  filesBelow,
  filesBelowPicked,
  licenseBackup,
  pick,
  stubPicker,
  writeOrdinaryStore,
  writePicked,
  writeSampleStore,
} from "./stores.js";

const browser = useBrowser();
const path = useDirectory();

/** Opens a backup of an ordinary store. Returns its licenses. */
async function openOrdinaryBackup(tab, name, licenses) {
  writeOrdinaryStore(path(name), licenses);
  await openBackup(tab, backUpWithProgram(path(name), path(`of-${name}`)));
  await waitForResult(tab, "licenses.zip is intact");
  return filesBelow(path(name));
}

test("a restore writes what the program restores", async () => {
  writeSampleStore(path("store"));
  const archive = backUpWithProgram(path("store"), path("backup"));
  mkdirSync(path("restored"));
  licenseBackup(["restore", "--from", path("backup"), "--store", path("restored"), "--quiet"]);
  const tab = await browser.open({}, stubPicker);
  await openBackup(tab, archive);
  await waitForResult(tab, "licenses.zip is intact");
  await pick(tab, "Restore into a directory…", "player");
  await waitForResult(tab, "Restored into player");
  assert.deepEqual(await filesBelowPicked(tab, "player"), filesBelow(path("restored")));
});

test("a restored directory is backed up to the same bytes", async () => {
  const tab = await browser.open({}, stubPicker);
  await openOrdinaryBackup(tab, "round", 20);
  await pick(tab, "Restore into a directory…", "round");
  await waitForResult(tab, "Restored into round");
  await tab.getByRole("button", { name: "Start again" }).click();
  await pick(tab, "Choose a license store…", "round");
  await pick(tab, "Back up into a directory…", "again");
  await waitForResult(tab, "round is backed up in again");
  const archive = readFileSync(path("of-round/licenses.zip")).toString("hex");
  assert.deepEqual(await filesBelowPicked(tab, "again"), { "licenses.zip": archive });
});

test("a restore changes nothing that is present", async () => {
  const tab = await browser.open({}, stubPicker);
  const licenses = await openOrdinaryBackup(tab, "twice", 5);
  await writePicked(tab, "twice", { "notes.txt": "kept" });
  for (const result of [
    "Restored 5 licenses (20.0 KiB); already present: 0;",
    "Restored 0 licenses (0 bytes); already present: 5;",
  ]) {
    await pick(tab, "Restore into a directory…", "twice");
    await tab.getByText(result).waitFor();
  }
  assert.deepEqual(await filesBelowPicked(tab, "twice"), {
    ...licenses,
    "notes.txt": Buffer.from("kept").toString("hex"),
  });
});

test("a restore replaces a file with other content only when asked", async () => {
  const tab = await browser.open({}, stubPicker);
  const licenses = await openOrdinaryBackup(tab, "conflict", 3);
  const [first] = Object.keys(licenses);
  await writePicked(tab, `conflict/${dirname(first)}`, { [basename(first)]: "mine" });
  await pick(tab, "Restore into a directory…", "conflict");
  await waitForResult(tab, "Restored into conflict, with conflicts");
  assert.equal(await tab.locator("#rows tr").count(), 1);
  assert.ok((await tab.locator("#rows tr").innerText()).includes("not restored"));
  assert.deepEqual(await filesBelowPicked(tab, "conflict"), {
    ...licenses,
    [first]: Buffer.from("mine").toString("hex"),
  });
  await tab.getByRole("button", { name: "Replace the files in conflict" }).click();
  await waitForResult(tab, "Restored into conflict");
  assert.deepEqual(await filesBelowPicked(tab, "conflict"), licenses);
});

test("a browser that cannot rename restores and replaces by copies", async () => {
  const tab = await browser.open({}, stubPicker);
  await tab.workers()[0].evaluate(() => {
    delete FileSystemHandle.prototype.move;
    delete FileSystemFileHandle.prototype.move;
  });
  const licenses = await openOrdinaryBackup(tab, "copies", 3);
  const [first] = Object.keys(licenses);
  await writePicked(tab, `copies/${dirname(first)}`, { [basename(first)]: "mine" });
  await pick(tab, "Restore into a directory…", "copies");
  await waitForResult(tab, "Restored into copies, with conflicts");
  await tab.getByRole("button", { name: "Replace the files in conflict" }).click();
  await waitForResult(tab, "Restored into copies");
  assert.deepEqual(await filesBelowPicked(tab, "copies"), licenses);
});

test("without the File System Access API, the page says how to restore", async () => {
  const tab = await browser.open({}, () => delete globalThis.showDirectoryPicker);
  await openOrdinaryBackup(tab, "without", 1);
  assert.ok(await tab.getByText("This browser cannot write into a directory.").isVisible());
  assert.ok(await tab.getByRole("button", { name: "Restore into a directory…" }).isHidden());
});
