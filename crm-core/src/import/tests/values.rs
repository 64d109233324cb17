//! Cells as numbers, amounts, days and answers.

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::custom_field::CustomType;
use crate::import::options::{DateOrder, DecimalMark};
use crate::import::values::{CellError, count, custom, date, money, number};
use crate::kernel::{Currency, CustomValue, Date, Money, Rule};

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

#[test]
fn numbers_are_read_in_the_chosen_writing_only() {
    let point = |text| number(text, DecimalMark::Point);
    let comma = |text| number(text, DecimalMark::Comma);
    for (text, value) in [
        ("1234.5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1 234 567", "1234567"),
        ("-0.25", "-0.25"),
        ("1'234", "1234"),
        ("1.234", "1.234"),
    ] {
        assert_eq!(point(text), Ok(decimal(value)), "{text}");
    }
    for (text, value) in [("1234,5", "1234.5"), ("1.234,5", "1234.5"), ("1.234", "1234"), ("+7", "7")] {
        assert_eq!(comma(text), Ok(decimal(value)), "{text}");
    }
    for text in ["1,23", "1,2345", "1.2.3", "12,34,567", "", "-", ".", "1.", ".5", "abc", "1e5", "٣"] {
        assert_eq!(point(text).unwrap_err().code(), "cell.not_a_number", "{text}");
    }
    assert_eq!(comma("1.23").unwrap_err().code(), "cell.not_a_number");
}

#[test]
fn counts_are_whole_and_not_negative() {
    assert_eq!(count("5,840", DecimalMark::Point), Ok(5840));
    assert_eq!(count("12.0", DecimalMark::Point), Ok(12));
    assert_eq!(count("-1", DecimalMark::Point), Err(CellError::Negative));
    for text in ["51-200", "12.5", "many", "99999999999999999999"] {
        assert_eq!(count(text, DecimalMark::Point), Err(CellError::NotWhole), "{text}");
    }
}

#[test]
fn amounts_name_their_currency_before_or_behind() {
    let read = |text| money(text, DecimalMark::Point, Currency::EUR);
    assert_eq!(read("1,234.56"), Ok(Money::new(123_456, Currency::EUR)));
    assert_eq!(read("USD 12"), Ok(Money::new(1200, Currency::USD)));
    assert_eq!(read("12.5 gbp"), Ok(Money::new(1250, Currency::GBP)));
    assert_eq!(read("€ -3"), Ok(Money::new(-300, Currency::EUR)));
    assert_eq!(read("$5"), Ok(Money::new(500, Currency::USD)));
    assert_eq!(money("5 $", DecimalMark::Point, Currency::parse("CAD").unwrap()).unwrap().currency().code(), "CAD");
    assert_eq!(read("1.999").unwrap_err().code(), "money.too_precise");
    assert_eq!(read("XYZ 5").unwrap_err().code(), "cell.not_a_number");
    assert_eq!(money("1.234,56 €", DecimalMark::Comma, Currency::USD), Ok(Money::new(123_456, Currency::EUR)));
}

#[test]
fn days_that_may_be_two_days_are_refused_until_the_order_is_chosen() {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let unstated = |text| date(text, DateOrder::Unstated);
    assert_eq!(unstated("2026-11-21"), Ok(day("2026-11-21")));
    assert_eq!(unstated("2026/1/2"), Ok(day("2026-01-02")));
    assert_eq!(unstated("1991-11-18 13:42:30.816856"), Ok(day("1991-11-18")));
    assert_eq!(unstated("21.11.2026"), Ok(day("2026-11-21")));
    assert_eq!(unstated("25/12/2026"), Ok(day("2026-12-25")));
    assert_eq!(unstated("12/25/2026"), Ok(day("2026-12-25")));
    assert_eq!(unstated("3/3/2026"), Ok(day("2026-03-03")));
    assert_eq!(unstated("3/4/2026"), Err(CellError::AmbiguousDate));
    assert_eq!(date("3/4/2026", DateOrder::DayFirst), Ok(day("2026-04-03")));
    assert_eq!(date("3/4/2026", DateOrder::MonthFirst), Ok(day("2026-03-04")));
    assert_eq!(date("25/12/2026", DateOrder::MonthFirst), Err(CellError::NotADate));
    assert_eq!(unstated("1/2/26"), Err(CellError::ShortYear));
    for text in ["2026-02-30", "31.02.2026", "45291", "yesterday", "2026-11", "0000-01-01", "2026-11-21-3", "1.1.12026"]
    {
        assert_eq!(unstated(text), Err(CellError::NotADate), "{text}");
    }
}

#[test]
fn answers_and_choices_are_read_in_any_case() {
    let read =
        |text: &str, holds: &CustomType| custom(text, holds, DecimalMark::Point, DateOrder::Unstated, Currency::EUR);
    for (text, answer) in [("Yes", true), ("ja", true), ("1", true), ("FALSE", false), ("nein", false)] {
        assert_eq!(read(text, &CustomType::Bool), Ok(CustomValue::Bool(answer)));
    }
    assert_eq!(read("maybe", &CustomType::Bool), Err(CellError::NotABool));
    let offered = || vec!["Hot".parse().unwrap(), "Cold, wet".parse().unwrap()];
    assert_eq!(read("hot", &CustomType::Choice(offered())), Ok(CustomValue::Choice("Hot".parse().unwrap())));
    assert_eq!(read("warm", &CustomType::Choice(offered())).unwrap_err().code(), "cell.not_offered");
    assert_eq!(
        read("cold, wet", &CustomType::MultiChoice(offered())),
        Ok(CustomValue::Choices(["Cold, wet".parse().unwrap()].into()))
    );
    assert_eq!(read("1.1234567", &CustomType::Number), Err(CellError::TooPrecise));
}

proptest! {
    #[test]
    fn reading_a_cell_is_total(text in any::<String>(), digits in "[0-9./, -]{0,24}") {
        for text in [&text, &digits] {
            for mark in [DecimalMark::Point, DecimalMark::Comma] {
                let _ = (number(text, mark), count(text, mark), money(text, mark, Currency::JPY));
            }
            for order in [DateOrder::Unstated, DateOrder::DayFirst, DateOrder::MonthFirst] {
                let _ = date(text, order);
            }
        }
    }

    #[test]
    fn a_number_is_read_as_it_is_written(millionths in -9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000) {
        let value = Decimal::new(millionths, 6);
        prop_assert_eq!(number(&value.to_string(), DecimalMark::Point), Ok(value));
        prop_assert_eq!(number(&value.to_string().replace('.', ","), DecimalMark::Comma), Ok(value));
    }

    #[test]
    fn a_day_is_read_in_every_writing(days in -700_000_i64..2_900_000) {
        let day = Date::from_days(days).unwrap();
        let text = day.to_chrono();
        for (format, order) in [
            ("%Y-%m-%d", DateOrder::Unstated),
            ("%d.%m.%Y", DateOrder::MonthFirst),
            ("%d/%m/%Y", DateOrder::DayFirst),
            ("%m/%d/%Y", DateOrder::MonthFirst),
        ] {
            prop_assert_eq!(date(&text.format(format).to_string(), order), Ok(day));
        }
    }
}
