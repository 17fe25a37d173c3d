//! The forget operation, a state machine: it removes the generations that a retention policy does
//! not keep.
//!
//! A file is a generation if it has the name of one and contains the manifest of a backup. Other
//! files, `licenses.zip` among them, are never removed and do not count.

mod options;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow::{self, Break, Continue};
use std::vec;

pub use options::{ForgetOptions, ForgetSummary, GenerationDecision};

use crate::archive::manifest_head;
use crate::budget::{Budget, LICENSE, LOOK};
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::generations::{GenerationFile, history};
use crate::temporary::{sync_names, unlink};
use crate::{Directory, ErrorCode, Failure, File, Operation, RetentionPolicy, Rule};

/// A running forget operation.
pub struct Forget<D: Directory> {
    directory: D,
    /// The caller's path of the directory.
    path: String,
    options: ForgetOptions,
    summary: ForgetSummary,
    phase: Phase,
}

/// The phase of a forget operation.
enum Phase {
    /// Read the manifest of each file.
    Inspect {
        files: vec::IntoIter<GenerationFile>,
        generations: Vec<Generation>,
    },
    /// Remove the generations that no rule keeps.
    Remove(vec::IntoIter<(Generation, Vec<Rule>)>),
    /// Make the removals durable.
    Sync,
}

/// A generation and its size in bytes.
struct Generation {
    file: GenerationFile,
    size: u64,
}

impl<D: Directory> Forget<D> {
    /// Starts to apply a policy to the generations in `directory`, whose path is `path` to the
    /// caller.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] if the policy has no rule, the code of the error of the file
    /// system if the directory cannot be listed.
    pub fn start(directory: D, path: &str, options: ForgetOptions) -> Result<Self, Failure> {
        if options.policy.is_empty() {
            let message = "no generation was removed: the retention policy has no rule; use a rule \
                           such as keep-last";
            return Err(Failure::new(ErrorCode::InvalidArgument, message));
        }
        let files = history(&directory).map_err(|error| {
            let message = format!("cannot list the backups in {path}: {error}");
            Failure::at(error.code(), path, message)
        })?;
        Ok(Self {
            directory,
            path: path.to_owned(),
            options,
            summary: ForgetSummary::default(),
            phase: Phase::Inspect {
                files: files.into_iter(),
                generations: Vec::new(),
            },
        })
    }

    /// Inspects some files. Returns `true` after the last one.
    fn inspect(
        &self,
        files: &mut vec::IntoIter<GenerationFile>,
        generations: &mut Vec<Generation>,
    ) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            let Some(file) = files.next() else {
                return Ok(true);
            };
            budget.spend(LICENSE);
            if file.name == BACKUP_FILE {
                continue;
            }
            match self.size_of_backup(&file.name) {
                Ok(Some(size)) => generations.push(Generation { file, size }),
                Ok(None) | Err(FsError::NoEntry) => {}
                Err(error) => return Err(self.failure("read", &file.name, error)),
            }
        }
        Ok(false)
    }

    /// Returns the size of a file in bytes, or `None` if it is not a backup.
    fn size_of_backup(&self, name: &str) -> Result<Option<u64>, FsError> {
        let file = self.directory.open_file(name)?;
        let size = file.metadata()?.size;
        Ok(manifest_head(file)?.map(|_| size))
    }

    /// Removes some generations, and appends the decisions. Returns `true` after the last one.
    fn remove(
        &mut self,
        decided: &mut vec::IntoIter<(Generation, Vec<Rule>)>,
        decisions: &mut Vec<GenerationDecision>,
    ) -> Result<bool, Failure> {
        let mut budget = Budget::of_a_step();
        while budget.is_left() {
            let Some((Generation { file, size }, rules)) = decided.next() else {
                return Ok(true);
            };
            budget.spend(LOOK);
            if rules.is_empty() {
                if !self.options.dry_run {
                    unlink(&self.directory, &file.name)
                        .map_err(|error| self.failure("remove", &file.name, error))?;
                }
                self.summary.removed += 1;
                self.summary.removed_bytes += size;
            } else {
                self.summary.kept += 1;
            }
            decisions.push(GenerationDecision {
                file: file.name,
                time: file.time,
                rules,
            });
        }
        Ok(false)
    }

    fn failure(&self, action: &str, name: &str, error: FsError) -> Failure {
        let ForgetSummary { removed, .. } = self.summary;
        let message = format!(
            "cannot {action} the generation {name} in {}: {error}; {removed} generations were removed",
            self.path
        );
        Failure::at(error.code(), &self.path, message)
    }
}

impl<D: Directory> Operation for Forget<D> {
    type Event = GenerationDecision;
    type Summary = ForgetSummary;

    /// Does one step. Nothing is removed before all generations were inspected.
    fn step(
        mut self,
        decisions: &mut Vec<GenerationDecision>,
    ) -> ControlFlow<Result<ForgetSummary, Failure>, Self> {
        let phase = std::mem::replace(&mut self.phase, Phase::Sync);
        let advanced = match phase {
            Phase::Inspect {
                mut files,
                mut generations,
            } => self.inspect(&mut files, &mut generations).map(|is_end| {
                if is_end {
                    Phase::Remove(decide(&self.options, generations).into_iter())
                } else {
                    Phase::Inspect { files, generations }
                }
            }),
            Phase::Remove(mut decided) => self.remove(&mut decided, decisions).map(|is_end| {
                if is_end {
                    Phase::Sync
                } else {
                    Phase::Remove(decided)
                }
            }),
            Phase::Sync if self.summary.removed == 0 || self.options.dry_run => {
                return Break(Ok(self.summary));
            }
            Phase::Sync => {
                let synced = sync_names(&self.directory);
                return Break(synced.map(|()| self.summary).map_err(|error| {
                    let message = format!("cannot sync the directory {}: {error}", self.path);
                    Failure::at(error.code(), &self.path, message)
                }));
            }
        };
        match advanced {
            Ok(phase) => Continue(Self { phase, ..self }),
            Err(failure) => Break(Err(failure)),
        }
    }

    /// Ends the operation. Generations that were removed stay removed.
    fn cancel(self) -> ControlFlow<Failure, Self> {
        let ForgetSummary { removed, .. } = self.summary;
        let message = format!("forgetting was cancelled; {removed} generations were removed");
        Break(Failure::new(ErrorCode::Cancelled, message))
    }
}

/// Returns for each generation the rules that keep it.
///
/// Generations with a time in the future are kept and do not count: if the clock was wrong once,
/// they would be the newest ones for a long time, and later backups would be removed.
fn decide(options: &ForgetOptions, generations: Vec<Generation>) -> Vec<(Generation, Vec<Rule>)> {
    let ForgetOptions { policy, now, .. } = options;
    let past: Vec<_> = generations
        .iter()
        .map(|generation| (generation.file.time, generation.file.is_pinned))
        .take_while(|(time, _)| time <= now)
        .collect();
    let rules = RetentionPolicy::decide(policy, &past).into_iter();
    let future = std::iter::repeat_with(|| vec![Rule::InFuture]);
    generations.into_iter().zip(rules.chain(future)).collect()
}
