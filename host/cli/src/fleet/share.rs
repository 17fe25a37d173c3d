//! The share of the units that a task takes, from the options or from the variables of a scheduler.

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

/// The variables of Slurm, for each task of an array.
const SLURM: [&str; 4] = [
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT",
    "SLURM_ARRAY_TASK_MIN",
    "SLURM_ARRAY_TASK_MAX",
];
/// The variable of an indexed job of Kubernetes, which does not know the number of tasks.
const KUBERNETES: &str = "JOB_COMPLETION_INDEX";
/// The variables of Grid Engine, for each task of an array.
const GRID_ENGINE: [&str; 4] = [
    "SGE_TASK_ID",
    "SGE_TASK_FIRST",
    "SGE_TASK_LAST",
    "SGE_TASK_STEPSIZE",
];

/// A share of the units: those whose number leaves the remainder `task` when divided by `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    task: usize,
    of: NonZeroUsize,
}

/// An error in the number of a task: the command line is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ShareError {
    #[error("the task {task} is out of range: of {of} tasks, the last one is {}", of.get() - 1)]
    Range { task: usize, of: NonZeroUsize },
    #[error("{name} is {value:?}, which is no number; use --task and --of")]
    NoNumber { name: &'static str, value: String },
    #[error("{name} is missing; use --task and --of")]
    Missing { name: &'static str },
    #[error(
        "the tasks of the array are {min} to {max}, {count} of them; number them from 0 without \
         gaps, or use --task and --of"
    )]
    Gaps {
        min: usize,
        max: usize,
        count: usize,
    },
    #[error("JOB_COMPLETION_INDEX is set, but not the number of tasks; add --of")]
    NoNumberOfTasks,
    #[error("--of is {of}, but the array has {count} tasks; omit --of, or add --task")]
    Contradiction {
        of: NonZeroUsize,
        count: NonZeroUsize,
    },
    #[error("--of without --task needs the variables of a scheduler; add --task")]
    NoTask,
    #[error("{0} and {1} are both set; use --task and --of")]
    TwoSchedulers(&'static str, &'static str),
}

impl Share {
    /// All units.
    const ALL: Self = Self {
        task: 0,
        of: NonZeroUsize::MIN,
    };

    /// Returns the share of a task. `variable` returns the value of an environment variable.
    pub(super) fn new(
        task: Option<usize>,
        of: Option<NonZeroUsize>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ShareError> {
        if let (Some(task), Some(of)) = (task, of) {
            return Self::of(task, of);
        }
        let variables = Variables(variable);
        let set: Vec<_> = [SLURM[0], KUBERNETES, GRID_ENGINE[0]]
            .into_iter()
            .filter(|name| variables.text(name).is_some())
            .collect();
        let (task, count) = match set.as_slice() {
            [] if of.is_some() => return Err(ShareError::NoTask),
            [] => return Ok(Self::ALL),
            [one, other, ..] => return Err(ShareError::TwoSchedulers(one, other)),
            ["SLURM_ARRAY_TASK_ID"] => variables.slurm()?,
            [KUBERNETES] => {
                let of = of.ok_or(ShareError::NoNumberOfTasks)?;
                (variables.number(KUBERNETES)?, of)
            }
            [_] => variables.grid_engine()?,
        };
        match of {
            Some(of) if of != count => Err(ShareError::Contradiction { of, count }),
            _ => Self::of(task, count),
        }
    }

    fn of(task: usize, of: NonZeroUsize) -> Result<Self, ShareError> {
        if task < of.get() {
            Ok(Self { task, of })
        } else {
            Err(ShareError::Range { task, of })
        }
    }

    /// Returns the numbers of the units of this share.
    pub(super) fn units(self, count: usize) -> impl Iterator<Item = usize> {
        (self.task..count).step_by(self.of.get())
    }
}

/// The environment variables of a process.
struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// Returns a variable that is set. Grid Engine sets its variables to `undefined` outside of
    /// arrays.
    fn text(&self, name: &str) -> Option<String> {
        self.0(name).filter(|value| !value.is_empty() && value != "undefined")
    }

    fn number(&self, name: &'static str) -> Result<usize, ShareError> {
        let value = self.text(name).ok_or(ShareError::Missing { name })?;
        // Not a sign, which `parse` accepts.
        if value.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = value.parse()
        {
            return Ok(number);
        }
        Err(ShareError::NoNumber { name, value })
    }

    /// Returns the task and the number of tasks of an array whose indices begin with 0 and have no
    /// gaps.
    fn slurm(&self) -> Result<(usize, NonZeroUsize), ShareError> {
        let [id, count, min, max] = SLURM;
        let (id, count) = (self.number(id)?, self.number(count)?);
        let (min, max) = (self.number(min)?, self.number(max)?);
        match NonZeroUsize::new(count) {
            Some(of) if min == 0 && max == count - 1 => Ok((id, of)),
            _ => Err(ShareError::Gaps { min, max, count }),
        }
    }

    /// Returns the task and the number of tasks of an array, whose indices are those from the first
    /// to the last one with a step in between.
    fn grid_engine(&self) -> Result<(usize, NonZeroUsize), ShareError> {
        let [id, first, last, step] = GRID_ENGINE;
        let (id, first) = (self.number(id)?, self.number(first)?);
        let (last, step) = (self.number(last)?, self.number(step)?);
        let gaps = ShareError::Gaps {
            min: first,
            max: last,
            count: step,
        };
        if step == 0 || first > last || id < first || !(id - first).is_multiple_of(step) {
            return Err(gaps);
        }
        let of = NonZeroUsize::new((last - first) / step + 1).ok_or(gaps)?;
        Ok(((id - first) / step, of))
    }
}
