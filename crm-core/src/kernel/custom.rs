//! Values of the fields that a tenant adds to its records.
//!
//! The values know their own type, so that a record can be read without its tenant's schema; whether they fit the
//! schema is checked where they come in.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::error::{Kind, Rule};
use super::money::Money;
use super::text::{Label, Line};
use super::time::Date;

/// Name of a custom field inside its record: a letter, then letters, digits and `_`, at most 40, lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomKey(String);

/// A custom key or a number that can't be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomValueError {
    /// The key has a character or length that is not allowed.
    #[error(
        "'{0}' cannot name a custom field; use 1 to 40 lower-case letters, digits and underscores, beginning with a letter"
    )]
    MalformedKey(String),
    /// Not a number, too large, or with more than six decimals.
    #[error("'{0}' is not a number with at most six decimals between -9,000,000,000,000 and 9,000,000,000,000")]
    MalformedNumber(String),
}

impl Rule for CustomValueError {
    fn code(&self) -> &'static str {
        match self {
            Self::MalformedKey(_) => "custom_field.malformed_key",
            Self::MalformedNumber(_) => "number.malformed",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl CustomKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CustomKey {
    type Error = CustomValueError;
    fn try_from(key: String) -> Result<Self, CustomValueError> {
        let sound = key.len() <= 40
            && key.starts_with(|first: char| first.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if sound { Ok(Self(key)) } else { Err(CustomValueError::MalformedKey(key.chars().take(80).collect())) }
    }
}
impl FromStr for CustomKey {
    type Err = CustomValueError;
    fn from_str(key: &str) -> Result<Self, CustomValueError> {
        Self::try_from(key.to_owned())
    }
}
impl From<CustomKey> for String {
    fn from(key: CustomKey) -> Self {
        key.0
    }
}
impl Borrow<str> for CustomKey {
    // Orders and compares as the text itself does, as a map by key asks.
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for CustomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number with at most six decimals, exact: kept in millionths so that every store can index it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Number(i64);

impl Number {
    /// The number in millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }
    /// The number that is this many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }
}

impl TryFrom<Decimal> for Number {
    type Error = CustomValueError;
    fn try_from(decimal: Decimal) -> Result<Self, CustomValueError> {
        let malformed = || CustomValueError::MalformedNumber(decimal.to_string());
        let scaled = decimal.checked_mul(Decimal::from(1_000_000)).ok_or_else(malformed)?;
        if !scaled.fract().is_zero() {
            return Err(malformed());
        }
        scaled.to_i64().map(Self).ok_or_else(malformed)
    }
}
impl FromStr for Number {
    type Err = CustomValueError;
    fn from_str(text: &str) -> Result<Self, CustomValueError> {
        let malformed = || CustomValueError::MalformedNumber(text.chars().take(40).collect());
        Decimal::from_str_exact(text.trim()).map_err(|_| malformed())?.try_into()
    }
}
impl From<Number> for Decimal {
    fn from(number: Number) -> Self {
        Decimal::new(number.0, 6).normalize()
    }
}
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Decimal::from(*self))
    }
}

/// A value of a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CustomValue {
    /// A line of text, at most 250 characters.
    Text(Line<250>),
    /// A number with at most six decimals.
    Number(Number),
    /// An amount of money. Predicates compare its minor units.
    Money(Money),
    /// A day.
    Date(Date),
    /// Yes or no.
    Bool(bool),
    /// One of the field's choices.
    Choice(Label),
    /// Several of the field's choices.
    Choices(BTreeSet<Label>),
}

/// The custom values of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CustomValues(BTreeMap<CustomKey, CustomValue>);

impl CustomValues {
    /// The value of a field, when it has one.
    #[must_use]
    pub fn get(&self, key: &CustomKey) -> Option<&CustomValue> {
        self.0.get(key)
    }
    /// The value of a field by the text of its key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&CustomValue> {
        self.0.get(key)
    }
    /// Sets the value of a field.
    pub fn set(&mut self, key: CustomKey, value: CustomValue) {
        self.0.insert(key, value);
    }
    /// Empties a field; answers what it held.
    pub fn remove(&mut self, key: &CustomKey) -> Option<CustomValue> {
        self.0.remove(key)
    }
    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&CustomKey, &CustomValue)> {
        self.0.iter()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(CustomKey, CustomValue)> for CustomValues {
    fn from_iter<I: IntoIterator<Item = (CustomKey, CustomValue)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
