//! The file names of generations.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

const PREFIX: &str = "licenses-";
const SUFFIX: &str = ".zip";

/// Returns a time in seconds since the Unix epoch as UTC in the extended format of ISO 8601, such as
/// `2026-11-25T22:45:00Z`. A time after the year 9999 is returned in seconds.
#[must_use]
pub fn utc_time(seconds: u64) -> String {
    let Some(time) = utc(seconds) else {
        return seconds.to_string();
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Returns the name of the generation of a time in seconds since the Unix epoch, such as
/// `licenses-20261125T224500Z.zip`. The time in it is UTC in the basic format of ISO 8601, so that
/// names sort by time. Returns `None` for a time after the year 9999.
#[must_use]
pub fn generation_name(seconds: u64) -> Option<String> {
    let time = utc(seconds)?;
    Some(format!(
        "{PREFIX}{:04}{:02}{:02}T{:02}{:02}{:02}Z{SUFFIX}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    ))
}

fn utc(seconds: u64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
}

/// Returns the time of a generation in seconds since the Unix epoch, or `None` if
/// no generation has this name.
#[must_use]
pub fn generation_time(name: &str) -> Option<u64> {
    let time = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let (date, rest) = time.split_once('T')?;
    let time = rest.strip_suffix('Z')?;
    if date.len() != 8 || time.len() != 6 {
        return None;
    }
    let part = |text: &str, start: usize, length: usize| -> Option<u16> {
        text.get(start..start + length)?.parse().ok()
    };
    let byte = |text, start| part(text, start, 2).and_then(|part| u8::try_from(part).ok());
    let month = Month::try_from(byte(date, 4)?).ok()?;
    let date =
        Date::from_calendar_date(i32::from(part(date, 0, 4)?), month, byte(date, 6)?).ok()?;
    let time = Time::from_hms(byte(time, 0)?, byte(time, 2)?, byte(time, 4)?).ok()?;
    let seconds = PrimitiveDateTime::new(date, time)
        .assume_utc()
        .unix_timestamp();
    let seconds = u64::try_from(seconds).ok()?;
    // Rejects other spellings, such as a sign in a number.
    generation_name(seconds).filter(|canonical| canonical == name)?;
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 25 November 2026, 22:45:00 UTC.
    const TIME: u64 = 1_795_646_700;

    #[test]
    fn a_generation_has_its_time_in_its_name() {
        for (time, name) in [
            (TIME, "licenses-20261125T224500Z.zip"),
            (0, "licenses-19700101T000000Z.zip"),
            (253_402_300_799, "licenses-99991231T235959Z.zip"),
        ] {
            assert_eq!(generation_name(time).as_deref(), Some(name));
            assert_eq!(generation_time(name), Some(time));
        }
        for time in [253_402_300_800, u64::MAX] {
            assert_eq!(generation_name(time), None);
        }
    }

    #[test]
    fn similar_names_are_not_generations() {
        for name in [
            "licenses.zip",
            "licenses-20261125T224500Z.zip.pin",
            "licenses-20261125T224500Z (1).zip",
            "licenses-20261125T224500.zip",
            "licenses-20261325T224500Z.zip",
            "licenses-20260229T224500Z.zip",
            "licenses-20261125T244500Z.zip",
            "licenses-20261125T224560Z.zip",
            "licenses-2026112+T224500Z.zip",
            "licenses-+0261125T224500Z.zip",
            "licenses-19691231T235959Z.zip",
            "licenses-20261125t224500z.zip",
            "Licenses-20261125T224500Z.zip",
            "licenses-٢٠٢٦1125T224500Z.zip",
            "licenses-.zip",
            "",
        ] {
            assert_eq!(generation_time(name), None, "{name}");
        }
    }
}
