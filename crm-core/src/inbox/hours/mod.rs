//! When a business is open, and how business time passes.
//!
//! A [`Calendar`] has intervals for each day of the week, several a day, past midnight too, and days off; its wall clock
//! is that of a [`TimeZone`](crate::access::TimeZone), which the host's [`Zones`] resolves.
//! All instants in and out are UTC.

mod calendar;
mod model;
#[cfg(test)]
mod tests;
mod zones;

pub use calendar::{BusinessHours, NeverOpen};
pub use model::{Calendar, CalendarEvent, CalendarId, OpenInterval, WallTime};
pub use zones::{UnknownZone, UtcOnly, Zones};
