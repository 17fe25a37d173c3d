// Accessibility: axe-core in every state, the keyboard alone, and a narrow screen.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { before, test } from "node:test";

import axe from "axe-core";

import { makeBackup, openBackup, useBrowser, useDirectory, waitForResult } from "./page.js";
import {
  backUpWithProgram,
  pick,
  stubPicker,
  writeOrdinaryStore,
  writePicked,
  writeSampleStore,
} from "./stores.js";

const browser = useBrowser();
const path = useDirectory();
let archive;

before(() => {
  writeSampleStore(path("store"));
  archive = backUpWithProgram(path("store"), path("backup"));
  writeOrdinaryStore(path("large"), 2000);
  writeFileSync(path("damaged.zip"), "something else");
});

/** Each state of the page: brings the page into it. */
const STATES = {
  start: async () => {},
  "chosen store": (tab) => tab.locator("#store").setInputFiles(path("store")),
  running: async (tab) => {
    await makeBackup(tab, path("large"));
    await tab.getByText(/^Copying/).waitFor();
  },
  verified: async (tab) => {
    await openBackup(tab, archive);
    await waitForResult(tab, "licenses.zip is intact");
  },
  damaged: async (tab) => {
    await openBackup(tab, path("damaged.zip"));
    await waitForResult(tab, "The backup is damaged");
  },
  "made backup": async (tab) => {
    await makeBackup(tab, path("store"));
    await waitForResult(tab, "The backup of store is ready to be saved");
  },
  conflicts: async (tab) => {
    await openBackup(tab, archive);
    await waitForResult(tab, "licenses.zip is intact");
    await writePicked(tab, "player", { lcp: "in the way" });
    await pick(tab, "Restore into a directory…", "player");
    await waitForResult(tab, "Restored into player, with conflicts");
  },
};

for (const [state, enter] of Object.entries(STATES)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing in the state "${state}", ${colorScheme}`, async () => {
      const tab = await browser.open({ colorScheme }, stubPicker);
      await enter(tab);
      await tab.evaluate(axe.source);
      const { violations } = await tab.evaluate(() => globalThis.axe.run());
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
        [],
      );
    });
  }

  test(`nothing is wider than a screen of 320 pixels in the state "${state}"`, async () => {
    const tab = await browser.open({ viewport: { width: 320, height: 640 } }, stubPicker);
    await enter(tab);
    assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth), 320);
  });
}

test("the page that cannot start has no violations", async () => {
  const tab = await browser.newTab({}, () => delete WebAssembly.Suspending);
  await tab.goto(browser.address);
  await tab.getByText("This browser cannot run the page").waitFor();
  await tab.evaluate(axe.source);
  assert.deepEqual((await tab.evaluate(() => globalThis.axe.run())).violations, []);
});

/**
 * Presses Tab until the element with this name has the focus, and requires that the focus is
 * visible.
 */
async function tabTo(tab, name) {
  for (let presses = 0; presses < 20; presses += 1) {
    await tab.keyboard.press("Tab");
    const focused = await tab.evaluate(() => {
      const { activeElement } = document;
      const label = activeElement.labels?.[0]?.textContent ?? activeElement.textContent;
      return { label, outline: getComputedStyle(activeElement).outlineStyle };
    });
    if (focused.label === name) {
      assert.equal(focused.outline, "solid");
      return;
    }
  }
  assert.fail(`the focus never reaches ${name}`);
}

test("everything can be done with the keyboard alone", async () => {
  const tab = await browser.open({}, stubPicker);
  await tab.evaluate(() => {
    globalThis.picked = "player";
  });
  // Chromium gets the request to report a chooser before the keys, which come later on the same way.
  const chooser = tab.waitForEvent("filechooser");
  await tabTo(tab, "Open a backup…");
  await tab.keyboard.press("Enter");
  await (await chooser).setFiles(archive);
  await waitForResult(tab, "licenses.zip is intact");
  assert.equal(await tab.evaluate(() => document.activeElement.id), "result-heading");

  await tabTo(tab, "Search by path, ID or reason");
  await tab.keyboard.type("protected store");
  await tab.getByText(/^0 of /).waitFor();
  await tab.keyboard.press("Control+A");
  await tab.keyboard.type("protected license store");
  await tab.getByText(/^3 of /).waitFor();
  await tabTo(tab, "Show");
  await tab.keyboard.type("in the backup");
  await tab.getByText(/^0 of /).waitFor();

  await tab.locator("#result-heading").focus();
  await tabTo(tab, "Restore into a directory…");
  await tab.keyboard.press("Enter");
  await waitForResult(tab, "Restored into player");
  await tabTo(tab, "Start again");
  await tab.keyboard.press("Space");
  assert.equal(await tab.evaluate(() => document.activeElement.id), "open");
});

test("an operation is cancelled with the keyboard", async () => {
  const tab = await browser.open();
  await makeBackup(tab, path("large"));
  await tab.getByText(/^Copying/).waitFor();
  await tab.keyboard.press("Enter");
  await waitForResult(tab, "Cancelled");
});
