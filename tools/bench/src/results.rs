//! What was measured, as it stands in `tools/bench/results.json`: the table and the plot are made of this and of nothing else.

use serde::{Deserialize, Serialize};

/// The version of the file's form.
pub(crate) const SCHEMA: u32 = 2;

/// All that one call of the benchmark has measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) schema: u32,
    pub(crate) machine: Machine,
    /// The size of each component in bytes.
    pub(crate) components: Vec<Component>,
    /// Stores so small that a backup takes little more than its start.
    pub(crate) short: Vec<Store>,
    /// A store of licenses in publications, and one of as many that are files.
    pub(crate) publications: Store,
    pub(crate) stores: Vec<Store>,
}

/// Where it was measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// What was measured with one sample store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Store {
    /// How many licenses it has, of 4096 bytes each.
    pub(crate) licenses: u32,
    pub(crate) comparisons: Vec<Comparison>,
    /// Operations that were cancelled, where that was measured.
    #[serde(default)]
    pub(crate) cancellations: Vec<Cancellation>,
}

/// An operation that was cancelled at moments spread over its course.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cancellation {
    pub(crate) task: String,
    /// The seconds from each request to the outcome that says so.
    pub(crate) seconds: Vec<f64>,
    /// How many requests came when there was nothing left to cancel.
    pub(crate) too_late: u32,
}

/// Programs that do the same, measured in turns. The first is the one that the others are compared with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) task: String,
    pub(crate) programs: Vec<Program>,
}

/// One program of a comparison.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Program {
    pub(crate) name: String,
    /// The wall-clock time of each round in seconds, the result synced to disk.
    pub(crate) seconds: Vec<f64>,
    /// The most memory that any round had resident, in bytes.
    pub(crate) peak_memory: u64,
}

impl Results {
    pub(crate) fn largest_store(&self) -> Option<&Store> {
        self.stores.iter().max_by_key(|store| store.licenses)
    }
}

impl Program {
    pub(crate) fn median_seconds(&self) -> f64 {
        median(self.seconds.iter().copied())
    }
}

impl Cancellation {
    /// The median, if any request came in time.
    pub(crate) fn median_seconds(&self) -> Option<f64> {
        (!self.seconds.is_empty()).then(|| median(self.seconds.iter().copied()))
    }

    pub(crate) fn longest_seconds(&self) -> Option<f64> {
        self.seconds.iter().copied().max_by(f64::total_cmp)
    }
}

impl Comparison {
    /// How many times each program was run.
    pub(crate) fn rounds(&self) -> usize {
        self.programs.first().map_or(0, |first| first.seconds.len())
    }

    /// How many times as long as `program` the first one took: the median of the ratios of the rounds, so that what slows
    /// the machine for a while does not count for one of them alone.
    pub(crate) fn ratio_to(&self, program: &Program) -> f64 {
        let first = self
            .programs
            .first()
            .map_or(&[][..], |first| &first.seconds);
        median(
            first
                .iter()
                .zip(&program.seconds)
                .map(|(ours, theirs)| ours / theirs),
        )
    }
}

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
    fn the_median_is_the_middle_one_or_between_the_two_in_the_middle() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let program = |seconds: &[f64]| Program {
            name: String::new(),
            seconds: seconds.to_vec(),
            peak_memory: 0,
        };
        let comparison = Comparison {
            task: String::new(),
            programs: vec![program(&[1.0, 8.0, 2.0]), program(&[2.0, 4.0, 2.0])],
        };
        assert!((comparison.ratio_to(&comparison.programs[1]) - 1.0).abs() < f64::EPSILON);
    }
}
