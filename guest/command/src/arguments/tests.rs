//! Tests of the arguments.

use super::*;

fn parsed(arguments: &str) -> Result<Request, String> {
    let arguments = ["license-backup-command.wasm"]
        .into_iter()
        .chain(arguments.split_whitespace());
    parse(arguments.map(str::to_owned).collect()).map_err(|error| error.to_string())
}

fn directory() -> String {
    "/b".to_owned()
}

#[test]
fn every_command_accepts_its_options_in_any_order() {
    let output = OutputOptions {
        json: true,
        quiet: true,
    };
    let hash = "0f".repeat(32);
    for (arguments, request) in [
        (
            "backup --quiet --strict --to /b --allow-shrink --json --generations".to_owned(),
            Request::Backup {
                to: directory(),
                options: BackupOptions {
                    overwrite: false,
                    allow_shrink: true,
                    ..BackupOptions::default()
                },
                generations: true,
                strict: true,
                output,
            },
        ),
        (
            "restore --from=/b --generation g --dry-run --json --quiet --overwrite".to_owned(),
            Request::Restore {
                from: directory(),
                generation: Some("g".to_owned()),
                options: RestoreOptions {
                    overwrite: true,
                    dry_run: true,
                    filter: LicenseFilter::default(),
                },
                output,
            },
        ),
        (
            format!(
                "verify --expect {} --json --quiet --from /b",
                hash.to_uppercase()
            ),
            Request::Verify {
                from: directory(),
                generation: None,
                options: VerifyOptions {
                    expected_blake3: Some(hash),
                },
                output,
            },
        ),
        (
            "list --json --from /b".to_owned(),
            Request::List {
                from: Some(directory()),
                generation: None,
                filter: LicenseFilter::default(),
                output: OutputOptions {
                    quiet: false,
                    ..output
                },
            },
        ),
    ] {
        assert_eq!(parsed(&arguments), Ok(request));
    }
}

#[test]
fn options_of_a_filter_may_be_given_more_than_once() {
    let parsed = parsed("restore --from /b --include a --include b --license-id c --key-id d");
    let Ok(Request::Restore { options, .. }) = parsed else {
        panic!("{parsed:?}");
    };
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = LicenseFilter {
        include: texts(&["a", "b"]),
        license_ids: texts(&["c"]),
        key_ids: texts(&["d"]),
    };
    assert_eq!(options.filter, expected);
}

#[test]
fn a_policy_of_a_backup_makes_a_generation() {
    let parsed = parsed("backup --to /b --keep-daily 7");
    let Ok(Request::Backup {
        options,
        generations,
        ..
    }) = parsed
    else {
        panic!("{parsed:?}");
    };
    let keep_daily = options.retention.and_then(|policy| policy.keep_daily);
    assert_eq!((generations, keep_daily), (true, Some(7)));
}

#[test]
fn a_check_and_a_comparison_have_their_options() {
    let output = OutputOptions::default();
    assert_eq!(
        parsed("check --max-age 1d2h --from /b --verify"),
        Ok(Request::Check {
            from: directory(),
            options: CheckOptions {
                max_age: 26 * 3600,
                now: 0,
                verify: true,
            },
            output,
        })
    );
    assert_eq!(
        parsed("diff --from /b --generation a --store"),
        Ok(Request::Diff {
            from: directory(),
            generation: Some("a".to_owned()),
            against: None,
            store: true,
            output,
        })
    );
}

#[test]
fn options_are_off_by_default() {
    let output = OutputOptions::default();
    for (arguments, request) in [
        (
            "backup --to /b",
            Request::Backup {
                to: directory(),
                options: BackupOptions::default(),
                generations: false,
                strict: false,
                output,
            },
        ),
        (
            "restore --from /b",
            Request::Restore {
                from: directory(),
                generation: None,
                options: RestoreOptions::default(),
                output,
            },
        ),
        (
            "verify --from /b",
            Request::Verify {
                from: directory(),
                generation: None,
                options: VerifyOptions::default(),
                output,
            },
        ),
        (
            "list",
            Request::List {
                from: None,
                generation: None,
                filter: LicenseFilter::default(),
                output,
            },
        ),
    ] {
        assert_eq!(parsed(arguments), Ok(request));
    }
}

#[test]
fn a_directory_may_begin_with_a_dash() {
    let from = Some("-d".to_owned());
    let output = OutputOptions::default();
    assert_eq!(
        parsed("list --from -d"),
        Ok(Request::List {
            from,
            generation: None,
            filter: LicenseFilter::default(),
            output
        })
    );
}

#[test]
fn help_and_version_need_no_command() {
    for (arguments, request) in [
        ("--help", Request::Help),
        ("-h", Request::Help),
        ("--version", Request::Version),
    ] {
        assert_eq!(parsed(arguments), Ok(request));
    }
    assert_eq!(parsed("backup --help"), Ok(Request::Help));
}

#[test]
fn an_error_names_the_argument() {
    for (arguments, named) in [
        ("", "missing command"),
        ("--json", "'--json'"),
        ("compress --to /b", "'compress'"),
        ("backup", "'--to DIR'"),
        ("restore", "'--from DIR'"),
        ("verify", "'--from DIR'"),
        ("list --generation g", "'--generation'"),
        ("backup --to", "'--to'"),
        ("backup --to /b --to /c", "'--to'"),
        ("backup --to /b /c", "\"/c\""),
        ("backup --from /b", "'--from'"),
        ("backup --to /b --dry-run", "'--dry-run'"),
        ("backup --to /b --overwrite=yes", "\"yes\""),
        ("restore --from /b --strict", "'--strict'"),
        ("verify --from /b --expect", "'--expect'"),
        ("verify --from /b --expect 0f", "'0f'"),
        ("verify --from /b -x", "'-x'"),
        ("list /b", "\"/b\""),
        ("list --quiet", "'--quiet'"),
        ("backup --to /b --overwrite --keep-last 1", "'--overwrite'"),
        ("check --from /b", "'--max-age DURATION'"),
        ("check --from /b --max-age 1m", "'1m'"),
        ("diff --from /b --store --against a", "'--against'"),
        (
            "forget --from /b --keep-last 1 --keep-last 2",
            "'--keep-last'",
        ),
        ("forget --from /b --keep-last x", "\"x\""),
    ] {
        let error = parsed(arguments).expect_err(arguments);
        assert!(error.contains(named), "{arguments}: {error}");
    }
}

#[test]
fn the_help_lists_every_option_within_80_columns() {
    for subcommand in [
        Subcommand::Backup,
        Subcommand::Restore,
        Subcommand::Verify,
        Subcommand::List,
        Subcommand::Forget,
        Subcommand::Generations,
        Subcommand::Diff,
        Subcommand::Check,
    ] {
        for option in subcommand.options() {
            let (first, other) = (format!("\n  --{option} "), format!(", --{option} "));
            let is_described = HELP.contains(&first) || HELP.contains(&other);
            assert!(is_described, "--{option}");
        }
    }
    assert!(HELP.lines().all(|line| line.chars().count() <= 80));
}
