//! Jobs: many items of work, of which some run at once.

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use license_backup_report::counted;

use crate::open_files::{Jobs, needed_files, permitted_jobs};

/// The number of times that the last job tries to start an operation, and the time in between.
const ATTEMPTS_ALONE: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// The result of an item of work.
pub(crate) enum Worked<R> {
    /// The work was done, or failed by itself.
    Done(R),
    /// The system has no thread, memory or file for another job. Another job may have when it ends.
    NoRoom(R),
}

/// Returns the number of jobs that may run at once, by default one for each processor, and a note
/// for people if the limit on open files permits fewer than they requested.
pub(crate) fn number_of_jobs(requested: Option<NonZeroUsize>) -> (NonZeroUsize, Option<String>) {
    let requested = requested
        .or_else(|| thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    let Jobs { number, limited_by } = permitted_jobs(requested);
    let note = limited_by.map(|limit| {
        format!(
            "{requested} jobs may need {} open files, and the limit is {limit}: {number} at once; \
             raise the hard limit, as with ulimit -Hn",
            needed_files(requested)
        )
    });
    (number, note)
}

/// Works on all items, `jobs` at once, and calls `done` on this thread with each result, in the
/// order in which they end. Returns the number of jobs that the system had room for, if it was
/// lower.
pub(crate) fn run_jobs<T: Sync, R: Send>(
    items: &[T],
    jobs: NonZeroUsize,
    work: impl Fn(&T) -> Worked<R> + Sync,
    mut done: impl FnMut(&T, R),
) -> anyhow::Result<Option<String>> {
    let jobs = jobs.get().min(items.len());
    let queue = Queue::new(items.len(), jobs);
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for started in 0..jobs {
            let sender = sender.clone();
            let (queue, work) = (&queue, &work);
            let job = move || {
                while let Some(index) = queue.take() {
                    let item = &items[index];
                    let result = match work(item) {
                        Worked::Done(result) => result,
                        Worked::NoRoom(_) if queue.put_back(index) => return,
                        Worked::NoRoom(result) => alone(|| work(item)).unwrap_or(result),
                    };
                    // The receiver is there until all jobs have ended.
                    let _ = sender.send((item, result));
                }
            };
            let spawned = thread::Builder::new()
                .name("job".to_owned())
                .spawn_scoped(scope, job);
            if let Err(error) = spawned {
                if started == 0 {
                    return Err(error).context("cannot start a thread for the jobs");
                }
                queue.remove_workers(jobs - started);
                break;
            }
        }
        drop(sender);
        for (item, result) in results {
            done(item, result);
        }
        Ok(())
    })?;
    let left = queue.lock().most;
    Ok((left < jobs).then(|| {
        format!(
            "the system had no room for {jobs} jobs: {} at once",
            counted(u64::try_from(left).unwrap_or(u64::MAX), "job")
        )
    }))
}

/// Works again, now that no other job runs: when an operation reports its end, it may not have
/// returned its thread and its memory yet. Returns `None` if there still is no room.
fn alone<R>(work: impl Fn() -> Worked<R>) -> Option<R> {
    for _ in 0..ATTEMPTS_ALONE {
        if let Worked::Done(result) = work() {
            return Some(result);
        }
        thread::sleep(PAUSE);
    }
    None
}

/// The items that no job has taken yet.
struct Queue(Mutex<Waiting>);

struct Waiting {
    /// The indices of items that jobs put back.
    returned: Vec<usize>,
    next: usize,
    end: usize,
    /// The number of jobs that run.
    workers: usize,
    /// The number of jobs for which there was room.
    most: usize,
}

impl Queue {
    fn new(items: usize, workers: usize) -> Self {
        Self(Mutex::new(Waiting {
            returned: Vec::new(),
            next: 0,
            end: items,
            workers,
            most: workers,
        }))
    }

    /// Takes an item for a job. Returns `None` if there is none left: the job must end, and no other
    /// one relies on it any more.
    fn take(&self) -> Option<usize> {
        let mut waiting = self.lock();
        if let Some(index) = waiting.returned.pop() {
            return Some(index);
        }
        let index = waiting.next;
        if index < waiting.end {
            waiting.next += 1;
            return Some(index);
        }
        waiting.workers -= 1;
        None
    }

    /// Leaves an item to the other jobs, and ends this one. Returns `false` if there is no other job.
    fn put_back(&self, index: usize) -> bool {
        let mut waiting = self.lock();
        if waiting.workers < 2 {
            return false;
        }
        waiting.workers -= 1;
        waiting.most -= 1;
        waiting.returned.push(index);
        true
    }

    /// Removes jobs that could not be started.
    fn remove_workers(&self, workers: usize) {
        let mut waiting = self.lock();
        waiting.workers -= workers;
        waiting.most -= workers;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn jobs(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).expect("it is not zero")
    }

    #[test]
    fn each_item_is_worked_on_once() {
        let items: Vec<_> = (0..1000).collect();
        let mut results = Vec::new();
        let work = |item: &usize| Worked::Done(item * 2);
        let note = run_jobs(&items, jobs(7), work, |item, result| {
            assert_eq!(result, item * 2);
            results.push(*item);
        });
        results.sort_unstable();
        assert_eq!(results, items);
        assert_eq!(note.expect("there are threads"), None);
    }

    #[test]
    fn nothing_runs_without_items() {
        let work = |_: &u8| Worked::Done(());
        run_jobs(&[], jobs(3), work, |_, ()| panic!("there is no item")).expect("it succeeds");
    }

    #[test]
    fn without_room_for_all_jobs_each_item_is_still_worked_on() {
        const ROOM: usize = 3;
        let running = AtomicUsize::new(0);
        let items: Vec<_> = (0..200).collect();
        let mut count = 0;
        let work = |_: &usize| {
            let before = running.fetch_add(1, Ordering::SeqCst);
            thread::yield_now();
            running.fetch_sub(1, Ordering::SeqCst);
            if before < ROOM {
                Worked::Done(true)
            } else {
                Worked::NoRoom(false)
            }
        };
        run_jobs(&items, jobs(50), work, |_, had_room| {
            assert!(had_room);
            count += 1;
        })
        .expect("there are threads");
        assert_eq!(count, items.len());
    }

    #[test]
    fn the_last_job_reports_that_there_is_no_room() {
        let mut count = 0;
        let work = |_: &u8| Worked::NoRoom(());
        let note = run_jobs(&[1, 2, 3], jobs(3), work, |_, ()| count += 1);
        assert_eq!(count, 3);
        let note = note.expect("there are threads").expect("there is a note");
        assert_eq!(note, "the system had no room for 3 jobs: 1 job at once");
    }
}
