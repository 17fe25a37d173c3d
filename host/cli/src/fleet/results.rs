//! The results of units, a file each, in a directory beside the file of units.
//!
//! They explain what became of a unit. Whether it has a good backup, its backup directory decides.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use license_backup::create_private_directory;
use license_backup_report::{escape, utc_time};
use serde::{Deserialize, Serialize};

use super::units::Plan;
use crate::files;
use crate::outcome::Outcome;

/// The directory of the results of a plan.
pub(super) struct Results<'a> {
    directory: PathBuf,
    plan: &'a Plan,
}

/// The result of the last run of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnitResult {
    /// The ID of the plan.
    pub(super) plan: String,
    pub(super) unit: usize,
    pub(super) outcome: String,
    pub(super) exit_code: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// The start of the run, in seconds since the Unix epoch and in UTC.
    pub(super) time: u64,
    pub(super) start: String,
    pub(super) milliseconds: u64,
    /// The name of the machine.
    pub(super) host: String,
    /// The number of runs, this one included.
    pub(super) attempt: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) licenses: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) restricted: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) errors: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unchanged: Option<bool>,
}

/// An error reading or writing a result.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResultError {
    #[error("cannot read the result {}: {source}; make it readable", shown(file))]
    Read { file: PathBuf, source: io::Error },
    #[error(
        "the result {} is of another plan; plan into a new file, or move the results away",
        shown(file)
    )]
    OtherPlan { file: PathBuf },
    #[error(
        "cannot write the result {}: {source}; make the directory writable",
        shown(file)
    )]
    Write { file: PathBuf, source: io::Error },
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

impl<'a> Results<'a> {
    /// Returns the results of a plan in the file `units`.
    pub(super) fn of(units: &Path, plan: &'a Plan) -> Self {
        let mut directory = OsString::from(units);
        directory.push(".results");
        Self {
            directory: directory.into(),
            plan,
        }
    }

    /// Creates the directory unless it exists.
    pub(super) fn create(&self) -> Result<(), ResultError> {
        match create_private_directory(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(ResultError::Write {
                file: self.directory.clone(),
                source: error,
            }),
            _ => Ok(()),
        }
    }

    fn file(&self, unit: usize) -> PathBuf {
        self.directory.join(format!("{unit}.json"))
    }

    /// Reads the result of a unit. Returns `None` if there is none, or if it cannot be understood:
    /// the next run replaces it.
    pub(super) fn read(&self, unit: usize) -> Result<Option<UnitResult>, ResultError> {
        let file = self.file(unit);
        let content = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ResultError::Read { file, source }),
            Ok(content) => content,
        };
        match serde_json::from_slice::<UnitResult>(&content) {
            Ok(result) if result.plan != self.plan.id => Err(ResultError::OtherPlan { file }),
            Ok(result) => Ok(Some(result).filter(|result| result.unit == unit)),
            Err(_) => Ok(None),
        }
    }

    /// Writes the result of a run that started at `start`, after `earlier` ones.
    pub(super) fn write(
        &self,
        unit: usize,
        outcome: &Outcome,
        start: SystemTime,
        earlier: u64,
    ) -> Result<(), ResultError> {
        let time = start.duration_since(SystemTime::UNIX_EPOCH);
        let time = time.unwrap_or_default().as_secs();
        let summary = outcome.summary();
        let failure = outcome.failure();
        let result = UnitResult {
            plan: self.plan.id.clone(),
            unit,
            outcome: outcome.name().to_owned(),
            exit_code: outcome.exit.number(),
            code: failure.map(|failure| failure.code.name().to_owned()),
            message: failure.map(|failure| failure.message.clone()),
            time,
            start: utc_time(time),
            milliseconds: outcome.milliseconds(),
            host: host_name(),
            attempt: earlier.saturating_add(1),
            licenses: summary.map(|summary| summary.licenses),
            bytes: summary.map(|summary| summary.bytes),
            restricted: summary.map(|summary| summary.restricted),
            errors: summary.map(|summary| summary.errors),
            file: summary.map(|summary| summary.file.clone()),
            size: summary.map(|summary| summary.size),
            unchanged: summary.map(|summary| summary.unchanged),
        };
        let file = self.file(unit);
        // Strings and numbers under string keys always serialize.
        let mut json = serde_json::to_vec_pretty(&result).unwrap_or_default();
        json.push(b'\n');
        files::replace(&file, &json).map_err(|source| ResultError::Write { file, source })
    }
}

/// Returns the name of this machine, or an empty string if it has none.
#[cfg(unix)]
fn host_name() -> String {
    let name = nix::unistd::gethostname();
    name.map_or_else(
        |_| String::new(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Returns the name of this machine, or an empty string if it has none.
#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use license_backup::{ErrorCode, Failure, OperationError};

    use super::*;

    fn plan(id: &str) -> Plan {
        Plan {
            id: id.to_owned(),
            time: 0,
            to: PathBuf::from("/to"),
            units: Vec::new(),
        }
    }

    fn failed() -> Outcome {
        let failure = Failure::new(ErrorCode::DiskFull, "the disk is full");
        let result = Err(OperationError::Failure(failure));
        Outcome::of(result, false, Duration::from_millis(1200))
    }

    #[test]
    fn a_result_is_read_as_it_was_written_and_replaced() {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let plan = plan("id");
        let results = Results::of(&directory.path().join("units"), &plan);
        results.create().expect("the directory is writable");
        assert_eq!(results.read(3).expect("it can be read"), None);
        let start = SystemTime::UNIX_EPOCH + Duration::from_mins(1);
        let write = |outcome: &Outcome, earlier| results.write(3, outcome, start, earlier);
        write(&failed(), 0).expect("it can be written");
        let result = results
            .read(3)
            .expect("it can be read")
            .expect("there is one");
        assert_eq!(
            (result.exit_code, result.attempt, result.milliseconds),
            (1, 1, 1200)
        );
        assert_eq!(result.code.as_deref(), Some("disk-full"));
        assert_eq!(result.message.as_deref(), Some("the disk is full"));
        assert_eq!(result.start, "1970-01-01T00:01:00Z");
        write(&Outcome::done(Duration::ZERO), 1).expect("it can be written");
        let result = results
            .read(3)
            .expect("it can be read")
            .expect("there is one");
        assert_eq!((result.outcome.as_str(), result.attempt), ("done", 2));
    }

    #[test]
    fn a_result_of_another_plan_is_refused_and_one_that_is_damaged_is_none() {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let units = directory.path().join("units");
        let (one, other) = (plan("one"), plan("other"));
        let results = Results::of(&units, &one);
        results.create().expect("the directory is writable");
        let written = results.write(0, &failed(), SystemTime::UNIX_EPOCH, 0);
        written.expect("it can be written");
        let refused = Results::of(&units, &other).read(0);
        assert!(matches!(refused, Err(ResultError::OtherPlan { .. })));
        for damaged in ["", "{", "{}", "[]", "null"] {
            fs::write(results.file(0), damaged).expect("it can be written");
            assert_eq!(results.read(0).expect("it can be read"), None, "{damaged}");
        }
    }
}
