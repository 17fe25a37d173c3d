// Takes the screenshots of the README, of a backup of the sample store.
//
//     make browser-screenshots

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { openBackup, startBrowser, waitForResult } from "./page.js";
import { backUpWithProgram, writeSampleStore } from "./stores.js";

/** The screenshots, by the name of the file: the options of the tab, and what it shows. */
const SCREENSHOTS = {
  "browser.png": [
    { viewport: { width: 1040, height: 900 }, colorScheme: "light" },
    (tab) => tab.getByLabel("Show").selectOption("skipped"),
  ],
  "browser-phone.png": [
    { viewport: { width: 375, height: 780 }, colorScheme: "dark" },
    async (tab) => {
      await tab.getByLabel("Search by path, ID or reason").fill("lcp");
      await tab.locator("#files").evaluate((files) => files.scrollIntoView());
    },
  ],
};

/** Returns the path of a file in `docs`. */
const documented = (name) => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));

const directory = mkdtempSync(join(tmpdir(), "license-backup-browser-"));
writeSampleStore(join(directory, "store"));
const archive = backUpWithProgram(join(directory, "store"), join(directory, "backup"));
const browser = await startBrowser();
for (const [name, [options, prepare]] of Object.entries(SCREENSHOTS)) {
  const tab = await browser.newTab(options);
  await tab.goto(browser.address);
  await tab.locator("#start").waitFor();
  await openBackup(tab, archive);
  await waitForResult(tab, "licenses.zip is intact");
  await prepare(tab);
  await tab.screenshot({ path: documented(name) });
}
await browser.stop();
rmSync(directory, { recursive: true });
