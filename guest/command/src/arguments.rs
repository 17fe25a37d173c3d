//! The arguments of the command, which has the options of the program `license-backup`.

use lexopt::{Arg, Parser, ValueExt as _};
use license_backup_core::{BackupOptions, RetentionPolicy};
use license_backup_report::{OutputOptions, parse_blake3};

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
        overwrite: bool,
        dry_run: bool,
        output: OutputOptions,
    },
    Verify {
        from: String,
        generation: Option<String>,
        expected_blake3: Option<String>,
        output: OutputOptions,
    },
    Forget {
        from: String,
        policy: RetentionPolicy,
        dry_run: bool,
        output: OutputOptions,
    },
    /// Lists a backup, or without `from` the license store.
    List {
        from: Option<String>,
        generation: Option<String>,
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
}

impl Subcommand {
    fn parse(name: &str) -> Result<Self, lexopt::Error> {
        match name {
            "backup" => Ok(Self::Backup),
            "restore" => Ok(Self::Restore),
            "verify" => Ok(Self::Verify),
            "list" => Ok(Self::List),
            "forget" => Ok(Self::Forget),
            _ => Err(format!("unknown command '{name}'").into()),
        }
    }

    /// Returns the names of the options that the command accepts.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Backup => &[
                "to",
                "overwrite",
                "allow-shrink",
                "generations",
                "strict",
                "json",
                "quiet",
            ],
            Self::Restore => &[
                "from",
                "generation",
                "overwrite",
                "dry-run",
                "json",
                "quiet",
            ],
            Self::Verify => &["from", "generation", "expect", "json", "quiet"],
            Self::List => &["from", "generation", "json"],
            Self::Forget => &[
                "from",
                "keep-last",
                "keep-hourly",
                "keep-daily",
                "keep-weekly",
                "keep-monthly",
                "keep-yearly",
                "keep-within",
                "dry-run",
                "json",
                "quiet",
            ],
        }
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
    let (mut to, mut from, mut generation, mut expected_blake3) = (None, None, None, None);
    let (mut overwrite, mut allow_shrink, mut generations) = (false, false, false);
    let (mut strict, mut dry_run) = (false, false);
    let mut policy = RetentionPolicy::default();
    let mut output = OutputOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Long(name) if !subcommand.options().contains(&name) => {
                return Err(argument.unexpected());
            }
            Arg::Long("to") => set_once(&mut to, "--to", parser.value()?.string()?)?,
            Arg::Long("from") => set_once(&mut from, "--from", parser.value()?.string()?)?,
            Arg::Long("generation") => {
                set_once(&mut generation, "--generation", parser.value()?.string()?)?;
            }
            Arg::Long("expect") => {
                let value = parser.value()?.string()?;
                let hash = parse_blake3(&value)
                    .map_err(|error| format!("invalid value '{value}' for '--expect': {error}"))?;
                set_once(&mut expected_blake3, "--expect", hash)?;
            }
            Arg::Long("keep-last") => policy.keep_last = Some(parser.value()?.parse()?),
            Arg::Long("keep-hourly") => policy.keep_hourly = Some(parser.value()?.parse()?),
            Arg::Long("keep-daily") => policy.keep_daily = Some(parser.value()?.parse()?),
            Arg::Long("keep-weekly") => policy.keep_weekly = Some(parser.value()?.parse()?),
            Arg::Long("keep-monthly") => policy.keep_monthly = Some(parser.value()?.parse()?),
            Arg::Long("keep-yearly") => policy.keep_yearly = Some(parser.value()?.parse()?),
            Arg::Long("keep-within") => policy.keep_within = Some(parser.value()?.parse()?),
            Arg::Long("overwrite") => overwrite = true,
            Arg::Long("allow-shrink") => allow_shrink = true,
            Arg::Long("generations") => generations = true,
            Arg::Long("strict") => strict = true,
            Arg::Long("dry-run") => dry_run = true,
            Arg::Long("json") => output.json = true,
            Arg::Long("quiet") => output.quiet = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(match subcommand {
        Subcommand::Backup => Request::Backup {
            to: to.ok_or("missing option '--to DIR'")?,
            options: BackupOptions {
                overwrite,
                allow_shrink,
                generation: None,
            },
            generations,
            strict,
            output,
        },
        Subcommand::Restore => Request::Restore {
            from: from.ok_or("missing option '--from DIR'")?,
            generation,
            overwrite,
            dry_run,
            output,
        },
        Subcommand::Verify => Request::Verify {
            from: from.ok_or("missing option '--from DIR'")?,
            generation,
            expected_blake3,
            output,
        },
        Subcommand::Forget => Request::Forget {
            from: from.ok_or("missing option '--from DIR'")?,
            policy,
            dry_run,
            output,
        },
        Subcommand::List if generation.is_some() && from.is_none() => {
            return Err("option '--generation' requires '--from DIR'".into());
        }
        Subcommand::List => Request::List {
            from,
            generation,
            output,
        },
    })
}

/// Sets the value of an option.
///
/// # Errors
///
/// Returns an error if the option already has a value.
fn set_once(option: &mut Option<String>, name: &str, value: String) -> Result<(), lexopt::Error> {
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
                        generation: None,
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
                    overwrite: true,
                    dry_run: true,
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
                    expected_blake3: Some(hash),
                    output,
                },
            ),
            (
                "list --json --from /b".to_owned(),
                Request::List {
                    from: Some(directory()),
                    generation: None,
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
                    overwrite: false,
                    dry_run: false,
                    output,
                },
            ),
            (
                "verify --from /b",
                Request::Verify {
                    from: directory(),
                    generation: None,
                    expected_blake3: None,
                    output,
                },
            ),
            (
                "list",
                Request::List {
                    from: None,
                    generation: None,
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
        let generation = None;
        assert_eq!(
            parsed("list --from -d"),
            Ok(Request::List {
                from,
                generation,
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
        ] {
            for option in subcommand.options() {
                assert!(HELP.contains(&format!("\n  --{option} ")), "--{option}");
            }
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
