//! Something that goes on while something else is done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Does `other` over and over on a thread of its own while `work` is done. Gives what comes of that, and how often.
///
/// # Panics
///
/// When one of them does.
pub fn meanwhile<T>(mut other: impl FnMut() + Send, work: impl FnOnce() -> T) -> (T, u64) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let going_on = scope.spawn(|| {
            let mut times = 0;
            while !is_over.load(Ordering::Relaxed) {
                other();
                times += 1;
            }
            times
        });
        let over = Over(&is_over);
        let done = work();
        drop(over);
        (
            done,
            going_on.join().expect("what goes on meanwhile goes well"),
        )
    })
}

/// Says so when it is dropped, also by a panic: nobody else would end the other thread.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
