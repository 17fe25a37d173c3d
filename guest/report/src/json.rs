//! JSON lines for programs, one object each: schema 1, described by
//! `docs/json-lines.schema.json`.
//!
//! Each object begins with `"schema":1` and `"event"`, and the last line of a run is the
//! event `end`. Keys may be added within a schema. The names of codes, formats, reasons and
//! standings are those of the WIT package.

use std::io;
use std::time::Duration;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::ExitCode;
use license_backup_core::escape_json;
use license_backup_core::{
    BackupRestoreStatus, Failure, Generation, GenerationDecision, LicenseDifference, LicenseFormat,
    LicenseIdentity, LicenseListing, LicenseStanding, Progress, RestrictedLicense,
};

const SCHEMA: u8 = 1;

/// Returns the line for an event of a running operation. Returns `None` for
/// [`BackupRestoreStatus::End`], since [`end_line`] contains more.
pub(crate) fn status_line(status: &BackupRestoreStatus) -> Option<String> {
    let event = match status {
        BackupRestoreStatus::Begin => Event::Begin,
        BackupRestoreStatus::Progress(Progress {
            stage,
            done,
            total,
            bytes,
            path,
        }) => Event::Progress {
            stage: stage.name(),
            done: *done,
            total: *total,
            bytes: *bytes,
            path,
        },
        BackupRestoreStatus::RestrictedLicense(RestrictedLicense {
            path,
            identity,
            reason,
        }) => Event::RestrictedLicense {
            path,
            identity: identity.into(),
            reason: reason.name(),
        },
        BackupRestoreStatus::Error(Failure {
            code,
            message,
            path,
        }) => Event::Error {
            code: code.name(),
            hresult: hex(code.hresult()),
            message,
            path: path.as_deref(),
        },
        BackupRestoreStatus::End => return None,
    };
    Some(to_line(&Line {
        schema: SCHEMA,
        event,
    }))
}

/// Returns the line for one file of a listing.
pub(crate) fn listing_line(listing: &LicenseListing) -> String {
    let (standing, reason, code) = match listing.standing {
        LicenseStanding::Allowed => ("allowed", None, None),
        LicenseStanding::BackedUp => ("backed-up", None, None),
        LicenseStanding::Restricted(reason) => ("restricted", Some(reason.name()), None),
        LicenseStanding::Failed(code) => ("failed", None, Some(code.name())),
    };
    let event = Event::LicenseListing {
        path: &listing.path,
        identity: (&listing.identity).into(),
        size: listing.size,
        entry: listing.entry.as_deref(),
        standing,
        reason,
        code,
        message: listing.message.as_deref(),
    };
    to_line(&Line {
        schema: SCHEMA,
        event,
    })
}

/// Returns the line for a decision about a generation.
pub(crate) fn decision_line(decision: &GenerationDecision) -> String {
    to_line(&Line {
        schema: SCHEMA,
        event: Event::GenerationDecision {
            file: &decision.file,
            time: decision.time,
            rules: decision.rules.iter().map(|rule| rule.name()).collect(),
        },
    })
}

/// Returns the line for a difference.
pub(crate) fn difference_line(difference: &LicenseDifference) -> String {
    to_line(&Line {
        schema: SCHEMA,
        event: Event::LicenseDifference {
            path: &difference.path,
            change: difference.change.name(),
            identity: (&difference.identity).into(),
            message: difference.message.as_deref(),
        },
    })
}

/// Returns the line for a backup file of a directory.
pub(crate) fn generation_line(generation: &Generation) -> String {
    to_line(&Line {
        schema: SCHEMA,
        event: Event::Generation {
            file: &generation.file,
            time: generation.time,
            size: generation.size,
            pinned: generation.pinned,
            licenses: generation.licenses,
            encrypted: generation.encrypted,
            blake3: generation.blake3.as_deref(),
        },
    })
}

/// Returns the line for an event of the program, which has these fields, an object.
#[must_use]
pub fn event_line(event: &str, fields: &impl Serialize) -> String {
    to_line(&EventOfProgram {
        schema: SCHEMA,
        event,
        fields,
    })
}

