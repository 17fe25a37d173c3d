//! The progress display: a bar on a terminal, otherwise a line every few seconds.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use license_backup::{Progress, Stage};
use license_backup_report::{Throttle, escape, human_bytes, progress_text};

use crate::stderr::print_line;

/// The interval between lines, and between the start and the first line.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The interval at which the spinner of the bar moves.
const TICK_INTERVAL: Duration = Duration::from_millis(200);

/// A display of the progress of an operation.
pub(crate) enum Display<'a> {
    /// A bar on a terminal.
    Bar {
        bar: &'a ProgressBar,
        stage: Option<Stage>,
        /// The start of the stage.
        since: Instant,
    },
    /// Lines in a log.
    Lines(Throttle),
}

impl<'a> Display<'a> {
    /// Creates a display for standard error; `bar` is hidden at first.
    pub(crate) fn new(bar: &'a ProgressBar) -> Self {
        if io::stderr().is_terminal() {
            Self::Bar {
                bar,
                stage: None,
                since: Instant::now(),
            }
        } else {
            Self::Lines(Throttle::new(LINE_INTERVAL, LINE_INTERVAL))
        }
    }

    /// Shows the progress; `elapsed` is the time since the start.
    pub(crate) fn show(&mut self, progress: &Progress, elapsed: Duration) {
        match self {
            Self::Bar { bar, stage, since } => {
                let is_new_stage = *stage != Some(progress.stage);
                if is_new_stage {
                    if stage.is_none() {
                        bar.set_draw_target(ProgressDrawTarget::stderr());
                        bar.enable_steady_tick(TICK_INTERVAL);
                    }
                    *stage = Some(progress.stage);
                    *since = Instant::now();
                    bar.set_style(style(&template(progress)));
                    bar.set_length(progress.total.unwrap_or_default());
                }
                bar.set_prefix(amount(progress.bytes, since.elapsed()));
                bar.set_message(escape(&progress.path));
                bar.set_position(progress.done);
                if is_new_stage {
                    // Otherwise the bar shows the new stage with the old numbers until the
                    // next update.
                    bar.force_draw();
                }
            }
            Self::Lines(throttle) => {
                if throttle.is_due(elapsed) {
                    print_line(&progress_text(progress));
                }
            }
        }
    }
}

/// Returns the template of the bar: a spinner while the number of files is unknown.
fn template(Progress { stage, total, .. }: &Progress) -> String {
    match total {
        None => format!(
            "{{spinner}} {stage} {{pos}} files  {{wide_msg}}",
            stage = stage.name()
        ),
        Some(_) => {
            format!(
                "[{{bar:12}}] {stage} {{pos}}/{{len}} files, {{prefix}}  {{wide_msg}}",
                stage = stage.name()
            )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_valid() {
        for total in [None, Some(9)] {
            let template = template(&Progress {
                total,
                ..Progress::default()
            });
            assert!(
                ProgressStyle::with_template(&template).is_ok(),
                "{template}"
            );
        }
    }

    #[test]
    fn the_rate_is_bytes_per_second() {
        assert_eq!(amount(4096, Duration::from_secs(2)), "4.0 KiB, 2.0 KiB/s");
        assert_eq!(amount(0, Duration::ZERO), "0 bytes, 0 bytes/s");
    }
}
