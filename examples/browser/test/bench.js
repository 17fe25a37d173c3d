// Prints the time that the page and the program need for 10,000 licenses, as medians.
//
//     make bench-browser

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

import { openBackup, startBrowser, waitForResult } from "./page.js";
import { licenseBackup, pick, stubPicker, writeOrdinaryStore } from "./stores.js";

const LICENSES = 10_000;
const ROUNDS = 3;

/** Returns the median of the seconds that `run` takes. `prepare` is not measured. */
async function measure(run, prepare = async () => {}, rounds = ROUNDS) {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const prepared = await prepare(round);
    const start = performance.now();
    await run(prepared, round);
    times.push((performance.now() - start) / 1000);
  }
  return times.sort((one, other) => one - other)[Math.floor(rounds / 2)];
}

function print(what, page, program) {
  console.log(
    `${what.padEnd(36)} ${page.toFixed(2).padStart(7)} s ${program.toFixed(2).padStart(9)} s`,
  );
}

const directory = mkdtempSync(join(tmpdir(), "license-backup-browser-"));
const path = (name) => join(directory, name);
writeOrdinaryStore(path("store"), LICENSES);
const browser = await startBrowser();

/** Opens the page in a new tab. */
async function open() {
  const tab = await browser.newTab({}, stubPicker);
  tab.setDefaultTimeout(600_000);
  await tab.goto(browser.address);
  await tab.locator("#start").waitFor();
  return tab;
}

/** Opens the page with the backup. */
async function openWithBackup() {
  const tab = await open();
  await openBackup(tab, path("0/licenses.zip"));
  await waitForResult(tab, "licenses.zip is intact");
  return tab;
}

console.log(
  `${`${LICENSES} licenses of 4 KiB`.padEnd(36)} ${"page".padStart(9)} ${"program".padStart(11)}`,
);
const programs = {
  backup: await measure((_, round) =>
    licenseBackup(["backup", "--store", path("store"), "--to", path(round.toString()), "--quiet"]),
  ),
  verify: await measure(() => licenseBackup(["verify", "--from", path("0")])),
  list: await measure(() => licenseBackup(["list", "--from", path("0")])),
  restore: await measure(
    (_, round) =>
      licenseBackup([
        "restore",
        "--from",
        path("0"),
        "--store",
        path(`restored-${round}`),
        "--quiet",
      ]),
    async (round) => mkdirSync(path(`restored-${round}`)),
  ),
};
const store = async () => {
  const tab = await open();
  await tab.locator("#store").setInputFiles(path("store"));
  return tab;
};
const backup = async (tab) => {
  await tab.getByRole("button", { name: "Make the backup" }).click();
  await waitForResult(tab, "The backup of store is ready to be saved");
};
print(
  "backup, then verify and list",
  await measure(backup, store),
  programs.backup + programs.verify + programs.list,
);
const verify = async (tab) => {
  await openBackup(tab, path("0/licenses.zip"));
  await waitForResult(tab, "licenses.zip is intact");
};
print("verify and list", await measure(verify, open), programs.verify + programs.list);
const restore = async (tab) => {
  await pick(tab, "Restore into a directory…", "player");
  await waitForResult(tab, "Restored into player");
};
// Once, because it takes minutes.
print("restore", await measure(restore, openWithBackup, 1), programs.restore);

await browser.stop();
rmSync(directory, { recursive: true });
