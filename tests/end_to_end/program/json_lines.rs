//! Tests of the output and exit codes of a backup: JSON lines, text and `--quiet`.

use std::collections::BTreeSet;

use license_backup_tests::harness::{Outcome, Sandbox};
use license_backup_tests::sample::{SampleLicense, SampleStore};
use serde_json::{Value, json};

use crate::expected::{self, backed_up, errors, restricted, sample, skipped};

/// Backs up the sample store with JSON lines. Returns the sandbox, the files of the store and the
/// outcome.
fn backup() -> (Sandbox, Vec<SampleLicense>, Outcome) {
    let (sandbox, files) = Sandbox::with_store(sample());
    let outcome = sandbox.back_up(&["--json"]).run().exits(3);
    (sandbox, files, outcome)
}

/// Returns the events of a kind.
fn of_kind(events: &[Value], kind: &str) -> Vec<Value> {
    events
        .iter()
        .filter(|event| event["event"] == kind)
        .cloned()
        .collect()
}

#[test]
fn begin_is_the_first_event_and_end_the_last() {
    let (_sandbox, _, outcome) = backup();
    let events = outcome.events();
    assert_eq!(
        events.first().map(|event| &event["event"]),
        Some(&json!("begin"))
    );
    assert_eq!(
        events.last().map(|event| &event["event"]),
        Some(&json!("end"))
    );
    assert_eq!(of_kind(&events, "begin").len(), 1);
    assert_eq!(of_kind(&events, "end").len(), 1);
    let known = ["begin", "progress", "restricted-license", "error", "end"];
    for event in &events {
        assert!(known.contains(&event["event"].as_str().unwrap()), "{event}");
    }
}

#[test]
fn restricted_licenses_are_reported_with_ids_and_reason() {
    let (_sandbox, files, outcome) = backup();
    let mut reported = of_kind(&outcome.events(), "restricted-license");
    reported.sort_by_key(|event| event["path"].as_str().unwrap().to_owned());
    let expected: Vec<_> = restricted(&files)
        .into_iter()
        .map(|file| {
            let mut event = json!({
                "schema": 1,
                "event": "restricted-license",
                "path": file.reported_path(),
                "license_ids": file.identity.license_ids,
                "key_ids": file.identity.key_ids,
                "reason": expected::reason(file),
            });
            if let Some(format) = file.identity.format {
                event["format"] = json!(format);
            }
            event
        })
        .collect();
    assert_eq!(reported.len(), expected.len(), "{reported:#?}");
    for (reported, expected) in reported.iter().zip(&expected) {
        assert_eq!(reported, expected);
    }
}

#[test]
fn errors_are_reported_with_path_code_hresult_and_message() {
    let (_sandbox, files, outcome) = backup();
    let mut reported = of_kind(&outcome.events(), "error");
    reported.sort_by_key(|event| event["path"].as_str().unwrap().to_owned());
    let expected = errors(&files);
    let expected: Vec<_> = expected
        .iter()
        .map(|file| (file.reported_path(), expected::reason(file)))
        .collect();
    let identified: Vec<_> = reported
        .iter()
        .map(|event| {
            (
                event["path"].as_str().unwrap().to_owned(),
                event["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(identified, expected);
    for event in &reported {
        assert_eq!(event["hresult"], "0x80004005", "{event}");
        assert!(
            event["message"]
                .as_str()
                .unwrap()
                .contains(event["path"].as_str().unwrap()),
            "{event}"
        );
    }
}

#[test]
fn a_license_that_is_too_large_is_reported_with_its_size() {
    let (_sandbox, _, outcome) = backup();
    let events = of_kind(&outcome.events(), "error");
    let event = events
        .iter()
        .find(|event| event["path"] == "sizes/1048577.lic")
        .unwrap();
    assert!(
        event["message"].as_str().unwrap().contains("1048577 bytes"),
        "{event}"
    );
}

#[test]
fn the_outcome_has_the_counts_of_the_backup() {
    let (sandbox, files, outcome) = backup();
    let end = outcome.end_event();
    assert_eq!(end["outcome"], "incomplete");
    assert_eq!(end["hresult"], "0x00000001");
    assert_eq!(end["licenses"], backed_up(&files).len());
    assert_eq!(end["bytes"], expected::bytes(&files));
    assert_eq!(end["restricted"], restricted(&files).len());
    assert_eq!(end["errors"], errors(&files).len());
    assert_eq!(
        end["size"],
        std::fs::metadata(sandbox.backup_file()).unwrap().len()
    );
}

#[test]
fn progress_never_decreases_and_has_the_true_total() {
    let files = 30_000;
    let sandbox = Sandbox::with_many_files(files);
    let outcome = sandbox.back_up(&["--json"]).run().exits(0);
    let progress = of_kind(&outcome.events(), "progress");
    assert!(
        !progress.is_empty(),
        "progress should be reported\n{}",
        outcome.report()
    );
    let mut earlier = (0, 0);
    for event in &progress {
        let now = (
            event["done"].as_u64().unwrap(),
            event["bytes"].as_u64().unwrap(),
        );
        assert!(now >= earlier && now.0 <= files, "{event}");
        assert!(
            event["total"].is_null() || event["total"] == files,
            "{event}"
        );
        earlier = now;
    }
}

#[test]
fn a_strict_backup_without_skipped_files_succeeds() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(7));
    let end = sandbox
        .back_up(&["--strict", "--json"])
        .run()
        .exits(0)
        .end_event();
    assert_eq!(
        (&end["outcome"], &end["hresult"]),
        (&json!("success"), &json!("0x00000000"))
    );
}

/// Returns a sandbox whose store has a license and a file that is no license.
fn with_unrecognized_file() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(1));
    std::fs::write(sandbox.path("store/notes.txt"), "notes").unwrap();
    sandbox
}

