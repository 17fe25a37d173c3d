//! Plans, and the units of tasks.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use license_backup_tests::harness::Snapshot;
use nix::sys::signal::Signal;
use serde_json::Value;

use super::super::many::by_store;
use super::Fleet;
use crate::fixture::wait_for_next_second;

#[test]
fn each_unit_gets_the_generation_of_the_plan() {
    let fleet = Fleet::planned(&["a", "b", "c"]);
    let outcome = fleet.run("units", &["--jobs", "2"]).run().exits(0);
    let lines = by_store(&outcome.events(), "unit");
    for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(fleet.stores.backups(name), [fleet.generation("units")]);
        assert_eq!(
            (&lines[name]["unit"], &lines[name]["outcome"]),
            (&number.into(), &"success".into())
        );
        let result = fs::read(
            fleet
                .stores
                .sandbox
                .path(format!("units.results/{number}.json")),
        );
        let result: Value = serde_json::from_slice(&result.unwrap()).unwrap();
        assert_eq!(
            (&result["unit"], &result["attempt"]),
            (&number.into(), &1.into())
        );
    }
    fleet.report("units", &["--verify"]).exits(0);
}

#[test]
fn a_file_of_units_is_never_replaced() {
    let fleet = Fleet::planned(&["a"]);
    let before = Snapshot::of(&fleet.stores.sandbox.path(""));
    fleet
        .plan("units", &[])
        .exits(1)
        .says(&["cannot create units: it exists"]);
    assert_eq!(Snapshot::of(&fleet.stores.sandbox.path("")), before);
}

#[test]
fn a_plan_that_cannot_be_right_is_refused_and_nothing_is_written() {
    let fleet = Fleet::planned(&["a", "b"]);
    let before = Snapshot::of(&fleet.stores.sandbox.path(""));
    for (stores, to, units, message) in [
        ("none/*", "backup", "new", "no directory matches none/*"),
        ("home", "home/a", "new", "contain each other"),
        (
            "home/*",
            "missing/backup",
            "new",
            "cannot open the parent of the backup directory",
        ),
        (
            "home/*",
            "backup",
            "missing/new",
            "cannot create missing/new",
        ),
    ] {
        let command = [
            "fleet", "plan", "--stores", stores, "--to", to, "--units", units,
        ];
        let outcome = fleet.stores.sandbox.license_backup(command).run();
        outcome.exits(1).says(&[message]);
        assert_eq!(
            Snapshot::of(&fleet.stores.sandbox.path("")),
            before,
            "{message}"
        );
    }
    let command = [
        "fleet",
        "plan",
        "--stores",
        "home/*",
        "--stores",
        "home/a/licenses",
    ];
    let command = command.iter().chain(&["--to", "backup", "--units", "new"]);
    let outcome = fleet.stores.sandbox.license_backup(command).run();
    outcome.exits(1).says(&["would overlap"]);
    assert_eq!(Snapshot::of(&fleet.stores.sandbox.path("")), before);
}

#[test]
fn a_plan_for_another_place_than_a_directory_is_refused() {
    let fleet = Fleet::planned(&["a", "b"]);
    let before = Snapshot::of(&fleet.stores.sandbox.path(""));
    for url in ["sftp://nas/backups", "s3://backups/fleet"] {
        let command = [
            "fleet", "plan", "--stores", "home/*", "--to", url, "--units", "new",
        ];
        let outcome = fleet.stores.sandbox.license_backup(command).run();
        outcome.exits(2).says(&["a fleet needs a directory"]);
        assert_eq!(
            Snapshot::of(&fleet.stores.sandbox.path("")),
            before,
            "{url}"
        );
    }
}

#[test]
fn units_that_were_cut_or_edited_are_refused_and_nothing_is_written() {
    let fleet = Fleet::planned(&["a", "b"]);
    let path = fleet.stores.sandbox.path("units");
    let text = fs::read_to_string(&path).unwrap();
    for (edited, message) in [
        (text[..text.len() - 1].to_owned(), "it was cut or edited"),
        (
            text.split_inclusive('\n').take(2).collect(),
            "it was cut or edited",
        ),
        (text.replace("/home/b/", "/home/c/"), "it was cut or edited"),
        (
            text.replacen("\"time\":\"2", "\"time\":\"3", 1),
            "it was cut or edited",
        ),
        (
            text.replacen("\"to\":\"/", "\"to\":\"/x", 1),
            "it was cut or edited",
        ),
        (
            text.replacen("\"format\":1", "\"format\":7", 1),
            "another version of this program",
        ),
        (String::new(), "it is not a file of fleet plan"),
        ("[]\n".to_owned(), "it is not a file of fleet plan"),
    ] {
        fs::write(&path, edited).unwrap();
        let before = Snapshot::of(&fleet.stores.sandbox.path(""));
        let outcome = fleet.run("units", &[]).run().exits(1);
        let end = outcome.end_event();
        assert!(
            end["message"].as_str().unwrap().contains(message),
            "{}",
            outcome.report()
        );
        fleet.report("units", &[]).exits(1).says(&[message]);
        assert_eq!(Snapshot::of(&fleet.stores.sandbox.path("")), before);
    }
}

