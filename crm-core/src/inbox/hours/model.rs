//! A calendar as it is kept.

use serde::{Deserialize, Serialize};

use crate::access::TimeZone;
use crate::kernel::{
    Column, Date, DomainEvent, Entity, Field, FieldProblem, Id, InvalidInput, Key, Name, Value, ValueRef,
};

/// Identifier of a calendar.
pub type CalendarId = Id<Calendar>;

/// When a business is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Calendar {
    /// Its name, unique within the organization.
    pub name: Name,
    /// Whose clocks on the wall it goes by.
    pub time_zone: TimeZone,
    /// When it is open in an ordinary week, at most 50 intervals.
    pub week: Vec<OpenInterval>,
    /// Days on which it does not open.
    pub days_off: Vec<Date>,
}

/// A stretch of an ordinary week in which it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenInterval {
    /// The day on which it opens, from 1 for Monday to 7.
    pub weekday: u8,
    /// When it opens.
    pub from: WallTime,
    /// When it closes; on the next day, when that is not later than it opens. `00:00` is midnight.
    pub to: WallTime,
}

/// A time on the wall, to the minute. Written as `09:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WallTime(u16);

impl WallTime {
    /// Minutes since midnight, 0 to 1439.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl TryFrom<String> for WallTime {
    type Error = InvalidInput;
    fn try_from(text: String) -> Result<Self, InvalidInput> {
        let parts = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2);
        let number = |part: &str, below: u16| part.parse::<u16>().ok().filter(|number| *number < below);
        let minutes = parts.and_then(|(hour, minute)| Some(number(hour, 24)? * 60 + number(minute, 60)?));
        minutes.map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(20).collect();
            let message = format!("'{shown}' is no time of day; write it like 09:30");
            InvalidInput(vec![FieldProblem::new("time", "wall_time.malformed", message)])
        })
    }
}
impl From<WallTime> for String {
    fn from(time: WallTime) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

impl Calendar {
    /// Its name.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));

    /// Checks what serde can't.
    ///
    /// # Errors
    /// `InvalidInput` when a weekday is not 1 to 7, or there is no interval, or more than 50.
    pub fn checked(self) -> Result<Self, InvalidInput> {
        let mut problems = Vec::new();
        if !(1..=50).contains(&self.week.len()) {
            let message = format!("{} intervals; give 1 to 50", self.week.len());
            problems.push(FieldProblem::new("week", "calendar.interval_count", message));
        }
        for (place, interval) in self.week.iter().enumerate().filter(|(_, one)| !(1..=7).contains(&one.weekday)) {
            let message = format!("{} is no weekday; give 1 for Monday to 7 for Sunday", interval.weekday);
            problems.push(FieldProblem::new(format!("week[{place}].weekday"), "calendar.no_such_weekday", message));
        }
        InvalidInput::check(problems)?;
        Ok(self)
    }
}

impl Entity for Calendar {
    const NAME: &'static str = "business_calendar";
    const FIELDS: &'static [Field<Self>] = &[Self::NAME_FIELD.field()];
    const UNIQUE: &'static [Key<Self>] =
        &[Key { name: "name", columns: &["name"], read: |row| Some(vec![Value::Text(row.name.as_str().to_owned())]) }];
}

/// What happens to calendars.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarEvent {
    /// It was made or changed.
    Set,
    /// It was removed.
    Deleted,
}

impl DomainEvent for CalendarEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Set => "business_calendar.set",
            Self::Deleted => "business_calendar.deleted",
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for WallTime {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("A time of day, to the minute.", "09:30").into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for WallTime {}
