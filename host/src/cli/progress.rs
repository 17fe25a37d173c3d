//! Progress for a person: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use license_backup::Progress;
use license_backup_core::report::{human_bytes, visible};

/// How often a line is written where there is no terminal.
const LINES_EVERY: Duration = Duration::from_secs(5);

/// How often the bar shows that the program is alive, while nothing else happens.
const TICKS_EVERY: Duration = Duration::from_millis(200);

/// While the number of files is not known, a share of it cannot be shown.
const WITHOUT_TOTAL: &str = "{spinner} {pos} files, {prefix}  {wide_msg}";

const WITH_TOTAL: &str = "[{bar:24}] {pos}/{len} files, {prefix}  {wide_msg}";

/// What is shown of the progress of an operation.
pub(super) enum Display<'a> {
    /// Nothing.
    None,
    /// A bar on a terminal.
    Bar { bar: &'a ProgressBar, since: Instant },
    /// Lines in a log.
    Lines { last: Instant },
}

impl<'a> Display<'a> {
    /// Shows progress the way that standard error allows; `bar` is hidden so far.
    pub(super) fn new(bar: &'a ProgressBar, wanted: bool) -> Self {
        let now = Instant::now();
        if !wanted {
            Self::None
        } else if io::stderr().is_terminal() {
            bar.set_style(style(WITHOUT_TOTAL));
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICKS_EVERY);
            Self::Bar { bar, since: now }
        } else {
            Self::Lines { last: now }
        }
    }

    /// Shows how far it has come.
    pub(super) fn show(&mut self, progress: &Progress) {
        match self {
            Self::None => {}
            Self::Bar { bar, since } => {
                if let (Some(total), None) = (progress.total, bar.length()) {
                    bar.set_length(total);
                    bar.set_style(style(WITH_TOTAL));
                }
                bar.set_prefix(amount(progress.bytes, since.elapsed()));
                bar.set_message(visible(&progress.path));
                bar.set_position(progress.done);
            }
            Self::Lines { last } => {
                if last.elapsed() >= LINES_EVERY {
                    *last = Instant::now();
                    // Progress that cannot be told is not worth a failure.
                    let _ = writeln!(io::stderr(), "{}", line(progress));
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if let Self::Bar { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn amount(bytes: u64, elapsed: Duration) -> String {
    let milliseconds = elapsed.as_millis().max(1);
    let rate = u64::try_from(u128::from(bytes) * 1000 / milliseconds).unwrap_or(u64::MAX);
    format!("{}, {}/s", human_bytes(bytes), human_bytes(rate))
}

fn line(progress: &Progress) -> String {
    let Progress { done, total, bytes, path: _ } = progress;
    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
    format!("{done}{of} files, {}", human_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_valid() {
        for template in [WITHOUT_TOTAL, WITH_TOTAL] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn no_total_is_told_before_it_is_known() {
        let progress = Progress { done: 5, total: None, bytes: 2048, path: "a".to_owned() };
        assert_eq!(line(&progress), "5 files, 2.0 KiB");
        assert_eq!(line(&Progress { total: Some(9), ..progress }), "5 of 9 files, 2.0 KiB");
    }

    #[test]
    fn the_rate_is_bytes_per_second() {
        assert_eq!(amount(4096, Duration::from_secs(2)), "4.0 KiB, 2.0 KiB/s");
        assert_eq!(amount(0, Duration::ZERO), "0 bytes, 0 bytes/s");
    }
}
