//! The file of units, which a plan consists of: JSON lines, one for the plan and one for each unit.
//!
//! A file that was cut or edited is refused. The first line contains the ID of the plan, the BLAKE3
//! of everything else in the file.

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use license_backup_report::{escape, generation_time, utc_time};
use serde::{Deserialize, Serialize};

use crate::stores::Target;

/// The version of the format.
const FORMAT: u32 = 1;

/// A plan: when is backed up, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// The ID: 64 lower-case hexadecimal digits.
    pub(super) id: String,
    /// The time of the generations, in seconds since the Unix epoch.
    pub(super) time: u64,
    /// The directory below which all backup directories are.
    pub(super) to: PathBuf,
    /// The units, in the order of their numbers, sorted by store.
    pub(super) units: Vec<Target>,
}

/// An error in a file of units.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnitsError {
    #[error(
        "cannot read the units in {}: {source}; name a file of fleet plan",
        shown(file)
    )]
    Read { file: PathBuf, source: io::Error },
    #[error(
        "cannot read the units in {}: {cause}; plan again into a new file",
        shown(file)
    )]
    Invalid { file: PathBuf, cause: &'static str },
    #[error("cannot plan {}: its path is not UTF-8; rename it", shown(path))]
    NotUtf8 { path: PathBuf },
    #[error("cannot plan for the time {0}: it is after the year 9999; set the clock")]
    Time(u64),
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    r#type: String,
    format: u32,
    plan: String,
    time: String,
    to: String,
    units: usize,
}

/// A further line.
#[derive(Debug, Serialize, Deserialize)]
struct Line<'a> {
    unit: usize,
    #[serde(borrow)]
    store: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    directory: std::borrow::Cow<'a, str>,
}

impl Plan {
    /// Returns the text of the file of a plan, and the ID of the plan.
    pub(super) fn encode(
        time: u64,
        to: &Path,
        units: &[Target],
    ) -> Result<(String, String), UnitsError> {
        let utf8 = |path: &Path| {
            path.to_str().map(str::to_owned).ok_or_else(|| {
                let path = path.to_owned();
                UnitsError::NotUtf8 { path }
            })
        };
        let mut lines = String::new();
        for (unit, target) in units.iter().enumerate() {
            lines += &json(&Line {
                unit,
                store: utf8(&target.store)?.into(),
                directory: utf8(&target.directory)?.into(),
            });
        }
        let time = basic_time(time).ok_or(UnitsError::Time(time))?;
        let to = utf8(to)?;
        let plan = id(&time, &to, &lines);
        let head = json(&Head {
            r#type: "plan".to_owned(),
            format: FORMAT,
            plan: plan.clone(),
            time,
            to,
            units: units.len(),
        });
        Ok((head + &lines, plan))
    }

    /// Reads the file of a plan.
    pub(super) fn read(file: &Path) -> Result<Self, UnitsError> {
        let read = fs::read_to_string(file);
        let text = read.map_err(|source| UnitsError::Read {
            file: file.to_owned(),
            source,
        })?;
        Self::decode(&text).map_err(|cause| UnitsError::Invalid {
            file: file.to_owned(),
            cause,
        })
    }

    fn decode(text: &str) -> Result<Self, &'static str> {
        const NO_PLAN: &str = "it is not a file of fleet plan";
        const CHANGED: &str = "it was cut or edited";
        let (first, lines) = text.split_once('\n').ok_or(NO_PLAN)?;
        let head: Head = serde_json::from_str(first).map_err(|_| NO_PLAN)?;
        if head.r#type != "plan" {
            return Err(NO_PLAN);
        }
        if head.format != FORMAT {
            return Err("it was written by another version of this program");
        }
        // There is one way to write a plan: whatever differs from it was edited.
        if json(&head).trim_end_matches('\n') != first
            || head.plan != id(&head.time, &head.to, lines)
        {
            return Err(CHANGED);
        }
        let mut units = Vec::new();
        for line in lines.split_terminator('\n') {
            let line: Line = serde_json::from_str(line).map_err(|_| CHANGED)?;
            if line.unit != units.len() {
                return Err(CHANGED);
            }
            units.push(Target {
                store: PathBuf::from(&*line.store),
                directory: PathBuf::from(&*line.directory),
            });
        }
        if units.len() != head.units {
            return Err(CHANGED);
        }
        Ok(Self {
            time: generation_time(&format!("licenses-{}.zip", head.time)).ok_or(CHANGED)?,
            id: head.plan,
            to: PathBuf::from(head.to),
            units,
        })
    }

    /// Returns the time of the generations.
    pub(super) fn system_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.time)
    }
}

/// Returns the ID of a plan.
fn id(time: &str, to: &str, lines: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [time, "\n", to, "\n", lines] {
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Returns a time in UTC as in the name of a generation, such as `20261128T060000Z`, or `None` if it
/// is after the year 9999.
fn basic_time(time: u64) -> Option<String> {
    let basic = utc_time(time).replace(['-', ':'], "");
    generation_time(&format!("licenses-{basic}.zip")).map(|_| basic)
}

/// Returns an object as a line of JSON.
fn json(object: &impl Serialize) -> String {
    // Strings and numbers under string keys always serialize.
    serde_json::to_string(object).unwrap_or_default() + "\n"
}
