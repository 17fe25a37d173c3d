//! What the command lines say: exit codes, JSON lines, and text for people.
//!
//! A [`Reporter`] decides what goes where, and with which exit code a run ends; whoever runs the operation brings a
//! [`Console`], which writes. So the host's command line and the command component say the very same.

mod exit;
mod groups;
mod json;
mod pace;
mod reporter;
mod reports;
mod text;

pub use exit::ExitCode;
pub use license_backup_core::{BACKUP_FILE, escape};
pub use pace::Pace;
pub use reporter::{Console, Event, Manner, Reporter, Unwritten};
pub use reports::{BackupReport, ListReport, Report, RestoreReport, VerifyReport};
pub use text::{complaint, human_bytes, progress_text};

/// A BLAKE3 hash as a person gives it, in lower case.
///
/// # Errors
///
/// What is wrong with it, for a person.
pub fn expected_blake3(text: &str) -> Result<String, String> {
    let hash = blake3::Hash::from_hex(text)
        .map_err(|_| "it is no BLAKE3 hash, which has 64 hexadecimal digits")?;
    Ok(hash.to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_taken_in_either_case_and_nothing_else_is() {
        let hash = "00af".repeat(16);
        assert_eq!(expected_blake3(&hash.to_uppercase()), Ok(hash.clone()));
        for text in [
            "",
            "00af",
            &hash[1..],
            &format!("{hash}0"),
            &hash.replace('f', "g"),
            &format!("{} ", &hash[1..]),
        ] {
            assert!(expected_blake3(text).is_err(), "{text:?}");
        }
    }
}
