//! Measures how long operations take to end after they are cancelled.
//!
//! The arguments are `STORE BACKUP OUTPUT MOMENTS`. Each operation is cancelled `MOMENTS` times, at
//! moments spread evenly over its duration, and writes into new directories in `OUTPUT`, which must
//! be empty. The output is JSON: for each operation its name, the seconds from each request to the
//! outcome, and the number of requests that came too late.
//!
//! This is a separate program, because Linux counts the resident memory of a process towards the
//! peak memory of the processes that it starts: the benchmark itself must use little.

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs, io, thread};

use anyhow::{Context as _, bail};
use license_backup::{
    BackupOptions, CancellationCookie, ErrorCode, LicenseManager, Operation, OperationError,
    RestoreOptions, VerifyOptions, block_on,
};
use serde_json::{Value, json};

/// A function that starts an operation, each time with a new directory.
type Start<'a> = &'a dyn Fn(&Path) -> anyhow::Result<Started>;

/// A running operation, without the types of its events and summary.
struct Started {
    cookie: CancellationCookie,
    wait: Box<dyn FnOnce() -> Result<(), OperationError>>,
}

impl<Event: Send + 'static, Summary: 'static> From<Operation<Event, Summary>> for Started {
    fn from(operation: Operation<Event, Summary>) -> Self {
        let cookie = operation.cookie.clone();
        Self {
            cookie,
            wait: Box::new(move || operation.wait().map(drop)),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [store, directory, output, moments] = arguments.as_slice() else {
        bail!("usage: cancel STORE BACKUP OUTPUT MOMENTS");
    };
    let moments = moments
        .to_str()
        .and_then(|moments| moments.parse().ok())
        .context("MOMENTS must be a number")?;
    let manager = LicenseManager::new()?;
    let backup = |to: &Path| Ok(block_on(manager.backup(&BackupOptions::new(store, to)))?.into());
    let verify = |_: &Path| Ok(block_on(manager.verify(&VerifyOptions::new(directory)))?.into());
    let restore =
        |to: &Path| Ok(block_on(manager.restore(&RestoreOptions::new(directory, to)))?.into());
    let tasks: [(&str, Start<'_>); 3] = [
        ("backup", &backup),
        ("verify", &verify),
        ("restore", &restore),
    ];
    let cancelled = tasks
        .into_iter()
        .map(|(task, start)| cancel(task, start, Path::new(output), moments));
    Ok(serde_json::to_writer(
        io::stdout(),
        &cancelled.collect::<anyhow::Result<Vec<_>>>()?,
    )?)
}

/// Runs an operation to completion, then cancels it `moments` times. Returns the results as JSON.
fn cancel(task: &str, start: Start<'_>, output: &Path, moments: u32) -> anyhow::Result<Value> {
    eprintln!("{task}, to completion");
    let begun = Instant::now();
    (start(&new_directory(output, task)?)?.wait)().with_context(|| task.to_owned())?;
    let duration = begun.elapsed();
    let mut seconds = Vec::new();
    let mut too_late = 0;
    for moment in 0..moments {
        eprintln!("{task}, cancelled {} of {moments}", moment + 1);
        let started = start(&new_directory(output, &format!("{task}-{moment}"))?)?;
        // The middle of one of `moments` equal parts of the duration.
        thread::sleep(duration * (2 * moment + 1) / (2 * moments));
        let requested = Instant::now();
        started.cookie.cancel();
        match (started.wait)() {
            Err(error) if error.code() == ErrorCode::Cancelled => {
                seconds.push(requested.elapsed().as_secs_f64());
            }
            Err(error) => return Err(error.into()),
            // Not an error: this run can have been faster than the first, and its result was
            // committed already.
            Ok(()) => too_late += 1,
        }
    }
    Ok(json!({ "task": task, "seconds": seconds, "too_late": too_late }))
}

/// Creates a directory in `output`.
fn new_directory(output: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let directory = output.join(name);
    fs::create_dir(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    Ok(directory)
}
