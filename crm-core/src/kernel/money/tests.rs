use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn currencies() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all().collect::<Vec<_>>())
}

#[test]
fn amounts_of_two_currencies_are_never_mixed() {
    let (euro, dollar) = (eur(1), Money::new(1, Currency::USD));
    let refused = MoneyError::CurrencyMismatch { left: Currency::EUR, right: Currency::USD };
    assert_eq!(euro.checked_add(dollar), Err(refused.clone()));
    assert_eq!(euro.checked_sub(dollar), Err(refused.clone()));
    assert_eq!(Money::sum(Currency::EUR, [euro, dollar]), Err(refused.clone()));
    assert_eq!(euro.partial_cmp(&dollar), None);
    assert_eq!(refused.code(), "money.currency_mismatch");
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(eur(i64::MAX).checked_add(eur(1)), Err(MoneyError::Overflow));
    assert_eq!(eur(i64::MIN).checked_sub(eur(1)), Err(MoneyError::Overflow));
    assert_eq!(eur(i64::MIN).checked_neg(), Err(MoneyError::Overflow));
    assert_eq!(eur(i64::MAX).checked_mul(2), Err(MoneyError::Overflow));
    assert_eq!(eur(i64::MIN).ratio(i64::MIN, 1, Rounding::HalfUp), Err(MoneyError::Overflow));
    assert_eq!(eur(i64::MIN).ratio(i64::MIN, i64::MIN, Rounding::HalfUp), Ok(eur(i64::MIN)));
    assert_eq!(Money::from_decimal(Decimal::MAX, Currency::JPY), Err(MoneyError::Overflow));
}

#[test]
fn amounts_are_read_strictly() {
    assert_eq!(Money::parse_amount(" -1234.5 ", Currency::EUR), Ok(eur(-123_450)));
    assert_eq!(Money::parse_amount("+7", Currency::KWD), Ok(Money::new(7000, Currency::KWD)));
    assert_eq!(Money::parse_amount("-92233720368547758.08", Currency::EUR), Ok(eur(i64::MIN)));
    assert_eq!(Money::parse_amount("92233720368547758.08", Currency::EUR), Err(MoneyError::Overflow));
    for text in ["", "-", "1,234.56", "1.", ".5", "1e3", "1 000", "--1", "+-1", "0x1", "١", "1.2.3", "NaN"] {
        assert_eq!(Money::parse_amount(text, Currency::EUR), Err(MoneyError::NotAnAmount), "{text:?}");
    }
}

#[test]
fn more_decimals_than_the_currency_has_are_refused() {
    let refused = MoneyError::TooPrecise { currency: Currency::EUR };
    assert_eq!(Money::parse_amount("1.000", Currency::EUR), Err(refused.clone()));
    assert_eq!(Money::from_decimal(Decimal::new(1005, 3), Currency::EUR), Err(refused.clone()));
    assert_eq!(Money::from_decimal(Decimal::new(1_000, 3), Currency::EUR), Ok(eur(100)));
    assert!(Money::parse_amount("1.5", Currency::JPY).is_err());
    assert!(refused.to_string().contains("EUR has 2 decimals"), "{refused}");
}

#[test]
fn halves_go_where_the_rounding_says() {
    for (minor, even, up) in [(1, 0, 1), (3, 2, 2), (5, 2, 3), (-1, 0, -1), (-5, -2, -3), (4, 2, 2)] {
        assert_eq!(eur(minor).ratio(1, 2, Rounding::HalfEven), Ok(eur(even)), "{minor}");
        assert_eq!(eur(minor).ratio(1, 2, Rounding::HalfUp), Ok(eur(up)), "{minor}");
    }
    let price = Decimal::new(1_185_125, 3); // 9.5 × 124.75
    assert_eq!(Money::from_decimal_rounded(price, Currency::EUR, Rounding::HalfEven), Ok(eur(118_512)));
    assert_eq!(Money::from_decimal_rounded(price, Currency::EUR, Rounding::HalfUp), Ok(eur(118_513)));
}

#[test]
fn a_ratio_takes_any_sign_but_no_zero_below() {
    assert_eq!(eur(100).ratio(1, -3, Rounding::HalfUp), Ok(eur(-33)));
    assert_eq!(eur(-200).ratio(-1, 3, Rounding::HalfUp), Ok(eur(67)));
    assert_eq!(eur(100).ratio(1, 0, Rounding::HalfUp), Err(MoneyError::ZeroDenominator));
    assert_eq!(eur(9_999).percent(1_900, Rounding::HalfUp), Ok(eur(1_900)));
    assert_eq!(eur(12_345).percent(10_000, Rounding::HalfEven), Ok(eur(12_345)));
}

