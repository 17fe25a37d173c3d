//! A histogram of durations, as an SVG figure.

use std::fmt::Write as _;

/// The upper limits of the bars in milliseconds, and their names. The last bar has none.
const LIMITS: [(u64, &str); 19] = [
    (5, "5 ms"),
    (10, "10 ms"),
    (20, "20 ms"),
    (50, "50 ms"),
    (100, "0.1 s"),
    (200, "0.2 s"),
    (500, "0.5 s"),
    (1_000, "1 s"),
    (2_000, "2 s"),
    (5_000, "5 s"),
    (10_000, "10 s"),
    (20_000, "20 s"),
    (60_000, "1 min"),
    (120_000, "2 min"),
    (300_000, "5 min"),
    (600_000, "10 min"),
    (1_800_000, "30 min"),
    (3_600_000, "1 h"),
    (14_400_000, "4 h"),
];
/// The largest number of limits that have a name below the axis.
const MAX_NAMES: usize = 8;

const WIDTH: u32 = 480;
const HEIGHT: u32 = 170;
/// The space above the bars, for their counts, and below, for the names of limits.
const TOP: u32 = 18;
const BOTTOM: u32 = 24;
/// The space on both sides.
const SIDE: u32 = 24;

/// Returns the figure.
pub(super) fn figure(milliseconds: &[u64]) -> String {
    let Some(bars) = Bars::of(milliseconds) else {
        return "<p>No unit has been backed up.</p>".to_owned();
    };
    let mut sorted = milliseconds.to_vec();
    sorted.sort_unstable();
    let at = |share: usize| {
        sorted
            .get((sorted.len() - 1) * share / 100)
            .copied()
            .unwrap_or_default()
    };
    format!(
        "<figure>\n{}<figcaption>{} backups; half of them took at most {}, 95 % at most {}, the \
         longest {}.</figcaption>\n</figure>",
        bars.svg(),
        sorted.len(),
        duration(at(50)),
        duration(at(95)),
        duration(at(100))
    )
}

/// Returns a duration, such as `120 ms`, `1.5 s` or `2 min 3 s`.
fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// The bars from the first to the last one that is not empty.
struct Bars {
    /// The position of the first one in [`LIMITS`].
    first: usize,
    counts: Vec<usize>,
}

impl Bars {
    fn of(milliseconds: &[u64]) -> Option<Self> {
        let mut counts = [0; LIMITS.len() + 1];
        for duration in milliseconds {
            let bar = LIMITS.partition_point(|(limit, _)| limit <= duration);
            counts[bar] += 1;
        }
        let first = counts.iter().position(|count| *count > 0)?;
        let last = counts.iter().rposition(|count| *count > 0)?;
        Some(Self {
            first,
            counts: counts[first..=last].to_vec(),
        })
    }

    /// Returns what a bar counts.
    fn range(bar: usize) -> String {
        let limit = |bar: usize| LIMITS.get(bar).map(|(_, name)| *name);
        match (bar.checked_sub(1).and_then(limit), limit(bar)) {
            (None, Some(end)) => format!("below {end}"),
            (Some(start), Some(end)) => format!("{start} to {end}"),
            (start, None) => format!("{} or more", start.unwrap_or_default()),
        }
    }

    fn svg(&self) -> String {
        let number = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
        let width = (WIDTH - 2 * SIDE) / number.max(1);
        let largest = self.counts.iter().copied().max().unwrap_or_default().max(1);
        let bottom = HEIGHT - BOTTOM;
        let ranges: Vec<_> = (self.first..)
            .zip(&self.counts)
            .filter(|(_, count)| **count > 0)
            .map(|(bar, count)| format!("{}: {count}", Self::range(bar)))
            .collect();
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Backups by duration: {}\">\n",
            ranges.join(", ")
        );
        let every = self.counts.len().div_ceil(MAX_NAMES).max(1);
        for (position, (bar, count)) in (self.first..).zip(&self.counts).enumerate() {
            let left = SIDE + u32::try_from(position).unwrap_or(u32::MAX) * width;
            let space = usize::try_from(bottom - TOP).unwrap_or(usize::MAX);
            let height = u32::try_from(count * space / largest).unwrap_or(u32::MAX);
            // A bar that is not empty can be seen.
            let height = height.max(u32::from(*count > 0));
            let _ = write!(
                svg,
                "<g><title>{}: {count}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>",
                Self::range(bar),
                left + 1,
                bottom - height,
                width.saturating_sub(2).max(1),
            );
            if *count > 0 {
                let (x, y) = (left + width / 2, bottom - height - 4);
                let _ = write!(
                    svg,
                    "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{count}</text>"
                );
            }
            svg += "</g>\n";
            if let Some((_, name)) = LIMITS.get(bar)
                && position % every == 0
                && position + 1 < self.counts.len()
            {
                let (x, y) = (left + width, HEIGHT - 8);
                let _ = writeln!(
                    svg,
                    "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{name}</text>"
                );
            }
        }
        let _ = writeln!(
            svg,
            "<line x1=\"{SIDE}\" y1=\"{bottom}\" x2=\"{}\" y2=\"{bottom}\"/>\n</svg>",
            WIDTH - SIDE
        );
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_in_one_bar() {
        let bars = Bars::of(&[0, 4, 5, 9, 1_000, 1_999, 2_000]).expect("there are bars");
        assert_eq!(bars.first, 0);
        assert_eq!(bars.counts, [2, 2, 0, 0, 0, 0, 0, 0, 2, 1]);
        let bars = Bars::of(&[u64::MAX, 14_400_000]).expect("there are bars");
        assert_eq!((bars.first, bars.counts.as_slice()), (19, &[2][..]));
    }

    #[test]
    fn the_figure_says_what_most_backups_took() {
        let durations: Vec<_> = (1..=100).map(|number| number * 100).collect();
        let figure = figure(&durations);
        let caption =
            "100 backups; half of them took at most 5.0 s, 95 % at most 9.5 s, the longest 10.0 s.";
        assert!(figure.contains(caption), "{figure}");
        assert!(figure.contains("<title>1 s to 2 s: 10</title>"), "{figure}");
    }

    #[test]
    fn without_durations_there_is_no_figure() {
        assert_eq!(figure(&[]), "<p>No unit has been backed up.</p>");
    }

    #[test]
    fn the_limits_ascend() {
        assert!(LIMITS.is_sorted_by(|one, next| one.0 < next.0));
    }
}