#[test]
fn each_task_takes_every_nth_unit() {
    let fleet = Fleet::planned(&["a", "b", "c", "d", "e"]);
    let units = |options: &[&str], variables: &str| {
        let run = fleet.run("units", options).after(variables).run().exits(0);
        let lines = by_store(&run.events(), "unit");
        lines.into_keys().collect::<String>()
    };
    let slurm = "export SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=0 \
                 SLURM_ARRAY_TASK_MAX=2";
    let grid_engine = "export SGE_TASK_ID=3 SGE_TASK_FIRST=1 SGE_TASK_LAST=3 SGE_TASK_STEPSIZE=1";
    assert_eq!(units(&["--task", "0", "--of", "3"], "true"), "ad");
    assert_eq!(units(&[], slurm), "be");
    assert_eq!(units(&[], grid_engine), "c");
    assert_eq!(units(&["--of", "2"], "export JOB_COMPLETION_INDEX=1"), "bd");
    assert_eq!(units(&["--task", "7", "--of", "9"], "true"), "");
    assert_eq!(units(&[], "true"), "abcde");
}

#[test]
fn a_task_that_is_out_of_range_is_a_usage_error_and_nothing_is_written() {
    let fleet = Fleet::planned(&["a"]);
    let before = Snapshot::of(&fleet.stores.sandbox.path(""));
    for (options, variables) in [
        (&["--task", "3", "--of", "3"][..], "true"),
        (&["--task", "0", "--of", "0"], "true"),
        (&["--task", "-1", "--of", "3"], "true"),
        (&["--task", "1"], "true"),
        (&["--of", "3"], "true"),
        (&[], "export JOB_COMPLETION_INDEX=1"),
        (&[], "export SLURM_ARRAY_TASK_ID=1"),
        (
            &[],
            "export SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=3",
        ),
        (
            &[],
            "export SGE_TASK_ID=9 SGE_TASK_FIRST=1 SGE_TASK_LAST=3 SGE_TASK_STEPSIZE=1",
        ),
    ] {
        fleet.run("units", options).after(variables).run().exits(2);
        assert_eq!(
            Snapshot::of(&fleet.stores.sandbox.path("")),
            before,
            "{options:?} {variables}"
        );
    }
}

#[test]
fn results_of_another_plan_are_refused() {
    let fleet = Fleet::planned(&["a", "b"]);
    fleet.run("units", &[]).run().exits(0);
    wait_for_next_second();
    fleet.plan("other", &[]).exits(0);
    let path = |name: &str| fleet.stores.sandbox.path(name);
    fs::rename(path("units.results"), path("other.results")).unwrap();
    let before = Snapshot::of(&path(""));
    let outcome = fleet.run("other", &[]).run().exits(1);
    let message = outcome.end_event()["message"].clone();
    assert!(
        message.as_str().unwrap().contains("is of another plan"),
        "{message}"
    );
    fleet
        .report("other", &[])
        .exits(1)
        .says(&["is of another plan"]);
    assert_eq!(Snapshot::of(&path("")), before);
}

#[test]
fn a_unit_that_is_done_again_changes_nothing() {
    let fleet = Fleet::planned(&["a", "b"]);
    fleet.run("units", &[]).run().exits(0);
    let before = Snapshot::of(&fleet.stores.sandbox.path(""));
    // The store has changed meanwhile: the backup of this plan exists all the same.
    fleet.stores.change("b");
    let changed = Snapshot::of(&fleet.stores.sandbox.backup());
    let outcome = fleet.run("units", &[]).run().exits(0);
    let end = outcome.end_event();
    assert_eq!((&end["done"], &end["stores"]), (&2.into(), &2.into()));
    assert_eq!(Snapshot::of(&fleet.stores.sandbox.backup()), changed);
    fs::remove_file(fleet.stores.store("b").join("new.lic")).unwrap();
    let names = |snapshot: Snapshot| snapshot.names();
    assert_eq!(
        names(Snapshot::of(&fleet.stores.sandbox.path(""))),
        names(before)
    );
}

#[test]
fn units_that_are_done_ten_times_at_once_have_one_generation_and_keep_earlier_ones() {
    let names = ["a", "b", "c", "d"];
    let fleet = Fleet::planned(&names);
    fleet.run("units", &[]).run().exits(0);
    let first = fleet.generation("units");
    let firsts = || {
        names.map(|name| {
            let file = fleet.stores.directory(name).join(&first);
            let metadata = fs::metadata(&file).unwrap();
            let content = fs::read(file).unwrap();
            (content, metadata.ino(), metadata.modified().unwrap())
        })
    };
    let earlier = firsts();
    for name in &names[1..] {
        fleet.stores.change(name);
    }
    wait_for_next_second();
    fleet.plan("second", &[]).exits(0);
    let runs: Vec<_> = (0..10)
        .map(|_| fleet.run("second", &["--jobs", "4"]).start())
        .collect();
    for run in runs {
        run.wait().exits(0);
    }
    let second = fleet.generation("second");
    assert_eq!(fleet.stores.backups("a"), std::slice::from_ref(&first));
    for name in &names[1..] {
        assert_eq!(fleet.stores.backups(name), [first.clone(), second.clone()]);
    }
    fleet.report("second", &["--verify"]).exits(0);
    assert_eq!(firsts(), earlier);
}

