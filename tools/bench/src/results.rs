//! The results, in the format of `tools/bench/results.json`. The tables and the plot are generated
//! from them only.

use serde::{Deserialize, Serialize};

/// The version of the file format.
pub(crate) const SCHEMA: u32 = 2;

/// The results of one run of the benchmark.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) schema: u32,
    pub(crate) machine: Machine,
    /// The components, with their sizes.
    pub(crate) components: Vec<Component>,
    /// Stores so small that the start of the program takes most of the time.
    pub(crate) short: Vec<Store>,
    /// Many generations of a store. `None` if they were not measured.
    #[serde(default)]
    pub(crate) generations: Option<Store>,
    /// A store of licenses in publications, compared with the same number of license documents.
    pub(crate) publications: Store,
    pub(crate) stores: Vec<Store>,
    /// A store that was backed up to servers, and encrypted; perhaps in a later run. `None` if it
    /// was not measured.
    #[serde(default)]
    pub(crate) places: Option<Store>,
    /// A store with many more licenses, measured with fewer programs. `None` if it was not
    /// measured.
    #[serde(default)]
    pub(crate) largest: Option<Store>,
}

/// The machine of the benchmark.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
}

/// A component, with its size in bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// The results with one sample store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Store {
    /// The number of licenses, of 4096 bytes each.
    pub(crate) licenses: u32,
    pub(crate) comparisons: Vec<Comparison>,
    /// What is done with the backups over time. Empty if it was not measured.
    #[serde(default)]
    pub(crate) over_time: Vec<Comparison>,
    /// The cancelled operations. Empty if they were not measured.
    #[serde(default)]
    pub(crate) cancellations: Vec<Cancellation>,
}

/// An operation that was cancelled at moments spread evenly over its duration.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cancellation {
    pub(crate) task: String,
    /// The seconds from each request to the outcome that reports the cancellation.
    pub(crate) seconds: Vec<f64>,
    /// The number of requests after which the operation completed nevertheless.
    pub(crate) too_late: u32,
}

/// The programs with the same task, measured in turn. The others are compared with the first.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) task: String,
    /// The time within which each program is due, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_milliseconds: Option<u32>,
    pub(crate) programs: Vec<Program>,
}

/// A program of a comparison.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Program {
    pub(crate) name: String,
    /// The wall-clock time of each round in seconds, including the sync of the result.
    pub(crate) seconds: Vec<f64>,
    /// The peak memory of all rounds, in bytes of resident memory.
    pub(crate) peak_memory: u64,
    /// The most bytes that it read in a round, from the disk or the cache. Mapped files do not
    /// count. `None` if they were not measured.
    #[serde(default)]
    pub(crate) bytes_read: Option<u64>,
}

impl Results {
    /// Returns the store with the most licenses of those measured with every program.
    pub(crate) fn main_store(&self) -> Option<&Store> {
        self.stores.iter().max_by_key(|store| store.licenses)
    }
}

impl Store {
    /// Returns the comparison of the programs with a task.
    pub(crate) fn comparison(&self, task: &str) -> Option<&Comparison> {
        self.comparisons
            .iter()
            .find(|comparison| comparison.task == task)
    }

    /// Returns the microseconds that a program takes for each license.
    pub(crate) fn microseconds_a_license(&self, program: &Program) -> f64 {
        program.median_seconds() * 1e6 / f64::from(self.licenses)
    }
}

impl Program {
    /// Returns the median of the rounds.
    pub(crate) fn median_seconds(&self) -> f64 {
        median(self.seconds.iter().copied())
    }
}

impl Cancellation {
    /// Returns the median, or `None` if every request came too late.
    pub(crate) fn median_seconds(&self) -> Option<f64> {
        (!self.seconds.is_empty()).then(|| median(self.seconds.iter().copied()))
    }

    /// Returns the maximum, or `None` if every request came too late.
    pub(crate) fn max_seconds(&self) -> Option<f64> {
        self.seconds.iter().copied().max_by(f64::total_cmp)
    }
}

impl Comparison {
    /// Returns the number of runs of each program.
    pub(crate) fn rounds(&self) -> usize {
        self.programs.first().map_or(0, |first| first.seconds.len())
    }

    /// Returns the ratio of the time of the first program to that of `program`: the median of the
    /// ratios of the rounds, so that a slow phase of the machine affects both.
    pub(crate) fn ratio_to(&self, program: &Program) -> f64 {
        let first = self
            .programs
            .first()
            .map_or(&[][..], |first| &first.seconds);
        median(
            first
                .iter()
                .zip(&program.seconds)
                .map(|(first, other)| first / other),
        )
    }
}

/// Returns the median, or NaN if there are no values.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    match (sorted.get(low), sorted.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_both() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn the_ratio_is_computed_within_each_round() {
        let program = |seconds: &[f64]| Program {
            name: String::new(),
            seconds: seconds.to_vec(),
            peak_memory: 0,
            bytes_read: None,
        };
        let comparison = Comparison {
            task: String::new(),
            due_milliseconds: None,
            programs: vec![program(&[1.0, 8.0, 2.0]), program(&[2.0, 4.0, 2.0])],
        };
        assert!((comparison.ratio_to(&comparison.programs[1]) - 1.0).abs() < f64::EPSILON);
    }
}
