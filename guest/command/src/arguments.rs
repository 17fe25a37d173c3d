//! The arguments of the command.

use lexopt::{Arg, Parser, ValueExt as _};
use license_backup_report::{Manner, expected_blake3};

/// What `--help` prints.
pub(crate) const HELP: &str = include_str!("help.txt");

/// What the command is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Help,
    Version,
    Backup {
        directory: String,
        overwrite: bool,
        strict: bool,
        manner: Manner,
    },
    Restore {
        directory: String,
        overwrite: bool,
        dry_run: bool,
        manner: Manner,
    },
    Verify {
        directory: String,
        expected: Option<String>,
        manner: Manner,
    },
    List {
        directory: Option<String>,
        manner: Manner,
    },
}

/// A verb, and the options that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Backup,
    Restore,
    Verify,
    List,
}

impl Verb {
    fn parse(name: &str) -> Result<Self, lexopt::Error> {
        match name {
            "backup" => Ok(Self::Backup),
            "restore" => Ok(Self::Restore),
            "verify" => Ok(Self::Verify),
            "list" => Ok(Self::List),
            _ => Err(format!("there is no verb {name:?}").into()),
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Backup => &["overwrite", "strict", "json", "quiet"],
            Self::Restore => &["overwrite", "dry-run", "json", "quiet"],
            Self::Verify => &["expect", "json", "quiet"],
            Self::List => &["json"],
        }
    }
}

/// Takes the arguments apart; the first of them is the name of the command.
pub(crate) fn parse(arguments: Vec<String>) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_iter(arguments);
    let verb = match parser.next()? {
        None => return Err("a verb is missing".into()),
        Some(Arg::Value(name)) => Verb::parse(&name.string()?)?,
        Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Request::Help),
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(Request::Version),
        Some(other) => return Err(other.unexpected()),
    };
    let (mut directory, mut expected, mut manner) = (None, None, Manner::default());
    let (mut overwrite, mut strict, mut dry_run) = (false, false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Long(name) if !verb.options().contains(&name) => return Err(argument.unexpected()),
            Arg::Long("overwrite") => overwrite = true,
            Arg::Long("strict") => strict = true,
            Arg::Long("dry-run") => dry_run = true,
            Arg::Long("json") => manner.json = true,
            Arg::Long("quiet") => manner.quiet = true,
            Arg::Long("expect") => {
                let hash = parser.value()?.string()?;
                expected = Some(
                    expected_blake3(&hash)
                        .map_err(|fault| format!("--expect {hash:?}: {fault}"))?,
                );
            }
            Arg::Value(value) if directory.is_none() => directory = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let required =
        |directory: Option<String>| directory.ok_or("the directory of the backup is missing");
    Ok(match verb {
        Verb::Backup => Request::Backup {
            directory: required(directory)?,
            overwrite,
            strict,
            manner,
        },
        Verb::Restore => Request::Restore {
            directory: required(directory)?,
            overwrite,
            dry_run,
            manner,
        },
        Verb::Verify => Request::Verify {
            directory: required(directory)?,
            expected,
            manner,
        },
        Verb::List => Request::List { directory, manner },
    })
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

    #[test]
    fn every_verb_takes_its_options_in_any_order() {
        let manner = Manner {
            json: true,
            quiet: true,
        };
        let directory = || "/b".to_owned();
        let hash = "0f".repeat(32);
        for (arguments, request) in [
            (
                "backup --quiet --strict /b --json --overwrite".to_owned(),
                Request::Backup {
                    directory: directory(),
                    overwrite: true,
                    strict: true,
                    manner,
                },
            ),
            (
                "restore /b --dry-run --json --quiet --overwrite".to_owned(),
                Request::Restore {
                    directory: directory(),
                    overwrite: true,
                    dry_run: true,
                    manner,
                },
            ),
            (
                format!("verify --expect {} --json --quiet /b", hash.to_uppercase()),
                Request::Verify {
                    directory: directory(),
                    expected: Some(hash),
                    manner,
                },
            ),
            (
                "list --json /b".to_owned(),
                Request::List {
                    directory: Some(directory()),
                    manner: Manner {
                        quiet: false,
                        ..manner
                    },
                },
            ),
        ] {
            assert_eq!(parsed(&arguments), Ok(request));
        }
    }

    #[test]
    fn nothing_is_asked_for_that_was_not_given() {
        let manner = Manner::default();
        let directory = || "/b".to_owned();
        for (arguments, request) in [
            (
                "backup /b",
                Request::Backup {
                    directory: directory(),
                    overwrite: false,
                    strict: false,
                    manner,
                },
            ),
            (
                "restore /b",
                Request::Restore {
                    directory: directory(),
                    overwrite: false,
                    dry_run: false,
                    manner,
                },
            ),
            (
                "verify /b",
                Request::Verify {
                    directory: directory(),
                    expected: None,
                    manner,
                },
            ),
            (
                "list",
                Request::List {
                    directory: None,
                    manner,
                },
            ),
        ] {
            assert_eq!(parsed(arguments), Ok(request));
        }
    }

    #[test]
    fn a_directory_may_begin_with_a_dash_behind_two() {
        let directory = Some("-d".to_owned());
        assert_eq!(
            parsed("list -- -d"),
            Ok(Request::List {
                directory,
                manner: Manner::default()
            })
        );
    }

    #[test]
    fn help_and_version_need_no_verb() {
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
    fn what_a_verb_does_not_take_is_named() {
        for (arguments, named) in [
            ("", "verb"),
            ("--json", "'--json'"),
            ("compress /b", "\"compress\""),
            ("backup", "directory"),
            ("backup /b /c", "\"/c\""),
            ("backup /b --dry-run", "'--dry-run'"),
            ("backup /b --overwrite=yes", "\"yes\""),
            ("restore /b --strict", "'--strict'"),
            ("verify /b --expect", "'--expect'"),
            ("verify /b --expect 0f", "\"0f\""),
            ("verify /b -x", "'-x'"),
            ("list --quiet", "'--quiet'"),
        ] {
            let error = parsed(arguments).expect_err(arguments);
            assert!(error.contains(named), "{arguments}: {error}");
        }
    }
}
