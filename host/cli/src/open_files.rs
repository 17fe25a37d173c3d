//! The limit on the open files of this process, which limits the number of jobs.

use std::num::NonZeroUsize;

/// The files that a job may have open: 256 of its operation (see "Limits" of the library), its two
/// directories, and those that this program opens around it.
const FILES_PER_JOB: u64 = 264;

/// The files that this process may have open besides: standard streams, pipes of signals, a list of
/// results, and 80 for each of the four operations that read ahead.
const OTHER_FILES: u64 = 4 * 80 + 64;

/// The jobs that may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jobs {
    /// Their number.
    pub(crate) number: NonZeroUsize,
    /// The limit on the open files that permits no more, if it does not permit as many as the
    /// caller requested.
    pub(crate) limited_by: Option<u64>,
}

/// Returns the jobs that may run at once if `requested` are desired, after the soft limit has been
/// raised as far as needed and possible. At least one may run: an operation rarely needs as many
/// files as it may have open.
pub(crate) fn permitted_jobs(requested: NonZeroUsize) -> Jobs {
    permitted_by(requested, raise_limit(needed_files(requested)))
}

/// Returns the number of files that some jobs need.
pub(crate) fn needed_files(jobs: NonZeroUsize) -> u64 {
    let jobs = u64::try_from(jobs.get()).unwrap_or(u64::MAX);
    jobs.saturating_mul(FILES_PER_JOB)
        .saturating_add(OTHER_FILES)
}

fn permitted_by(requested: NonZeroUsize, limit: u64) -> Jobs {
    let permitted = limit.saturating_sub(OTHER_FILES) / FILES_PER_JOB;
    let permitted = usize::try_from(permitted).unwrap_or(usize::MAX);
    let number = requested.min(NonZeroUsize::new(permitted).unwrap_or(NonZeroUsize::MIN));
    Jobs {
        number,
        limited_by: (number < requested).then_some(limit),
    }
}

/// Raises the soft limit to `needed`, or as far as the hard limit permits, and returns it.
#[cfg(unix)]
fn raise_limit(needed: u64) -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return u64::MAX;
    };
    let raised = needed.min(hard);
    // The system may set other limits, too: then the soft limit stays.
    if soft < raised && setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_ok() {
        raised
    } else {
        soft
    }
}

/// Returns that there is no limit: other systems have none that a process reaches.
#[cfg(not(unix))]
fn raise_limit(_: u64) -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).expect("it is not zero")
    }

    #[test]
    fn as_many_jobs_run_as_the_limit_permits() {
        for (requested, limit, number, is_limited) in [
            (1000, u64::MAX, 1000, false),
            (1000, 1_048_576, 1000, false),
            (1000, 20_000, 74, true),
            (1000, 1024, 2, true),
            (2, 1024, 2, false),
            (3, 1024, 2, true),
            (1, 1024, 1, false),
        ] {
            let permitted = permitted_by(jobs(requested), limit);
            assert_eq!(permitted.number.get(), number, "{requested} {limit}");
            assert_eq!(permitted.limited_by, is_limited.then_some(limit));
        }
    }

    #[test]
    fn one_job_runs_whatever_the_limit_is() {
        for limit in [0, 64, 384, 647] {
            assert_eq!(permitted_by(jobs(5), limit).number.get(), 1, "{limit}");
        }
    }

    #[test]
    fn the_permitted_jobs_need_no_more_files_than_the_limit() {
        for limit in [648, 1024, 4096, 65_536] {
            let permitted = permitted_by(jobs(100_000), limit).number;
            assert!(needed_files(permitted) <= limit, "{limit}");
        }
    }
}
