// Backups of a directory, to save and into a picked directory.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import {
  drop,
  fact,
  makeBackup,
  saveBackup,
  useBrowser,
  useDirectory,
  waitForResult,
} from "./page.js";
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

/** Returns the bytes of a file as they are in `filesBelowPicked`. */
const hex = (file) => readFileSync(file).toString("hex");

test("a saved backup has the same bytes as that of the program", async () => {
  writeSampleStore(path("store"));
  const expected = backUpWithProgram(path("store"), path("program"));
  const tab = await browser.open();
  await makeBackup(tab, path("store"));
  await waitForResult(tab, "The backup of store is ready to be saved");
  assert.equal(await saveBackup(tab, path("saved.zip")), "licenses.zip");
  assert.ok(readFileSync(path("saved.zip")).equals(readFileSync(expected)));
  const verified = licenseBackup(["verify", "--from", path("program")]);
  assert.ok(verified.includes(`BLAKE3 ${await fact(tab, "BLAKE3 of the file")}\n`));
});

test("a dropped directory is backed up to the same bytes", async () => {
  writeOrdinaryStore(path("dropped"), 30);
  const expected = backUpWithProgram(path("dropped"), path("of-dropped"));
  const tab = await browser.open();
  await drop(tab, path("dropped"));
  await tab.getByRole("button", { name: "Make the backup" }).click();
  await waitForResult(tab, "The backup of dropped is ready to be saved");
  await saveBackup(tab, path("dropped.zip"));
  assert.ok(readFileSync(path("dropped.zip")).equals(readFileSync(expected)));
});

test("a dropped backup is verified and listed", async () => {
  writeOrdinaryStore(path("listed"), 2);
  const tab = await browser.open();
  await drop(tab, backUpWithProgram(path("listed"), path("of-listed")));
  await waitForResult(tab, "licenses.zip is intact");
  const paths = await tab.locator("#rows .path span").allInnerTexts();
  assert.deepEqual(paths, Object.keys(filesBelow(path("listed"))));
});

test("a file whose name is not UTF-8 is reported", async () => {
  mkdirSync(path("names"));
  writeFileSync(Buffer.concat([Buffer.from(path("names/")), Buffer.from([0xff])]), "no license");
  const tab = await browser.open();
  await drop(tab, path("names"));
  await tab.getByRole("button", { name: "Make the backup" }).click();
  await waitForResult(tab, "The backup of names is ready to be saved");
  assert.match(await tab.locator("#rows tr").innerText(), /its name is not UTF-8/);
});

test("a backup names each file that was skipped, and why", async () => {
  mkdirSync(path("notes"));
  writeFileSync(path("notes/notes.txt"), "no license");
  writeFileSync(path("notes/cut.lic"), '<LICENSE version="2.0.0.0">');
  const tab = await browser.open();
  await makeBackup(tab, path("notes"));
  await waitForResult(tab, "The backup of notes is ready to be saved");
  const rows = await tab.locator("#rows tr").allInnerTexts();
  assert.equal(rows.length, 2);
  assert.match(
    rows[0],
    /^cut\.lic\s+skipped\s+cannot back up cut\.lic: its license is malformed: /,
  );
  assert.match(await tab.locator("#result-text").innerText(), /^1 file could not be read\. /);
  assert.match(rows[1], /^notes\.txt\s+skipped\s+not a license of a known format/);
});

test("a backup in a picked directory has the same bytes as that of the program", async () => {
  writeOrdinaryStore(path("ordinary"), 30);
  const expected = hex(backUpWithProgram(path("ordinary"), path("of-ordinary")));
  const tab = await browser.open({}, stubPicker);
  await tab.locator("#store").setInputFiles(path("ordinary"));
  await pick(tab, "Back up into a directory…", "laptop");
  await waitForResult(tab, "ordinary is backed up in laptop");
  assert.deepEqual(await filesBelowPicked(tab, "laptop"), { "licenses.zip": expected });
});

