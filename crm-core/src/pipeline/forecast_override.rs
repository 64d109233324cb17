//! What a person thinks that will be sold, kept apart from what the deals say.

use serde::{Deserialize, Serialize};

use super::month::Month;
use super::stage::ForecastCategory;
use crate::access::{Member, MemberId};
use crate::event::Change;
use crate::kernel::currency::Currency;
use crate::kernel::money::Money;
use crate::kernel::text::Note;
use crate::kernel::{Column, Date, DomainEvent, Entity, Field, Id, Key, Kind, Reference, Rule, Value, ValueRef};

/// Identifier of an override.
pub type ForecastOverrideId = Id<ForecastOverride>;

/// What a person thinks that an owner will sell in a month in a category, whatever the deals say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForecastOverride {
    /// Whose forecast it is.
    pub owner_id: MemberId,
    /// The month.
    pub period: Month,
    /// The category, singly and not cumulated.
    pub category: ForecastCategory,
    /// The amount in minor units of `currency`.
    pub amount_minor: i64,
    /// Currency of the amount.
    pub currency: Currency,
    /// Why.
    pub note: Option<Note>,
}

/// What it takes to set an override. It takes the place of an earlier one for the same owner, month, category, currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the override")]
pub struct NewForecastOverride {
    pub owner_id: MemberId,
    pub period: Month,
    pub category: ForecastCategory,
    pub amount: Money,
    #[serde(default)]
    pub note: Option<Note>,
}

/// A forecast is not below nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount {0} is negative; give 0 or more")]
pub struct NegativeForecast(pub Money);

impl Rule for NegativeForecast {
    fn code(&self) -> &'static str {
        "forecast_override.negative_amount"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl ForecastOverride {
    /// An override.
    ///
    /// # Errors
    /// `NegativeForecast`.
    pub fn new(new: NewForecastOverride) -> Result<Self, NegativeForecast> {
        if new.amount.is_negative() {
            return Err(NegativeForecast(new.amount));
        }
        Ok(Self {
            owner_id: new.owner_id,
            period: new.period,
            category: new.category,
            amount_minor: new.amount.minor(),
            currency: new.amount.currency(),
            note: new.note,
        })
    }

    /// The amount.
    #[must_use]
    pub const fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}

#[expect(missing_docs, reason = "each column is the field of the override with its name")]
impl ForecastOverride {
    pub const OWNER_ID: Column<Self, MemberId> =
        Column::required_indexed("owner_id", |row| ValueRef::Uuid(row.owner_id.uuid()));
    pub const PERIOD: Column<Self, Date> =
        Column::required_indexed("period", |row| ValueRef::Date(row.period.first_day()));
    pub const CATEGORY: Column<Self, String> =
        Column::required("category", |row| ValueRef::Text(row.category.as_str()));
    pub const CURRENCY: Column<Self, String> =
        Column::required("currency", |row| ValueRef::Text(row.value.currency.code()));
}

impl Entity for ForecastOverride {
    const NAME: &'static str = "forecast_override";
    const FIELDS: &'static [Field<Self>] =
        &[Self::OWNER_ID.field(), Self::PERIOD.field(), Self::CATEGORY.field(), Self::CURRENCY.field()];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "place",
        columns: &["owner_id", "period", "category", "currency"],
        read: |row| {
            Some(vec![
                Value::Uuid(row.owner_id.uuid()),
                Value::Date(row.period.first_day()),
                Value::Text(row.category.as_str().to_owned()),
                Value::Text(row.currency.code().to_owned()),
            ])
        },
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "owner_id", target: Member::NAME, read: |row| Some(row.owner_id.uuid()) }];
}

/// What happens to overrides.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastOverrideEvent {
    /// It was set where there was none.
    Set(ForecastOverride),
    /// It was set anew.
    Changed {
        /// What, from what to what.
        changes: Vec<Change>,
    },
    /// It was taken back.
    Removed(ForecastOverride),
}

impl DomainEvent for ForecastOverrideEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Set(_) => "forecast_override.set",
            Self::Changed { .. } => "forecast_override.changed",
            Self::Removed(_) => "forecast_override.removed",
        }
    }
}
