//! Amounts as text and as decimals.

use std::fmt;

use rust_decimal::Decimal;

use super::{Money, MoneyError, Result, Rounding, divided};
use crate::kernel::currency::Currency;

impl Money {
    /// Reads an amount such as `1234.56` or `-3`: an optional sign, digits, and a dot before the decimals.
    ///
    /// Grouping is refused, and so are more decimals than the currency has, even zeros: `1.000` may mean a thousand.
    ///
    /// # Errors
    /// `NotAnAmount`, `TooPrecise`, `Overflow`.
    pub fn parse_amount(text: &str, currency: Currency) -> Result<Self> {
        let text = text.trim();
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, decimals) = match unsigned.split_once('.') {
            Some((whole, decimals)) if all_digits(decimals) => (whole, decimals),
            Some(_) => return Err(MoneyError::NotAnAmount),
            None => (unsigned, ""),
        };
        if !all_digits(whole) {
            return Err(MoneyError::NotAnAmount);
        }
        let exponent = usize::from(currency.exponent);
        if decimals.len() > exponent {
            return Err(MoneyError::TooPrecise { currency });
        }
        let sign = if negative { "-" } else { "" };
        let minor = format!("{sign}{whole}{decimals:0<exponent$}").parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// Takes over a decimal number of whole currency units, exactly.
    ///
    /// # Errors
    /// `TooPrecise` when it has a fraction of the smallest unit, `Overflow`.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self> {
        let (numerator, denominator) = in_smallest_units(amount, currency);
        if numerator % denominator != 0 {
            return Err(MoneyError::TooPrecise { currency });
        }
        Self::zero(currency).with(i64::try_from(numerator / denominator).ok())
    }

    /// Takes over a decimal number of whole currency units, rounded to the smallest unit.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn from_decimal_rounded(amount: Decimal, currency: Currency, rounding: Rounding) -> Result<Self> {
        let (numerator, denominator) = in_smallest_units(amount, currency);
        Self::zero(currency).with(i64::try_from(divided(numerator, denominator, rounding)).ok())
    }

    /// The amount in whole currency units, with all the decimals of the currency.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// The amount as [`Money::parse_amount`] reads it, for example `-1234.56`.
    #[must_use]
    pub fn amount(self) -> String {
        self.written("")
    }

    fn written(self, group: &str) -> String {
        let exponent = usize::from(self.currency.exponent);
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, decimals) = digits.split_at(digits.len() - exponent);
        let mut text = String::from(if self.is_negative() { "-" } else { "" });
        for (index, digit) in whole.char_indices() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                text.push_str(group);
            }
            text.push(digit);
        }
        if !decimals.is_empty() {
            text.push('.');
            text.push_str(decimals);
        }
        text
    }
}

/// An amount for a person, for example `1,234.56 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.written(","), self.currency))
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The amount in smallest units as a fraction; a decimal is below 2^96 and has at most 28 decimals, so both fit.
fn in_smallest_units(amount: Decimal, currency: Currency) -> (i128, i128) {
    (amount.mantissa() * 10_i128.pow(currency.exponent()), 10_i128.pow(amount.scale()))
}
