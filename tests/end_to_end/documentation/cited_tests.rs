//! SECURITY.md and the README name tests, and nothing that is not there.

use std::collections::BTreeSet;
use std::fs;

use license_backup_tests::harness::{files_below, sources};

/// What stands between backquotes in the last column of the tables of a document, if it is a sentence.
fn named(document: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(sources().join(document)).expect("it is there");
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    let columns = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    let names = columns.flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2));
    names
        .filter(|name| name.contains('_'))
        .map(str::to_owned)
        .collect()
}

/// Looks for each test that a document names, which are more than `least`.
fn names_tests_that_are_there(document: &str, least: usize) {
    let files = ["guest/core/src", "host/src", "tests/end_to_end"]
        .map(|directory| files_below(&sources().join(directory)));
    let code: String = files
        .iter()
        .flat_map(|files| files.values())
        .map(|file| String::from_utf8_lossy(file))
        .collect();
    let named = named(document);
    assert!(
        named.len() > least,
        "{named:?} should be all that {document} names"
    );
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !code.contains(&format!("fn {name}()")))
        .collect();
    assert!(
        missing.is_empty(),
        "{document} names tests that are not there: {missing:#?}"
    );
}

#[test]
fn every_test_that_the_security_policy_names_is_there() {
    names_tests_that_are_there("SECURITY.md", 40);
}

#[test]
fn every_test_that_the_readme_names_is_there() {
    names_tests_that_are_there("README.md", 12);
}
