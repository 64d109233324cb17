//! Instants and days. Everything inside is UTC with microseconds; zones belong to the edges.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::error::{Kind, Rule};

/// An instant: microseconds since 1970-01-01T00:00:00Z, in the years 1 to 9999.
///
/// Written for people as RFC 3339 text of one fixed width (`2026-11-21T09:30:00.000000Z`), so that texts sort as
/// instants do; binary formats get the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text or number that is no instant or no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not in the form of an instant.
    #[error("'{0}' is not an instant; write it like 2026-11-21T09:30:00Z")]
    MalformedInstant(String),
    /// Not in the form of a day.
    #[error("'{0}' is not a day of the calendar; write it like 2026-11-21")]
    MalformedDate(String),
    /// Before the year 1 or after the year 9999.
    #[error("the time lies outside the years 1 to 9999")]
    OutOfRange,
}

impl Rule for TimeError {
    fn code(&self) -> &'static str {
        match self {
            Self::MalformedInstant(_) => "time.malformed",
            Self::MalformedDate(_) => "date.malformed",
            Self::OutOfRange => "time.out_of_range",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

const FIRST_MICROS: i64 = -62_135_596_800_000_000;
const LAST_MICROS: i64 = 253_402_300_799_999_999;
const MICROS_PER_DAY: i64 = 86_400_000_000;

impl Timestamp {
    /// The start of the year 1.
    pub const MIN: Self = Self(FIRST_MICROS);
    /// The last microsecond of the year 9999.
    pub const MAX: Self = Self(LAST_MICROS);

    /// Takes microseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// `OutOfRange` outside the years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Result<Self, TimeError> {
        if micros < FIRST_MICROS || micros > LAST_MICROS { Err(TimeError::OutOfRange) } else { Ok(Self(micros)) }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant `duration` later, or the last one there is.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(LAST_MICROS))
    }

    /// The instant `duration` earlier, or the first one there is.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros).max(FIRST_MICROS))
    }

    /// The time from `earlier` to this instant; zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day that this instant falls on, in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        let days = self.0.div_euclid(MICROS_PER_DAY);
        Date(NaiveDate::default() + TimeDelta::days(days))
    }

    /// The instant as chrono's type.
    #[must_use]
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl TryFrom<DateTime<Utc>> for Timestamp {
    type Error = TimeError;
    fn try_from(time: DateTime<Utc>) -> Result<Self, TimeError> {
        Self::from_micros(time.timestamp_micros())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_chrono().format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let time = DateTime::parse_from_rfc3339(text)
            .map_err(|_| TimeError::MalformedInstant(text.chars().take(80).collect()))?;
        Self::from_micros(time.timestamp_micros())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            Self::from_micros(i64::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

/// A day of the calendar in the years 1 to 9999, without a zone. Written as `2026-11-21`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// The day with this year, month (1–12) and day of the month (1–31).
    ///
    /// # Errors
    /// `MalformedDate` when the calendar has no such day, `OutOfRange` outside the years 1 to 9999.
    pub fn new(year: i32, month: u32, day: u32) -> Result<Self, TimeError> {
        NaiveDate::from_ymd_opt(year, month, day)
            .ok_or_else(|| TimeError::MalformedDate(format!("{year:04}-{month:02}-{day:02}")))
            .and_then(Self::try_from)
    }

    /// The day as chrono's type.
    #[must_use]
    pub const fn to_chrono(self) -> NaiveDate {
        self.0
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn days(self) -> i64 {
        self.0.signed_duration_since(NaiveDate::default()).num_days()
    }

    /// The day with this number of days since 1970-01-01.
    ///
    /// # Errors
    /// `OutOfRange` outside the years 1 to 9999.
    pub fn from_days(days: i64) -> Result<Self, TimeError> {
        let delta = TimeDelta::try_days(days).ok_or(TimeError::OutOfRange)?;
        NaiveDate::default().checked_add_signed(delta).ok_or(TimeError::OutOfRange).and_then(Self::try_from)
    }

    /// Midnight (UTC) at the start of the day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp(self.days().saturating_mul(MICROS_PER_DAY))
    }
}

impl TryFrom<NaiveDate> for Date {
    type Error = TimeError;
    fn try_from(date: NaiveDate) -> Result<Self, TimeError> {
        if (1..=9999).contains(&date.year()) { Ok(Self(date)) } else { Err(TimeError::OutOfRange) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl FromStr for Date {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let malformed = || TimeError::MalformedDate(text.chars().take(80).collect());
        if text.len() != 10 {
            return Err(malformed());
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| malformed()).and_then(Self::try_from)
    }
}
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.days())
        }
    }
}
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            Self::from_days(i64::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

/// Where the present comes from. Adapters read the system's clock; tests turn the hands themselves.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_at_one_width_and_read_back() {
        for micros in [FIRST_MICROS, -1, 0, 1, 1_763_717_400_000_000, LAST_MICROS] {
            let time = Timestamp::from_micros(micros).unwrap();
            let text = time.to_string();
            assert_eq!(text.len(), 27, "{text}");
            assert_eq!(text.parse::<Timestamp>().unwrap(), time);
        }
        assert!(Timestamp::from_micros(LAST_MICROS + 1).is_err());
        assert!("2026-13-01T00:00:00Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn impossible_days_are_refused() {
        for text in ["2026-02-29", "2026-00-10", "2026-1-1", "0000-01-01", "+12026-01-01", "x"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        let leap: Date = "2024-02-29".parse().unwrap();
        assert_eq!(Date::from_days(leap.days()).unwrap(), leap);
        assert_eq!(leap.start().date(), leap);
    }
}
