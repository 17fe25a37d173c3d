//! The output of the command lines: exit codes, JSON lines, and text for people.
//!
//! A [`Reporter`] decides what is written where, and with which exit code a run ends. The
//! front end runs the operation and implements [`Console`], which writes. The program and
//! the command component therefore have the same output.

mod console;
mod counts;
mod exit;
mod json;
mod reporter;
mod reports;
mod skipped;
mod text;
mod throttle;

pub use console::{Console, WriteError};
pub use exit::ExitCode;
pub use license_backup_core::escape;
pub use reporter::{OutputOptions, Reporter};
pub use reports::{
    BackupReport, Event, EventRef, ForgetReport, ListReport, Report, RestoreReport, Tally,
    VerifyReport,
};
pub use text::{error_line, human_bytes, progress_text};
pub use throttle::Throttle;

/// Parses a BLAKE3 hash of 64 hexadecimal digits, and returns it in lower case.
///
/// # Errors
///
/// Returns an error message if `text` is not such a hash.
pub fn parse_blake3(text: &str) -> Result<String, String> {
    let hash = blake3::Hash::from_hex(text)
        .map_err(|_| "expected a BLAKE3 hash of 64 hexadecimal digits")?;
    Ok(hash.to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_may_be_in_upper_case_or_lower_case() {
        let hash = "00af".repeat(16);
        assert_eq!(parse_blake3(&hash), Ok(hash.clone()));
        assert_eq!(parse_blake3(&hash.to_uppercase()), Ok(hash));
    }

    #[test]
    fn anything_but_64_hexadecimal_digits_is_not_a_hash() {
        let hash = "00af".repeat(16);
        for text in [
            "",
            "00af",
            &hash[1..],
            &format!("{hash}0"),
            &hash.replace('f', "g"),
            &format!("{} ", &hash[1..]),
        ] {
            assert!(parse_blake3(text).is_err(), "{text:?}");
        }
    }
}
