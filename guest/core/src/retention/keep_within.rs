//! The duration of the rule `keep_within`, in the form of `restic forget`.

use std::fmt;
use std::str::FromStr;

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime};

/// A duration in calendar units: `1y5m7d2h` is one year, five months, seven days and two hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct KeepWithin {
    /// The number of years.
    pub years: u32,
    /// The number of months.
    pub months: u32,
    /// The number of days.
    pub days: u32,
    /// The number of hours.
    pub hours: u32,
}

/// An error returned when a text is not a [`KeepWithin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown form of a duration: write numbers with the units y, m, d and h, each unit once, as in \
     1y5m7d2h"
)]
pub struct InvalidKeepWithin;

/// The units of the fields of [`KeepWithin`], in their order.
const UNITS: [char; 4] = ['y', 'm', 'd', 'h'];

impl KeepWithin {
    /// Returns `true` if the duration is the same as none.
    pub(super) fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// Returns the time that is this duration before `moment`, or the first one that has a date.
    ///
    /// Like `AddDate` of Go, and hence like restic, it subtracts years and months first. If the
    /// resulting month does not have the day, the days that it lacks continue in the next month:
    /// one month before March 31 is March 3, or March 2 in a leap year.
    pub(super) fn before(self, moment: OffsetDateTime) -> OffsetDateTime {
        self.checked_before(moment)
            .unwrap_or(PrimitiveDateTime::MIN.assume_utc())
    }

    fn checked_before(self, moment: OffsetDateTime) -> Option<OffsetDateTime> {
        /// The number of months in a year.
        const YEAR: i64 = 12;
        let months = YEAR * i64::from(moment.year()) + i64::from(u8::from(moment.month()) - 1)
            - YEAR * i64::from(self.years)
            - i64::from(self.months);
        let year = i32::try_from(months.div_euclid(YEAR)).ok()?;
        let month = Month::January.nth_next(u8::try_from(months.rem_euclid(YEAR)).ok()?);
        let days = i64::from(moment.day() - 1) - i64::from(self.days);
        Date::from_calendar_date(year, month, 1)
            .ok()?
            .checked_add(Duration::days(days))?
            .with_time(moment.time())
            .assume_utc()
            .checked_sub(Duration::hours(self.hours.into()))
    }
}

impl fmt::Display for KeepWithin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0h");
        }
        let numbers = [self.years, self.months, self.days, self.hours];
        for (number, unit) in numbers.into_iter().zip(UNITS) {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for KeepWithin {
    type Err = InvalidKeepWithin;

    /// Reads numbers with units, in any order. Surrounding white space is ignored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidKeepWithin);
        }
        let mut numbers = [None; UNITS.len()];
        for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
            let (number, digits) = numbers
                .iter_mut()
                .zip(UNITS)
                .find_map(|(number, unit)| Some((number, part.strip_suffix(unit)?)))
                .ok_or(InvalidKeepWithin)?;
            let parsed = digits.parse().map_err(|_| InvalidKeepWithin)?;
            if number.replace(parsed).is_some() {
                return Err(InvalidKeepWithin);
            }
        }
        let [years, months, days, hours] = numbers.map(Option::unwrap_or_default);
        Ok(Self {
            years,
            months,
            days,
            hours,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::time_of;
    use super::*;

    fn within(text: &str) -> KeepWithin {
        text.parse().expect("the text is a duration")
    }

    #[test]
    fn a_duration_is_subtracted_as_in_restic() {
        for (moment, duration, expected) in [
            ("2023-03-31T01:02:03", "1m", "2023-03-03T01:02:03"),
            ("2024-03-31", "1m", "2024-03-02"),
            ("2024-02-29", "1y", "2023-03-01"),
            ("2024-02-29", "4y", "2020-02-29"),
            ("2024-03-31", "1y1m", "2023-03-03"),
            ("2024-03-31", "1m3d", "2024-02-28"),
            ("2024-03-31", "1m2d1h", "2024-02-28T23"),
            ("2024-01-15", "1m", "2023-12-15"),
            ("2024-12-15", "12m", "2023-12-15"),
            ("2024-01-31", "25m", "2021-12-31"),
            ("2024-05-31", "18m", "2022-12-01"),
            ("2024-03-01", "1d", "2024-02-29"),
            ("2024-03-01", "366d", "2023-03-01"),
            ("2024-01-01", "25h", "2023-12-30T23"),
            ("2024-01-01", "2024y", "0000-01-01"),
        ] {
            assert_eq!(
                within(duration).before(time_of(moment)),
                time_of(expected),
                "{duration} before {moment}"
            );
        }
    }

    #[test]
    fn durations_are_read_and_written() {
        let all = KeepWithin {
            years: 1,
            months: 5,
            days: 7,
            hours: 2,
        };
        assert_eq!(within("1y5m7d2h"), all);
        assert_eq!(within(" 2h07d5m1y\n"), all);
        for text in ["1y5m7d2h", "1y", "5m2h", "4294967295d", "0h"] {
            assert_eq!(within(text).to_string(), text);
        }
        assert_eq!(KeepWithin::default().to_string(), "0h");
    }

    #[test]
    fn other_texts_are_not_durations() {
        for text in [
            "",
            " ",
            "5",
            "d",
            "5d3",
            "3w",
            "1Y",
            "-1d",
            "+1d",
            "1d 2h",
            "1.5d",
            "1d2d",
            "dd",
            "4294967296d",
            "1é",
            "٣d",
        ] {
            assert_eq!(
                text.parse::<KeepWithin>(),
                Err(InvalidKeepWithin),
                "{text:?}"
            );
        }
    }
}
