//! Tests of the integration with shells and timers: help, version, completions, manual, systemd and
//! cron.

use std::fs;
use std::path::Path;
use std::process::Command;

use license_backup_tests::harness::{Sandbox, Snapshot, binary, files_below, skipped, sources};
use license_backup_tests::sample::SampleStore;

/// The path of the program in the examples for timers.
const INSTALLED: &str = "/usr/local/bin/license-backup";
/// The subcommands of the program.
const COMMANDS: [&str; 11] = [
    "backup",
    "restore",
    "verify",
    "list",
    "forget",
    "generations",
    "diff",
    "check",
    "fleet",
    "completions",
    "man",
];

/// The subcommands of `fleet`.
const FLEET: [&str; 3] = ["plan", "run", "report"];

/// Requires that a command succeeds, and returns its output.
fn printed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

#[test]
fn every_help_text_has_examples() {
    for arguments in [vec!["--help"], vec!["help"]]
        .into_iter()
        .chain(COMMANDS.map(|command| vec![command, "--help"]))
        .chain(FLEET.map(|command| vec!["fleet", command, "--help"]))
    {
        let outcome = Sandbox::new().license_backup(&arguments).run().exits(0);
        assert!(
            outcome.stdout().contains("Examples:\n  license-backup "),
            "{}",
            outcome.report()
        );
    }
}

#[test]
fn the_version_includes_the_hash_of_the_component() {
    let component = sources().join("target/components/license-backup.wasm");
    let hash = printed(Command::new("sha256sum").arg(component));
    let hash = hash
        .split(' ')
        .next()
        .expect("the output starts with the hash");
    let version = env!("CARGO_PKG_VERSION");
    let long = format!(
        "license-backup {version}\ncomponent license-backup.wasm {version}, SHA-256 {hash}\n"
    );
    for (option, expected) in [
        ("--version", long),
        ("-V", format!("license-backup {version}\n")),
    ] {
        assert_eq!(
            Sandbox::new()
                .license_backup([option])
                .run()
                .exits(0)
                .stdout(),
            expected
        );
    }
}

#[test]
fn every_shell_completes_commands_and_options() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = sandbox
            .license_backup(["completions", shell])
            .run()
            .exits(0)
            .stdout()
            .to_owned();
        let missing: Vec<_> = COMMANDS
            .iter()
            .chain(&["overwrite", "dry-run"])
            .filter(|word| !text.contains(**word))
            .collect();
        assert!(missing.is_empty(), "{shell} should complete {missing:?}");
        fs::write(sandbox.path(shell), text).unwrap();
    }
    // The call of readline to complete `license-backup back`.
    let script = "source ./bash; COMP_WORDS=(license-backup back); COMP_CWORD=1; \
        _license__backup license-backup back license-backup; echo \"${COMPREPLY[@]}\"";
    let completed = printed(
        Command::new("bash")
            .args(["-c", script])
            .current_dir(sandbox.path(".")),
    );
    assert_eq!(completed.trim(), "backup");
}

#[test]
fn the_manual_has_a_page_for_the_program_and_each_command() {
    let sandbox = Sandbox::new();
    let _ = sandbox.license_backup(["man", "backup"]).run().exits(0);
    let mut pages: Vec<_> = fs::read_dir(sandbox.backup())
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut expected: Vec<_> = COMMANDS
        .iter()
        .map(|command| format!("license-backup-{command}.1"))
        .collect();
    expected.extend(FLEET.map(|command| format!("license-backup-fleet-{command}.1")));
    expected.push("license-backup.1".to_owned());
    expected.sort();
    assert_eq!(pages, expected);
    let page = fs::read_to_string(sandbox.path("backup/license-backup-restore.1")).unwrap();
    assert!(
        page.starts_with(".ie") && page.contains(".SH NAME") && page.contains("dry\\-run"),
        "{page}"
    );
}

#[test]
fn a_manual_that_cannot_be_written_is_reported_with_advice() {
    let outcome = Sandbox::new()
        .license_backup(["man", "missing"])
        .run()
        .exits(1);
    outcome.says(&[
        "cannot write the manual pages into missing",
        "choose an existing, writable directory",
    ]);
}

/// The directory with the units for systemd.
const UNITS: &str = "examples/systemd";

/// Returns the number of generations in the backup directory of the examples, in which a run has
/// left its record.
fn generations(home: &Path) -> usize {
    let (generations, others): (Vec<_>, Vec<_>) = Snapshot::of(&home.join("backups/licenses"))
        .names()
        .into_iter()
        .partition(|name| name.starts_with("licenses-20"));
    assert_eq!(others, ["last-run.json"]);
    generations.len()
}

