//! Runs that are killed.

use std::fs;
use std::path::Path;

use license_backup_tests::harness::{Sandbox, Snapshot, counted, scaled};

use super::{back_up, license_backup, restore};

#[test]
#[ignore = "run by `make test-windows`"]
fn a_killed_backup_leaves_the_earlier_one_and_the_next_one_succeeds() {
    let sandbox = Sandbox::with_many_files(3000);
    back_up(&sandbox, &["--quiet"]).run().exits(0);
    let earlier = fs::read(sandbox.backup_file()).unwrap();
    let new = sandbox.store().join("0000/new.lcpl");
    fs::write(new, crate::expected::allowed("new")).unwrap();
    let kills = scaled(5, 50);
    let mut number = 0;
    for _ in 0..kills {
        // Each killed run leaves its file, which the next one keeps because it is recent.
        let temporary = sandbox.path(format!("backup/.license-backup-{number}.tmp"));
        let mut run = back_up(&sandbox, &["--quiet", "--overwrite"]).start();
        assert!(run.wait_until(|| temporary.exists()));
        let _ = run.kill();
        number += u32::from(temporary.exists());
        assert!(fs::read(sandbox.backup_file()).unwrap() == earlier);
    }
    back_up(&sandbox, &["--quiet", "--overwrite"])
        .run()
        .exits(0);
    let verify = ["verify", "--from", "backup", "--json"];
    let verified = license_backup(&sandbox, &verify).run().exits(0);
    assert_eq!(verified.end_event()["licenses"], 3001);
    counted(kills, "kills of the program for Windows");
}

#[test]
#[ignore = "run by `make test-windows`"]
fn a_killed_restore_is_completed_by_the_next_one() {
    let sandbox = Sandbox::with_many_files(500);
    back_up(&sandbox, &["--quiet"]).run().exits(0);
    fs::create_dir(sandbox.path("restored")).unwrap();
    let first = sandbox.path("restored/0000/0000.lic");
    let mut run = restore(&sandbox, "restored", &["--quiet"]).start();
    assert!(run.wait_until(|| first.exists()));
    let _ = run.kill();
    restore(&sandbox, "restored", &["--quiet"]).run().exits(0);
    let mut names = Snapshot::of(&sandbox.path("restored")).names();
    names.retain(|name| Path::new(name).extension() == Some("lic".as_ref()));
    assert_eq!(names.len(), 500);
}
