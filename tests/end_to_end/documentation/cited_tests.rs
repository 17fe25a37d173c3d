//! Tests that `SECURITY.md` and `docs/guarantees.md` cite only tests that exist.

use std::collections::BTreeSet;
use std::fs;

use license_backup_tests::harness::{files_below, sources};

/// Returns the tests that a document cites: list items that consist of a name in backquotes.
fn cited(document: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(sources().join(document)).expect("the document exists");
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix("- `")?.strip_suffix('`'))
        .map(str::to_owned)
        .collect()
}

/// Requires that a document cites at least `at_least` tests, and that each of them exists.
fn cites_existing_tests(document: &str, at_least: usize) {
    let files = [
        "guest/core/src",
        "guest/report/src",
        "host/src",
        "host/cli/src",
        "tests/end_to_end",
    ]
    .map(|directory| files_below(&sources().join(directory)));
    let code: String = files
        .iter()
        .flat_map(|files| files.values())
        .map(|file| String::from_utf8_lossy(file))
        .collect();
    let cited = cited(document);
    assert!(
        cited.len() >= at_least,
        "{document} should cite more tests than {cited:?}"
    );
    let missing: Vec<_> = cited
        .iter()
        .filter(|name| !code.contains(&format!("fn {name}()")))
        .collect();
    assert!(
        missing.is_empty(),
        "{document} cites tests that do not exist: {missing:#?}"
    );
}

#[test]
fn each_test_that_the_security_policy_cites_exists() {
    cites_existing_tests("SECURITY.md", 40);
}

#[test]
fn each_test_of_a_guarantee_exists() {
    cites_existing_tests("docs/guarantees.md", 12);
}
