// The page in Debian's Chromium, as a person uses it.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { servePage } from "./server.js";

/** The options of Chromium: no connection of its own. `playwright-core` adds a fresh profile. */
const OPTIONS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium and the web server of the page. */
export async function startBrowser() {
  const [browser, { server, address }] = await Promise.all([
    chromium.launch({ executablePath: "/usr/bin/chromium", args: OPTIONS }),
    servePage(),
  ]);
  return {
    address,
    /** Opens a tab of its own profile. `initialize` runs in it before the page does. */
    async newTab(options, initialize) {
      const context = await browser.newContext(options);
      // On a busy machine, thousands of licenses take longer than the usual half minute.
      context.setDefaultTimeout(60_000);
      if (initialize !== undefined) {
        await context.addInitScript(initialize);
      }
      return context.newPage();
    },
    async stop() {
      await browser.close();
      server.close();
    },
  };
}

/** Provides the tests of a file with a browser. */
export function useBrowser() {
  const fixture = {};
  before(async () => Object.assign(fixture, await startBrowser()));
  after(() => fixture.stop());
  return {
    get address() {
      return fixture.address;
    },
    /** Opens the page in a new tab, and waits until it has started. */
    async open(options, initialize) {
      const tab = await this.newTab(options, initialize);
      await tab.goto(fixture.address);
      await tab.locator("#start").waitFor();
      return tab;
    },
    newTab: (...parameters) => fixture.newTab(...parameters),
  };
}

/** Provides the tests of a file with a directory. */
export function useDirectory() {
  const fixture = {};
  before(() => {
    fixture.path = mkdtempSync(join(tmpdir(), "license-backup-browser-"));
  });
  after(() => rmSync(fixture.path, { recursive: true }));
  return (name) => join(fixture.path, name);
}

/** Opens the file of a backup. */
export function openBackup(tab, file) {
  return tab.locator("#archive").setInputFiles(file);
}

/** Chooses a directory as the store, and makes a backup of it to save. */
export async function makeBackup(tab, directory) {
  await tab.locator("#store").setInputFiles(directory);
  await tab.getByRole("button", { name: "Make the backup" }).click();
}

/** Drops a file or directory on the page. */
export async function drop(tab, path) {
  const session = await tab.context().newCDPSession(tab);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 100, y: 100, data });
  }
}

/** Saves the backup that was made. */
export async function saveBackup(tab, file) {
  const [download] = await Promise.all([
    tab.waitForEvent("download"),
    tab.getByRole("link", { name: "Save the backup" }).click(),
  ]);
  await download.saveAs(file);
  return download.suggestedFilename();
}

/** Waits until the page shows a result with this heading. */
export async function waitForResult(tab, heading) {
  try {
    await tab.getByRole("heading", { name: heading, exact: true }).waitFor();
  } catch {
    assert.equal(await tab.locator("#main").innerText(), heading);
  }
}

/** Returns the value of a fact about the backup that is shown. */
export function fact(tab, term) {
  return tab.locator(`#facts dt:text-is("${term}") + dd`).innerText();
}
