// A backup of 100,000 licenses.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";

import { openBackup, useBrowser, useDirectory, waitForResult } from "./page.js";
import { backUpWithProgram, writeOrdinaryStore } from "./stores.js";

const browser = useBrowser();
const path = useDirectory();

test("a backup of 100,000 licenses can be browsed and searched", async () => {
  writeOrdinaryStore(path("store"), 100_000);
  const archive = backUpWithProgram(path("store"), path("backup"));
  rmSync(path("store"), { recursive: true });
  const tab = await browser.open();
  tab.setDefaultTimeout(120_000);
  await openBackup(tab, archive);
  await waitForResult(tab, "licenses.zip is intact");
  const count = tab.locator("#count");
  assert.equal(await count.innerText(), "100,000 files");
  assert.equal(await tab.locator("#rows tr").count(), 100);
  const [first] = await tab.locator("#rows .path span").allInnerTexts();

  await tab.getByRole("button", { name: "Next" }).click();
  assert.equal(await tab.locator("#page").innerText(), "101 to 200 of 100,000");
  await tab.getByRole("button", { name: "Previous" }).click();
  assert.equal(await tab.locator("#rows .path span").first().innerText(), first);
  // A button at the end of its range keeps the focus, and does nothing.
  await tab.getByRole("button", { name: "Previous" }).click({ force: true });
  assert.equal(await tab.locator("#page").innerText(), "1 to 100 of 100,000");

  await tab.getByLabel("Search by path, ID or reason").fill("/0099999.");
  await tab.getByText("1 of 100,000 files").waitFor();
  assert.match(await tab.locator("#rows .path span").innerText(), /\/0099999\.[a-z]+$/);
});
