//! Counters, the records behind them, limits and warnings.

use serde::{Deserialize, Serialize};

use crate::kernel::{Column, Date, DomainEvent, Entity, Field, Id, Key, Kind, Part, Rule, Timestamp, Value, ValueRef};

/// Identifier of a counter.
pub type UsageCounterId = Id<UsageCounter>;
/// Identifier of a record of use.
pub type UsageRecordId = Id<UsageRecord>;
/// Identifier of a limit.
pub type UsageLimitId = Id<UsageLimit>;
/// Identifier of a warning.
pub type UsageWarningId = Id<UsageWarning>;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Contacts that are kept.
    Contacts,
    /// Messages that are sent.
    Messages,
    /// Mails that are sent.
    Emails,
    /// Members who may sign in.
    Seats,
    /// Requests of programs.
    ApiCalls,
}

impl Meter {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Contacts, Self::Messages, Self::Emails, Self::Seats, Self::ApiCalls];

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Messages => "messages",
            Self::Emails => "emails",
            Self::Seats => "seats",
            Self::ApiCalls => "api_calls",
        }
    }

    /// When its count begins anew. What is kept counts for as long as it is there.
    #[must_use]
    pub const fn period(self) -> UsagePeriod {
        match self {
            Self::Contacts | Self::Seats => UsagePeriod::Standing,
            Self::Messages | Self::Emails | Self::ApiCalls => UsagePeriod::Month,
        }
    }
}

/// When a count begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsagePeriod {
    /// With each month of the calendar, in UTC.
    Month,
    /// Never.
    Standing,
}

impl UsagePeriod {
    /// The start of the period that an instant is in.
    #[must_use]
    pub fn start(self, at: Timestamp) -> Timestamp {
        use chrono::Datelike;
        match self {
            Self::Standing => Timestamp::MIN,
            Self::Month => {
                let day = at.date().to_chrono();
                Date::new(day.year(), day.month(), 1).map_or(Timestamp::MIN, Date::start)
            }
        }
    }
}

/// How much was used of a meter in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageCounter {
    /// What is counted.
    pub meter: Meter,
    /// When the period began.
    pub period_start: Timestamp,
    /// How much.
    pub used: i64,
}

impl UsageCounter {
    /// What is counted.
    pub const METER: Column<Self, String> = Column::required("meter", |row| ValueRef::Text(row.meter.as_str()));
    /// When the period began.
    pub const PERIOD_START: Column<Self, Timestamp> =
        Column::required("period_start", |row| ValueRef::Time(row.period_start));
}

impl Entity for UsageCounter {
    const NAME: &'static str = "usage_counter";
    const FIELDS: &'static [Field<Self>] = &[Self::METER.field(), Self::PERIOD_START.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "period",
        columns: &["meter", "period_start"],
        read: |row| Some(vec![Value::Text(row.meter.as_str().to_owned()), Value::Time(row.period_start)]),
    }];
}
impl Part for UsageCounter {}

/// A use that was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// What was used.
    pub meter: Meter,
    /// Names the use: the same name of a meter counts once.
    pub usage_key: String,
    /// How much; below zero for what is given back.
    pub quantity: i64,
    /// When.
    pub occurred_at: Timestamp,
    /// Whether the provider knows of it.
    pub reported: bool,
}

impl UsageRecord {
    /// Names the use.
    pub const KEY: Column<Self, String> = Column::required_indexed("usage_key", |row| ValueRef::Text(&row.usage_key));
    /// What was used.
    pub const METER: Column<Self, String> = Column::required("meter", |row| ValueRef::Text(row.meter.as_str()));
    /// Whether the provider knows of it.
    pub const REPORTED: Column<Self, bool> = Column::required_indexed("reported", |row| ValueRef::Bool(row.reported));
}