/// Runs the only command of a service with these numbers of settings, and returns its output.
fn run_service(sandbox: &Sandbox, name: &str, settings: usize) -> String {
    let text = fs::read_to_string(sources().join(UNITS).join(name)).unwrap();
    let text = text.replace("%h", &sandbox.path("home").to_string_lossy());
    let values = |key: &str| -> Vec<_> {
        text.lines()
            .filter_map(|line| line.strip_prefix(key))
            .collect()
    };
    let (environment, commands) = (values("Environment="), values("ExecStart="));
    assert_eq!((environment.len(), commands.len()), (settings, 1), "{text}");
    let command = environment
        .iter()
        .filter_map(|setting| setting.split_once('='))
        .fold(commands[0].to_owned(), |command, (name, value)| {
            command.replace(&format!("${{{name}}}"), value)
        });
    let arguments: Vec<_> = command
        .strip_prefix(INSTALLED)
        .expect("the command starts with the path of the program")
        .split(' ')
        .skip(1)
        .collect();
    let outcome = sandbox.license_backup(arguments).run().exits(0);
    outcome.stdout().to_owned()
}

#[test]
fn the_systemd_services_back_up_and_check() {
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    let home = sandbox.path("home");
    fs::create_dir_all(home.join(".local/share/player")).unwrap();
    fs::create_dir_all(home.join("backups")).unwrap();
    fs::rename(sandbox.store(), home.join(".local/share/player/licenses")).unwrap();
    assert_eq!(run_service(&sandbox, "license-backup.service", 2), "");
    assert_eq!(generations(&home), 1);
    let _ = run_service(&sandbox, "license-backup-check.service", 1);
}

#[test]
fn systemd_accepts_the_units() {
    let sandbox = Sandbox::new();
    let program = binary();
    let program = program.to_str().expect("the path of the checkout is UTF-8");
    let units: Vec<_> = files_below(&sources().join(UNITS))
        .into_iter()
        .map(|(name, text)| {
            let unit = sandbox.path("").join(name);
            let text = String::from_utf8(text)
                .expect("a unit is UTF-8")
                .replace(INSTALLED, program)
                .replace("Documentation=man:license-backup(1)\n", "");
            fs::write(&unit, text).unwrap();
            unit
        })
        .collect();
    assert_eq!(units.len(), 5, "{units:?}");
    // The check requires no running service manager, but its directory.
    let mut check = Command::new("systemd-analyze");
    check
        .args(["--user", "verify"])
        .args(&units)
        .env("XDG_RUNTIME_DIR", sandbox.path("."));
    match check.output() {
        Ok(output) => {
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Err(error) => skipped("checking the units with systemd-analyze", error),
    }
}

#[test]
fn the_cron_lines_back_up_and_check_and_print_nothing() {
    let text = fs::read_to_string(sources().join("examples/cron/license-backup")).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let [setting, commands @ ..] = lines.as_slice() else {
        panic!("the example should not be empty")
    };
    assert_eq!(commands.len(), 2, "{commands:?}");
    let path = setting.strip_prefix("PATH=").expect("the setting is PATH");
    // The directory of the built program replaces that of the installed program.
    let [built, installed] = [binary(), INSTALLED.into()].map(|file| file.with_file_name(""));
    assert!(
        path.split(':')
            .any(|directory| Path::new(directory) == installed),
        "{path} should contain the directory of the program"
    );
    let path = path.split(':').map(|directory| {
        if Path::new(directory) == installed {
            &built
        } else {
            Path::new(directory)
        }
    });
    let (sandbox, _) = Sandbox::with_store(SampleStore::ordinary(3));
    fs::create_dir_all(sandbox.path(".local/share/player")).unwrap();
    fs::create_dir_all(sandbox.path("backups")).unwrap();
    fs::rename(
        sandbox.store(),
        sandbox.path(".local/share/player/licenses"),
    )
    .unwrap();
    let path = std::env::join_paths(path).unwrap();
    for line in commands {
        let command = line
            .splitn(6, ' ')
            .last()
            .expect("a command follows the five fields of the time");
        // Like cron: a shell and few variables. There should be no output, since cron mails it.
        let output = Command::new("sh")
            .args(["-c", command])
            .env_clear()
            .env("HOME", sandbox.path("."))
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
    assert_eq!(generations(&sandbox.path(".")), 1);
}
