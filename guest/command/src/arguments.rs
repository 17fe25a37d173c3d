//! The arguments of the command, which has the options of the program `license-backup`.

use lexopt::{Arg, Parser, ValueExt as _};
use license_backup_core::{
    BackupOptions, CheckOptions, ForgetOptions, GenerationsOptions, LicenseFilter, RestoreOptions,
    RetentionPolicy, VerifyOptions,
};
use license_backup_report::{OutputOptions, parse_blake3, parse_max_age};

/// The text of `--help`.
pub(crate) const HELP: &str = include_str!("help.txt");

/// The parsed arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Help,
    Version,
    Backup {
        to: String,
        options: BackupOptions,
        /// Whether the backup is a generation, with the time of its start.
        generations: bool,
        strict: bool,
        output: OutputOptions,
    },
    Restore {
        from: String,
        generation: Option<String>,
        options: RestoreOptions,
        output: OutputOptions,
    },
    Verify {
        from: String,
        generation: Option<String>,
        options: VerifyOptions,
        output: OutputOptions,
    },
    Forget {
        from: String,
        /// Without the current time.
        options: ForgetOptions,
        output: OutputOptions,
    },
    /// Lists a backup, or without `from` the license store.
    List {
        from: Option<String>,
        generation: Option<String>,
        filter: LicenseFilter,
        output: OutputOptions,
    },
    Generations {
        from: String,
        options: GenerationsOptions,
        output: OutputOptions,
    },
    Diff {
        from: String,
        generation: Option<String>,
        against: Option<String>,
        /// Whether to compare with the license store.
        store: bool,
        output: OutputOptions,
    },
    Check {
        from: String,
        /// Without the current time.
        options: CheckOptions,
        output: OutputOptions,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subcommand {
    Backup,
    Restore,
    Verify,
    List,
    Forget,
    Generations,
    Diff,
    Check,
}

/// The options of a retention policy.
const POLICY: [&str; 7] = [
    "keep-last",
    "keep-hourly",
    "keep-daily",
    "keep-weekly",
    "keep-monthly",
    "keep-yearly",
    "keep-within",
];
/// The options of a filter.
const FILTER: [&str; 3] = ["include", "license-id", "key-id"];

impl Subcommand {
    fn parse(name: &str) -> Result<Self, lexopt::Error> {
        match name {
            "backup" => Ok(Self::Backup),
            "restore" => Ok(Self::Restore),
            "verify" => Ok(Self::Verify),
            "list" => Ok(Self::List),
            "forget" => Ok(Self::Forget),
            "generations" => Ok(Self::Generations),
            "diff" => Ok(Self::Diff),
            "check" => Ok(Self::Check),
            _ => Err(format!("unknown command '{name}'").into()),
        }
    }

    /// Returns the names of the options that the command accepts.
    fn options(self) -> Vec<&'static str> {
        let (own, shared): (&[_], &[_]) = match self {
            Self::Backup => (
                &[
                    "to",
                    "overwrite",
                    "allow-shrink",
                    "generations",
                    "strict",
                    "json",
                    "quiet",
                ],
                &POLICY,
            ),
            Self::Restore => (
                &[
                    "from",
                    "generation",
                    "overwrite",
                    "dry-run",
                    "json",
                    "quiet",
                ],
                &FILTER,
            ),
            Self::Verify => (&["from", "generation", "expect", "json", "quiet"], &[]),
            Self::List => (&["from", "generation", "json"], &FILTER),
            Self::Forget => (&["from", "unpin", "dry-run", "json", "quiet"], &POLICY),
            Self::Generations => (&["from", "hash", "json"], &[]),
            Self::Diff => (&["from", "generation", "against", "store", "json"], &[]),
            Self::Check => (&["from", "max-age", "verify", "json", "quiet"], &[]),
        };
        [own, shared].concat()
    }
}

/// Parses the arguments; the first of them is the name of the component.
pub(crate) fn parse(arguments: Vec<String>) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_iter(arguments);
    let subcommand = match parser.next()? {
        None => return Err("missing command".into()),
        Some(Arg::Value(name)) => Subcommand::parse(&name.string()?)?,
        Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Request::Help),
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(Request::Version),
        Some(other) => return Err(other.unexpected()),
    };
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Long(name) if subcommand.options().contains(&name) => {
                let name = name.to_owned();
                options.set(&name, &mut parser)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    options.into_request(subcommand)
}

/// The options of any command.
#[derive(Default)]
struct Options {
    to: Option<String>,
    from: Option<String>,
    generation: Option<String>,
    against: Option<String>,
    expected_blake3: Option<String>,
    max_age: Option<u64>,
    unpin: Vec<String>,
    policy: RetentionPolicy,
    filter: LicenseFilter,
    /// The names of the options without a value.
    flags: Vec<String>,
    output: OutputOptions,
}

