//! A month of the calendar, the period of forecasts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::{Date, Kind, Rule, TimeError};

/// A month, kept and written as its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Date", into = "Date")]
pub struct Month(Date);

/// A day that no month begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the first day of a month; write the month as its first day, like 2026-11-01")]
pub struct NotAMonth(pub Date);

impl Rule for NotAMonth {
    fn code(&self) -> &'static str {
        "month.malformed"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Month {
    /// The month that a day belongs to.
    #[must_use]
    pub fn of(day: Date) -> Self {
        use chrono::Datelike;
        let days = i64::from(day.to_chrono().day0());
        // The first day of the month of a day is as sound as the day itself.
        Self(Date::from_days(day.days() - days).unwrap_or(day))
    }

    /// The first day.
    #[must_use]
    pub const fn first_day(self) -> Date {
        self.0
    }

    /// The month after.
    ///
    /// # Errors
    /// `OutOfRange` after the year 9999.
    pub fn next(self) -> Result<Self, TimeError> {
        // 31 days after a first day is always in the month after, and never in the one behind that.
        Date::from_days(self.0.days() + 31).map(Self::of)
    }
}

impl TryFrom<Date> for Month {
    type Error = NotAMonth;
    fn try_from(day: Date) -> Result<Self, NotAMonth> {
        if Self::of(day).0 == day { Ok(Self(day)) } else { Err(NotAMonth(day)) }
    }
}

impl From<Month> for Date {
    fn from(month: Month) -> Self {
        month.0
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Month {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("The first day of a month.", "2026-11-01").into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Month {}
