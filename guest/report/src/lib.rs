//! The output of the command lines: exit codes, JSON lines, and text for people.
//!
//! A [`Reporter`] decides what is written where, and with which exit code a run ends. The
//! front end runs the operation and implements [`Console`], which writes. The program and
//! the command component therefore have the same output.

mod console;
mod counts;
mod json;
mod reporter;
mod reports;
mod skipped;
mod text;
mod throttle;

pub use console::{Console, WriteError};
pub use json::{end_line, event_line};
use license_backup_core::KeepWithin;
pub use license_backup_core::{ExitCode, S_FALSE, S_OK, escape, generation_time, utc_time};
pub use reporter::{OutputOptions, Reporter};
pub use reports::{
    BackupReport, CheckReport, DiffReport, Event, EventRef, ForgetReport, GenerationsReport,
    ListReport, Report, RestoreReport, Tally, VerifyReport,
};
pub use text::{counted, error_line, human_bytes, progress_text, time_text};
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

/// Parses the largest permitted age of a backup, such as `26h`, `2d` or `1d12h`, and returns it in
/// seconds.
///
/// # Errors
///
/// Returns an error message if `text` is not such a duration. Months and years have no fixed length.
pub fn parse_max_age(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(KeepWithin {
            years: 0,
            months: 0,
            days,
            hours,
        }) => Ok((u64::from(days) * 24 + u64::from(hours)) * 3600),
        _ => Err("expected days and hours, such as 1d12h".to_owned()),
    }
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
    fn an_age_has_days_and_hours() {
        for (text, seconds) in [("26h", 93_600), ("2d", 172_800), ("1d12h", 129_600)] {
            assert_eq!(parse_max_age(text), Ok(seconds), "{text}");
        }
        for text in ["", "26", "1m", "1y", "h", "-1h", "26 h", "99999999999d"] {
            assert!(parse_max_age(text).is_err(), "{text:?}");
        }
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
