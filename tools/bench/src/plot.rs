//! The plot of the time that each program takes to back up, verify and restore a store, as SVG.

use std::fmt::Write as _;

use crate::results::{Comparison, Program, Store};
use crate::svg::{self, color};

// All sizes are in pixels.

/// The height of the title.
const TITLE_HEIGHT: u32 = 34;
/// The height of the name of a task.
const TASK_HEIGHT: u32 = 26;
/// The distance between the tops of two bars.
const ROW_HEIGHT: u32 = 24;
/// The height of a bar.
const BAR_HEIGHT: u32 = 16;
/// The left end of the bars.
const BARS_LEFT: u32 = 320;
/// The length of the longest bar of a task.
const MAX_BAR_LENGTH: u32 = 370;

/// Draws the comparisons with a store.
pub(crate) fn plot(store: &Store) -> String {
    let mut content = format!(
        r#"<text x="10" y="24" font-weight="bold">{} licenses of 4 KiB, synced to disk: seconds, less is better</text>
"#,
        store.licenses
    );
    let mut top = TITLE_HEIGHT;
    for comparison in &store.comparisons {
        top = draw(comparison, top, &mut content);
    }
    svg::document(top + 8, &content)
}

/// Draws the bars of a comparison from `top` on. Returns where the next one starts.
fn draw(comparison: &Comparison, top: u32, content: &mut String) -> u32 {
    let _ = writeln!(
        content,
        r#"<text x="10" y="{}" font-style="italic">{}</text>"#,
        top + TASK_HEIGHT - 8,
        comparison.task
    );
    let mut programs: Vec<&Program> = comparison.programs.iter().collect();
    programs.sort_by(|one, other| one.median_seconds().total_cmp(&other.median_seconds()));
    let longest = programs
        .last()
        .map_or(1.0, |program| program.median_seconds());
    let mut top = top + TASK_HEIGHT;
    for program in programs {
        let seconds = program.median_seconds();
        let length = f64::from(MAX_BAR_LENGTH) * seconds / longest;
        let (label, baseline) = (BARS_LEFT - 8, top + BAR_HEIGHT - 3);
        let value = f64::from(BARS_LEFT) + length + 6.0;
        let _ = writeln!(
            content,
            r#"<text x="{label}" y="{baseline}" text-anchor="end">{}</text><rect x="{BARS_LEFT}" y="{top}" width="{length:.1}" height="{BAR_HEIGHT}" fill="{}"/><text x="{value:.1}" y="{baseline}">{seconds:.2}</text>"#,
            program.name,
            color(&program.name),
        );
        top += ROW_HEIGHT;
    }
    top
}
