//! The parts that the plots have in common.

/// The width of a plot in pixels.
pub(crate) const WIDTH: u32 = 760;

/// Returns the color of a program: that of this project, or gray.
pub(crate) fn color(program: &str) -> &'static str {
    if program.starts_with("license-backup") {
        "#1f6f8b"
    } else {
        "#9a9a9a"
    }
}

/// Returns a plot of this height in pixels.
pub(crate) fn document(height: u32, content: &str) -> String {
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
{content}</svg>
"##
    )
}
