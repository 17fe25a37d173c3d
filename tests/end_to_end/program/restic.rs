//! Retention compared with restic: both decide about the same random histories.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, SystemTime};

use license_backup::BackupOptions;
use license_backup_tests::harness::{Invocation, Sandbox, counted, scaled};
use serde_json::Value;

use crate::library::RUNTIME;

/// The number of snapshots from which each history takes some.
const SNAPSHOTS: u64 = 40;

/// 27 December 2023, 00:00:00 UTC: some days before a new year.
const START: u64 = 1_703_635_200;

/// The rules that keep the oldest generation as long as they have not used up their count. Restic
/// 0.14, which Debian 12 contains, does not do that yet, so that the oldest one is not compared by
/// these rules.
const PERIODIC: [&str; 5] = ["hourly", "daily", "weekly", "monthly", "yearly"];

/// Returns a pseudo-random number below `end`, always the same one for the same `of`.
fn random(of: impl AsRef<str>, end: u64) -> u64 {
    let [low, high, ..] = *blake3::hash(of.as_ref().as_bytes()).as_bytes();
    u64::from(u16::from_le_bytes([low, high])) % end
}

/// A snapshot of restic, and the generation of the same time.
struct Snapshot {
    /// The time, such as `2024-03-01 10:00:00`.
    time: String,
    /// The name of the generation.
    name: String,
    /// The content of the generation.
    content: Vec<u8>,
}

/// Makes the snapshots. Each one belongs to the histories whose tags it has.
fn snapshots(sandbox: &Sandbox, histories: u64) -> Vec<Snapshot> {
    restic(sandbox, &["init"]).run().exits(0);
    let mut seconds = START;
    // The mean steps in seconds: from minutes to months.
    let steps = [600, 3600, 30_000, 300_000, 3_000_000].into_iter().cycle();
    let snapshots = (0..SNAPSHOTS).zip(steps).map(|(number, step)| {
        seconds += 1 + random(format!("step {number}"), 60_000) * step / 30_000;
        let tags: Vec<_> = (0..histories)
            .filter(|history| random(format!("{history} has {number}"), 2) == 0)
            .map(|history| format!("h{history}"))
            .collect();
        let directory = sandbox.path(format!("generation-{number}"));
        fs::create_dir(&directory).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let options = BackupOptions::new(sandbox.store(), &directory).generation(time);
        let name = RUNTIME.backup_blocking(&options).unwrap().file;
        // licenses-20240301T100000Z.zip
        let at = |start: usize, end: usize| &name[start..end];
        let time = format!(
            "{}-{}-{} {}:{}:{}",
            at(9, 13),
            at(13, 15),
            at(15, 17),
            at(18, 20),
            at(20, 22),
            at(22, 24)
        );
        let arguments = ["backup", "--time", &time, "--tag", &tags.join(","), "store"];
        restic(sandbox, &arguments).run().exits(0);
        let content = fs::read(directory.join(&name)).unwrap();
        Snapshot {
            time,
            name,
            content,
        }
    });
    snapshots.collect()
}

/// Returns a command of restic in UTC, with a repository in the sandbox.
fn restic(sandbox: &Sandbox, arguments: &[&str]) -> Invocation {
    let line = ["restic", "--repo", "repository", "--no-cache", "--quiet"];
    sandbox
        .system([&line[..], arguments].concat())
        .after("export TZ=UTC RESTIC_PASSWORD=password")
}

/// Returns the random policy of a history as options, which both programs have.
fn policy(history: u64) -> Vec<String> {
    let mut options = Vec::new();
    for rule in ["last", "hourly", "daily", "weekly", "monthly", "yearly"] {
        let count = random(format!("{rule} {history}"), 8);
        if count > 0 && random(format!("has {rule} {history}"), 2) == 0 {
            options.extend([format!("--keep-{rule}"), count.to_string()]);
        }
    }
    let days = 1 + random(format!("within {history}"), 60);
    if options.is_empty() || random(format!("has within {history}"), 3) == 0 {
        options.extend(["--keep-within".to_owned(), format!("1m{days}d5h")]);
    }
    options
}

/// Returns the rules by which restic keeps each snapshot, by its time.
fn restic_decisions(
    sandbox: &Sandbox,
    history: u64,
    policy: &[&str],
) -> BTreeMap<String, Vec<String>> {
    let tag = format!("h{history}");
    let forget = [
        "forget",
        "--dry-run",
        "--json",
        "--group-by",
        "",
        "--tag",
        &tag,
    ];
    let outcome = restic(sandbox, &[&forget[..], policy].concat())
        .run()
        .exits(0);
    let groups: Value = serde_json::from_str(outcome.stdout()).expect("restic prints JSON");
    let reasons = groups[0]["reasons"].as_array().cloned().unwrap_or_default();
    let kept = reasons.iter().map(|reason| {
        let time = reason["snapshot"]["time"].as_str().unwrap();
        let time = time.trim_end_matches('Z').replace('T', " ");
        let matches = reason["matches"].as_array().unwrap().iter();
        // Such as "within 1m1d5h", "oldest daily snapshot".
        let mut rules: Vec<_> = matches
            .map(|text| {
                let text = text.as_str().unwrap();
                let words: Vec<_> = text.split(' ').collect();
                match words.as_slice() {
                    ["within", ..] => "within",
                    ["oldest", rule, _] | [rule, "snapshot"] => rule,
                    _ => panic!("an unknown reason: {text}"),
                }
                .to_owned()
            })
            .collect();
        rules.sort();
        (time, rules)
    });
    kept.collect()
}

#[test]
fn retention_decides_like_restic() {
    let histories = scaled(20, 500);
    let sandbox = Sandbox::new();
    let snapshots = snapshots(&sandbox, histories);
    let times: BTreeMap<_, _> = snapshots
        .iter()
        .map(|snapshot| (snapshot.name.as_str(), snapshot.time.clone()))
        .collect();
    for history in 0..histories {
        let policy = policy(history);
        let policy: Vec<&str> = policy.iter().map(String::as_str).collect();
        let directory = sandbox.path(format!("history-{history}"));
        fs::create_dir(&directory).unwrap();
        for (number, snapshot) in (0..SNAPSHOTS).zip(&snapshots) {
            if random(format!("{history} has {number}"), 2) == 0 {
                fs::write(directory.join(&snapshot.name), &snapshot.content).unwrap();
            }
        }
        let directory = format!("history-{history}");
        let forget = ["forget", "--from", &directory, "--dry-run", "--json"];
        let outcome = sandbox
            .license_backup([&forget[..], &policy].concat())
            .run()
            .exits(0);
        let expected = restic_decisions(&sandbox, history, &policy);
        let mut events = outcome.events();
        events.retain(|event| event["event"] == "generation-decision");
        let decisions = events.iter().enumerate().map(|(number, event)| {
            let time = &times[event["file"].as_str().unwrap()];
            let mut rules: Vec<_> = event["rules"]
                .as_array()
                .unwrap()
                .iter()
                .map(|rule| rule.as_str().unwrap().to_owned())
                .filter(|rule| rule != "newest")
                .collect();
            if number == 0 {
                let by_restic = expected.get(time).cloned().unwrap_or_default();
                rules.retain(|rule| by_restic.contains(rule) || !PERIODIC.contains(&rule.as_str()));
            }
            rules.sort();
            (time.clone(), rules)
        });
        let decisions: BTreeMap<_, _> = decisions.filter(|(_, rules)| !rules.is_empty()).collect();
        assert_eq!(decisions, expected, "history {history}: {policy:?}");
    }
    counted(histories, "histories with the same decisions as restic");
}
