//! JSON lines, one object each, for programs: schema 1, which `docs/json-lines.schema.json` describes.
//!
//! Every object begins with `"schema":1` and `"event"`, and the last line of a run is always the event `end`. Keys may be
//! added within a schema. Names of codes, formats, reasons and standings are those of the WIT package.

use std::time::Duration;

use serde::Serialize;

use crate::ExitCode;
use crate::reports::Success;
use license_backup_core::escape_json;
use license_backup_core::{
    BackupRestoreStatus, ErrorCode, Failure, LicenseFormat, LicenseIdentity, LicenseListing,
    LicenseStanding, Progress, RestrictedLicense, Restriction, Stage,
};

/// The line for an event of a running operation. Nothing for [`BackupRestoreStatus::End`], which says no more than the end line does.
pub(super) fn status_line(status: &BackupRestoreStatus) -> Option<String> {
    let event = match status {
        BackupRestoreStatus::Begin => Event::Begin,
        BackupRestoreStatus::Progress(Progress {
            stage,
            done,
            total,
            bytes,
            path,
        }) => Event::Progress {
            stage: *stage,
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
            reason: *reason,
        },
        BackupRestoreStatus::Error(failure) => Event::Error(failure.into()),
        BackupRestoreStatus::End => return None,
    };
    Some(encode(&event))
}

/// The line for one license of a listing.
pub(super) fn listing_line(listing: &LicenseListing) -> String {
    let (standing, reason, code) = match listing.standing {
        LicenseStanding::Allowed => ("allowed", None, None),
        LicenseStanding::BackedUp => ("backed-up", None, None),
        LicenseStanding::Restricted(reason) => ("restricted", Some(reason), None),
        LicenseStanding::Failed(code) => ("failed", None, Some(code)),
    };
    encode(&Event::LicenseListing {
        path: &listing.path,
        identity: (&listing.identity).into(),
        size: listing.size,
        entry: listing.entry.as_deref(),
        standing,
        reason,
        code,
        message: listing.message.as_deref(),
    })
}

/// The last line of a run.
pub(super) fn end_line(
    exit: ExitCode,
    outcome: &Result<Success<'_>, &Failure>,
    elapsed: Duration,
) -> String {
    let (hresult, result) = match outcome {
        Ok(success) => (success.hresult, EndResult::Counts(&success.counts)),
        Err(failure) => (
            failure.code.hresult(),
            EndResult::Failure {
                code: failure.code,
                message: &failure.message,
                path: failure.path.as_deref(),
            },
        ),
    };
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    encode(&Event::End {
        outcome: exit.name(),
        exit_code: exit.number(),
        hresult: hex(hresult),
        milliseconds,
        result,
    })
}

#[derive(Serialize)]
struct Line<'a> {
    schema: u8,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event<'a> {
    Begin,
    Progress {
        stage: Stage,
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
        reason: Restriction,
    },
    Error(FailureFields<'a>),
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
        reason: Option<Restriction>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<ErrorCode>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    End {
        outcome: &'static str,
        exit_code: u8,
        hresult: String,
        milliseconds: u64,
        #[serde(flatten)]
        result: EndResult<'a>,
    },
}

#[derive(Serialize)]
struct IdentityFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<LicenseFormat>,
    license_ids: &'a [String],
    key_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    rights_end: Option<&'a str>,
}

impl<'a> From<&'a LicenseIdentity> for IdentityFields<'a> {
    fn from(identity: &'a LicenseIdentity) -> Self {
        Self {
            format: identity.format,
            license_ids: &identity.license_ids,
            key_ids: &identity.key_ids,
            rights_end: identity.rights_end.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct FailureFields<'a> {
    code: ErrorCode,
    hresult: String,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
}

impl<'a> From<&'a Failure> for FailureFields<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            code: failure.code,
            hresult: hex(failure.code.hresult()),
            message: &failure.message,
            path: failure.path.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum EndResult<'a> {
    Counts(&'a Counts<'a>),
    Failure {
        code: ErrorCode,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<&'a str>,
    },
}

