//! How business time passes.

use std::time::Duration;

use super::model::Calendar;
use super::zones::{UnknownZone, Zones};
use crate::access::TimeZone;
use crate::kernel::{Date, Kind, Rule, Timestamp};

/// A calendar with the clocks that it goes by.
#[derive(Clone, Copy)]
pub struct BusinessHours<'c> {
    calendar: &'c Calendar,
    zones: &'c dyn Zones,
}

/// A business does not open in a whole year.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NeverOpen {
    /// Nothing but days off.
    #[error("the calendar is not open on any day of the next year; take days off out of it")]
    InAYear,
    /// Its clocks are not known.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

impl Rule for NeverOpen {
    fn code(&self) -> &'static str {
        match self {
            Self::InAYear => "calendar.never_open",
            Self::Zone(zone) => zone.code(),
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

const MICROS_PER_MINUTE: i64 = 60_000_000;
const MINUTES_PER_DAY: i64 = 1_440;
/// How many days are looked at for the next opening, and for the last closing.
const DAYS_AROUND: i64 = 400;

impl<'c> BusinessHours<'c> {
    /// A calendar with the clocks of the host.
    #[must_use]
    pub const fn new(calendar: &'c Calendar, zones: &'c dyn Zones) -> Self {
        Self { calendar, zones }
    }

    /// The beginning of the closed period that an instant falls into; nothing, while it is open.
    ///
    /// # Errors
    /// `UnknownZone`.
    pub fn closed_since(&self, at: Timestamp) -> Result<Option<Timestamp>, UnknownZone> {
        let today = self.day_of(at)?;
        let mut closed = None;
        for day in ((today - DAYS_AROUND)..=today).rev() {
            // A stretch that began the day before may have ended later than the first of this day; an earlier one not.
            let last_look = closed.is_some();
            for (from, to) in self.open_on(day)? {
                if from <= at && at < to {
                    return Ok(None);
                }
                if to <= at {
                    closed = closed.max(Some(to));
                }
            }
            if last_look {
                break;
            }
        }
        // It was never open as far as anybody looks: one period, with one beginning.
        Ok(Some(closed.unwrap_or(start_of(0))))
    }

    /// The instant after so much business time.
    ///
    /// # Errors
    /// `NeverOpen`.
    pub fn after(&self, from: Timestamp, business: Duration) -> Result<Timestamp, NeverOpen> {
        let mut left = i64::try_from(business.as_micros()).unwrap_or(i64::MAX);
        let mut reached = from;
        let first = self.day_of(from)?;
        let mut day = first - 1;
        let mut idle = 0;
        loop {
            let open = self.open_on(day)?;
            idle = if open.is_empty() { idle + 1 } else { 0 };
            if idle > DAYS_AROUND {
                return Err(NeverOpen::InAYear);
            }
            for (start, end) in open {
                let start = start.max(reached);
                if start >= end {
                    continue;
                }
                let stretch = end.micros() - start.micros();
                if left <= stretch {
                    return Ok(start.plus(Duration::from_micros(u64::try_from(left).unwrap_or(0))));
                }
                left -= stretch;
                reached = end;
            }
            day += 1;
        }
    }

    /// How much business time passes between two instants.
    ///
    /// # Errors
    /// `UnknownZone`.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Result<Duration, UnknownZone> {
        let mut micros = 0;
        let mut reached = from;
        let last = self.day_of(to)?;
        for day in (self.day_of(from)? - 1)..=last {
            for (start, end) in self.open_on(day)? {
                let (start, end) = (start.max(reached), end.min(to));
                if start < end {
                    micros += end.micros() - start.micros();
                    reached = end;
                }
            }
        }
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }

    /// The stretches that open on a day of the wall calendar, in their order, none overlapping the one before.
    fn open_on(&self, day: i64) -> Result<Vec<(Timestamp, Timestamp)>, UnknownZone> {
        if self.calendar.days_off.iter().any(|off| off.days() == day) {
            return Ok(Vec::new());
        }
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) + 1;
        let mut open = Vec::new();
        for interval in self.calendar.week.iter().filter(|interval| i64::from(interval.weekday) == weekday) {
            let from = i64::from(interval.from.minutes());
            let to = i64::from(interval.to.minutes());
            let to = if to <= from { to + MINUTES_PER_DAY } else { to };
            open.push((self.instant(day, from)?, self.instant(day, to)?));
        }
        open.sort_unstable();
        let mut apart: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(open.len());
        for (from, to) in open {
            match apart.last_mut() {
                Some(before) if from <= before.1 => before.1 = before.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        Ok(apart)
    }

    /// The instant at which clocks on the wall show this minute of this day. A minute that a change of clocks leaves out
    /// is taken for the one after the change; of one that comes twice the first is taken.
    fn instant(&self, day: i64, minute: i64) -> Result<Timestamp, UnknownZone> {
        let wall = start_of(day).micros() + minute * MICROS_PER_MINUTE;
        let zone: &TimeZone = &self.calendar.time_zone;
        let shifted =
            |offset: i32| Timestamp::from_micros(wall - i64::from(offset) * 1_000_000).unwrap_or(Timestamp::MAX);
        let day_before = Timestamp::from_micros(wall - MINUTES_PER_DAY * MICROS_PER_MINUTE).unwrap_or(Timestamp::MIN);
        // The offset that held before a change is tried first: it gives the first of two, and skips forward in a gap.
        let before = shifted(self.zones.offset(zone, day_before)?);
        if self.zones.offset(zone, before)? == self.zones.offset(zone, day_before)? {
            return Ok(before);
        }
        let after = shifted(self.zones.offset(zone, before)?);
        if self.zones.offset(zone, after)? == self.zones.offset(zone, before)? { Ok(after) } else { Ok(before) }
    }

    fn day_of(&self, at: Timestamp) -> Result<i64, UnknownZone> {
        let offset = i64::from(self.zones.offset(&self.calendar.time_zone, at)?);
        let wall = at.micros().saturating_add(offset * 1_000_000);
        Ok(wall.div_euclid(MINUTES_PER_DAY * MICROS_PER_MINUTE))
    }
}

fn start_of(day: i64) -> Timestamp {
    Date::from_days(day).map_or(Timestamp::MAX, Date::start)
}
