//! The world's time zones, as the IANA list of the `chrono-tz` crate has them.

use chrono::{Offset, TimeZone as _};
use chrono_tz::Tz;
use crm_core::access::TimeZone;
use crm_core::inbox::hours::{UnknownZone, Zones};
use crm_core::kernel::Timestamp;

/// Every zone of the IANA list, by its name: `Europe/Berlin`, `America/New_York`, `UTC`.
///
/// The list is compiled in; changes that governments decide later come with a later version of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct IanaZones;

impl Zones for IanaZones {
    fn offset(&self, zone: &TimeZone, at: Timestamp) -> Result<i32, UnknownZone> {
        let known: Tz = zone.as_str().parse().map_err(|_| UnknownZone(zone.clone()))?;
        Ok(known.offset_from_utc_datetime(&at.to_chrono().naive_utc()).fix().local_minus_utc())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, LocalResult, NaiveDate};
    use crm_core::inbox::hours::{BusinessHours, Calendar};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        name.to_owned().try_into().unwrap()
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Open on this weekday between these times.
    fn calendar(zone: &str, weekday: u32, from: &str, to: &str) -> Calendar {
        let week = [json!({ "weekday": weekday, "from": from, "to": to })];
        let calendar = json!({ "name": "Office", "time_zone": zone, "week": week, "days_off": [] });
        serde_json::from_value(calendar).unwrap()
    }

    #[test]
    fn clocks_change_when_and_where_they_do() {
        let ahead = |name: &str, at: &str| IanaZones.offset(&zone(name), instant(at)).unwrap();
        for (name, at, seconds) in [
            ("Europe/Berlin", "2026-03-29T00:59:59Z", 3_600),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", 7_200),
            ("Europe/Berlin", "2026-10-25T01:00:00Z", 3_600),
            ("America/New_York", "2026-03-08T06:59:59Z", -18_000),
            ("America/New_York", "2026-03-08T07:00:00Z", -14_400),
            ("Australia/Lord_Howe", "2026-04-04T14:59:59Z", 39_600),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", 37_800),
            ("Asia/Kathmandu", "2026-07-01T00:00:00Z", 20_700),
            ("Pacific/Kiritimati", "2026-07-01T00:00:00Z", 50_400),
            ("UTC", "2026-07-01T00:00:00Z", 0),
        ] {
            assert_eq!(ahead(name, at), seconds, "{name} at {at}");
        }
        assert!(IanaZones.offset(&zone("Middle-earth/Shire"), instant("2026-07-01T00:00:00Z")).is_err());
    }

    #[test]
    fn a_night_is_shorter_in_spring_and_longer_in_autumn() {
        for (name, weekday, from, to, minutes) in [
            ("Europe/Berlin", 6, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", 7 * 60),
            ("Europe/Berlin", 6, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", 9 * 60),
            ("Europe/Berlin", 6, "2026-06-06T12:00:00Z", "2026-06-07T12:00:00Z", 8 * 60),
            ("America/New_York", 6, "2026-03-07T18:00:00Z", "2026-03-08T18:00:00Z", 7 * 60),
            ("America/New_York", 6, "2026-10-31T18:00:00Z", "2026-11-01T18:00:00Z", 9 * 60),
            // In the south autumn is in April, and on Lord Howe Island the change is half an hour.
            ("Australia/Sydney", 6, "2026-04-04T06:00:00Z", "2026-04-05T06:00:00Z", 9 * 60),
            ("Australia/Lord_Howe", 6, "2026-04-04T06:00:00Z", "2026-04-05T06:00:00Z", 8 * 60 + 30),
            ("Asia/Kolkata", 6, "2026-04-04T06:00:00Z", "2026-04-05T06:00:00Z", 8 * 60),
        ] {
            let calendar = calendar(name, weekday, "22:00", "06:00");
            let hours = BusinessHours::new(&calendar, &IanaZones);
            let open = hours.between(instant(from), instant(to)).unwrap();
            assert_eq!(open.as_secs() / 60, minutes, "{name} from {from}");
        }
    }

    #[test]
    fn a_response_target_that_spans_a_change_of_clocks_is_due_by_the_clock_on_the_wall() {
        // Opens at nine on the wall: 08:00 UTC on Friday, 07:00 UTC on Monday after the change.
        let mut office = calendar("Europe/Berlin", 5, "09:00", "17:00");
        office.week.extend(calendar("Europe/Berlin", 1, "09:00", "17:00").week);
        let hours = BusinessHours::new(&office, &IanaZones);
        let due = hours.after(instant("2026-03-27T15:30:00Z"), std::time::Duration::from_hours(1)).unwrap();
        assert_eq!(due, instant("2026-03-30T07:30:00Z"));
        let due = hours.after(instant("2026-10-23T14:30:00Z"), std::time::Duration::from_hours(1)).unwrap();
        assert_eq!(due, instant("2026-10-26T08:30:00Z"));
        let closed = hours.closed_since(instant("2026-03-29T12:00:00Z")).unwrap();
        assert_eq!(closed, Some(instant("2026-03-27T16:00:00Z")));
    }

    #[test]
    fn a_day_that_a_country_left_out_is_survived() {
        // Samoa went from Thursday 29 December 2011 to Saturday 31 December.
        let calendar = calendar("Pacific/Apia", 5, "09:00", "17:00");
        let hours = BusinessHours::new(&calendar, &IanaZones);
        let open = hours.between(instant("2011-12-29T00:00:00Z"), instant("2012-01-07T12:00:00Z")).unwrap();
        assert!(open.as_secs() >= 8 * 3_600, "the Friday of the next week at least: {open:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Another library's reading of the same clocks on the wall.
        #[test]
        fn an_opening_is_when_the_clock_on_the_wall_shows_it(
            name in prop::sample::select(vec![
                "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Australia/Sydney",
                "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago", "Asia/Tehran", "Pacific/Chatham",
                "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC",
            ]),
            day in 0..3_650_i64,
            minute in 0..1_380_u32,
        ) {
            let date = NaiveDate::from_ymd_opt(2018, 1, 1).unwrap() + chrono::Duration::days(day);
            let wall = date.and_hms_opt(minute / 60, minute % 60, 0).unwrap();
            let known: Tz = name.parse().unwrap();
            let expected = match known.from_local_datetime(&wall) {
                LocalResult::Single(one) | LocalResult::Ambiguous(one, _) => one.to_utc(),
                // Left out: as if the clocks had not been changed yet.
                LocalResult::None => {
                    let before = known.from_local_datetime(&(wall - chrono::Duration::hours(3))).latest().unwrap();
                    (before + chrono::Duration::hours(3)).to_utc()
                }
            };
            let from = format!("{:02}:{:02}", minute / 60, minute % 60);
            let calendar = calendar(name, date.weekday().number_from_monday(), &from, "23:59");
            let hours = BusinessHours::new(&calendar, &IanaZones);
            let before = Timestamp::from_micros((expected - chrono::Duration::hours(24)).timestamp_micros()).unwrap();
            let opens = hours.after(before, std::time::Duration::from_micros(1)).unwrap();
            prop_assert_eq!(opens.micros() - 1, expected.timestamp_micros(), "{} {}", name, wall);
        }
    }
}
