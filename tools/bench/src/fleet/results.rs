//! The results, in the format of `tools/bench/fleet.json`. The tables of `docs/fleets.md` are
//! generated from them only.

use serde::{Deserialize, Serialize};

use crate::results::Machine;

/// The version of the file format.
pub(crate) const SCHEMA: u32 = 1;

/// The results of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FleetResults {
    pub(crate) schema: u32,
    pub(crate) machine: Machine,
    /// Stores of ordinary size on the local disk.
    pub(crate) disk: Series,
    /// Stores of one license each: almost all of the time is what each store costs.
    pub(crate) tiny: Series,
    /// Stores on a file system that answers each call late.
    pub(crate) slow: Series,
    /// An array with one unit in each task.
    pub(crate) tasks: Measured,
}

/// Backups of the same stores with more and more tasks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) stores: u32,
    /// The number of licenses in each store.
    pub(crate) licenses: u32,
    /// The delay of each call of the file system of the stores, in microseconds.
    pub(crate) delay: u32,
    /// One process, by the number of `--jobs`.
    pub(crate) jobs: Vec<Measured>,
    /// A Slurm cluster with two tasks on each node, by the number of nodes.
    pub(crate) nodes: Vec<Measured>,
}

/// Backups with this number of jobs, of nodes or of tasks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) count: u32,
    /// The seconds of each run.
    pub(crate) seconds: Vec<f64>,
}

impl Measured {
    /// Returns the median of the runs.
    pub(crate) fn median(&self) -> f64 {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

impl Series {
    /// Returns the number of stores that are backed up in an hour.
    pub(crate) fn stores_an_hour(&self, measured: &Measured) -> f64 {
        f64::from(self.stores) / measured.median() * 3600.0
    }

    /// Returns the number of licenses that are backed up in a second.
    pub(crate) fn licenses_a_second(&self, measured: &Measured) -> f64 {
        f64::from(self.stores) * f64::from(self.licenses) / measured.median()
    }

    /// Returns the fastest number of jobs.
    pub(crate) fn fastest(&self) -> Option<&Measured> {
        self.jobs
            .iter()
            .min_by(|one, other| one.median().total_cmp(&other.median()))
    }
}