test("a backup replaces an earlier one only when asked", async () => {
  writeOrdinaryStore(path("grown"), 30);
  const earlier = hex(backUpWithProgram(path("grown"), path("of-grown")));
  const tab = await browser.open({}, stubPicker);
  await tab.locator("#store").setInputFiles(path("grown"));
  await pick(tab, "Back up into a directory…", "nas");
  await waitForResult(tab, "grown is backed up in nas");
  writeFileSync(path("grown/notes.txt"), "no license");
  rmSync(path("of-grown"), { recursive: true });
  const later = hex(backUpWithProgram(path("grown"), path("of-grown")));

  await tab.getByRole("button", { name: "Start again" }).click();
  await tab.locator("#store").setInputFiles(path("grown"));
  await pick(tab, "Back up into a directory…", "nas");
  await waitForResult(tab, "The directory contains a backup");
  assert.deepEqual(await filesBelowPicked(tab, "nas"), { "licenses.zip": earlier });
  assert.ok(await tab.getByRole("link", { name: "Save the backup" }).isHidden());

  await tab.getByRole("button", { name: "Replace the existing backup" }).click();
  await waitForResult(tab, "grown is backed up in nas");
  assert.deepEqual(await filesBelowPicked(tab, "nas"), { "licenses.zip": later });
});

test("a backup of a store that has not changed is kept", async () => {
  const tab = await browser.open({}, stubPicker);
  await writePicked(tab, "store", { "notes.txt": "no license" });
  await pick(tab, "Choose a license store…", "store");
  await pick(tab, "Back up into a directory…", "kept");
  await waitForResult(tab, "store is backed up in kept");
  await tab.getByRole("button", { name: "Start again" }).click();
  await pick(tab, "Choose a license store…", "store");
  await pick(tab, "Back up into a directory…", "kept");
  await tab.getByRole("button", { name: "Replace the existing backup" }).click();
  await waitForResult(tab, "The backup in kept is unchanged");
});

test("a backup of an emptied store replaces the earlier one only when asked", async () => {
  writeOrdinaryStore(path("emptied"), 3);
  const earlier = hex(backUpWithProgram(path("emptied"), path("of-emptied")));
  const tab = await browser.open({}, stubPicker);
  await tab.locator("#store").setInputFiles(path("emptied"));
  await pick(tab, "Back up into a directory…", "shrunk");
  await waitForResult(tab, "emptied is backed up in shrunk");
  await tab.getByRole("button", { name: "Start again" }).click();
  await writePicked(tab, "nothing", { "notes.txt": "no license" });
  await pick(tab, "Choose a license store…", "nothing");
  await pick(tab, "Back up into a directory…", "shrunk");
  await tab.getByRole("button", { name: "Replace the existing backup" }).click();
  await waitForResult(tab, "Most licenses are missing");
  assert.deepEqual(await filesBelowPicked(tab, "shrunk"), { "licenses.zip": earlier });
  await tab.getByRole("button", { name: "Replace it nevertheless" }).click();
  await waitForResult(tab, "nothing is backed up in shrunk");
});

test("a store is not backed up into itself", async () => {
  const tab = await browser.open({}, stubPicker);
  await writePicked(tab, "self", { "notes.txt": "no license" });
  await pick(tab, "Choose a license store…", "self");
  await pick(tab, "Back up into a directory…", "self");
  await waitForResult(tab, "Failed");
  assert.match(await tab.locator("#result-text").innerText(), /it is the license store itself/);
});

test("a backup directory in the store is not backed up", async () => {
  const tab = await browser.open({}, stubPicker);
  await writePicked(tab, "whole", { "notes.txt": "no license" });
  await pick(tab, "Choose a license store…", "whole/backups");
  await pick(tab, "Choose a license store…", "whole");
  await pick(tab, "Back up into a directory…", "whole/backups");
  await waitForResult(tab, "whole is backed up in backups");
  assert.deepEqual(await tab.locator("#rows .path").allInnerTexts(), ["notes.txt"]);
  await tab.getByRole("button", { name: "Start again" }).click();
  await pick(tab, "Choose a license store…", "whole");
  await pick(tab, "Back up into a directory…", "whole/backups");
  await tab.getByRole("button", { name: "Replace the existing backup" }).click();
  await waitForResult(tab, "The backup in backups is unchanged");
});

test("a backup beside generations is itself verified and listed", async () => {
  const tab = await browser.open({}, stubPicker);
  await writePicked(tab, "store", { "notes.txt": "no license" });
  await writePicked(tab, "history", { "licenses-20991231T235959Z.zip": "something else" });
  await pick(tab, "Choose a license store…", "store");
  await pick(tab, "Back up into a directory…", "history");
  await waitForResult(tab, "store is backed up in history");
});
