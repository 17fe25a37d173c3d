//! The verification before a restore: of the whole backup, or of the licenses that are restored.

use std::ops::ControlFlow::{self, Break, Continue};

use super::archive_source::ArchiveSource;
use super::options::RestoreOptions;
use super::plan::RestorePlan;
use crate::filter::Filter;
use crate::verify::{Selected, SelectedVerifier, Verified, Verifier};
use crate::{BackupRestoreStatus, Directory, Failure, File};

/// A phase that verifies what is restored.
pub(super) struct Verifying<F> {
    verifier: AnyVerifier<F>,
    options: RestoreOptions,
}

/// A verifier of a whole backup or of a part.
enum AnyVerifier<F> {
    Whole(Box<Verifier<F>>),
    Part(Box<SelectedVerifier<F>>),
}

/// The licenses of a backup that may be restored.
pub(super) struct Restorable<F> {
    pub(super) source: ArchiveSource<F>,
    pub(super) plan: RestorePlan,
}

impl<F: File> Verifying<F> {
    /// Opens a backup, as [`Restore::start`](super::Restore::start) does.
    pub(super) fn open<D: Directory<File = F>>(
        directory: &D,
        path: &str,
        generation: Option<&str>,
        options: RestoreOptions,
    ) -> Result<Self, Failure> {
        let filter = Filter::new(&options.filter)?;
        let verifier = if filter.includes_all() {
            AnyVerifier::Whole(Box::new(Verifier::open(directory, path, generation)?))
        } else {
            let verifier = SelectedVerifier::open(directory, path, generation, filter)?;
            AnyVerifier::Part(Box::new(verifier))
        };
        Ok(Self { verifier, options })
    }

    /// Does one step. Returns the phase for the next step, or what may be restored.
    pub(super) fn step(
        self,
        events: &mut Vec<BackupRestoreStatus>,
    ) -> ControlFlow<Result<Restorable<F>, Failure>, Self> {
        let Self { verifier, options } = self;
        let verifier = match verifier {
            AnyVerifier::Whole(verifier) => match verifier.step(events) {
                Continue(verifier) => AnyVerifier::Whole(Box::new(verifier)),
                Break(result) => {
                    return Break(result.map(|backup| {
                        let Verified {
                            file,
                            location,
                            index,
                            ..
                        } = backup;
                        Restorable {
                            plan: RestorePlan::new(index, &location, options),
                            source: ArchiveSource::new(file, location),
                        }
                    }));
                }
            },
            AnyVerifier::Part(verifier) => match verifier.step(events) {
                Continue(verifier) => AnyVerifier::Part(Box::new(verifier)),
                Break(result) => {
                    return Break(result.map(|selected| {
                        let Selected {
                            file,
                            location,
                            index,
                            offsets,
                        } = selected;
                        Restorable {
                            plan: RestorePlan::new(index, &location, options),
                            source: ArchiveSource::of_part(file, location, offsets),
                        }
                    }));
                }
            },
        };
        Continue(Self { verifier, options })
    }
}
