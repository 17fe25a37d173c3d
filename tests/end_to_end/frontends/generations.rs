//! Generations: each backup is a new file, and the newest one is read unless another is named.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, SystemTime};

use license_backup::{
    BackupOptions, GenerationsOptions, RestoreOptions, RetentionPolicy, Shrinkage, VerifyOptions,
};
use license_backup_tests::harness::{Sandbox, Snapshot, counted, files_below, scaled};
use license_backup_tests::sample::SampleStore;

use crate::expected::allowed;
use crate::fixture::Program;
use crate::library::RUNTIME;

/// The name of the generation of the first second of 2026.
const FIRST: &str = "licenses-20260101T000000Z.zip";
/// The name of the generation of an hour later.
const SECOND: &str = "licenses-20260101T010000Z.zip";

/// Returns the options of a backup so many hours after the first second of 2026.
fn generation(sandbox: &Sandbox, hours: u64) -> BackupOptions {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + hours * 3600);
    BackupOptions::new(sandbox.store(), sandbox.backup()).generation(time)
}

/// Returns the names in the backup directory, except that of the record of the last run.
fn backups(sandbox: &Sandbox) -> Vec<String> {
    let mut names = Snapshot::of(&sandbox.backup()).names();
    names.retain(|name| name != "last-run.json");
    names
}

/// Returns a sandbox with a generation of 3 licenses and a later one of 2.
fn two_generations() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    RUNTIME.backup_blocking(&generation(&sandbox, 0)).unwrap();
    fs::remove_file(sandbox.path("store/ordinary/0000/0000001.lic")).unwrap();
    RUNTIME.backup_blocking(&generation(&sandbox, 1)).unwrap();
    sandbox
}

#[test]
fn each_program_makes_a_new_file_with_the_time() {
    for program in Program::BOTH {
        let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
        RUNTIME.backup_blocking(&generation(&sandbox, 0)).unwrap();
        let first = fs::read(sandbox.path("backup").join(FIRST)).unwrap();
        fs::remove_file(sandbox.path("store/ordinary/0000/0000001.lic")).unwrap();
        let options = ["--generations", "--json"];
        let outcome = program.back_up(&sandbox, "store", "backup", &options).run();
        let end = outcome.exits(0).end_event();
        let file = end["file"].as_str().unwrap();
        assert!(file > FIRST && file.starts_with("licenses-20"), "{file}");
        assert_eq!(backups(&sandbox), [FIRST, file]);
        assert!(fs::read(sandbox.path("backup").join(FIRST)).unwrap() == first);
    }
}

#[test]
fn the_newest_generation_is_read_unless_another_is_named() {
    let sandbox = two_generations();
    for (generation, file, licenses) in [(None, SECOND, 2), (Some(FIRST), FIRST, 3)] {
        let named = |arguments: &[&'static str]| {
            let name = generation.map(|name| ["--generation", name]);
            [arguments, name.as_ref().map_or(&[], |name| &name[..])].concat()
        };
        let verify = sandbox.license_backup(named(&["verify", "--from", "backup", "--json"]));
        let end = verify.run().exits(0).end_event();
        assert_eq!(
            (&end["file"], &end["licenses"]),
            (&file.into(), &licenses.into())
        );
        let end = sandbox.list(&named(&["--json"])).run().exits(0).end_event();
        assert_eq!(
            (&end["file"], &end["licenses"]),
            (&file.into(), &licenses.into())
        );
        let store = sandbox.path(format!("restored-{licenses}"));
        fs::create_dir(&store).unwrap();
        let options = RestoreOptions::new(sandbox.backup(), &store);
        let options = match generation {
            Some(name) => options.generation(name),
            None => options,
        };
        let summary = RUNTIME.restore_blocking(&options).unwrap();
        assert_eq!((summary.file.as_str(), summary.restored), (file, licenses));
        assert_eq!(files_below(&store).len() as u64, licenses);
    }
}

#[test]
fn the_component_reads_a_named_generation() {
    let sandbox = two_generations();
    for (command, code) in [("verify", 0), ("list", 0)] {
        let arguments = [
            command,
            "--from",
            "/backup",
            "--json",
            "--generation",
            FIRST,
        ];
        let run = sandbox.wasmtime(&["backup::/backup"], &arguments).run();
        assert_eq!(run.exits(code).end_event()["licenses"], 3);
    }
}

