//! The plot of the time for each license as a store grows, as SVG.

use std::fmt::Write as _;

use crate::results::{Results, Store};
use crate::svg::{self, WIDTH, color};

// All sizes are in pixels.

/// The height of the plot.
const HEIGHT: u32 = 360;
/// The left end of the horizontal axis.
const LEFT: u32 = 70;
/// The right end of the horizontal axis. The names of the lines are right of it.
const RIGHT: u32 = WIDTH - 190;
/// The upper end of the vertical axis.
const TOP: u32 = 50;
/// The lower end of the vertical axis.
const BOTTOM: u32 = HEIGHT - 50;
/// The least distance between the names of two lines.
const NAME_HEIGHT: f64 = 16.0;

/// The time of a program for each license of stores of different sizes.
struct Line<'a> {
    program: &'a str,
    /// The decimal logarithm of the number of licenses, and the microseconds for each.
    points: Vec<(f64, f64)>,
}

/// Draws the programs that are measured with the largest store.
pub(crate) fn plot(results: &Results) -> String {
    let stores: Vec<&Store> = results.stores.iter().chain(&results.largest).collect();
    let lines = lines(&stores);
    let all = || lines.iter().flat_map(|line| &line.points);
    let first = all().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let last = all().map(|point| point.0).fold(first + 1e-9, f64::max);
    let highest = all().map(|point| point.1).fold(1.0, f64::max);
    let x = |logarithm: f64| {
        f64::from(LEFT) + f64::from(RIGHT - LEFT) * (logarithm - first) / (last - first)
    };
    let y = |time: f64| f64::from(BOTTOM) - f64::from(BOTTOM - TOP) * time / highest;

    let mut content = format!(
        r##"<text x="10" y="24" font-weight="bold">Microseconds for each license of 4 KiB as a store grows, less is better</text>
<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="#444444"/>
"##
    );
    for store in stores {
        let _ = writeln!(
            content,
            r#"<text x="{:.1}" y="{}" text-anchor="middle">{}</text>"#,
            x(f64::from(store.licenses).log10()),
            BOTTOM + 20,
            store.licenses
        );
    }
    for time in [0.0, highest / 2.0, highest] {
        let _ = writeln!(
            content,
            r#"<text x="{}" y="{:.1}" text-anchor="end">{time:.0}</text>"#,
            LEFT - 8,
            y(time) + 4.0
        );
    }
    let mut ends: Vec<_> = lines
        .iter()
        .filter_map(|line| Some((line, y(line.points.last()?.1))))
        .collect();
    ends.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut free = f64::NEG_INFINITY;
    for (line, end) in ends {
        let points: Vec<_> = line
            .points
            .iter()
            .map(|(logarithm, time)| format!("{:.1},{:.1}", x(*logarithm), y(*time)))
            .collect();
        let name = end.max(free);
        free = name + NAME_HEIGHT;
        let color = color(line.program);
        let _ = writeln!(
            content,
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="2"/><text x="{}" y="{:.1}" fill="{color}">{}</text>"#,
            points.join(" "),
            RIGHT + 8,
            name + 4.0,
            line.program
        );
    }
    svg::document(HEIGHT, &content)
}

/// Returns a line for each program of the last store.
fn lines<'a>(stores: &[&'a Store]) -> Vec<Line<'a>> {
    let comparisons = stores.last().map_or(&[][..], |store| &store.comparisons);
    let programs = comparisons.iter().flat_map(|comparison| {
        comparison
            .programs
            .iter()
            .map(|program| (comparison.task.as_str(), program.name.as_str()))
    });
    let line = |(task, name): (&str, &'a str)| Line {
        program: name,
        points: stores
            .iter()
            .filter_map(|store| {
                let programs = &store.comparison(task)?.programs;
                let program = programs.iter().find(|program| program.name == name)?;
                let time = store.microseconds_a_license(program);
                Some((f64::from(store.licenses).log10(), time))
            })
            .collect(),
    };
    programs.map(line).collect()
}
