// The page uses the words of the program.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FORMATS, REASONS, bytesText } from "../page/text.js";

/** Reads a file of the repository. */
const read = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

test("the page explains a reason in the words of the program", () => {
  const source = read("guest/report/src/skipped.rs");
  for (const [reason, explanation] of Object.entries(REASONS)) {
    assert.ok(source.includes(`"${explanation}"`), reason);
  }
});

test("the page knows each reason and each format", () => {
  const { reason, identity } = JSON.parse(read("docs/json-lines.schema.json")).$defs;
  const unknown = (names, known) => names.filter((name) => !(name in known));
  assert.deepEqual(unknown(reason.enum, REASONS), []);
  assert.deepEqual(unknown(identity.properties.format.enum, FORMATS), []);
});

test("bytes are shown in the largest unit that fits", () => {
  for (const [bytes, text] of [
    [0, "0 bytes"],
    [1, "1 byte"],
    [1023, "1,023 bytes"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1024 * 1024 - 1, "1023.9 KiB"],
    [5 * 1024 ** 3, "5.0 GiB"],
  ]) {
    assert.equal(bytesText(bytes), text);
  }
});
