//! The plot for the README: the time that each program takes to back up a store, as SVG.

use std::fmt::Write as _;

use crate::results::{Program, Store};

// All sizes are in pixels.

/// The width of the plot.
const WIDTH: u32 = 760;
/// The height of the title.
const TITLE_HEIGHT: u32 = 40;
/// The distance between the tops of two bars.
const ROW_HEIGHT: u32 = 26;
/// The height of a bar.
const BAR_HEIGHT: u32 = 16;
/// The left end of the bars.
const BARS_LEFT: u32 = 300;
/// The length of the longest bar.
const MAX_BAR_LENGTH: u32 = 390;

/// Draws the backups of a store.
pub(crate) fn plot(store: &Store) -> String {
    let backup = store
        .comparisons
        .iter()
        .find(|comparison| comparison.task == "backup");
    let mut programs: Vec<&Program> =
        backup.map_or_else(Vec::new, |backup| backup.programs.iter().collect());
    programs.sort_by(|one, other| one.median_seconds().total_cmp(&other.median_seconds()));
    let longest = programs
        .last()
        .map_or(1.0, |program| program.median_seconds());

    let rows: Vec<_> = (TITLE_HEIGHT..)
        .step_by(ROW_HEIGHT as usize)
        .zip(programs)
        .collect();
    let height = rows
        .last()
        .map_or(TITLE_HEIGHT, |(top, _)| top + ROW_HEIGHT)
        + 8;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="10" y="24" font-weight="bold">Backup of {} licenses of 4 KiB, synced to disk: seconds, less is better</text>
"##,
        store.licenses
    );
    for (top, program) in rows {
        let seconds = program.median_seconds();
        let length = f64::from(MAX_BAR_LENGTH) * seconds / longest;
        let color = if program.name.starts_with("license-backup") {
            "#1f6f8b"
        } else {
            "#b8b8b8"
        };
        let (label, baseline) = (BARS_LEFT - 8, top + BAR_HEIGHT - 3);
        let value = f64::from(BARS_LEFT) + length + 6.0;
        let _ = writeln!(
            svg,
            r#"<text x="{label}" y="{baseline}" text-anchor="end">{}</text><rect x="{BARS_LEFT}" y="{top}" width="{length:.1}" height="{BAR_HEIGHT}" fill="{color}"/><text x="{value:.1}" y="{baseline}">{seconds:.2}</text>"#,
            program.name,
        );
    }
    svg + "</svg>\n"
}