impl Options {
    /// Sets an option that the command accepts.
    fn set(&mut self, name: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
        let policy = &mut self.policy;
        match name {
            "to" => set_once(&mut self.to, "--to", text(parser)?),
            "from" => set_once(&mut self.from, "--from", text(parser)?),
            "generation" => set_once(&mut self.generation, "--generation", text(parser)?),
            "against" => set_once(&mut self.against, "--against", text(parser)?),
            "expect" => {
                let value = text(parser)?;
                let hash = parse_blake3(&value)
                    .map_err(|error| format!("invalid value '{value}' for '--expect': {error}"))?;
                set_once(&mut self.expected_blake3, "--expect", hash)
            }
            "max-age" => {
                let value = text(parser)?;
                let age = parse_max_age(&value)
                    .map_err(|error| format!("invalid value '{value}' for '--max-age': {error}"))?;
                set_once(&mut self.max_age, "--max-age", age)
            }
            "keep-last" => set_once(&mut policy.keep_last, "--keep-last", number(parser)?),
            "keep-hourly" => set_once(&mut policy.keep_hourly, "--keep-hourly", number(parser)?),
            "keep-daily" => set_once(&mut policy.keep_daily, "--keep-daily", number(parser)?),
            "keep-weekly" => set_once(&mut policy.keep_weekly, "--keep-weekly", number(parser)?),
            "keep-monthly" => set_once(&mut policy.keep_monthly, "--keep-monthly", number(parser)?),
            "keep-yearly" => set_once(&mut policy.keep_yearly, "--keep-yearly", number(parser)?),
            "keep-within" => {
                let duration = parser.value()?.parse()?;
                set_once(&mut policy.keep_within, "--keep-within", duration)
            }
            "unpin" => add(&mut self.unpin, parser),
            "include" => add(&mut self.filter.include, parser),
            "license-id" => add(&mut self.filter.license_ids, parser),
            "key-id" => add(&mut self.filter.key_ids, parser),
            "json" => {
                self.output.json = true;
                Ok(())
            }
            "quiet" => {
                self.output.quiet = true;
                Ok(())
            }
            flag => {
                self.flags.push(flag.to_owned());
                Ok(())
            }
        }
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }

    /// Returns the request of a command with these options.
    fn into_request(self, subcommand: Subcommand) -> Result<Request, lexopt::Error> {
        let (overwrite, dry_run) = (self.has("overwrite"), self.has("dry-run"));
        let generations = self.has("generations") || self.policy != RetentionPolicy::default();
        if overwrite && generations {
            return Err("option '--overwrite' is not for generations".into());
        }
        if self.has("store") && self.against.is_some() {
            return Err("option '--against' is not for '--store'".into());
        }
        if subcommand == Subcommand::List && self.generation.is_some() && self.from.is_none() {
            return Err("option '--generation' requires '--from DIR'".into());
        }
        let from = || self.from.clone().ok_or("missing option '--from DIR'");
        Ok(match subcommand {
            Subcommand::Backup => Request::Backup {
                options: BackupOptions {
                    overwrite,
                    allow_shrink: self.has("allow-shrink"),
                    generation: None,
                    retention: (self.policy != RetentionPolicy::default()).then_some(self.policy),
                },
                generations,
                strict: self.has("strict"),
                to: self.to.ok_or("missing option '--to DIR'")?,
                output: self.output,
            },
            Subcommand::Restore => Request::Restore {
                from: from()?,
                generation: self.generation,
                options: RestoreOptions {
                    overwrite,
                    dry_run,
                    filter: self.filter,
                },
                output: self.output,
            },
            Subcommand::Verify => Request::Verify {
                from: from()?,
                generation: self.generation,
                options: VerifyOptions {
                    expected_blake3: self.expected_blake3,
                },
                output: self.output,
            },
            Subcommand::Forget => Request::Forget {
                from: from()?,
                options: ForgetOptions {
                    policy: self.policy,
                    unpin: self.unpin,
                    dry_run,
                    ..ForgetOptions::default()
                },
                output: self.output,
            },
            Subcommand::List => Request::List {
                from: self.from,
                generation: self.generation,
                filter: self.filter,
                output: self.output,
            },
            Subcommand::Generations => Request::Generations {
                from: from()?,
                options: GenerationsOptions {
                    hash: self.has("hash"),
                },
                output: self.output,
            },
            Subcommand::Diff => Request::Diff {
                from: from()?,
                store: self.has("store"),
                generation: self.generation,
                against: self.against,
                output: self.output,
            },
            Subcommand::Check => Request::Check {
                from: from()?,
                options: CheckOptions {
                    max_age: self.max_age.ok_or("missing option '--max-age DURATION'")?,
                    verify: self.has("verify"),
                    ..CheckOptions::default()
                },
                output: self.output,
            },
        })
    }
}

/// Returns the value of an option.
fn text(parser: &mut Parser) -> Result<String, lexopt::Error> {
    parser.value()?.string()
}

/// Returns the value of an option that is a number.
fn number(parser: &mut Parser) -> Result<u32, lexopt::Error> {
    parser.value()?.parse()
}

/// Adds a value of an option that may be given more than once.
fn add(values: &mut Vec<String>, parser: &mut Parser) -> Result<(), lexopt::Error> {
    values.push(text(parser)?);
    Ok(())
}

/// Sets the value of an option.
///
/// # Errors
///
/// Returns an error if the option already has a value.
fn set_once<T>(option: &mut Option<T>, name: &str, value: T) -> Result<(), lexopt::Error> {
    if option.replace(value).is_some() {
        return Err(format!("option '{name}' given more than once").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
}
