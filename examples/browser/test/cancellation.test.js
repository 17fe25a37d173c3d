// Cancellation by the button.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { makeBackup, openBackup, useBrowser, useDirectory, waitForResult } from "./page.js";
import {
  backUpWithProgram,
  filesBelowPicked,
  pick,
  stubPicker,
  writeOrdinaryStore,
  writePicked,
} from "./stores.js";

const browser = useBrowser();
const path = useDirectory();

before(() => writeOrdinaryStore(path("store"), 2000));

/** Cancels the running operation as soon as the page shows this progress. */
async function cancelAt(tab, progress) {
  await tab.getByText(progress).waitFor();
  await tab.getByRole("button", { name: "Cancel" }).click();
  await waitForResult(tab, "Cancelled");
}

test("a cancelled backup leaves nothing to save", async () => {
  const tab = await browser.open();
  await makeBackup(tab, path("store"));
  await cancelAt(tab, /^Copying/);
  assert.ok(await tab.getByText("The backup was cancelled; no backup was made").isVisible());
  assert.ok(await tab.getByRole("link", { name: "Save the backup" }).isHidden());
});

test("a cancelled backup into a directory leaves no file there", async () => {
  const tab = await browser.open({}, stubPicker);
  await writePicked(tab, "nas", { "notes.txt": "mine" });
  await tab.locator("#store").setInputFiles(path("store"));
  await pick(tab, "Back up into a directory…", "nas");
  await cancelAt(tab, /^Copying/);
  assert.deepEqual(Object.keys(await filesBelowPicked(tab, "nas")), ["notes.txt"]);
});

test("a cancelled restore is rolled back", async () => {
  const tab = await browser.open({}, stubPicker);
  await openBackup(tab, backUpWithProgram(path("store"), path("backup")));
  await waitForResult(tab, "licenses.zip is intact");
  await writePicked(tab, "player", { "notes.txt": "mine" });
  await pick(tab, "Restore into a directory…", "player");
  await cancelAt(tab, /^Writing/);
  assert.ok(await tab.getByText("nothing was restored and the store is unchanged").isVisible());
  assert.deepEqual(Object.keys(await filesBelowPicked(tab, "player")), ["notes.txt"]);
});

test("after a cancellation, the page can be used again", async () => {
  const tab = await browser.open();
  await makeBackup(tab, path("store"));
  await cancelAt(tab, /^Copying/);
  await tab.getByRole("button", { name: "Start again" }).click();
  await openBackup(tab, backUpWithProgram(path("store"), path("again")));
  await waitForResult(tab, "licenses.zip is intact");
});
