// The words of the page. They are those of the program (`guest/report`).

const UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** Returns a number of bytes in the largest unit that fits, a power of 1024, with one decimal. */
export function bytesText(bytes) {
  if (bytes < 1024) {
    return counted(bytes, "byte");
  }
  let unit = -1;
  let amount = bytes;
  while (amount >= 1024 && unit + 1 < UNITS.length) {
    amount /= 1024;
    unit += 1;
  }
  return `${(Math.floor(amount * 10) / 10).toFixed(1)} ${UNITS[unit]}`;
}

/** Returns a number with separators between thousands. */
export function numberText(number) {
  return number.toLocaleString("en");
}

/** Returns a number of things. */
export function counted(count, thing) {
  return `${numberText(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** Returns a number of licenses with their size. */
export function licensesText(count, bytes) {
  return `${counted(count, "license")} (${bytesText(bytes)})`;
}

const STAGES = {
  listing: "Listing the store",
  copying: "Copying",
  verifying: "Verifying",
  writing: "Writing",
  syncing: "Completing",
  committing: "Putting in place",
};

/** Returns the progress of an operation. */
export function progressText({ stage, done, total, bytes }) {
  const of = total === undefined ? "" : ` of ${numberText(total)}`;
  const size = stage === "listing" ? "" : `, ${bytesText(bytes)}`;
  return `${STAGES[stage]}: ${numberText(done)}${of} files${size}`;
}

/** The explanation of each reason for which a file is skipped. */
export const REASONS = {
  "not-permitted": "the license does not grant the right to be backed up",
  conditional: "the license grants the right only under a condition",
  opaque: "encrypted, or of a version whose rights cannot be read",
  unrecognized: "not a license of a known format",
  "protected-store":
    "the protected license store of an old client, which only that client can read",
  "status-document": "an LCP status document, not a license",
  "error-response": "an error response of a license server, not a license",
  "not-a-regular-file": "a link or a special file, which is never opened",
  malformed: "a malformed license or a damaged publication",
  "too-large": "larger than the limit for a license",
  changed: "changed each time it was read",
  shadowed: "the license of a publication, whose name in the backup is taken by another file",
  "illegal-name": "the name cannot be stored in a backup",
  "access-denied": "access denied",
};

/** Each status of a file, with its text. */
export const STATUSES = {
  "backed-up": "in the backup",
  skipped: "skipped",
  damaged: "damaged",
  "not-restored": "not restored",
};

/** Returns the reason for the status of a file, or an empty string if there is none. */
export function reasonText({ reason, message }) {
  return message ?? (reason === undefined ? "" : (REASONS[reason] ?? "cannot be read"));
}

/** The name of each format of a license. */
export const FORMATS = {
  wmdrm: "Windows Media DRM",
  xmr: "XMR",
  playready: "PlayReady",
  lcp: "Readium LCP",
};

/** Returns the identifiers of a license and the end of its rights. */
export function detailsText({ licenseIds = [], keyIds = [], rightsEnd }) {
  const details = [
    [licenseIds.length > 0, `license ${licenseIds.join(", ")}`],
    [keyIds.length > 0, `key ${keyIds.join(", ")}`],
    [rightsEnd !== undefined, `until ${rightsEnd}`],
  ];
  return details
    .filter(([isKnown]) => isKnown)
    .map(([, text]) => text)
    .join("; ");
}

/** Returns a message as a sentence. */
export function sentence(message) {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/**
 * Returns a text in which control characters and characters that change the direction of text are
 * visible, so that a name cannot pretend to be another one.
 */
export function visible(text) {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
  );
}