#[test]
fn stores_that_have_not_changed_since_the_last_plan_are_good_without_a_new_generation() {
    let fleet = Fleet::planned(&["a", "b"]);
    fleet.run("units", &[]).run().exits(0);
    wait_for_next_second();
    fleet.plan("second", &[]).exits(0);
    fleet.report("second", &[]).exits(1);
    let end = fleet.run("second", &[]).run().exits(0).end_event();
    assert_eq!(end["unchanged"], 2);
    assert_eq!(fleet.stores.backups("a"), [fleet.generation("units")]);
    fleet.report("second", &["--verify"]).exits(0);
    let end = fleet.run("second", &[]).run().exits(0).end_event();
    assert_eq!(end["done"], 2);
}

#[test]
fn a_retention_policy_applies_to_each_unit() {
    let fleet = Fleet::planned(&["a"]);
    fleet.run("units", &[]).run().exits(0);
    fleet.stores.change("a");
    wait_for_next_second();
    fleet.plan("second", &[]).exits(0);
    fleet.run("second", &["--keep-last", "1"]).run().exits(0);
    assert_eq!(fleet.stores.backups("a"), [fleet.generation("second")]);
    // A task of the first plan that wakes up adds nothing.
    let end = fleet.run("units", &[]).run().exits(0).end_event();
    assert_eq!(end["done"], 1);
    assert_eq!(fleet.stores.backups("a"), [fleet.generation("second")]);
}

#[test]
fn a_unit_that_failed_is_backed_up_by_the_next_run() {
    let fleet = Fleet::planned(&["a"]);
    fleet.plan_list("two", &["a", "late"]);
    fleet.run("two", &[]).run().exits(1);
    fleet.stores.add("late", 2);
    let end = fleet.run("two", &[]).run().exits(0).end_event();
    assert_eq!((&end["done"], &end["backed_up"]), (&1.into(), &1.into()));
    fleet.report("two", &[]).exits(0);
}

#[test]
fn a_directory_of_the_backups_that_is_not_mounted_is_not_created() {
    let fleet = Fleet::planned(&["a"]);
    fs::remove_dir(fleet.stores.sandbox.backup()).unwrap();
    fleet.run("units", &[]).run().exits(1);
    assert!(!fleet.stores.sandbox.backup().exists());
}

#[test]
fn ctrl_c_cancels_the_units_and_a_later_run_completes_them() {
    let fleet = Fleet::planned(&["a"]);
    let large = license_backup_tests::harness::Sandbox::with_many_files(40_000);
    let big = fleet.stores.store("big");
    fs::create_dir(big.parent().unwrap()).unwrap();
    fs::rename(large.store(), &big).unwrap();
    fleet.plan("second", &[]).exits(0);
    let temporary = fleet.stores.directory("big").join(".license-backup-0.tmp");
    let mut run = fleet.run("second", &["--jobs", "2"]).start();
    assert!(run.wait_until(|| temporary.exists()));
    run.signal(Signal::SIGINT);
    let outcome = run.wait().exits(130);
    assert_eq!(outcome.end_event()["outcome"], "cancelled");
    assert!(fleet.stores.backups("big").is_empty());
    let end = fleet.run("second", &[]).run().exits(0).end_event();
    assert_eq!(end["failed"], 0);
    fleet.report("second", &[]).exits(0);
}

#[test]
fn a_large_store_is_divided_into_its_directories() {
    let fleet = Fleet::planned(&["a"]);
    for name in ["one", "two"] {
        let directory = fleet.stores.store("b").join(name);
        fs::create_dir_all(&directory).unwrap();
        for number in 0..3 {
            let name = format!("{number}.lic");
            fs::copy(fleet.stores.store("a").join(&name), directory.join(&name)).unwrap();
        }
    }
    fleet.plan("second", &["--split-above", "5"]).exits(0);
    let text = fs::read_to_string(fleet.stores.sandbox.path("second")).unwrap();
    assert!(text.contains("\"units\":3}"), "{text}");
    let end = fleet.run("second", &[]).run().exits(0).end_event();
    assert_eq!(
        (&end["backed_up"], &end["licenses"]),
        (&3.into(), &9.into())
    );
    for name in ["one", "two"] {
        let generation = fleet.generation("second");
        assert!(
            fleet
                .stores
                .directory("b")
                .join(name)
                .join(generation)
                .exists()
        );
    }
}

#[test]
fn a_large_store_with_files_directly_in_it_is_not_divided() {
    let fleet = Fleet::planned(&["a"]);
    fs::create_dir(fleet.stores.store("a").join("directory")).unwrap();
    let outcome = fleet.plan("second", &["--split-above", "2"]);
    outcome.exits(1).says(&["would be in no unit"]);
    assert!(!fleet.stores.sandbox.path("second").exists());
}
