//! Progress for a person: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use license_backup::{Progress, Stage};
use license_backup_report::{Pace, escape, human_bytes, progress_text};

use crate::output::say;

/// How often a line is written where there is no terminal, and how long after the start the first one is.
const LINES_EVERY: Duration = Duration::from_secs(5);

/// How often the bar shows that the program is alive, while nothing else happens.
const TICKS_EVERY: Duration = Duration::from_millis(200);

/// What is shown of the progress of an operation.
pub(crate) enum Display<'a> {
    /// A bar on a terminal.
    Bar {
        bar: &'a ProgressBar,
        stage: Option<Stage>,
        since: Instant,
    },
    /// Lines in a log.
    Lines(Pace),
}

impl<'a> Display<'a> {
    /// Will show progress the way that standard error allows; `bar` is hidden so far.
    pub(crate) fn new(bar: &'a ProgressBar) -> Self {
        if io::stderr().is_terminal() {
            Self::Bar {
                bar,
                stage: None,
                since: Instant::now(),
            }
        } else {
            Self::Lines(Pace::new(LINES_EVERY, LINES_EVERY))
        }
    }

    /// Shows how far it has come, so long after the start.
    pub(crate) fn show(&mut self, progress: &Progress, elapsed: Duration) {
        match self {
            Self::Bar { bar, stage, since } => {
                let is_new_stage = *stage != Some(progress.stage);
                if is_new_stage {
                    if stage.is_none() {
                        bar.set_draw_target(ProgressDrawTarget::stderr());
                        bar.enable_steady_tick(TICKS_EVERY);
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
                    // Or else it would show the new name with the old numbers until the next time.
                    bar.force_draw();
                }
            }
            Self::Lines(pace) => {
                if pace.is_due(elapsed) {
                    say(&progress_text(progress));
                }
            }
        }
    }
}

/// While the number of files is not known, a share of it cannot be shown.
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
