//! Generations: each backup is a new file, and the newest one is read unless another is named.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, SystemTime};

use license_backup::{BackupOptions, RestoreOptions, Shrinkage, VerifyOptions};
use license_backup_tests::harness::{Sandbox, Snapshot, files_below, scaled};
use license_backup_tests::sample::SampleStore;

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
        assert_eq!(Snapshot::of(&sandbox.backup()).names(), [FIRST, file]);
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
        assert_eq!(
            Snapshot::of(&sandbox.backup()).names(),
            [FIRST, SECOND, &pin, file]
        );
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
    let names = Snapshot::of(&sandbox.backup()).names();
    assert_eq!(names, files.into_iter().collect::<Vec<_>>());
    for name in &names {
        let options = VerifyOptions::new(sandbox.backup()).generation(name.as_str());
        assert_eq!(RUNTIME.verify_blocking(&options).unwrap().licenses, 300);
    }
}