#[test]
fn an_unknown_generation_is_reported() {
    let sandbox = two_generations();
    for (name, message) in [
        (
            "licenses-20270101T000000Z.zip",
            "there is no backup (licenses-20270101T000000Z.zip)",
        ),
        ("../store/x", "is not the name of a backup"),
        (".license-backup-0.tmp", "is not the name of a backup"),
    ] {
        let arguments = ["verify", "--from", "backup", "--generation", name];
        sandbox
            .license_backup(arguments)
            .run()
            .exits(1)
            .says(&[message]);
    }
}

#[test]
fn a_generation_of_an_emptied_store_exits_with_6_and_pins() {
    for program in Program::BOTH {
        let sandbox = two_generations();
        fs::remove_dir_all(sandbox.store()).unwrap();
        fs::create_dir(sandbox.store()).unwrap();
        let outcome = program
            .back_up(&sandbox, "store", "backup", &["--generations", "--json"])
            .run()
            .exits(6);
        let end = outcome.end_event();
        assert_eq!(end["shrunk"]["earlier"], 2);
        assert_eq!(end["shrunk"]["left"], 0);
        let file = end["file"].as_str().unwrap();
        let pin = format!("{SECOND}.pin");
        assert_eq!(backups(&sandbox), [FIRST, SECOND, &pin, file]);
    }
}

#[test]
fn the_library_reports_how_a_generation_has_shrunk() {
    let sandbox = two_generations();
    fs::remove_dir_all(sandbox.path("store/ordinary")).unwrap();
    let summary = RUNTIME.backup_blocking(&generation(&sandbox, 2)).unwrap();
    assert_eq!(
        summary.shrunk,
        Some(Shrinkage {
            earlier: 2,
            left: 0
        })
    );
    let options = VerifyOptions::new(sandbox.backup()).generation(SECOND);
    assert_eq!(RUNTIME.verify_blocking(&options).unwrap().licenses, 2);
}

#[test]
fn ten_racing_programs_lose_no_generation() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(300));
    let mut files = BTreeSet::new();
    for _ in 0..scaled(2, 20) {
        let runs: Vec<_> = (0..10)
            .map(|number| {
                let program = Program::BOTH[number % 2];
                let options = ["--generations", "--json"];
                program
                    .back_up(&sandbox, "store", "backup", &options)
                    .start()
            })
            .collect();
        for run in runs {
            // The store is the same, so that each run makes a generation or finds it unchanged.
            let end = run.wait().exits(0).end_event();
            files.insert(end["file"].as_str().unwrap().to_owned());
        }
    }
    let names = backups(&sandbox);
    assert_eq!(names, files.into_iter().collect::<Vec<_>>());
    for name in &names {
        let options = VerifyOptions::new(sandbox.backup()).generation(name.as_str());
        assert_eq!(RUNTIME.verify_blocking(&options).unwrap().licenses, 300);
    }
}

/// Returns the time since the Unix epoch.
fn now() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap()
}

/// Waits for the last tenth of a later second than that of `time`. The runs that are started next
/// are in two seconds, and make backups of new names.
fn await_end_of_second_after(time: Duration) {
    while now().as_secs() <= time.as_secs() || now().subsec_millis() < 900 {
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn ten_racing_programs_with_a_policy_keep_the_newest_backup() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(300));
    let mut made = 0;
    let mut newest = String::new();
    let mut last_round = now();
    for round in 0..scaled(2, 20) {
        let made_before = made;
        await_end_of_second_after(last_round);
        let runs: Vec<_> = (0..10)
            .map(|number| {
                // Each run sees another store.
                let license = sandbox.store().join(format!("{round}-{number}.lcpl"));
                fs::write(license, allowed(&format!("{round}-{number}"))).unwrap();
                let options = ["--keep-last", "2", "--json"];
                Program::BOTH[number % 2]
                    .back_up(&sandbox, "store", "backup", &options)
                    .start()
            })
            .collect();
        for run in runs {
            let outcome = run.wait();
            // Another run has made a different generation in the same second.
            if outcome.code() == Some(4) {
                continue;
            }
            let end = outcome.exits(0).end_event();
            newest = newest.max(end["file"].as_str().unwrap().to_owned());
            made += 1;
        }
        last_round = now();
        assert!(made > made_before, "round {round} should make a backup");
        let names = backups(&sandbox);
        assert_eq!(names.last(), Some(&newest), "{names:?}");
        let options = VerifyOptions::new(sandbox.backup()).generation(newest.as_str());
        RUNTIME.verify_blocking(&options).unwrap();
    }
    counted(
        made,
        "racing backups with a policy; the newest one was always whole",
    );
}

