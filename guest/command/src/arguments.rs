//! The arguments of the command, which has the options of the program `license-backup`.

#[cfg(test)]
mod tests;

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
                    encrypted: None,
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
