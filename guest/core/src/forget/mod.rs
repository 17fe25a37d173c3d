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

use crate::archive::backup_file::{backups, is_backup_name, not_a_backup_name};
use crate::archive::manifest_head;
use crate::budget::{Budget, LICENSE, LOOK};
use crate::directory::FsError;
use crate::entry_names::BACKUP_FILE;
use crate::generations::{GenerationFile, is_pinned, unpin};
use crate::temporary::{sync_names, unlink};
use crate::{Directory, ErrorCode, Failure, File, Operation, RetentionPolicy, Rule};

/// A running forget operation.
pub struct Forget<D: Directory> {
    directory: D,
    forgetting: Forgetting,
}

/// The removal of generations, without the directory.
pub(crate) struct Forgetting {
    /// The caller's path of the directory.
    path: String,
    options: ForgetOptions,
    summary: ForgetSummary,
    phase: Phase,
}

/// The phase of a forget operation.
enum Phase {
    /// Remove pins.
    Unpin(Vec<GenerationFile>),
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
    /// [`ErrorCode::InvalidArgument`] if the policy has no rule and no generation is to be unpinned,
    /// or a name is not that of a backup; [`ErrorCode::PathNotFound`] if a generation to unpin is
    /// not pinned; the code of the error of the file system if the directory cannot be listed.
    pub fn start(directory: D, path: &str, options: ForgetOptions) -> Result<Self, Failure> {
        let forgetting = Forgetting::start(&directory, path, options)?;
        Ok(Self {
            directory,
            forgetting,
        })
    }
}

impl<D: Directory> Operation for Forget<D> {
    type Event = GenerationDecision;
    type Summary = ForgetSummary;

    /// Does one step. Nothing is removed before all generations were inspected.
    fn step(
        self,
        decisions: &mut Vec<GenerationDecision>,
    ) -> ControlFlow<Result<ForgetSummary, Failure>, Self> {
        let Self {
            directory,
            forgetting,
        } = self;
        match forgetting.step(&directory, decisions) {
            Continue(forgetting) => Continue(Self {
                directory,
                forgetting,
            }),
            Break(outcome) => Break(outcome),
        }
    }

    /// Ends the operation. Generations that were removed stay removed.
    fn cancel(self) -> ControlFlow<Failure, Self> {
        let ForgetSummary { removed, .. } = self.forgetting.summary;
        let message = format!("forgetting was cancelled; {removed} generations were removed");
        Break(Failure::new(ErrorCode::Cancelled, message))
    }
}

impl Forgetting {
    /// Starts to apply a policy to the generations in `directory`; see [`Forget::start`].
    pub(crate) fn start<D: Directory>(
        directory: &D,
        path: &str,
        options: ForgetOptions,
    ) -> Result<Self, Failure> {
        if options.policy.is_empty() && options.unpin.is_empty() {
            let message = "no generation was removed: the retention policy has no rule; use a rule \
                           such as keep-last";
            return Err(Failure::new(ErrorCode::InvalidArgument, message));
        }
        for name in &options.unpin {
            check_pin(directory, path, name)?;
        }
        let mut files = backups(directory, path)?;
        for file in &mut files {
            file.is_pinned &= !options.unpin.contains(&file.name);
        }
        Ok(Self {
            path: path.to_owned(),
            options,
            summary: ForgetSummary::default(),
            phase: Phase::Unpin(files),
        })
    }

    /// Does one step. Nothing is removed but pins before all generations were inspected.
    pub(crate) fn step<D: Directory>(
        mut self,
        directory: &D,
        decisions: &mut Vec<GenerationDecision>,
    ) -> ControlFlow<Result<ForgetSummary, Failure>, Self> {
        let phase = std::mem::replace(&mut self.phase, Phase::Sync);
        let advanced = match phase {
            Phase::Unpin(files) => self.unpin(directory).map(|()| {
                if self.options.policy.is_empty() {
                    return Phase::Sync;
                }
                Phase::Inspect {
                    files: files.into_iter(),
                    generations: Vec::new(),
                }
            }),
            Phase::Inspect {
                mut files,
                mut generations,
            } => self
                .inspect(directory, &mut files, &mut generations)
                .map(|is_end| {
                    if is_end {
                        Phase::Remove(decide(&self.options, generations).into_iter())
                    } else {
                        Phase::Inspect { files, generations }
                    }
                }),
            Phase::Remove(mut decided) => {
                self.remove(directory, &mut decided, decisions)
                    .map(|is_end| {
                        if is_end {
                            Phase::Sync
                        } else {
                            Phase::Remove(decided)
                        }
                    })
            }
            Phase::Sync => return Break(self.sync(directory)),
        };
        match advanced {
            Ok(phase) => Continue(Self { phase, ..self }),
            Err(failure) => Break(Err(failure)),
        }
    }

    /// Removes the pins that are to be removed.
    fn unpin<D: Directory>(&mut self, directory: &D) -> Result<(), Failure> {
        for name in &self.options.unpin {
            if !self.options.dry_run {
                match unpin(directory, name) {
                    Err(FsError::NoEntry) => continue,
                    removed => {
                        removed.map_err(|error| self.failure("remove the pin of", name, error))?;
                    }
                }
            }
            self.summary.unpinned += 1;
        }
        Ok(())
    }

    /// Makes the removals durable, and returns the summary.
    fn sync<D: Directory>(self, directory: &D) -> Result<ForgetSummary, Failure> {
        let Self {
            path,
            summary,
            options,
            ..
        } = self;
        if summary.removed + summary.unpinned > 0 && !options.dry_run {
            sync_names(directory).map_err(|error| {
                let message = format!("cannot sync the directory {path}: {error}");
                Failure::at(error.code(), &path, message)
            })?;
        }
        Ok(summary)
    }

    /// Inspects some files. Returns `true` after the last one.
    fn inspect<D: Directory>(
        &self,
        directory: &D,
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
            match size_of_backup(directory, &file.name) {
                Ok(Some(size)) => generations.push(Generation { file, size }),
                Ok(None) | Err(FsError::NoEntry) => {}
                Err(error) => return Err(self.failure("read", &file.name, error)),
            }
        }
        Ok(false)
    }

    /// Removes some generations, and appends the decisions. Returns `true` after the last one.
    fn remove<D: Directory>(
        &mut self,
        directory: &D,
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
                    unlink(directory, &file.name)
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

/// Returns the size of a file in bytes, or `None` if it is not a backup. One that is encrypted, and
/// that no identity opens, is a backup by its name.
fn size_of_backup<D: Directory>(directory: &D, name: &str) -> Result<Option<u64>, FsError> {
    let file = directory.open_file(name)?;
    let size = file.metadata()?.size;
    match manifest_head(file) {
        Err(FsError::Encrypted) => Ok(Some(size)),
        head => Ok(head?.map(|_| size)),
    }
}

/// Returns an error unless a backup of this name is pinned.
fn check_pin<D: Directory>(directory: &D, path: &str, name: &str) -> Result<(), Failure> {
    if !is_backup_name(name) {
        return Err(not_a_backup_name(path, name));
    }
    if is_pinned(directory, name) {
        return Ok(());
    }
    let message = format!(
        "cannot unpin {name} in {path}: it is not pinned; list the generations to see pins"
    );
    Err(Failure::at(ErrorCode::PathNotFound, path, message))
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