/// What there is to count in a success, by verb.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Counts<'a> {
    Backup {
        licenses: u64,
        bytes: u64,
        restricted: u64,
        errors: u64,
        size: u64,
    },
    Verify {
        licenses: u64,
        bytes: u64,
        skipped: u64,
        size: u64,
        blake3: &'a str,
        program: &'a str,
    },
    Restore {
        restored: u64,
        bytes: u64,
        present: u64,
        conflicts: u64,
        dry_run: bool,
    },
    List {
        licenses: u64,
        bytes: u64,
        skipped: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        program: Option<&'a str>,
    },
}

fn encode(event: &Event<'_>) -> String {
    let line = Line { schema: 1, event };
    escape_json(
        &serde_json::to_string(&line)
            .expect("strings and numbers under string keys always serialize"),
    )
}

/// An `HRESULT` as it is written in documentation: a JSON number would be shown in decimal.
fn hex(hresult: u32) -> String {
    format!("0x{hresult:08X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> LicenseIdentity {
        LicenseIdentity {
            format: Some(LicenseFormat::Xmr),
            key_ids: vec!["k1".to_owned()],
            ..LicenseIdentity::default()
        }
    }

    #[test]
    fn begin_is_schema_and_event_alone() {
        assert_eq!(
            status_line(&BackupRestoreStatus::Begin).as_deref(),
            Some(r#"{"schema":1,"event":"begin"}"#)
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
        assert_eq!(
            status_line(&BackupRestoreStatus::Progress(progress.clone())).as_deref(),
            Some(
                r#"{"schema":1,"event":"progress","stage":"copying","done":3,"bytes":40,"path":"a"}"#
            )
        );
        assert_eq!(
            status_line(&BackupRestoreStatus::Progress(Progress {
                total: Some(9),
                ..progress
            }))
            .as_deref(),
            Some(
                r#"{"schema":1,"event":"progress","stage":"copying","done":3,"total":9,"bytes":40,"path":"a"}"#
            )
        );
    }

    #[test]
    fn a_restricted_license_is_told_with_its_key_ids() {
        let restricted = RestrictedLicense {
            path: "x\n".to_owned(),
            identity: identity(),
            reason: Restriction::NotPermitted,
        };
        assert_eq!(
            status_line(&BackupRestoreStatus::RestrictedLicense(restricted)).as_deref(),
            Some(concat!(
                r#"{"schema":1,"event":"restricted-license","path":"x\n","format":"xmr","license_ids":[],"#,
                r#""key_ids":["k1"],"reason":"not-permitted"}"#
            ))
        );
    }

    #[test]
    fn an_error_is_told_with_code_and_hresult() {
        let failure = Failure::at(ErrorCode::Malformed, "b", "b is broken");
        assert_eq!(
            status_line(&BackupRestoreStatus::Error(failure)).as_deref(),
            Some(concat!(
                r#"{"schema":1,"event":"error","code":"malformed","hresult":"0x80004005","#,
                r#""message":"b is broken","path":"b"}"#
            ))
        );
    }

    #[test]
    fn a_listing_names_its_standing_and_why() {
        let mut listing = LicenseListing {
            identity: identity(),
            size: Some(7),
            ..LicenseListing::new("l".to_owned(), LicenseStanding::BackedUp)
        };
        assert_eq!(
            listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","format":"xmr","license_ids":[],"key_ids":["k1"],"#,
                r#""size":7,"standing":"backed-up"}"#
            )
        );
        listing = LicenseListing {
            identity: LicenseIdentity::default(),
            size: None,
            ..listing
        };
        listing.standing = LicenseStanding::Restricted(Restriction::Opaque);
        assert_eq!(
            listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","license_ids":[],"key_ids":[],"#,
                r#""standing":"restricted","reason":"opaque"}"#
            )
        );
        listing.standing = LicenseStanding::Failed(ErrorCode::TooLarge);
        assert_eq!(
            listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","license_ids":[],"key_ids":[],"#,
                r#""standing":"failed","code":"too-large"}"#
            )
        );
        listing.message = Some("l is too large".to_owned());
        assert_eq!(
            listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"l","license_ids":[],"key_ids":[],"#,
                r#""standing":"failed","code":"too-large","message":"l is too large"}"#
            )
        );
    }

    #[test]
    fn a_publication_is_listed_with_the_entry_of_its_license_and_the_end_of_its_rights() {
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
        assert_eq!(
            listing_line(&listing),
            concat!(
                r#"{"schema":1,"event":"license-listing","path":"b","format":"lcp","license_ids":["i"],"key_ids":[],"#,
                r#""rights_end":"2027-01-01T00:00:00Z","size":7,"entry":"META-INF/license.lcpl","standing":"allowed"}"#
            )
        );
    }

    const ELAPSED: Duration = Duration::from_micros(7900);

    fn success(counts: Counts<'_>) -> Success<'_> {
        Success {
            exit: ExitCode::Success,
            hresult: 0,
            counts,
            text: String::new(),
        }
    }

    #[test]
    fn a_run_ends_with_outcome_and_counts() {
        let counts = Counts::Backup {
            licenses: 2,
            bytes: 30,
            restricted: 1,
            errors: 1,
            size: 400,
        };
        assert_eq!(
            end_line(
                ExitCode::Incomplete,
                &Ok(Success {
                    hresult: 1,
                    ..success(counts)
                }),
                ELAPSED
            ),
            concat!(
                r#"{"schema":1,"event":"end","outcome":"incomplete","exit_code":3,"hresult":"0x00000001","#,
                r#""milliseconds":7,"licenses":2,"bytes":30,"restricted":1,"errors":1,"size":400}"#
            )
        );
    }

    #[test]
    fn a_run_that_failed_ends_with_code_message_and_path() {
        let failure = Failure::at(ErrorCode::BackupExists, "/b", "there is one");
        assert_eq!(
            end_line(ExitCode::Conflict, &Err(&failure), ELAPSED),
            concat!(
                r#"{"schema":1,"event":"end","outcome":"conflict","exit_code":4,"hresult":"0xC00D2742","#,
                r#""milliseconds":7,"code":"backup-exists","message":"there is one","path":"/b"}"#
            )
        );
    }

    #[test]
    fn each_verb_ends_with_counts_of_its_own() {
        let program = "license-backup 0.1.0";
        for (counts, told) in [
            (
                Counts::Verify {
                    licenses: 2,
                    bytes: 30,
                    skipped: 1,
                    size: 400,
                    blake3: "ab",
                    program,
                },
                r#""licenses":2,"bytes":30,"skipped":1,"size":400,"blake3":"ab","program":"license-backup 0.1.0"}"#,
            ),
            (
                Counts::Restore {
                    restored: 2,
                    bytes: 30,
                    present: 1,
                    conflicts: 0,
                    dry_run: true,
                },
                r#""restored":2,"bytes":30,"present":1,"conflicts":0,"dry_run":true}"#,
            ),
            (
                Counts::List {
                    licenses: 2,
                    bytes: 30,
                    skipped: 1,
                    program: Some(program),
                },
                r#""licenses":2,"bytes":30,"skipped":1,"program":"license-backup 0.1.0"}"#,
            ),
            (
                Counts::List {
                    licenses: 2,
                    bytes: 30,
                    skipped: 1,
                    program: None,
                },
                r#""licenses":2,"bytes":30,"skipped":1}"#,
            ),
        ] {
            let head = concat!(
                r#"{"schema":1,"event":"end","outcome":"success","exit_code":0,"hresult":"0x00000000","#,
                r#""milliseconds":7,"#
            );
            assert_eq!(
                end_line(ExitCode::Success, &Ok(success(counts)), ELAPSED),
                format!("{head}{told}")
            );
        }
    }
}
