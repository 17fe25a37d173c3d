//! Tests that the benchmark runs, and that the published files match its results. No test checks a
//! time.

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

/// Runs the benchmark in the directory of the sources. Returns its output.
fn bench(arguments: &[&str]) -> String {
    let output = Command::new(BENCH)
        .args(arguments)
        .current_dir(sources())
        .output()
        .expect("cargo builds the program before the test");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{arguments:?} failed: {}\n{stderr}",
        output.status
    );
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

/// Returns the elements of an array in the results.
fn array(value: &Value) -> &[Value] {
    value.as_array().expect("the results contain an array here")
}

/// Returns a string in the results.
fn string(value: &Value) -> &str {
    value.as_str().expect("the results contain a string here")
}

/// Returns the task and the names of the programs of a comparison. Requires a time of each of two
/// rounds, and a peak memory, of each program.
fn measured(comparison: &Value) -> (&str, Vec<&str>) {
    let programs = array(&comparison["programs"]);
    for program in programs {
        assert_eq!(array(&program["seconds"]).len(), 2, "{program}");
        assert!(program["peak_memory"].as_u64() > Some(0), "{program}");
    }
    let names = programs.iter().map(|program| string(&program["name"]));
    (string(&comparison["task"]), names.collect())
}

/// Requires that each operation was cancelled four times.
fn has_cancellations(store: &Value) {
    let cancellations = array(&store["cancellations"]);
    let tasks: Vec<_> = cancellations
        .iter()
        .map(|cancellation| string(&cancellation["task"]))
        .collect();
    assert_eq!(tasks, ["backup", "verify", "restore"]);
    for cancellation in cancellations {
        let too_late = cancellation["too_late"].as_u64().expect("it is a count");
        let in_time = array(&cancellation["seconds"]).len() as u64;
        assert_eq!(in_time + too_late, 4, "{cancellation}");
    }
}

/// Requires that the memory of the benchmark itself does not count as peak memory of a program.
fn has_a_low_floor(backup: &Value) {
    let programs = array(&backup["programs"]);
    let [Some(ours), Some(floor)] =
        [programs.first(), programs.last()].map(|program| program?["peak_memory"].as_u64())
    else {
        panic!("each program should have a peak memory: {programs:?}")
    };
    assert!(
        floor < ours / 2,
        "the floor uses {floor} bytes, too many compared with {ours} bytes"
    );
}

#[test]
fn a_small_run_measures_every_program_in_every_round() {
    let directory = tempfile::tempdir().expect("a temporary directory is writable");
    let to = directory.path().join("results.json");
    let to = to.to_str().expect("a temporary directory is UTF-8");
    let printed = bench(&[
        "run",
        "--licenses",
        "20",
        "--licenses",
        "30",
        "--largest",
        "40",
        "--publications",
        "5",
        "--rounds",
        "2",
        "--to",
        to,
    ]);

    let results = std::fs::read(to).expect("the results were written");
    let results: Value = serde_json::from_slice(&results).expect("the results are JSON");
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
    let comparisons = array(&results["stores"][0]["comparisons"]);
    let comparisons: Vec<_> = comparisons.iter().map(measured).collect();
    assert_eq!(comparisons, expected);
    let largest = array(&results["largest"]["comparisons"]);
    let largest: Vec<_> = largest.iter().map(measured).collect();
    assert_eq!(
        largest,
        [
            ("backup", vec!["license-backup backup", "tar cf"]),
            ("verify", vec!["license-backup verify", "unzip -t"]),
            ("restore", vec!["license-backup restore", "unzip"]),
        ]
    );
    let (task, programs) = measured(&results["publications"]["comparisons"][0]);
    assert_eq!((task, programs.len()), ("backup", 2));
    let over_time = array(&results["stores"][0]["over_time"]);
    let over_time = over_time
        .iter()
        .chain(array(&results["generations"]["over_time"]));
    let over_time: Vec<_> = over_time
        .map(measured)
        .map(|(task, programs)| (task, programs.len()))
        .collect();
    assert_eq!(
        over_time,
        [
            ("backup --generations", 2),
            ("one", 4),
            ("forget in 10000 generations", 2)
        ]
    );
    has_cancellations(&results["stores"][0]);
    // The last store is measured last: the memory of the benchmark itself would show by then.
    has_a_low_floor(&results["stores"][1]["comparisons"][0]);

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
fn the_readme_the_tables_and_the_plots_match_the_results() {
    bench(&["publish", "--check"]);
}
