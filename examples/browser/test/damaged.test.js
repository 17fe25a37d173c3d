// Files that are not intact backups, and names that pretend to be something else.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { before, test } from "node:test";

import { makeBackup, openBackup, useBrowser, useDirectory, waitForResult } from "./page.js";
import { backUpWithProgram, filesBelow, writeOrdinaryStore } from "./stores.js";

const browser = useBrowser();
const path = useDirectory();
let intact;

before(() => {
  writeOrdinaryStore(path("store"), 3);
  intact = readFileSync(backUpWithProgram(path("store"), path("backup")));
});

/** Opens a file with this content, and returns the text of the result. */
async function open(content) {
  const file = path("opened.zip");
  writeFileSync(file, content);
  const tab = await browser.open();
  await openBackup(tab, file);
  await waitForResult(tab, "The backup is damaged");
  assert.ok(await tab.getByRole("button", { name: "Restore into a directory…" }).isHidden());
  return tab.locator("#result").innerText();
}

test("a damaged license is named", async () => {
  const [license] = Object.keys(filesBelow(path("store")));
  const damaged = Buffer.from(intact);
  damaged[intact.indexOf("<LICENSE") + 200] ^= 1;
  assert.ok((await open(damaged)).includes(`licenses/${license}`));
});

test("a truncated backup is damaged", async () => {
  assert.match(await open(intact.subarray(0, intact.length - 1)), /licenses\.zip/);
});

test("a file that is not a backup is damaged", async () => {
  assert.match(await open("something else"), /licenses\.zip/);
});

test("an empty file is damaged", async () => {
  assert.match(await open(""), /licenses\.zip/);
});

test("a name is shown as text, never as HTML", async () => {
  const name = "<img src=x onerror=document.title='run'>.lic";
  mkdirSync(path("hostile"));
  writeFileSync(path(`hostile/${name}`), "no license");
  const tab = await browser.open();
  await makeBackup(tab, path("hostile"));
  await waitForResult(tab, "The backup of hostile is ready to be saved");
  assert.equal(await tab.locator("#rows .path span").innerText(), name);
  assert.equal(await tab.locator("img").count(), 0);
  assert.equal(await tab.title(), "License backup");
});

test("a character that reverses the text of a name is made visible", async () => {
  mkdirSync(path("reversed"));
  writeFileSync(path("reversed/a\u202ecil.exe"), "no license");
  const tab = await browser.open();
  await makeBackup(tab, path("reversed"));
  await waitForResult(tab, "The backup of reversed is ready to be saved");
  assert.equal(await tab.locator("#rows .path span").innerText(), "a\\u{202e}cil.exe");
});
