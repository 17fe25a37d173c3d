//! Lines on standard error.

use std::io::{self, Write as _};

use license_backup_report::error_line;

/// Writes an error message, with the name of the program.
pub(crate) fn print_error(message: &str) {
    print_line(&error_line(message));
}

/// Writes a line. Errors are ignored: there is no other stream to report them on.
pub(crate) fn print_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