#[test]
fn a_backup_with_a_policy_removes_generations_on_each_program() {
    for program in Program::BOTH {
        let sandbox = two_generations();
        let back_up = |options: &[&str]| program.back_up(&sandbox, "store", "backup", options);
        let outcome = back_up(&["--keep-last", "1", "--json"]).run().exits(0);
        let end = outcome.end_event();
        assert_eq!(
            (&end["unchanged"], &end["removed"]),
            (&true.into(), &1.into())
        );
        assert_eq!(backups(&sandbox), [SECOND]);
        back_up(&["--keep-last", "0"])
            .run()
            .exits(1)
            .says(&["has no rule"]);
        back_up(&["--keep-last", "1", "--overwrite"]).run().exits(2);
        assert_eq!(backups(&sandbox), [SECOND]);
    }
}

#[test]
fn backups_are_listed_with_time_count_and_pin() {
    for program in Program::BOTH {
        let sandbox = two_generations();
        fs::write(sandbox.path("backup").join(format!("{FIRST}.pin")), "").unwrap();
        let list = program
            .on_backup(&sandbox, "generations", &[])
            .run()
            .exits(0);
        let lines: Vec<_> = list.stdout().lines().collect();
        assert!(
            lines[0].starts_with("2026-01-01T00:00:00Z         3 licenses"),
            "{lines:?}"
        );
        assert!(lines[0].ends_with(&format!("{FIRST} pinned")), "{lines:?}");
        assert!(
            lines[1].ends_with(SECOND) && lines[2].starts_with("2 backups"),
            "{lines:?}"
        );

        let hashed = program
            .on_backup(&sandbox, "generations", &["--hash", "--json"])
            .run();
        let event = &hashed.exits(0).events()[1];
        let options = ["--generation", SECOND, "--json"];
        let verified = program
            .on_backup(&sandbox, "verify", &options)
            .run()
            .exits(0);
        assert_eq!(event["blake3"], verified.end_event()["blake3"]);
    }
    let sandbox = two_generations();
    let options = GenerationsOptions::new(sandbox.backup());
    let (generations, summary) = RUNTIME.generations_blocking(&options).unwrap();
    assert_eq!((generations.len(), summary.generations), (2, 2));
}

/// Keeps the newest two generations.
fn keep_two() -> RetentionPolicy {
    RetentionPolicy {
        keep_last: Some(2),
        ..RetentionPolicy::default()
    }
}

#[test]
fn a_clock_that_was_wrong_loses_no_backup_that_a_rule_keeps() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let mut made = Vec::new();
    // A year in the future, then right, then a day in the past, then right.
    for hours in [8760, 24, 25, 1, 26, 27] {
        let license = format!("{hours}.lcpl");
        fs::write(sandbox.store().join(&license), allowed(&license)).unwrap();
        let options = generation(&sandbox, hours).retention(keep_two());
        let summary = RUNTIME.backup_blocking(&options).unwrap();
        assert!(!summary.unchanged, "the store has changed");
        made.push((hours, summary.file));
    }
    let file = |hours| {
        let found = made.iter().find(|(made, _)| *made == hours);
        found.map(|(_, file)| file.clone()).unwrap()
    };
    // The newest two by the right clock, and the one of the future, which does not count.
    assert_eq!(backups(&sandbox), [file(26), file(27), file(8760)]);
}

#[test]
fn files_with_similar_names_are_neither_counted_nor_removed() {
    for program in Program::BOTH {
        let sandbox = two_generations();
        let others = [
            "licenses-20250101T000000Z.zip",
            "licenses-20250101T000000Z.zip.pin.old",
            "licenses-20250101T000000.zip",
            "licenses-20251301T000000Z.zip",
            "Licenses-20250101T000001Z.zip",
            "licenses.zip.bak",
            "last-run.json.tmp",
        ];
        for name in others {
            fs::write(sandbox.path("backup").join(name), "not a backup").unwrap();
        }
        fs::create_dir(sandbox.path("backup/licenses-20250101T000002Z.zip")).unwrap();
        let before = Snapshot::of(&sandbox.backup());
        let forget = ["--keep-last", "2", "--json"];
        let outcome = program
            .on_backup(&sandbox, "forget", &forget)
            .run()
            .exits(0);
        assert_eq!(outcome.end_event()["kept"], 2);
        assert_eq!(Snapshot::of(&sandbox.backup()), before);
    }
}
