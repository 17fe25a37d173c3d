// Backs up a license store from Node: progress as it comes, Ctrl-C to cancel, the outcome at the end.
//
//     npm run backup -- STORE BACKUP_DIRECTORY
//
// Exit codes: 0 all in order, 1 no backup was made, 3 some licenses could not be read, 130 cancelled.
import { inspect } from "node:util";

import { _setPreopens } from "@bytecodealliance/preview2-shim/filesystem";

import { management } from "./generated/license-backup.js";

/** @import { Failure } from "./generated/interfaces/license-backup-management-types.js" */

/** @param {Failure} failure */
function report(failure) {
  console.error(`error: ${failure.message}`);
  return failure.code === "cancelled" ? 130 : 1;
}

/** Why an operation was not accepted: what jco throws has it as `payload`. @param {unknown} error */
function refusal(error) {
  if (error instanceof Error && "payload" in error) {
    return /** @type {Failure} */ (error.payload);
  }
  throw error;
}

/** @param {string} store @param {string} directory */
async function backup(store, directory) {
  // What a backup holds is its owner's alone; under Node the umask sees to that.
  process.umask(0o077);
  // All that the component can reach. It only reads the store, which jco's shim would let it write to.
  // @ts-expect-error The shim gives out the types of its variant for browsers, which has no paths.
  _setPreopens({ "/licenses": store, "/backup": directory });
  let operation;
  try {
    operation = await management.backupLicenses("/backup", { overwrite: true });
  } catch (error) {
    return report(refusal(error));
  }
  const { cookie, events, completed } = operation;
  process.once("SIGINT", () => cookie.cancel());
  for await (const status of events) {
    switch (status.tag) {
      case "progress":
        console.log(`${status.val.stage}: ${status.val.done} of ${status.val.total ?? "?"}`);
        break;
      case "restricted-license":
        console.log(`left out: ${inspect(status.val.path)} (${status.val.reason})`);
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
  const { licenses, restricted, errors, size } = outcome.val;
  console.log(`backed up ${licenses} licenses (${size} bytes), left out ${restricted}, ${errors} could not be read`);
  return errors === 0n ? 0 : 3;
}

const [store, directory] = process.argv.slice(2);
if (store === undefined || directory === undefined) {
  console.error("usage: npm run backup -- STORE BACKUP_DIRECTORY");
  process.exit(2);
}
process.exit(await backup(store, directory));
