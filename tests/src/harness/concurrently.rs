//! Work that runs while another thread repeats an action.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Repeats `action` on another thread while `work` runs. Returns the result of `work` and the
/// number of repetitions.
///
/// # Panics
///
/// If one of them panics.
pub fn concurrently<T>(mut action: impl FnMut() + Send, work: impl FnOnce() -> T) -> (T, u64) {
    let is_finished = AtomicBool::new(false);
    thread::scope(|scope| {
        let repeater = scope.spawn(|| {
            let mut repetitions = 0;
            while !is_finished.load(Ordering::Relaxed) {
                action();
                repetitions += 1;
            }
            repetitions
        });
        let guard = FinishOnDrop(&is_finished);
        let result = work();
        drop(guard);
        (result, repeater.join().expect("the action does not panic"))
    })
}

/// A guard that ends the other thread, also if the work panics.
struct FinishOnDrop<'a>(&'a AtomicBool);

impl Drop for FinishOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
