//! Cancels operations at moments spread over their course, and takes the time from the request to the outcome:
//! `cancel STORE BACKUP OUTPUT MOMENTS` prints JSON, for each operation its name, the seconds of each request, and how many
//! requests came too late. Each operation is cancelled `MOMENTS` times, and writes into new directories in `OUTPUT`, which is empty.
//!
//! A program of its own: what a process has resident counts as the peak memory of those that it starts, and the benchmark
//! is to have little.

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs, io, thread};

use anyhow::{Context as _, bail};
use license_backup::{
    BackupOptions, CancellationCookie, ErrorCode, LicenseManager, Operation, OperationError,
    RestoreOptions, VerifyOptions, block_on,
};
use serde_json::{Value, json};

/// An operation that can be started as often as one likes, each time with a directory that nobody else has.
type Start<'a> = &'a dyn Fn(&Path) -> anyhow::Result<Started>;

/// An operation that goes on, whatever its summary is.
struct Started {
    cookie: CancellationCookie,
    end: Box<dyn FnOnce() -> Result<(), OperationError>>,
}

impl<Event: Send + 'static, Summary: 'static> From<Operation<Event, Summary>> for Started {
    fn from(operation: Operation<Event, Summary>) -> Self {
        let cookie = operation.cookie.clone();
        Self {
            cookie,
            end: Box::new(move || operation.wait().map(drop)),
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
        .context("MOMENTS is no number")?;
    let runtime = LicenseManager::new()?;
    let backup = |to: &Path| Ok(block_on(runtime.backup(&BackupOptions::new(store, to)))?.into());
    let verify = |_: &Path| Ok(block_on(runtime.verify(&VerifyOptions::new(directory)))?.into());
    let restore =
        |to: &Path| Ok(block_on(runtime.restore(&RestoreOptions::new(directory, to)))?.into());
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

fn cancel(task: &str, start: Start<'_>, output: &Path, moments: u32) -> anyhow::Result<Value> {
    eprintln!("{task}, to its end");
    let begun = Instant::now();
    (start(&new_directory(output, task)?)?.end)().with_context(|| task.to_owned())?;
    let whole = begun.elapsed();
    let mut seconds = Vec::new();
    let mut too_late = 0;
    for moment in 0..moments {
        eprintln!("{task}, cancelled {} of {moments}", moment + 1);
        let started = start(&new_directory(output, &format!("{task}-{moment}"))?)?;
        // In the middle of each of so many equal parts.
        thread::sleep(whole * (2 * moment + 1) / (2 * moments));
        let asked = Instant::now();
        started.cookie.cancel();
        match (started.end)() {
            Err(error) if error.code() == ErrorCode::Cancelled => {
                seconds.push(asked.elapsed().as_secs_f64())
            }
            Err(error) => return Err(error.into()),
            // Which is no fault: what is committed stays, and this run may have been quicker than the first.
            Ok(()) => too_late += 1,
        }
    }
    Ok(json!({ "task": task, "seconds": seconds, "too_late": too_late }))
}

fn new_directory(output: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let directory = output.join(name);
    fs::create_dir(&directory)
        .with_context(|| format!("{} cannot be created", directory.display()))?;
    Ok(directory)
}
