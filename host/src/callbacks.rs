//! Callbacks, for embedders who prefer to be called.

use std::thread;

use futures_channel::oneshot;
use license_backup_core::BackupRestoreStatus;

use crate::{CancellationCookie, Operation, OperationError, block_on};

/// Is called with the course of an operation, after `IMFMediaEventGenerator` and its events such as
/// `MEWMDRMLicenseBackupProgress` and `MEWMDRMLicenseBackupCompleted`.
///
/// All calls come from one thread, which has no other purpose: a callback may block, and the operation does not wait for it.
pub trait Callback<Summary>: Send {
    /// Something happened: [`BackupRestoreStatus::Begin`] first and [`BackupRestoreStatus::End`] last, unless the operation breaks down or the deadline
    /// passes before it is called.
    fn progress(&mut self, status: BackupRestoreStatus);

    /// The operation is over. Called once, after all else.
    fn completed(&mut self, outcome: Result<Summary, OperationError>);
}

/// Calls `callback` from a thread of its own with what becomes of an operation.
pub(crate) async fn relay<Summary: 'static>(
    operation: impl Future<Output = Result<Operation<BackupRestoreStatus, Summary>, OperationError>>
    + Send
    + 'static,
    mut callback: impl Callback<Summary> + 'static,
) -> Result<CancellationCookie, OperationError> {
    let (caller, answer) = oneshot::channel();
    let relay = move || {
        let Operation {
            mut events,
            completed,
            cookie,
        } = match block_on(operation) {
            Ok(operation) => operation,
            Err(error) => return drop(caller.send(Err(error))),
        };
        // Fails when the call was given up; the callback is served all the same.
        let _ = caller.send(Ok(cookie));
        while let Some(status) = events.wait_next() {
            callback.progress(status);
        }
        callback.completed(block_on(completed));
    };
    thread::Builder::new()
        .name("license-backup-callback".to_owned())
        .spawn(relay)
        .map_err(OperationError::Thread)?;
    answer.await.unwrap_or(Err(OperationError::Panicked))
}