/// Returns the last line of a run. `counts` are the counts of an operation that succeeded.
#[must_use]
pub fn end_line<C: Serialize>(
    exit: ExitCode,
    hresult: u32,
    elapsed: Duration,
    counts: Result<&C, &Failure>,
) -> String {
    let result = match counts {
        Ok(counts) => EndResult::Counts(counts),
        Err(failure) => EndResult::Failure {
            code: failure.code.name(),
            message: &failure.message,
            path: failure.path.as_deref(),
        },
    };
    to_line(&End {
        schema: SCHEMA,
        event: "end",
        outcome: exit.name(),
        exit_code: exit.number(),
        hresult: hex(hresult),
        milliseconds: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        result,
    })
}

#[derive(Serialize)]
struct EventOfProgram<'a, F> {
    schema: u8,
    event: &'a str,
    #[serde(flatten)]
    fields: &'a F,
}

#[derive(Serialize)]
struct Line<'a> {
    schema: u8,
    #[serde(flatten)]
    event: Event<'a>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event<'a> {
    Begin,
    Progress {
        stage: &'static str,
        done: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        bytes: u64,
        path: &'a str,
    },
    RestrictedLicense {
        path: &'a str,
        #[serde(flatten)]
        identity: IdentityFields<'a>,
        reason: &'static str,
    },
    Error {
        code: &'static str,
        hresult: String,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<&'a str>,
    },
    LicenseListing {
        path: &'a str,
        #[serde(flatten)]
        identity: IdentityFields<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        entry: Option<&'a str>,
        standing: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    GenerationDecision {
        file: &'a str,
        time: u64,
        rules: Vec<&'static str>,
    },
    LicenseDifference {
        path: &'a str,
        change: &'static str,
        #[serde(flatten)]
        identity: IdentityFields<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    Generation {
        file: &'a str,
        time: u64,
        size: u64,
        pinned: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        licenses: Option<u64>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        encrypted: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        blake3: Option<&'a str>,
    },
}

#[derive(Serialize)]
struct IdentityFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    license_ids: &'a [String],
    key_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    rights_end: Option<&'a str>,
}

impl<'a> From<&'a LicenseIdentity> for IdentityFields<'a> {
    fn from(identity: &'a LicenseIdentity) -> Self {
        Self {
            format: identity.format.map(LicenseFormat::name),
            license_ids: &identity.license_ids,
            key_ids: &identity.key_ids,
            rights_end: identity.rights_end.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct End<'a, C: Serialize> {
    schema: u8,
    event: &'static str,
    outcome: &'static str,
    exit_code: u8,
    hresult: String,
    milliseconds: u64,
    #[serde(flatten)]
    result: EndResult<'a, C>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EndResult<'a, C: Serialize> {
    Counts(&'a C),
    Failure {
        code: &'static str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<&'a str>,
    },
}

/// A formatter that writes compact JSON that is safe to show on a terminal.
struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            writer.write_all(fragment.as_bytes())
        } else {
            writer.write_all(escape_json(fragment).as_bytes())
        }
    }
}

/// Returns an object as a line with its newline.
fn to_line(object: &impl Serialize) -> String {
    let mut line = Vec::with_capacity(256);
    object
        .serialize(&mut Serializer::with_formatter(&mut line, SafeFormatter))
        .expect("strings and numbers under string keys always serialize");
    line.push(b'\n');
    String::from_utf8(line).expect("JSON is UTF-8")
}

/// Returns an `HRESULT` in hexadecimal, as it is documented. A JSON number would be in decimal.
fn hex(hresult: u32) -> String {
    format!("0x{hresult:08X}")
}

#[cfg(test)]
mod tests {
    use license_backup_core::{ErrorCode, Restriction, Stage};

    use super::*;
    use crate::counts::{BackupCounts, ListCounts, RestoreCounts, VerifyCounts};
    use license_backup_core::{BackupSummary, ListSummary, RestoreSummary, VerifySummary};

    /// Asserts that a line consists of this object and a newline.
    #[track_caller]
    fn assert_line(line: &str, expected: &str) {
        assert_eq!(line.strip_suffix('\n'), Some(expected));
    }

    #[track_caller]
    fn assert_status_line(status: &BackupRestoreStatus, expected: &str) {
        assert_line(
            &status_line(status).expect("the event has a line"),
            expected,
        );
    }

    fn identity() -> LicenseIdentity {
        LicenseIdentity {
            format: Some(LicenseFormat::Xmr),
            key_ids: vec!["k1".to_owned()],
            ..LicenseIdentity::default()
        }
    }

    #[test]
    fn begin_is_schema_and_event_alone() {
        assert_status_line(
            &BackupRestoreStatus::Begin,
            r#"{"schema":1,"event":"begin"}"#,
        );
    }

    #[test]
    fn the_end_event_has_no_line_of_its_own() {
        assert_eq!(status_line(&BackupRestoreStatus::End), None);
    }

    #[test]
    fn progress_has_no_total_before_it_is_known() {
        let progress = Progress {
            stage: Stage::Copying,
            done: 3,
            total: None,
            bytes: 40,
            path: "a".to_owned(),
        };
        assert_status_line(
            &BackupRestoreStatus::Progress(progress.clone()),
            r#"{"schema":1,"event":"progress","stage":"copying","done":3,"bytes":40,"path":"a"}"#,
        );
        let progress = Progress {
            total: Some(9),
            ..progress
        };
        assert_status_line(
            &BackupRestoreStatus::Progress(progress),
            r#"{"schema":1,"event":"progress","stage":"copying","done":3,"total":9,"bytes":40,"path":"a"}"#,
        );
    }

    #[test]
    fn a_restricted_license_has_its_key_ids() {
        let restricted = RestrictedLicense {
            path: "x\n".to_owned(),
            identity: identity(),
            reason: Restriction::NotPermitted,
        };
        assert_status_line(
            &BackupRestoreStatus::RestrictedLicense(restricted),
            concat!(
                r#"{"schema":1,"event":"restricted-license","path":"x\n","format":"xmr","license_ids":[],"#,
                r#""key_ids":["k1"],"reason":"not-permitted"}"#
            ),
        );
    }

    #[test]
    fn an_error_has_its_code_and_hresult() {
        let failure = Failure::at(ErrorCode::Malformed, "b", "b is broken");
        assert_status_line(
            &BackupRestoreStatus::Error(failure),
            concat!(
                r#"{"schema":1,"event":"error","code":"malformed","hresult":"0x80004005","#,
                r#""message":"b is broken","path":"b"}"#
            ),
        );
    }

    #[test]
    fn a_listing_has_its_standing_and_reason() {
        let mut listing = LicenseListing {
            identity: identity(),
            size: Some(7),
            ..LicenseListing::new("l".to_owned(), LicenseStanding::BackedUp)
        };
        assert_line(
            &listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","format":"xmr","license_ids":[],"key_ids":["k1"],"#,
                r#""size":7,"standing":"backed-up"}"#
            ),
        );
        listing = LicenseListing {
            identity: LicenseIdentity::default(),
            size: None,
            ..listing
        };
        listing.standing = LicenseStanding::Restricted(Restriction::Opaque);
        assert_line(
            &listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","license_ids":[],"key_ids":[],"#,
                r#""standing":"restricted","reason":"opaque"}"#
            ),
        );
        listing.standing = LicenseStanding::Failed(ErrorCode::TooLarge);
        assert_line(
            &listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","license_ids":[],"key_ids":[],"#,
                r#""standing":"failed","code":"too-large"}"#
            ),
        );
        listing.message = Some("l is too large".to_owned());
        assert_line(
            &listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","license_ids":[],"key_ids":[],"#,
                r#""standing":"failed","code":"too-large","message":"l is too large"}"#
            ),
        );
    }

    #[test]
    fn a_publication_is_listed_with_its_entry_and_rights_end() {
        let identity = LicenseIdentity {
            format: Some(LicenseFormat::Lcp),
            license_ids: vec!["i".to_owned()],
            rights_end: Some("2027-01-01T00:00:00Z".to_owned()),
            ..LicenseIdentity::default()
        };
        let entry = Some("META-INF/license.lcpl".to_owned());
        let listing = LicenseListing {
            identity,
            size: Some(7),
            entry,
            ..LicenseListing::new("b".to_owned(), LicenseStanding::Allowed)
        };
        assert_line(
            &listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"b","format":"lcp","license_ids":["i"],"key_ids":[],"#,
                r#""rights_end":"2027-01-01T00:00:00Z","size":7,"entry":"META-INF/license.lcpl","standing":"allowed"}"#
            ),
        );
    }

    const ELAPSED: Duration = Duration::from_micros(7900);

    #[test]
    fn a_run_ends_with_outcome_and_counts() {
        let counts = BackupCounts(&BackupSummary {
            licenses: 2,
            bytes: 30,
            restricted: 1,
            errors: 1,
            file: "licenses.zip".to_owned(),
            size: 400,
            unchanged: false,
            shrunk: None,
            blake3: None,
            removed: 2,
        });
        assert_line(
            &end_line(ExitCode::Incomplete, 1, ELAPSED, Ok(&counts)),
            concat!(
                r#"{"schema":1,"event":"end","outcome":"incomplete","exit_code":3,"hresult":"0x00000001","#,
                r#""milliseconds":7,"licenses":2,"bytes":30,"restricted":1,"errors":1,"file":"licenses.zip","size":400,"unchanged":false,"removed":2}"#
            ),
        );
    }

    #[test]
    fn a_run_that_failed_ends_with_code_message_and_path() {
        let failure = Failure::at(ErrorCode::BackupExists, "/b", "there is one");
        assert_line(
            &end_line::<()>(ExitCode::Conflict, 0xC00D_2742, ELAPSED, Err(&failure)),
            concat!(
                r#"{"schema":1,"event":"end","outcome":"conflict","exit_code":4,"hresult":"0xC00D2742","#,
                r#""milliseconds":7,"code":"backup-exists","message":"there is one","path":"/b"}"#
            ),
        );
    }

    /// Asserts that the last line of a run that succeeded ends with these counts.
    fn assert_counts(counts: &impl Serialize, expected: &str) {
        let head = concat!(
            r#"{"schema":1,"event":"end","outcome":"success","exit_code":0,"hresult":"0x00000000","#,
            r#""milliseconds":7,"#
        );
        assert_line(
            &end_line(ExitCode::Success, 0, ELAPSED, Ok(counts)),
            &format!("{head}{expected}"),
        );
    }

    #[test]
    fn a_verification_ends_with_its_counts() {
        let summary = VerifySummary {
            licenses: 2,
            bytes: 30,
            skipped: 1,
            file: "licenses.zip".to_owned(),
            size: 400,
            blake3: "ab".to_owned(),
            program: Some("license-backup 0.1.0".to_owned()),
            encrypted: false,
        };
        assert_counts(
            &VerifyCounts(&summary),
            r#""licenses":2,"bytes":30,"skipped":1,"file":"licenses.zip","size":400,"blake3":"ab","program":"license-backup 0.1.0","encrypted":false}"#,
        );
    }

    #[test]
    fn a_restore_ends_with_its_counts() {
        let summary = &RestoreSummary {
            file: "licenses.zip".to_owned(),
            restored: 2,
            bytes: 30,
            present: 1,
            conflicts: 0,
        };
        assert_counts(
            &RestoreCounts {
                summary,
                dry_run: true,
            },
            r#""file":"licenses.zip","restored":2,"bytes":30,"present":1,"conflicts":0,"dry_run":true}"#,
        );
    }

    fn list_summary(program: Option<&str>) -> ListSummary {
        ListSummary {
            file: None,
            licenses: 2,
            bytes: 30,
            skipped: 1,
            program: program.map(str::to_owned),
        }
    }

    #[test]
    fn a_listing_of_a_backup_ends_with_counts_and_program() {
        assert_counts(
            &ListCounts(&list_summary(Some("license-backup 0.1.0"))),
            r#""licenses":2,"bytes":30,"skipped":1,"program":"license-backup 0.1.0"}"#,
        );
    }

    #[test]
    fn a_listing_of_a_store_ends_without_a_program() {
        assert_counts(
            &ListCounts(&list_summary(None)),
            r#""licenses":2,"bytes":30,"skipped":1}"#,
        );
    }

    #[test]
    fn a_string_is_escaped_for_a_terminal_and_keeps_its_value() {
        let path = "a\u{9b}b\u{202e}c\u{e0041}d\u{7f}é日 \"q\" \\ \n\u{1b}";
        let listing = LicenseListing::new(path.to_owned(), LicenseStanding::Allowed);
        let line = listing_line(&listing);
        assert_line(
            &line,
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"a\u009bb\u202ec\udb40\udc41d\u007fé日 \"q\" \\ \n\u001b","#,
                r#""license_ids":[],"key_ids":[],"standing":"allowed"}"#
            ),
        );
        let parsed: serde_json::Value = serde_json::from_str(&line).expect("the line is JSON");
        assert_eq!(parsed["path"], path);
    }
}
