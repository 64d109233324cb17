//! Cells as numbers, amounts, days and answers. Nothing is guessed: what may mean two things is refused with the remedy.

use rust_decimal::Decimal;

use super::list::split;
use super::options::{DateOrder, DecimalMark};
use crate::custom_field::CustomType;
use crate::kernel::{Currency, CustomValue, Date, Kind, Label, Line, Money, Number, Rule};

/// Why a cell is not what its column should hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    /// Not a number in the chosen writing.
    #[error("this is not a number with '{0}' before the decimals; correct it, or choose the other decimal mark")]
    NotANumber(char),
    /// A number where only whole ones count.
    #[error("this is not a whole number; write digits only")]
    NotWhole,
    /// Fewer than nobody.
    #[error("the number is negative; give 0 or more")]
    Negative,
    /// Not a day, or one that the calendar has not.
    #[error("this is no day of the calendar; write it like 2026-11-21")]
    NotADate,
    /// A day that may be two days.
    #[error("this may be day-month or month-day; choose the order of dates, or write it like 2026-11-21")]
    AmbiguousDate,
    /// A year without its century.
    #[error("the year has no century; write it with four digits, like 2026-11-21")]
    ShortYear,
    /// Neither yes nor no.
    #[error("this is neither yes nor no; write yes or no, true or false, 1 or 0")]
    NotABool,
    /// A choice that is not offered.
    #[error("this is not offered; choose {0}")]
    NotOffered(String),
    /// The amount is refused by its currency.
    #[error("{0}")]
    Amount(#[from] crate::kernel::MoneyError),
    /// The text is refused by its field.
    #[error("{0}")]
    Text(#[from] crate::kernel::TextError),
    /// More decimals or digits than are kept.
    #[error("the number has more than six decimals or is larger than 9,000,000,000,000; round it")]
    TooPrecise,
}

impl Rule for CellError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotANumber(_) => "cell.not_a_number",
            Self::NotWhole => "cell.not_whole",
            Self::Negative => "cell.negative",
            Self::NotADate => "cell.not_a_date",
            Self::AmbiguousDate => "cell.ambiguous_date",
            Self::ShortYear => "cell.short_year",
            Self::NotABool => "cell.not_a_bool",
            Self::NotOffered(_) => "cell.not_offered",
            Self::Amount(error) => error.code(),
            Self::Text(error) => error.code(),
            Self::TooPrecise => "cell.too_precise",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

type Result<T> = std::result::Result<T, CellError>;

/// Reads a number; groups of three may be set apart by spaces, quotes `'` or the mark that is not the decimal one.
pub(super) fn number(text: &str, mark: DecimalMark) -> Result<Decimal> {
    let (point, group) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let wrong = || CellError::NotANumber(point);
    let text = text.trim();
    let (sign, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, decimals) = unsigned.split_once(point).map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let is_group = |character: char| character == group || character == '\'' || character.is_whitespace();
    let mut groups = whole.split(is_group);
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    let mut is_sound = true;
    for part in groups {
        is_sound &= part.len() == 3 && (1..=3).contains(&first.len());
        digits.push_str(part);
    }
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_sound || !all_digits(&digits) || decimals.is_some_and(|decimals| !all_digits(decimals)) {
        return Err(wrong());
    }
    Decimal::from_str_exact(&format!("{sign}{digits}.{}", decimals.unwrap_or("0"))).map_err(|_| CellError::TooPrecise)
}

/// Reads a whole number, zero or more.
pub(super) fn count(text: &str, mark: DecimalMark) -> Result<i64> {
    let number = number(text, mark).map_err(|_| CellError::NotWhole)?;
    if !number.fract().is_zero() {
        return Err(CellError::NotWhole);
    }
    let count = i64::try_from(number.trunc().mantissa() / 10_i128.pow(number.trunc().scale()));
    count
        .map_err(|_| CellError::NotWhole)
        .and_then(|count| if count < 0 { Err(CellError::Negative) } else { Ok(count) })
}

/// Reads an amount; a code or sign before or behind it names the currency, else it is `currency`.
pub(super) fn money(text: &str, mark: DecimalMark, currency: Currency) -> Result<Money> {
    const DOLLARS: &[&str] = &["USD", "AUD", "CAD", "HKD", "NZD", "SGD"];
    // `$` is the sign of many dollars: the organization's, when it counts in one of them.
    let dollar = if DOLLARS.contains(&currency.code()) { currency } else { Currency::USD };
    let signs = [("€", Currency::EUR), ("£", Currency::GBP), ("$", dollar)];
    let text = text.trim();
    let parse = |code: &str| Currency::parse(code).ok();
    let behind = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let before = text.trim_start_matches(|character: char| character.is_ascii_alphabetic());
    if let Some(named) = text.strip_suffix(before).and_then(parse) {
        return Ok(Money::from_decimal(number(before, mark)?, named)?);
    }
    if let Some(named) = text.strip_prefix(behind).and_then(parse) {
        return Ok(Money::from_decimal(number(behind, mark)?, named)?);
    }
    for (sign, named) in signs {
        if let Some(amount) = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)) {
            return Ok(Money::from_decimal(number(amount, mark)?, named)?);
        }
    }
    Ok(Money::from_decimal(number(text, mark)?, currency)?)
}