#[test]
fn left_over_units_go_to_the_largest_remainder_then_to_the_lower_index() {
    let parts = |minor: i64, weights: &[u64]| -> Vec<i64> {
        eur(minor).allocate(weights).unwrap().into_iter().map(Money::minor).collect()
    };
    assert_eq!(parts(100, &[1, 1, 1]), [34, 33, 33]);
    assert_eq!(parts(-100, &[1, 1, 1]), [-34, -33, -33]);
    assert_eq!(parts(5, &[3, 7]), [2, 3]);
    assert_eq!(parts(10, &[0, 1, 2]), [0, 3, 7]);
    assert_eq!(parts(1, &[0, 1, 1]), [0, 1, 0]);
    assert_eq!(parts(i64::MIN, &[u64::MAX]), [i64::MIN]);
    assert_eq!(eur(1).allocate(&[]), Err(MoneyError::NoWeights));
    assert_eq!(eur(1).allocate(&[0, 0]), Err(MoneyError::NoWeights));
}

#[test]
fn money_is_shown_with_groups_and_all_decimals() {
    for (money, shown) in [
        (eur(123_456), "1,234.56 EUR"),
        (eur(-5), "-0.05 EUR"),
        (eur(100_000_000), "1,000,000.00 EUR"),
        (Money::new(123, Currency::JPY), "123 JPY"),
        (Money::new(-1_234, Currency::JPY), "-1,234 JPY"),
        (Money::new(1_234_567, Currency::KWD), "1,234.567 KWD"),
        (eur(i64::MIN), "-92,233,720,368,547,758.08 EUR"),
    ] {
        assert_eq!(money.to_string(), shown);
    }
}

#[test]
fn serde_writes_minor_units_and_refuses_an_unknown_currency() {
    let json = r#"{"minor":123456,"currency":"EUR"}"#;
    assert_eq!(serde_json::to_string(&eur(123_456)).unwrap(), json);
    assert_eq!(serde_json::from_str::<Money>(json).unwrap(), eur(123_456));
    assert!(serde_json::from_str::<Money>(r#"{"minor":1,"currency":"ABC"}"#).is_err());
    assert!(serde_json::from_str::<Money>(r#"{"minor":1.5,"currency":"EUR"}"#).is_err());
}

fn weights() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![0..10_u64, any::<u64>(), Just(u64::MAX)], 1..12)
}

proptest! {
    #[test]
    fn allocation_conserves_the_amount_and_stays_within_a_unit_of_each_share(
        minor in prop_oneof![-1_000..1_000_i64, any::<i64>()],
        weights in weights(),
    ) {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        prop_assume!(total > 0);
        let parts = eur(minor).allocate(&weights).unwrap();
        prop_assert_eq!(parts.len(), weights.len());
        prop_assert_eq!(parts.iter().map(|part| i128::from(part.minor())).sum::<i128>(), i128::from(minor));
        for (part, weight) in parts.iter().zip(&weights) {
            let exact = u128::from(minor.unsigned_abs()) * u128::from(*weight);
            let given = u128::from(part.minor().unsigned_abs());
            prop_assert!(given.abs_diff(exact / total) <= 1 && given <= exact.div_ceil(total));
            prop_assert!(part.is_zero() || part.is_negative() == (minor < 0));
        }
    }

    #[test]
    fn amounts_read_back_as_themselves(minor in any::<i64>(), currency in currencies()) {
        let money = Money::new(minor, currency);
        prop_assert_eq!(Money::parse_amount(&money.amount(), currency), Ok(money));
        prop_assert_eq!(Money::from_decimal(money.to_decimal(), currency), Ok(money));
        let shown = money.to_string().replace(',', "");
        prop_assert_eq!(shown, format!("{} {currency}", money.amount()));
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn reading_an_amount_is_total(text in prop_oneof![any::<String>(), "[+-]?[0-9.,]{0,25}"], currency in currencies()) {
        if let Ok(money) = Money::parse_amount(&text, currency) {
            prop_assert_eq!(Money::parse_amount(&money.amount(), currency), Ok(money));
        }
    }

    #[test]
    fn a_rounded_ratio_is_within_half_a_unit(
        minor in any::<i32>(), numerator in any::<i32>(), denominator in any::<i32>(), up in any::<bool>(),
    ) {
        prop_assume!(denominator != 0);
        let rounding = if up { Rounding::HalfUp } else { Rounding::HalfEven };
        let given = eur(minor.into()).ratio(numerator.into(), denominator.into(), rounding).unwrap();
        let denominator = i128::from(denominator);
        let error = i128::from(given.minor()) * denominator - i128::from(minor) * i128::from(numerator);
        prop_assert!(error.abs() * 2 <= denominator.abs());
    }

    #[test]
    fn decimals_of_any_size_are_refused_or_exact(mantissa in any::<i64>(), scale in 0..28_u32, currency in currencies()) {
        let decimal = Decimal::new(mantissa, scale);
        if let Ok(money) = Money::from_decimal(decimal, currency) {
            prop_assert_eq!(money.to_decimal(), decimal);
        }
        if let Ok(money) = Money::from_decimal_rounded(decimal, currency, Rounding::HalfEven) {
            let unit = Decimal::new(1, currency.exponent());
            prop_assert!((money.to_decimal() - decimal).abs() * Decimal::TWO <= unit);
        }
    }
}