impl Entity for UsageRecord {
    const NAME: &'static str = "usage_record";
    const FIELDS: &'static [Field<Self>] = &[Self::KEY.field(), Self::METER.field(), Self::REPORTED.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "usage_key",
        columns: &["meter", "usage_key"],
        read: |row| Some(vec![Value::Text(row.meter.as_str().to_owned()), Value::Text(row.usage_key.clone())]),
    }];
}
impl Part for UsageRecord {}

/// How much may be used of a meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageLimit {
    /// What is counted.
    pub meter: Meter,
    /// From where on it is warned; nothing warns, if not given.
    pub soft: Option<i64>,
    /// What is never gone beyond; nothing is refused, if not given.
    pub hard: Option<i64>,
}

impl UsageLimit {
    /// What is counted.
    pub const METER: Column<Self, String> = Column::required("meter", |row| ValueRef::Text(row.meter.as_str()));

    /// What warnings are reckoned from.
    #[must_use]
    pub const fn warned_at(&self) -> Option<i64> {
        match self.soft {
            Some(soft) => Some(soft),
            None => self.hard,
        }
    }
}

impl Entity for UsageLimit {
    const NAME: &'static str = "usage_limit";
    const FIELDS: &'static [Field<Self>] = &[Self::METER.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "meter",
        columns: &["meter"],
        read: |row| Some(vec![Value::Text(row.meter.as_str().to_owned())]),
    }];
}

/// A warning that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageWarning {
    /// What is counted.
    pub meter: Meter,
    /// When the period began.
    pub period_start: Timestamp,
    /// The limit that it was reckoned from.
    pub limit_value: i64,
    /// Per cent of it: 80, 90 or 100.
    pub threshold: i64,
}

impl UsageWarning {
    /// What is counted.
    pub const METER: Column<Self, String> = Column::required("meter", |row| ValueRef::Text(row.meter.as_str()));
    /// When the period began.
    pub const PERIOD_START: Column<Self, Timestamp> =
        Column::required("period_start", |row| ValueRef::Time(row.period_start));
}

impl Entity for UsageWarning {
    const NAME: &'static str = "usage_warning";
    const FIELDS: &'static [Field<Self>] = &[Self::METER.field(), Self::PERIOD_START.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "once",
        columns: &["meter", "period_start", "limit_value", "threshold"],
        read: |row| {
            let meter = Value::Text(row.meter.as_str().to_owned());
            let numbers = [Value::Integer(row.limit_value), Value::Integer(row.threshold)];
            Some([meter, Value::Time(row.period_start)].into_iter().chain(numbers).collect())
        },
    }];
}

/// What usage says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageEvent {
    /// A limit was set for the first time.
    LimitSet,
    /// A limit was changed.
    LimitChanged {
        /// The limit before.
        before: UsageLimit,
    },
    /// So many per cent of a limit are used.
    Warned {
        /// How much is used.
        used: i64,
    },
    /// The provider does not take a record of use, or no more: it is counted here and not billed there.
    NotTaken {
        /// How much.
        quantity: i64,
    },
}

impl DomainEvent for UsageEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::LimitSet => "usage_limit.set",
            Self::LimitChanged { .. } => "usage_limit.changed",
            Self::Warned { .. } => "usage_warning.given",
            Self::NotTaken { .. } => "usage_record.not_taken",
        }
    }
}

/// What usage refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageRefusal {
    /// More would be used than may be.
    #[error(
        "{used} of {limit} {} are used and {wanted} more would go beyond that; raise the limit or use less",
        .meter.as_str()
    )]
    LimitReached {
        /// What is counted.
        meter: Meter,
        /// How much is used.
        used: i64,
        /// How much may be.
        limit: i64,
        /// How much more was wanted.
        wanted: i64,
    },
    /// The key of a use cannot be one.
    #[error("the key of a use has 1 to 200 characters; give an identifier of what was used")]
    MalformedKey,
}

impl Rule for UsageRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::LimitReached { .. } => "usage.limit_reached",
            Self::MalformedKey => "usage.malformed_key",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::LimitReached { .. } => Kind::Conflict,
            Self::MalformedKey => Kind::Invalid,
        }
    }
}
