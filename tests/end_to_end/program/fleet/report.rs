//! Reports of fleets.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use license_backup_tests::harness::{Outcome, Snapshot};

use super::super::many::by_store;
use super::Fleet;
use crate::fixture::wait_for_next_second;

/// Asserts that exactly these units have no good backup, each for its reason.
#[track_caller]
fn assert_bad(outcome: &Outcome, expected: &[(&str, &str)]) {
    let lines = by_store(&outcome.events(), "unit-state");
    let bad = lines.iter().filter(|(_, line)| line["good"] == false);
    let bad: Vec<_> = bad
        .map(|(name, line)| (name.as_str(), line["reason"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(bad, expected, "{}", outcome.report());
}

/// Overwrites a byte in the middle of a file.
fn damage(file: &std::path::Path) {
    let file = File::options()
        .read(true)
        .write(true)
        .open(file)
        .expect("it exists");
    let middle = file.metadata().expect("it is open").len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, middle)
        .expect("it can be read");
    file.write_all_at(&[!byte[0]], middle)
        .expect("it can be written");
}

#[test]
fn a_report_names_exactly_the_units_without_a_good_backup() {
    let names = ["corrupt", "good", "late", "removed"];
    let fleet = Fleet::planned(&names);
    fleet.plan_list("two", &["corrupt", "failed", "good", "late", "removed"]);
    // All but the fourth unit.
    fleet
        .run("two", &["--task", "0", "--of", "2"])
        .run()
        .exits(0);
    fleet
        .run("two", &["--task", "1", "--of", "4"])
        .run()
        .exits(1);
    let generation = fleet.generation("two");
    damage(&fleet.stores.directory("corrupt").join(&generation));
    fs::remove_file(fleet.stores.directory("removed").join(&generation)).unwrap();
    fs::remove_file(fleet.stores.directory("removed").join("last-run.json")).unwrap();
    let before = Snapshot::of(&fleet.stores.sandbox.path(""));

    let outcome = fleet.report("two", &["--verify", "--json"]).exits(1);
    let expected = [
        ("corrupt", "corrupt"),
        ("failed", "failed"),
        ("late", "never-run"),
        ("removed", "missing"),
    ];
    assert_bad(&outcome, &expected);
    let end = outcome.end_event();
    assert_eq!((&end["units"], &end["good"]), (&5.into(), &1.into()));

    let text = fleet.report("two", &["--verify"]).exits(1);
    for line in [
        "1 unit never-run: ",
        "1 unit failed: ",
        "1 unit missing: ",
        "1 unit corrupt: ",
        "1 of 5 units have a good backup since ",
    ] {
        assert!(text.stdout().contains(line), "{}", text.report());
    }
    assert!(!text.stdout().contains("home/good/"), "{}", text.report());
    assert_eq!(Snapshot::of(&fleet.stores.sandbox.path("")), before);
}

#[test]
fn a_result_does_not_decide_whether_a_unit_is_good() {
    let fleet = Fleet::planned(&["a", "b"]);
    fleet.run("units", &[]).run().exits(0);
    let result = fleet.stores.sandbox.path("units.results/0.json");
    let text = fs::read_to_string(&result).unwrap();
    let failed = text.replace(
        "\"exit_code\": 0",
        "\"exit_code\": 1,\n  \"message\": \"a lie\"",
    );
    fs::write(&result, failed).unwrap();
    fs::write(fleet.stores.sandbox.path("units.results/1.json"), "{").unwrap();
    fleet.report("units", &["--verify"]).exits(0);
    fs::remove_dir_all(fleet.stores.sandbox.path("units.results")).unwrap();
    fleet.report("units", &["--verify"]).exits(0);
}

#[test]
fn a_damaged_backup_is_found_by_a_verification() {
    let fleet = Fleet::planned(&["a", "b"]);
    fleet.run("units", &[]).run().exits(0);
    damage(&fleet.stores.directory("b").join(fleet.generation("units")));
    fleet.report("units", &[]).exits(0);
    let outcome = fleet
        .report("units", &["--verify", "--json", "--jobs", "2"])
        .exits(5);
    assert_bad(&outcome, &[("b", "corrupt")]);
}

#[test]
fn a_store_that_has_shrunk_is_reported_until_somebody_has_looked() {
    let fleet = Fleet::planned(&["a", "b"]);
    fleet.run("units", &[]).run().exits(0);
    for entry in fs::read_dir(fleet.stores.store("a")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    wait_for_next_second();
    fleet.plan("second", &[]).exits(0);
    fleet.run("second", &[]).run().exits(6);
    let outcome = fleet.report("second", &["--json"]).exits(6);
    assert_bad(&outcome, &[("a", "shrunk")]);
}

#[test]
fn a_good_report_is_quiet_if_desired() {
    let fleet = Fleet::planned(&["a"]);
    fleet.run("units", &[]).run().exits(0);
    let outcome = fleet.report("units", &["--quiet"]).exits(0);
    assert_eq!((outcome.stdout(), outcome.stderr()), ("", ""));
    let outcome = fleet.report("units", &[]).exits(0);
    assert!(
        outcome
            .stdout()
            .starts_with("1 of 1 units have a good backup since ")
    );
}

#[test]
fn the_metrics_count_the_units_by_reason() {
    let fleet = Fleet::planned(&["a"]);
    fleet.plan_list("two", &["a", "missing"]);
    fleet.run("two", &[]).run().exits(1);
    fleet.report("two", &["--metrics", "m.prom"]).exits(1);
    let text = fs::read_to_string(fleet.stores.sandbox.path("m.prom")).unwrap();
    for line in [
        "license_backup_fleet_units 2\n",
        "license_backup_fleet_good 1\n",
        "license_backup_fleet_bad{reason=\"failed\"} 1\n",
        "license_backup_fleet_bad{reason=\"corrupt\"} 0\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn the_page_contains_no_markup_from_the_names_of_stores() {
    let name = "<script>alert(1)<";
    let fleet = Fleet::planned(&["a", name]);
    fleet
        .run("units", &["--task", "1", "--of", "2"])
        .run()
        .exits(0);
    fleet.report("units", &["--html", "report.html"]).exits(1);
    let page = fs::read_to_string(fleet.stores.sandbox.path("report.html")).unwrap();
    assert!(
        page.contains("<h1>1 of 2 units have a good backup</h1>"),
        "{page}"
    );
    assert!(
        page.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';")
    );
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "it refers to nothing"
    );
}

#[test]
fn a_page_or_metrics_that_cannot_be_written_fail_the_report() {
    let fleet = Fleet::planned(&["a"]);
    fleet.run("units", &[]).run().exits(0);
    for option in ["--html", "--metrics"] {
        let outcome = fleet.report("units", &[option, "missing/file"]).exits(1);
        outcome.says(&["cannot write missing/file"]);
    }
}
