//! Callbacks, for embedders that do not read a stream.

use std::thread;

use futures_channel::oneshot;

use crate::{CancellationCookie, Operation, OperationError, block_on};

/// A receiver of the events and the outcome of an operation.
///
/// `Event` is [`BackupRestoreStatus`](crate::BackupRestoreStatus) for a backup, a verification
/// and a restore, and [`LicenseListing`](crate::LicenseListing) for a listing.
///
/// One thread, which has no other purpose, makes all calls: a callback may block, and the operation
/// does not wait for it.
///
/// Corresponds to `IMFMediaEventGenerator` with events such as `MEWMDRMLicenseBackupProgress` and
/// `MEWMDRMLicenseBackupCompleted`.
pub trait Callback<Event, Summary>: Send {
    /// Handles an event. Does nothing by default.
    ///
    /// The first event of a backup, verification or restore is
    /// [`BackupRestoreStatus::Begin`](crate::BackupRestoreStatus::Begin) and the last one is
    /// [`BackupRestoreStatus::End`](crate::BackupRestoreStatus::End), unless the component fails or
    /// the deadline passes.
    fn event(&mut self, event: Event) {
        let _ = event;
    }

    /// Handles the outcome. Called once, after all events.
    fn completed(&mut self, outcome: Result<Summary, OperationError>);
}

/// Calls `callback` from a thread of its own with the events and the outcome of an operation.
pub(crate) async fn relay<Event: 'static, Summary: 'static>(
    operation: impl Future<Output = Result<Operation<Event, Summary>, OperationError>> + Send + 'static,
    mut callback: impl Callback<Event, Summary> + 'static,
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
        // Fails if the caller has dropped the call; the callback is called all the same.
        let _ = caller.send(Ok(cookie));
        while let Some(event) = events.wait_next() {
            callback.event(event);
        }
        callback.completed(block_on(completed));
    };
    thread::Builder::new()
        .name("license-backup-callback".to_owned())
        .spawn(relay)
        .map_err(OperationError::Thread)?;
    answer.await.unwrap_or(Err(OperationError::Panicked))
}
