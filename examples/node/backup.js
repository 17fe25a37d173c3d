// Backs up a license store from Node. Prints the progress and the outcome; Ctrl-C cancels.
//
//     npm run backup -- STORE BACKUP_DIRECTORY [--generations]
//
// With --generations, each backup is a file of its own, and older ones are removed
// by the policy below. Otherwise the backup is replaced.
//
// Exit codes: 0 success, 1 failure, 2 invalid arguments, 3 completed, but some
// licenses could not be read, 6 most licenses of the earlier backup are missing,
// 130 cancelled.
import { inspect } from "node:util";

import { _setPreopens } from "@bytecodealliance/preview2-shim/filesystem";

import { management } from "./generated/license-backup.js";

/** @import { Failure } from "./generated/interfaces/license-backup-management-types.js" */

/** The generations to keep: one for each of the last hours, days, and so on, that have one. */
const POLICY = { keepHourly: 24, keepDaily: 7, keepWeekly: 5, keepMonthly: 12, keepYearly: 10 };

/** Prints a failure. Returns the exit code. @param {Failure} failure */
function report(failure) {
  console.error(`error: ${failure.message}`);
  switch (failure.code) {
    case "cancelled":
      return 130;
    case "shrunk":
      return 6;
    default:
      return 1;
  }
}

/** Returns the failure of a call: jco throws an error that contains it as `payload`. @param {unknown} error */
function failureOf(error) {
  if (error instanceof Error && "payload" in error) {
    return /** @type {Failure} */ (error.payload);
  }
  throw error;
}

/** Returns the options of a backup. @param {boolean} generations */
function optionsOf(generations) {
  if (!generations) {
    return { overwrite: true, allowShrink: false };
  }
  const generation = BigInt(Math.floor(Date.now() / 1000));
  return { overwrite: false, allowShrink: false, generation, retention: POLICY };
}

/** Backs up a store. Returns the exit code. @param {string} store @param {string} directory @param {boolean} generations */
async function backup(store, directory, generations) {
  // Makes the backup readable by its owner only.
  process.umask(0o077);
  // The component can access these directories only. It does not write to the store, although
  // jco's shim would allow that.
  // @ts-expect-error The shim exports the types of its variant for browsers, which has no paths.
  _setPreopens({ "/licenses": store, "/backup": directory });
  let operation;
  try {
    operation = await management.backupLicenses("/backup", optionsOf(generations));
  } catch (error) {
    return report(failureOf(error));
  }
  const { cookie, events, completed } = operation;
  process.once("SIGINT", () => cookie.cancel());
  for await (const status of events) {
    switch (status.tag) {
      case "progress":
        console.log(`${status.val.stage}: ${status.val.done} of ${status.val.total ?? "?"}`);
        break;
      case "restricted-license":
        console.log(`skipped: ${inspect(status.val.path)} (${status.val.reason})`);
        break;
      case "error":
        console.error(`error: ${status.val.message}`);
        break;
    }
  }
  const outcome = await completed;
  if (outcome.tag === "err") {
    return report(outcome.val);
  }
  const { licenses, restricted, errors, size, unchanged, shrunk } = outcome.val;
  console.log(`${unchanged ? "unchanged:" : "backed up"} ${licenses} licenses (${size} bytes), skipped ${restricted}, ${errors} could not be read`);
  if (shrunk !== undefined) {
    console.error(`error: ${shrunk.left} of ${shrunk.earlier} licenses are left; the earlier backup was pinned; is the store mounted?`);
    return 6;
  }
  return errors === 0n ? 0 : 3;
}

const [store, directory, option] = process.argv.slice(2);
if (store === undefined || directory === undefined || (option ?? "--generations") !== "--generations") {
  console.error("usage: npm run backup -- STORE BACKUP_DIRECTORY [--generations]");
  process.exit(2);
}
process.exit(await backup(store, directory, option !== undefined));
