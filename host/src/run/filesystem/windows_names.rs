//! The names that Windows can hold.
//!
//! The rules are those of "Naming Files, Paths, and Namespaces" in Microsoft's documentation. The
//! file system itself would accept some of the other names, but programs could not open them, or
//! would open something else.

use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// The maximum length of a name, in units of UTF-16.
pub(super) const MAX_LENGTH: usize = 255;

/// The names of devices, also with an extension. For `COM` and `LPT`, a digit follows.
const DEVICES: [&str; 6] = ["AUX", "CON", "CONIN$", "CONOUT$", "NUL", "PRN"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Checks that Windows takes a name for a name, and for this one.
///
/// # Errors
///
/// Returns [`ErrorCode::Invalid`] for a name that Windows takes for a path, a device, a stream of a
/// file or another name, and [`ErrorCode::NameTooLong`] for one that is too long.
pub(super) fn check(name: &str) -> Result<(), ErrorCode> {
    let is_forbidden = |character: char| {
        character < ' '
            || matches!(
                character,
                '"' | '*' | '/' | ':' | '<' | '>' | '?' | '\\' | '|'
            )
    };
    if name.is_empty()
        || name.contains(is_forbidden)
        // Among these are `.` and `..`.
        || name.ends_with([' ', '.'])
        || is_device(name)
    {
        Err(ErrorCode::Invalid)
    } else if name.encode_utf16().count() > MAX_LENGTH {
        Err(ErrorCode::NameTooLong)
    } else {
        Ok(())
    }
}

/// Returns `true` if a name is that of a device, whatever its extension is.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let is_numbered = |device: &str| {
        let number = stem
            .get(..device.len())
            .filter(|start| start.eq_ignore_ascii_case(device))
            .and_then(|_| stem.get(device.len()..));
        matches!(
            number,
            Some("0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        )
    };
    DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
        || NUMBERED_DEVICES.iter().any(|device| is_numbered(device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_accepted() {
        for name in [
            "a",
            "a b.lic",
            ".lic",
            "..lic",
            "Lizenz für Café.lic",
            "{00000000-0000-0000-0000-000000000001}.lic",
            "console.lic",
            "com.lic",
            "com10",
            "comé",
            "nully",
            "a.nul",
            &"x".repeat(255),
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_windows_takes_for_something_else_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "a.",
            "a ",
            "a. .",
            "a/b",
            "a\\b",
            "C:a",
            "a:b",
            "a.lic:stream",
            "a::$DATA",
            "a?",
            "a*",
            "a<",
            "a>",
            "a|",
            "a\"",
            "a\n",
            "a\0",
            "CON",
            "nul",
            "nul.lic",
            "Aux.tar.gz",
            "prn .lic",
            "COM1",
            "com0.lic",
            "lpt9",
            "LPT³",
            "conin$",
            "CONOUT$",
        ] {
            assert_eq!(check(name), Err(ErrorCode::Invalid), "{name:?}");
        }
    }

    #[test]
    fn the_length_is_limited_in_units_of_utf_16() {
        assert_eq!(check(&"é".repeat(255)), Ok(()));
        assert_eq!(check(&"x".repeat(256)), Err(ErrorCode::NameTooLong));
        assert_eq!(check(&"🔑".repeat(128)), Err(ErrorCode::NameTooLong));
    }
}
