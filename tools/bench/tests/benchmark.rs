//! The benchmark itself: that it runs, and that what is published is what it has measured. No test looks at a time.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const BENCH: &str = env!("CARGO_BIN_EXE_license-backup-bench");

fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the package is two folders below the workspace")
}

/// Runs the benchmark from the directory of the sources, and gives what it printed.
fn bench(arguments: &[&str]) -> String {
    let output = Command::new(BENCH)
        .args(arguments)
        .current_dir(sources())
        .output()
        .expect("it was built");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{arguments:?} ended with {}\n{stderr}",
        output.status
    );
    String::from_utf8(output.stdout).expect("tables are UTF-8")
}

#[test]
fn a_small_run_measures_every_program_in_every_round_and_prints_its_results() {
    let directory = tempfile::tempdir().expect("a temporary directory is writable");
    let to = directory.path().join("results.json");
    let to = to.to_str().expect("a temporary directory is UTF-8");
    let printed = bench(&[
        "run",
        "--licenses",
        "20",
        "--licenses",
        "30",
        "--publications",
        "5",
        "--rounds",
        "2",
        "--to",
        to,
    ]);

    let results: Value =
        serde_json::from_slice(&std::fs::read(to).expect("it was written")).expect("it is JSON");
    let comparisons = results["stores"][0]["comparisons"]
        .as_array()
        .expect("a store has comparisons");
    let measured: Vec<(&str, Vec<&str>)> = comparisons
        .iter()
        .map(|comparison| {
            let programs = comparison["programs"]
                .as_array()
                .expect("a comparison has programs");
            for program in programs {
                assert_eq!(
                    program["seconds"].as_array().map(Vec::len),
                    Some(2),
                    "{program}"
                );
                assert!(program["peak_memory"].as_u64() > Some(0), "{program}");
            }
            let names = programs
                .iter()
                .map(|program| program["name"].as_str().expect("a program has a name"));
            (
                comparison["task"]
                    .as_str()
                    .expect("a comparison has a task"),
                names.collect(),
            )
        })
        .collect();
    let backup = vec![
        "license-backup backup",
        "license-backup-command.wasm under wasmtime",
        "tar cf",
        "zip -0 -r",
        "cp -r",
        "rsync -a",
        "restic backup",
        "floor: open, read, close, append",
    ];
    let expected = [
        ("backup", backup),
        ("verify", vec!["license-backup verify", "unzip -t"]),
        ("restore", vec!["license-backup restore", "unzip"]),
    ];
    assert_eq!(measured, expected);
    let publications = &results["publications"]["comparisons"][0];
    assert_eq!(
        (
            &publications["task"],
            publications["programs"].as_array().map(Vec::len)
        ),
        (&"backup".into(), Some(2))
    );
    let cancellations = results["stores"][0]["cancellations"]
        .as_array()
        .expect("a store has cancellations");
    for (cancellation, task) in cancellations.iter().zip(["backup", "verify", "restore"]) {
        assert_eq!(cancellation["task"], task);
        let in_time = cancellation["seconds"].as_array().map_or(0, Vec::len) as u64;
        assert_eq!(
            in_time + cancellation["too_late"].as_u64().expect("it is a count"),
            4,
            "{cancellation}"
        );
    }
    assert_eq!(cancellations.len(), 3);
    // Measured after all else: what the benchmark has resident by then counts as peak memory of what it starts.
    let programs = results["stores"][1]["comparisons"][0]["programs"]
        .as_array()
        .expect("a comparison has programs");
    let [Some(ours), Some(floor)] =
        [programs.first(), programs.last()].map(|program| program?["peak_memory"].as_u64())
    else {
        panic!("each should have a peak memory: {programs:?}")
    };
    assert!(
        floor < ours / 2,
        "{floor} bytes for the floor are too many beside {ours} bytes"
    );
    assert_eq!(bench(&["show", "--from", to]), printed);
    for (_, programs) in &expected {
        for program in programs {
            assert!(
                printed.contains(&format!("| {program} ")),
                "{program} is missing in\n{printed}"
            );
        }
    }
}

#[test]
fn the_readme_the_tables_and_the_plot_are_made_of_the_published_results() {
    bench(&["publish", "--check"]);
}
