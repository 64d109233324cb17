//! Money: a whole number of a currency's smallest unit. Never a float, never mixed, never rounded in silence.
//!
//! Sums are checked, a product that is not whole names its [`Rounding`], and a sum that is split among several
//! ([`Money::allocate`]) comes out to the last cent.

mod allocation;
mod amount;

use serde::{Deserialize, Serialize};

use super::currency::Currency;
use super::error::{Kind, Rule};

/// An amount of money: whole smallest units (cents for EUR, yen for JPY) and their currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// What to do with a fraction of the smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest; exactly half goes to the even neighbour, so that many roundings do not drift.
    HalfEven,
    /// To the nearest; exactly half goes away from zero, as invoices are usually rounded.
    HalfUp,
}

/// Why a calculation with money was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit.
    #[error("the amount is beyond what can be kept (about 9.2 × 10¹⁸ of the smallest unit); use smaller amounts")]
    Overflow,
    /// Two currencies in one calculation.
    #[error("{left} and {right} cannot be calculated with each other; convert one at a dated rate first")]
    CurrencyMismatch {
        /// Currency of the first amount.
        left: Currency,
        /// Currency of the other.
        right: Currency,
    },
    /// The amount has a fraction of the smallest unit.
    #[error("{currency} has {} decimals and the amount has more; round it to that", .currency.exponent())]
    TooPrecise {
        /// The currency that decides how many decimals there may be.
        currency: Currency,
    },
    /// The text is not a decimal number.
    #[error("this is not an amount; write digits with a dot before the decimals, for example -1234.56")]
    NotAnAmount,
    /// A share was asked for with nothing to share by.
    #[error("there is nothing to allocate by; give at least one weight above zero")]
    NoWeights,
    /// A ratio of zero parts.
    #[error("a ratio cannot have the denominator zero; give another")]
    ZeroDenominator,
}

impl Rule for MoneyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Overflow => "money.overflow",
            Self::CurrencyMismatch { .. } => "money.currency_mismatch",
            Self::TooPrecise { .. } => "money.too_precise",
            Self::NotAnAmount => "money.not_an_amount",
            Self::NoWeights => "money.no_weights",
            Self::ZeroDenominator => "money.zero_denominator",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// What a calculation with money returns.
type Result<T> = std::result::Result<T, MoneyError>;

impl Money {
    /// An amount of `minor` smallest units, for example 123456 for 1,234.56 EUR.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The amount in smallest units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether the amount is below nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// Adds an amount of the same currency.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `Overflow`.
    pub fn checked_add(self, other: Self) -> Result<Self> {
        self.same_currency(other)?.with(self.minor.checked_add(other.minor))
    }

    /// Takes away an amount of the same currency.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `Overflow`.
    pub fn checked_sub(self, other: Self) -> Result<Self> {
        self.same_currency(other)?.with(self.minor.checked_sub(other.minor))
    }

    /// Turns the sign.
    ///
    /// # Errors
    /// `Overflow`, for the one amount without a counterpart.
    pub fn checked_neg(self) -> Result<Self> {
        self.with(self.minor.checked_neg())
    }

    /// Multiplies by a whole number.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn checked_mul(self, times: i64) -> Result<Self> {
        self.with(self.minor.checked_mul(times))
    }

    /// Adds up amounts of one currency; no amounts are nothing.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `Overflow`.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Takes `numerator` / `denominator` of the amount, rounded once.
    ///
    /// # Errors
    /// `ZeroDenominator`, `Overflow`.
    pub fn ratio(self, numerator: i64, denominator: i64, rounding: Rounding) -> Result<Self> {
        if denominator == 0 {
            return Err(MoneyError::ZeroDenominator);
        }
        let product = i128::from(self.minor) * i128::from(numerator);
        // Both are below 2^126, so turning the signs cannot overflow.
        let signed = if denominator < 0 { -product } else { product };
        self.with(i64::try_from(divided(signed, i128::from(denominator).abs(), rounding)).ok())
    }

    /// Takes a percentage, given in hundredths of a per cent: 1900 is 19 %.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn percent(self, basis_points: i64, rounding: Rounding) -> Result<Self> {
        self.ratio(basis_points, 10_000, rounding)
    }

    fn same_currency(self, other: Self) -> Result<Self> {
        if self.currency == other.currency {
            return Ok(self);
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }

    fn with(self, minor: Option<i64>) -> Result<Self> {
        minor.map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }
}

/// Amounts of one currency are in order; amounts of two are not comparable.
impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

/// Divides by a denominator above zero; a fraction goes where `rounding` says.
fn divided(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    let away_from_zero = match (remainder.abs() * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => rounding == Rounding::HalfUp || quotient % 2 != 0,
    };
    if away_from_zero { quotient + numerator.signum() } else { quotient }
}

#[cfg(test)]
mod tests;
