//! Tests of the programs in `host/examples`.

use std::fs;
use std::path::Path;

use license_backup_tests::harness::{Invocation, Sandbox};
use license_backup_tests::sample::SampleStore;

/// The number of licenses in the store of a sandbox.
const LICENSES: u64 = 5;

/// Returns a sandbox like [`not_backed_up`], with a backup of the store in `backup`.
fn backed_up() -> Sandbox {
    let sandbox = not_backed_up();
    let _ = sandbox.back_up(&[]).run().exits(0);
    sandbox
}

/// Returns a sandbox with a store of [`LICENSES`] licenses and a file that a backup skips.
fn not_backed_up() -> Sandbox {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(LICENSES));
    fs::write(sandbox.path("store/notes.txt"), "no license").unwrap();
    sandbox
}

/// Returns an invocation of an example in the sandbox.
fn example(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Invocation {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target/debug/examples")
        .join(name);
    sandbox.license_backup(arguments).with_binary(program)
}

/// Runs an example, requires that it succeeds, and returns the lines that it prints.
fn printed(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Vec<String> {
    example(sandbox, name, arguments)
        .run()
        .exits(0)
        .stdout()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_stream_example_uses_an_executor_of_the_caller() {
    let sandbox = not_backed_up();
    let lines = printed(&sandbox, "stream", &["store", "backup"]);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("begin"),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"skipped: \"notes.txt\" (unrecognized)".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.ends_with(&["end".to_owned(), "5 licenses backed up".to_owned()]),
        "{lines:?}"
    );
    sandbox.archive().passes_unzip();
}

#[test]
fn the_callbacks_example_verifies() {
    let sandbox = backed_up();
    let hash = blake3::hash(&fs::read(sandbox.backup_file()).unwrap());
    let lines = printed(&sandbox, "callbacks", &["backup"]);
    assert_eq!(lines, [format!("5 licenses verified, BLAKE3 {hash}")]);

    let mut bytes = fs::read(sandbox.backup_file()).unwrap();
    bytes[60] ^= 1;
    fs::write(sandbox.backup_file(), bytes).unwrap();
    let outcome = example(&sandbox, "callbacks", &["backup"]).run().exits(1);
    assert!(
        outcome.stdout().starts_with("fault: "),
        "{}",
        outcome.report()
    );
}

#[test]
fn the_cancel_example_cancels_only_at_its_time_limit() {
    // Enough that the restore cannot end before the other thread has started.
    const LICENSES: u64 = 2000;
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(LICENSES));
    let _ = sandbox.back_up(&[]).run().exits(0);
    fs::create_dir(sandbox.path("new")).unwrap();
    assert_eq!(
        printed(&sandbox, "cancel", &["backup", "new", "0"]),
        ["cancelled, the store is unchanged"]
    );
    assert_eq!(
        fs::read_dir(sandbox.path("new")).unwrap().count(),
        0,
        "the store should be unchanged"
    );
    assert_eq!(
        printed(&sandbox, "cancel", &["backup", "new", "3600"]),
        [format!("{LICENSES} licenses restored")]
    );
}

#[test]
fn the_unc_share_example_maps_a_share_to_a_directory() {
    let sandbox = not_backed_up();
    fs::create_dir(sandbox.path("nas")).unwrap();
    fs::create_dir(sandbox.path("nas/laptop")).unwrap();
    let lines = printed(
        &sandbox,
        "unc_share",
        &["store", r"\\nas\backups", "nas", r"\\NAS\backups\laptop"],
    );
    assert_eq!(lines, [r"5 licenses backed up to \\NAS\backups\laptop"]);
    assert!(sandbox.path("nas/laptop/licenses.zip").exists());
}

#[test]
fn the_limits_example_lists_a_store() {
    let lines = printed(&not_backed_up(), "limits", &["store"]);
    assert_eq!(lines.len(), 7, "{lines:?}");
    assert_eq!(
        lines.last().map(String::as_str),
        Some("5 can be backed up, 1 cannot")
    );
}

#[test]
fn the_own_component_example_precompiles_and_verifies() {
    let component = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target/components/license-backup.wasm");
    let lines = printed(
        &backed_up(),
        "own_component",
        &[&component.to_string_lossy(), "backup"],
    );
    assert_eq!(lines, ["5 licenses verified"]);
}

#[test]
fn the_many_stores_example_backs_up_more_stores_than_jobs() {
    let sandbox = Sandbox::new();
    let names: Vec<_> = (0..20).map(|number| format!("s{number}")).collect();
    for name in &names {
        SampleStore::ordinary(2)
            .write_into(&sandbox.path(name))
            .unwrap();
    }
    let arguments = ["backup", "none"].into_iter();
    let arguments: Vec<_> = arguments.chain(names.iter().map(String::as_str)).collect();
    let outcome = example(&sandbox, "many_stores", &arguments).run().exits(1);
    let outcome = outcome.says(&["cannot back up 1 of 21 stores"]);
    for name in &names {
        let line = format!("{name}: 2 licenses\n");
        assert!(outcome.stdout().contains(&line), "{}", outcome.report());
    }
}

#[test]
fn an_example_without_arguments_prints_its_usage() {
    for name in [
        "stream",
        "callbacks",
        "cancel",
        "unc_share",
        "limits",
        "many_stores",
        "own_component",
    ] {
        let outcome = example(&Sandbox::new(), name, &[]).run().exits(1);
        outcome.says(&["usage: "]);
    }
}
