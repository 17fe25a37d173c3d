//! SECURITY.md names tests, and nothing that is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use license_backup_tests::harness::files_below;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// What stands between backquotes in the second column of the tables.
fn named() -> BTreeSet<String> {
    let text = fs::read_to_string(sources().join("SECURITY.md")).expect("it is there");
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let columns = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "));
    let names = columns.flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2));
    names.filter(|name| name.contains('_')).map(str::to_owned).collect()
}

#[test]
fn every_test_that_the_security_policy_names_is_there() {
    let files =
        ["guest/core/src", "host/src", "tests/end_to_end"].map(|directory| files_below(&sources().join(directory)));
    let code: String =
        files.iter().flat_map(|files| files.values()).map(|file| String::from_utf8_lossy(file)).collect();
    let named = named();
    assert!(named.len() > 40, "{named:?} should be all that SECURITY.md names");
    let missing: Vec<_> = named.iter().filter(|name| !code.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "SECURITY.md names tests that are not there: {missing:#?}");
}