/// Reads a day: year first, `21.11.2026`, or with slashes in the chosen order; a time of day behind it is left out.
pub(super) fn date(text: &str, order: DateOrder) -> Result<Date> {
    let text = text.trim();
    let day = text.split_once(['T', ' ']).map_or(text, |(day, _)| day);
    let separator = day.chars().find(|character| !character.is_ascii_digit()).ok_or(CellError::NotADate)?;
    if !matches!(separator, '-' | '.' | '/') {
        return Err(CellError::NotADate);
    }
    let mut parts = day.split(separator);
    let (Some(first), Some(second), Some(third), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(CellError::NotADate);
    };
    let number = |part: &str| match part.len() {
        1..=4 if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse::<u32>().map_err(|_| CellError::NotADate),
        _ => Err(CellError::NotADate),
    };
    let (one, two, three) = (number(first)?, number(second)?, number(third)?);
    let made = |year: u32, month, day| {
        let year = i32::try_from(year).map_err(|_| CellError::NotADate)?;
        Date::new(year, month, day).map_err(|_| CellError::NotADate)
    };
    if first.len() == 4 {
        return made(one, two, three);
    }
    if third.len() == 2 {
        return Err(CellError::ShortYear);
    }
    if third.len() != 4 {
        return Err(CellError::NotADate);
    }
    match order {
        // A dot is only ever written behind a day.
        _ if separator == '.' => made(three, two, one),
        DateOrder::DayFirst => made(three, two, one),
        DateOrder::MonthFirst => made(three, one, two),
        DateOrder::Unstated => match (made(three, two, one), made(three, one, two)) {
            (Ok(day), Ok(other)) if day != other => Err(CellError::AmbiguousDate),
            (Ok(day), _) | (_, Ok(day)) => Ok(day),
            (refused, _) => refused,
        },
    }
}

const YES: &[&str] = &["true", "yes", "y", "1", "x", "on", "ja", "j", "wahr", "sí", "si", "oui", "vrai"];
const NO: &[&str] = &["false", "no", "n", "0", "off", "nein", "falsch", "non", "faux"];

fn answer(text: &str) -> Result<bool> {
    let word = text.trim().to_lowercase();
    match (YES.contains(&word.as_str()), NO.contains(&word.as_str())) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(CellError::NotABool),
    }
}

fn choice(text: &str, offered: &[Label]) -> Result<Label> {
    let wanted = text.trim().to_lowercase();
    offered.iter().find(|label| label.to_lowercase() == wanted).cloned().ok_or_else(|| {
        CellError::NotOffered(format!("one of {}", offered.iter().map(Label::as_str).collect::<Vec<_>>().join(", ")))
    })
}

/// Reads a value of a custom field.
pub(super) fn custom(
    text: &str,
    holds: &CustomType,
    mark: DecimalMark,
    order: DateOrder,
    currency: Currency,
) -> Result<CustomValue> {
    Ok(match holds {
        CustomType::Text => CustomValue::Text(Line::cleaned(text)?),
        CustomType::Number => {
            CustomValue::Number(Number::try_from(number(text, mark)?).map_err(|_| CellError::TooPrecise)?)
        }
        CustomType::Money => CustomValue::Money(money(text, mark, currency)?),
        CustomType::Date => CustomValue::Date(date(text, order)?),
        CustomType::Bool => CustomValue::Bool(answer(text)?),
        CustomType::Choice(offered) => CustomValue::Choice(choice(text, offered)?),
        CustomType::MultiChoice(offered) => {
            // A choice may hold a separator itself, so the whole cell is tried first.
            CustomValue::Choices(match choice(text, offered) {
                Ok(chosen) => [chosen].into(),
                Err(_) => split(text, &[';', ',']).iter().map(|part| choice(part, offered)).collect::<Result<_>>()?,
            })
        }
    })
}
