//! The plot for the README: how long each program took for a backup of a store, as SVG.

use std::fmt::Write as _;

use crate::results::{Program, Store};

/// Pixels.
const WIDTH: u32 = 760;
const TITLE: u32 = 40;
const ROW: u32 = 26;
const BAR: u32 = 16;
/// Where the bars begin, and the length of the longest.
const BARS: u32 = 300;
const LONGEST: u32 = 390;

/// The plot of the backups of a store.
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

    let rows: Vec<_> = (TITLE..).step_by(ROW as usize).zip(programs).collect();
    let height = rows.last().map_or(TITLE, |(top, _)| top + ROW) + 8;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="10" y="24" font-weight="bold">Backup of {} licenses of 4 KiB, synced to disk: seconds, less is better</text>
"##,
        store.licenses
    );
    for (top, program) in rows {
        let seconds = program.median_seconds();
        let length = f64::from(LONGEST) * seconds / longest;
        let colour = if program.name.starts_with("license-backup") {
            "#1f6f8b"
        } else {
            "#b8b8b8"
        };
        let (label, baseline, value) = (BARS - 8, top + BAR - 3, f64::from(BARS) + length + 6.0);
        let _ = writeln!(
            svg,
            r#"<text x="{label}" y="{baseline}" text-anchor="end">{}</text><rect x="{BARS}" y="{top}" width="{length:.1}" height="{BAR}" fill="{colour}"/><text x="{value:.1}" y="{baseline}">{seconds:.2}</text>"#,
            program.name,
        );
    }
    svg + "</svg>\n"
}
