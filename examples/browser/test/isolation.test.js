// The page makes no request, and cannot make one; and it says what it needs.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  makeBackup,
  openBackup,
  saveBackup,
  useBrowser,
  useDirectory,
  waitForResult,
} from "./page.js";
import { pick, stubPicker, writeOrdinaryStore } from "./stores.js";

const browser = useBrowser();
const path = useDirectory();

test("after it was loaded, the page works offline and makes no request", async () => {
  writeOrdinaryStore(path("store"), 3);
  const tab = await browser.open({}, stubPicker);
  const requests = [];
  // That of a download is the name of a file in memory.
  tab
    .context()
    .on("request", (request) => requests.push(request.url().replace(/^blob:.*/, "blob")));
  await tab.context().setOffline(true);
  await makeBackup(tab, path("store"));
  await waitForResult(tab, "The backup of store is ready to be saved");
  await saveBackup(tab, path("saved.zip"));
  await pick(tab, "Restore into a directory…", "player");
  await waitForResult(tab, "Restored into player");
  await tab.getByRole("button", { name: "Start again" }).click();
  await openBackup(tab, path("saved.zip"));
  await waitForResult(tab, "saved.zip is intact");
  assert.deepEqual(
    requests.filter((url) => url !== "blob"),
    [],
  );
});

test("the browser refuses every connection of the page and of its worker", async () => {
  const tab = await browser.open();
  const attempts = (address) =>
    Promise.all([
      fetch(address).catch((error) => error.name),
      new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.onload = () => resolve("sent");
        request.onerror = () => resolve("refused");
        request.open("GET", address);
        request.send();
      }),
      new Promise((resolve) => {
        const socket = new WebSocket(address.replace("http", "ws"));
        socket.onopen = () => resolve("sent");
        socket.onerror = () => resolve("refused");
      }),
    ]);
  const requests = [];
  const reported = [];
  tab.context().on("requestfinished", (request) => requests.push(request.url()));
  tab.on("console", (message) => reported.push(message.text()));
  for (const place of [tab, tab.workers()[0]]) {
    const outcomes = await place.evaluate(attempts, browser.address);
    assert.deepEqual(outcomes, ["TypeError", "refused", "refused"]);
  }
  assert.deepEqual(requests, []);
  assert.ok(
    reported.some((text) => text.includes("Content Security Policy")),
    reported.join("\n"),
  );
});

test("a browser without JSPI gets a sentence that says so", async () => {
  const tab = await browser.newTab({}, () => delete WebAssembly.Suspending);
  await tab.goto(browser.address);
  await tab
    .getByText(
      "it does not support JavaScript Promise Integration (JSPI) for WebAssembly. Use one that does",
    )
    .waitFor();
  assert.ok(await tab.locator("#start").isHidden());
});

test("without JavaScript, the page says what it needs", async () => {
  const tab = await browser.newTab({ javaScriptEnabled: false });
  await tab.goto(browser.address);
  assert.ok(await tab.getByText("It needs JavaScript, and a web server").isVisible());
});