#[test]
fn a_backup_that_skips_an_unrecognized_file_succeeds() {
    with_unrecognized_file().back_up(&[]).run().exits(0);
}

#[test]
fn a_strict_backup_with_a_skipped_file_is_incomplete() {
    let sandbox = with_unrecognized_file();
    sandbox.back_up(&["--strict"]).run().exits(3);
    assert_eq!(sandbox.archive().entries().len(), 3);
}

#[test]
fn a_refused_backup_ends_with_its_code_and_hresult() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(1));
    sandbox.back_up(&[]).run().exits(0);
    let end = sandbox.back_up(&["--json"]).run().exits(4).end_event();
    assert_eq!(
        (&end["outcome"], &end["code"]),
        (&json!("conflict"), &json!("backup-exists"))
    );
    assert_eq!(end["hresult"], "0xC00D2742");
}

#[test]
fn a_missing_directory_is_reported_in_the_end_event() {
    let sandbox = Sandbox::new();
    for arguments in [
        ["backup", "--store", "nowhere", "--to", "backup", "--json"],
        ["backup", "--store", "store", "--to", "no/where", "--json"],
    ] {
        let end = sandbox.license_backup(arguments).run().exits(1).end_event();
        assert_eq!(
            (&end["outcome"], &end["code"]),
            (&json!("failed"), &json!("path-not-found")),
            "{arguments:?}"
        );
        assert_eq!(end["hresult"], "0x80070003", "{arguments:?}");
    }
}

#[test]
fn an_invalid_command_line_is_a_usage_error() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["backup"][..],
        &["backup", "--store", "store"],
        &["back-up"],
        &[],
        &["backup", "--store", "s", "--to", "b", "-x"],
    ] {
        sandbox
            .license_backup(arguments)
            .run()
            .exits(2)
            .says(&["Usage: license-backup"]);
    }
}

#[test]
fn text_shows_the_number_of_licenses_and_reasons_for_skipping() {
    let (sandbox, files) = Sandbox::with_store(sample());
    let outcome = sandbox.back_up(&[]).run().exits(3);
    let text = outcome.stdout();
    assert!(
        text.contains(&format!("{} licenses", backed_up(&files).len())),
        "{}",
        outcome.report()
    );
    let reasons: BTreeSet<_> = skipped(&files).into_iter().map(expected::reason).collect();
    for reason in reasons {
        assert!(
            text.contains(reason),
            "{reason} should be reported\n{}",
            outcome.report()
        );
    }
}

#[test]
fn no_name_reaches_the_terminal_with_its_control_characters() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("store/a\u{1B}[31m\n\u{202E}b"), "no license").unwrap();
    for arguments in [&["--overwrite"][..], &["--overwrite", "--json"]] {
        let outcome = sandbox.back_up(arguments).run().exits(0);
        for stream in [outcome.stdout(), outcome.stderr()] {
            assert!(
                !stream.contains(['\u{1B}', '\u{202E}']),
                "{}",
                outcome.report()
            );
        }
    }
}

#[test]
fn quiet_prints_nothing_after_a_success() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(7));
    let outcome = sandbox.back_up(&["--quiet"]).run().exits(0);
    assert_eq!((outcome.stdout(), outcome.stderr()), ("", ""));
}

#[test]
fn quiet_prints_the_error() {
    let sandbox = Sandbox::new();
    sandbox
        .license_backup(["backup", "--store", "nowhere", "--to", "backup", "--quiet"])
        .run()
        .exits(1)
        .says(&["nowhere"]);
}
