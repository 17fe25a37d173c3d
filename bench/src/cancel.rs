//! Cancels operations at moments spread over their course, and takes the time from the request to the outcome.

use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use license_backup::{
    BackupOptions, CancellationCookie, ErrorCode, Operation, OperationError, RestoreOptions, Runtime, VerifyOptions,
    wait,
};

use crate::measure::new_directory;
use crate::programs::Places;
use crate::results::Cancellation;

/// An operation that can be started as often as one likes, each time with a directory that nobody else has.
type Start<'a> = &'a dyn Fn(&Path) -> anyhow::Result<Started>;

/// An operation that goes on, whatever its summary is.
struct Started {
    cookie: CancellationCookie,
    end: Box<dyn FnOnce() -> Result<(), OperationError>>,
}

impl<Summary: 'static> From<Operation<Summary>> for Started {
    fn from(operation: Operation<Summary>) -> Self {
        let cookie = operation.cookie.clone();
        Self { cookie, end: Box::new(move || operation.wait().map(drop)) }
    }
}

/// Measures all operations that can be cancelled. Each is cancelled so many times.
pub(crate) fn measure(places: &Places, moments: u32) -> anyhow::Result<Vec<Cancellation>> {
    let runtime = Runtime::new()?;
    let backup = |to: &Path| Ok(wait(runtime.backup(&BackupOptions::new(&places.store, to)))?.into());
    let verify = |_: &Path| Ok(wait(runtime.verify(&VerifyOptions::new(&places.backup)))?.into());
    let restore = |to: &Path| Ok(wait(runtime.restore(&RestoreOptions::new(&places.backup, to)))?.into());
    let tasks: [(&str, Start<'_>); 3] = [("backup", &backup), ("verify", &verify), ("restore", &restore)];
    tasks.into_iter().map(|(task, start)| cancel(task, start, &places.output, moments)).collect()
}

fn cancel(task: &str, start: Start<'_>, output: &Path, moments: u32) -> anyhow::Result<Cancellation> {
    eprintln!("{task}, to its end");
    let begun = Instant::now();
    (start(&new_directory(output)?)?.end)().with_context(|| task.to_owned())?;
    let whole = begun.elapsed();
    let mut seconds = Vec::new();
    let mut too_late = 0;
    for moment in 0..moments {
        eprintln!("{task}, cancelled {} of {moments}", moment + 1);
        let started = start(&new_directory(output)?)?;
        // In the middle of each of so many equal parts.
        thread::sleep(whole * (2 * moment + 1) / (2 * moments));
        let asked = Instant::now();
        started.cookie.cancel();
        match (started.end)() {
            Err(error) if error.code() == ErrorCode::Cancelled => seconds.push(asked.elapsed().as_secs_f64()),
            Err(error) => return Err(error.into()),
            // Which is no fault: what is committed stays, and this run may have been quicker than the first.
            Ok(()) => too_late += 1,
        }
    }
    Ok(Cancellation { task: task.to_owned(), seconds, too_late })
}
