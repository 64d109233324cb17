//! Amounts as Stripe counts them, which is not always as ISO 4217 does.
//!
//! Stripe has its own smallest units: ISK and UGX have no decimals, yet Stripe counts them in hundredths; MGA has two by
//! ISO, and Stripe counts it whole. Source: Stripe's "Supported currencies", sections "Zero-decimal", "Three-decimal" and
//! "Special cases". Forints and New Taiwan dollars are special in payouts only.

use crm_core::kernel::{Currency, Kind, Money, MoneyError, Rule};

/// Currencies that Stripe counts in whole units.
const WHOLE: &[&str] =
    &["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
/// Currencies that Stripe counts in thousandths, the last digit being zero.
const THOUSANDTHS: &[&str] = &["BHD", "JOD", "KWD", "OMR", "TND"];

/// An amount that does not pass between Stripe and us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It can't be counted in the other's units, or not at all.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Stripe takes hundredths of these currencies, not thousandths.
    #[error("Stripe takes amounts in {0} only to the hundredth; round the amount")]
    LastDigitNotZero(Currency),
}

impl Rule for AmountError {
    fn code(&self) -> &'static str {
        match self {
            Self::Money(error) => error.code(),
            Self::LastDigitNotZero(_) => "money.too_precise",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// How many decimals Stripe's smallest unit of a currency stands for.
#[must_use]
pub fn stripe_exponent(currency: Currency) -> u32 {
    if WHOLE.contains(&currency.code()) {
        0
    } else if THOUSANDTHS.contains(&currency.code()) {
        3
    } else {
        2
    }
}

/// Reads an amount of Stripe's.
///
/// # Errors
/// `MoneyError::TooPrecise` when it has a fraction of our smallest unit (5.50 krónur), `Overflow`.
pub fn from_stripe(amount: i64, currency: Currency) -> Result<Money, AmountError> {
    let (theirs, ours) = (stripe_exponent(currency), currency.exponent());
    rescaled(amount, theirs, ours, currency).map(|minor| Money::new(minor, currency))
}

/// Writes an amount as Stripe counts it.
///
/// # Errors
/// `MoneyError::TooPrecise` when it has a fraction of Stripe's smallest unit, `LastDigitNotZero`, `Overflow`.
pub fn to_stripe(money: Money) -> Result<i64, AmountError> {
    let currency = money.currency();
    let amount = rescaled(money.minor(), currency.exponent(), stripe_exponent(currency), currency)?;
    if stripe_exponent(currency) == 3 && amount % 10 != 0 {
        return Err(AmountError::LastDigitNotZero(currency));
    }
    Ok(amount)
}

fn rescaled(amount: i64, from: u32, to: u32, currency: Currency) -> Result<i64, AmountError> {
    let factor = 10_i64.pow(from.abs_diff(to));
    if to >= from {
        return Ok(amount.checked_mul(factor).ok_or(MoneyError::Overflow)?);
    }
    if amount % factor != 0 {
        return Err(MoneyError::TooPrecise { currency }.into());
    }
    Ok(amount / factor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn stripe_counts_some_currencies_in_its_own_way() {
        for (code, amount, read) in [
            ("USD", 9_900, "99.00 USD"),
            ("JPY", 9_900, "9,900 JPY"),
            ("ISK", 9_900, "99 ISK"),
            ("UGX", 9_900, "99 UGX"),
            ("MGA", 9_900, "9,900.00 MGA"),
            ("KWD", 9_900, "9.900 KWD"),
            ("HUF", 9_900, "99.00 HUF"),
            ("TWD", 9_900, "99.00 TWD"),
        ] {
            let money = from_stripe(amount, currency(code)).unwrap();
            assert_eq!(money.to_string(), read);
            assert_eq!(to_stripe(money).unwrap(), amount);
        }
    }

    #[test]
    fn what_the_other_cannot_count_is_refused_and_never_rounded() {
        assert!(matches!(from_stripe(550, currency("ISK")), Err(AmountError::Money(MoneyError::TooPrecise { .. }))));
        assert!(matches!(from_stripe(i64::MAX, currency("MGA")), Err(AmountError::Money(MoneyError::Overflow))));
        let money = |minor, code| Money::new(minor, currency(code));
        assert!(matches!(to_stripe(money(1_234, "KWD")), Err(AmountError::LastDigitNotZero(_))));
        assert!(matches!(to_stripe(money(150, "MGA")), Err(AmountError::Money(MoneyError::TooPrecise { .. }))));
        assert!(matches!(to_stripe(money(i64::MIN, "ISK")), Err(AmountError::Money(MoneyError::Overflow))));
    }

    #[test]
    fn every_currency_that_differs_from_iso_is_in_the_list() {
        let differing: Vec<_> =
            Currency::all().filter(|c| c.exponent() != stripe_exponent(*c)).map(|c| c.code().to_owned()).collect();
        // CLF, IQD, LYD, UYI and UYW differ as well; Stripe does not take them at all.
        assert_eq!(differing, ["ISK", "UGX", "UYI", "MGA", "IQD", "LYD", "CLF", "UYW"]);
        assert!(WHOLE.iter().chain(THOUSANDTHS).all(|code| Currency::parse(code).is_ok()));
    }

    proptest! {
        #[test]
        fn an_amount_that_passes_comes_back_the_same(amount in any::<i64>(), index in any::<prop::sample::Index>()) {
            let all: Vec<_> = Currency::all().collect();
            let currency = *index.get(&all);
            if let Ok(money) = from_stripe(amount, currency) {
                match to_stripe(money) {
                    Ok(back) => prop_assert_eq!(back, amount),
                    Err(error) => prop_assert_eq!(error, AmountError::LastDigitNotZero(currency)),
                }
            }
        }
    }
}
