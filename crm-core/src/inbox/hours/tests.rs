//! Opening hours that other systems get wrong: nights, noon breaks, days off and changes of clocks.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::access::TimeZone;
use crate::kernel::{Date, Timestamp};

/// Berlin in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
struct Berlin;

impl Zones for Berlin {
    fn offset(&self, _: &TimeZone, at: Timestamp) -> Result<i32, UnknownZone> {
        let summer = instant("2026-03-29T01:00:00Z")..instant("2026-10-25T01:00:00Z");
        Ok(if summer.contains(&at) { 7_200 } else { 3_600 })
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn calendar(week: &[(u8, &str, &str)], days_off: &[&str]) -> Calendar {
    let wall = |text: &str| WallTime::try_from(text.to_owned()).unwrap();
    let week =
        week.iter().map(|(weekday, from, to)| OpenInterval { weekday: *weekday, from: wall(from), to: wall(to) });
    Calendar {
        name: "Office".parse().unwrap(),
        time_zone: TimeZone::try_from("Europe/Berlin".to_owned()).unwrap(),
        week: week.collect(),
        days_off: days_off.iter().map(|day| day.parse::<Date>().unwrap()).collect(),
    }
}

fn office() -> Calendar {
    let day = |weekday| [(weekday, "09:00", "12:00"), (weekday, "13:00", "17:00")];
    let week: Vec<_> = (1..=5).flat_map(day).collect();
    calendar(&week, &["2026-04-06"])
}

#[test]
fn business_time_skips_nights_breaks_weekends_and_days_off() {
    let office = office();
    let hours_of = BusinessHours::new(&office, &Berlin);
    for (from, minutes, expected) in [
        // Monday 2 March, winter time: 09:00 on the wall is 08:00 UTC.
        ("2026-03-02T08:00:00Z", 60, "2026-03-02T09:00:00Z"),
        ("2026-03-02T10:30:00Z", 60, "2026-03-02T12:30:00Z"),
        ("2026-03-02T20:00:00Z", 30, "2026-03-03T08:30:00Z"),
        ("2026-03-06T15:30:00Z", 60, "2026-03-09T08:30:00Z"),
        // Good Friday is open here, Easter Monday is a day off; summer time: 09:00 is 07:00 UTC.
        ("2026-04-03T14:30:00Z", 60, "2026-04-07T07:30:00Z"),
        // Across the change of clocks on Sunday 29 March.
        ("2026-03-27T15:30:00Z", 60, "2026-03-30T07:30:00Z"),
        ("2026-03-02T08:00:00Z", 0, "2026-03-02T08:00:00Z"),
    ] {
        assert_eq!(hours_of.after(instant(from), hours(minutes)).unwrap(), instant(expected), "{from} + {minutes} min");
    }
}

#[test]
fn a_night_shift_runs_past_midnight_and_through_a_change_of_clocks() {
    // Saturday 22:00 to 06:00: on 28/29 March that night has seven hours, on 24/25 October nine.
    let night = calendar(&[(6, "22:00", "06:00")], &[]);
    let hours_of = BusinessHours::new(&night, &Berlin);
    let length = |from: &str, to: &str| hours_of.between(instant(from), instant(to)).unwrap();
    assert_eq!(length("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"), hours(7 * 60));
    assert_eq!(length("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), hours(9 * 60));
    assert_eq!(length("2026-03-07T12:00:00Z", "2026-03-08T12:00:00Z"), hours(8 * 60));
    assert_eq!(hours_of.closed_since(instant("2026-03-08T04:59:59Z")).unwrap(), None);
    let closed = hours_of.closed_since(instant("2026-03-08T09:00:00Z")).unwrap();
    assert_eq!(closed, Some(instant("2026-03-08T05:00:00Z")));
}

#[test]
fn a_closed_period_has_one_beginning() {
    let office = office();
    let hours_of = BusinessHours::new(&office, &Berlin);
    for at in ["2026-03-06T16:00:00Z", "2026-03-07T12:00:00Z", "2026-03-09T07:59:59Z"] {
        assert_eq!(hours_of.closed_since(instant(at)).unwrap(), Some(instant("2026-03-06T16:00:00Z")), "{at}");
    }
    assert_eq!(hours_of.closed_since(instant("2026-03-09T08:00:00Z")).unwrap(), None);
    let noon = hours_of.closed_since(instant("2026-03-09T11:30:00Z")).unwrap();
    assert_eq!(noon, Some(instant("2026-03-09T11:00:00Z")), "the break is a closed period too");
}

#[test]
fn a_closed_period_of_weeks_has_one_beginning_too() {
    let mut office = office();
    office.days_off = (1..=31).map(|day| format!("2026-08-{day:02}").parse().unwrap()).collect();
    let hours_of = BusinessHours::new(&office, &Berlin);
    for at in ["2026-07-31T15:00:00Z", "2026-08-01T12:00:00Z", "2026-08-14T12:00:00Z", "2026-09-01T06:59:59Z"] {
        assert_eq!(hours_of.closed_since(instant(at)).unwrap(), Some(instant("2026-07-31T15:00:00Z")), "{at}");
    }
    assert_eq!(hours_of.closed_since(instant("2026-09-01T07:00:00Z")).unwrap(), None);
    let mut night = calendar(&[(6, "22:00", "06:00"), (7, "01:00", "02:00")], &[]);
    night.days_off = Vec::new();
    let hours_of = BusinessHours::new(&night, &Berlin);
    let closed = hours_of.closed_since(instant("2026-03-08T09:00:00Z")).unwrap();
    assert_eq!(closed, Some(instant("2026-03-08T05:00:00Z")), "the night that began before ends later");
}

#[test]
fn a_minute_that_a_change_of_clocks_leaves_out_is_the_one_after_it() {
    let gap = calendar(&[(7, "02:30", "04:00")], &[]);
    let hours_of = BusinessHours::new(&gap, &Berlin);
    let open = hours_of.after(instant("2026-03-28T12:00:00Z"), Duration::ZERO).unwrap();
    assert_eq!(open, instant("2026-03-29T01:30:00Z"), "02:30 does not exist; it is 03:30 on the wall");
}

#[test]
fn wrong_calendars_are_named() {
    let none = calendar(&[], &[]).checked().unwrap_err();
    assert_eq!(none.0[0].code, "calendar.interval_count");
    let wrong = calendar(&[(8, "09:00", "17:00")], &[]).checked().unwrap_err();
    assert_eq!(wrong.0[0].field, "week[0].weekday");
    for text in ["9:00", "24:00", "12:60", "noon", "12-00"] {
        assert!(WallTime::try_from(text.to_owned()).is_err(), "{text}");
    }
    let office = office();
    let unknown = BusinessHours::new(&office, &UtcOnly).closed_since(instant("2026-03-09T11:30:00Z"));
    assert!(unknown.is_err());
}

proptest! {
    #[test]
    fn adding_and_measuring_business_time_agree(start in 0..400_000_i64, minutes in 0..5_000_u64) {
        let office = office();
        let hours_of = BusinessHours::new(&office, &Berlin);
        let from = Timestamp::from_micros(1_767_225_600_000_000 + start * 60_000_000).unwrap();
        let end = hours_of.after(from, hours(minutes)).unwrap();
        prop_assert!(end >= from);
        prop_assert_eq!(hours_of.between(from, end).unwrap(), hours(minutes));
    }
}
