//! `numeric` in its binary form, from and to exact decimal text.
//!
//! The wire holds digits of base 10,000, the power of the first one (`weight`), a sign, and how many decimals are shown
//! (`scale`), which keeps `0.00` apart from `0`.

use crate::cell::CellError;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;

fn malformed(text: &str) -> CellError {
    CellError(format!("'{text}' is not a plain decimal number"))
}

fn outside() -> CellError {
    CellError::new("a number with too many digits")
}

/// Writes a number like `-12.50`.
pub(crate) fn write(text: &str, out: &mut Vec<u8>) -> Result<(), CellError> {
    let (sign, unsigned) = text.strip_prefix('-').map_or((POSITIVE, text), |rest| (NEGATIVE, rest));
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() || !whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(malformed(text));
    }
    // Whole groups of four on both sides of the point.
    let before = whole.len().div_ceil(4) * 4;
    let after = decimals.len().div_ceil(4) * 4;
    let padded = format!("{whole:0>before$}{decimals:0<after$}");
    let mut groups = Vec::with_capacity(padded.len() / 4);
    for group in padded.as_bytes().chunks(4) {
        groups.push(group.iter().fold(0_u16, |number, digit| number * 10 + u16::from(digit - b'0')));
    }
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let trailing = groups.iter().rev().take_while(|group| **group == 0).count();
    let kept: Vec<u16> = groups.iter().copied().take(groups.len() - trailing).skip(leading).collect();
    let first = i64::try_from(before / 4).and_then(|before| i64::try_from(leading).map(|leading| before - 1 - leading));
    let weight =
        if kept.is_empty() { 0 } else { i16::try_from(first.map_err(|_| outside())?).map_err(|_| outside())? };
    let sign = if kept.is_empty() { POSITIVE } else { sign };
    let scale = u16::try_from(decimals.len()).map_err(|_| outside())?;
    out.extend_from_slice(&u16::try_from(kept.len()).map_err(|_| outside())?.to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&scale.to_be_bytes());
    for group in kept {
        out.extend_from_slice(&group.to_be_bytes());
    }
    Ok(())
}

/// Reads a number as text with all its decimals.
pub(crate) fn read(bytes: &[u8]) -> Result<String, CellError> {
    let broken = || CellError::new("a broken numeric");
    let mut words = bytes.chunks(2).map(|pair| <[u8; 2]>::try_from(pair).map(u16::from_be_bytes));
    let mut word = || words.next().and_then(Result::ok).ok_or_else(broken);
    let count = word()?;
    let weight = i64::from(i16::from_be_bytes(word()?.to_be_bytes()));
    let sign = word()?;
    let scale = usize::from(word()?);
    if sign != POSITIVE && sign != NEGATIVE {
        return Err(CellError::new("a numeric that is no number"));
    }
    let groups = (0..count).map(|_| word()).collect::<Result<Vec<_>, _>>()?;
    let group = |power: i64| -> u16 {
        let place = usize::try_from(weight - power).ok();
        place.and_then(|place| groups.get(place)).copied().unwrap_or(0)
    };
    let mut whole = String::new();
    for power in (0..=weight.max(0)).rev() {
        whole.push_str(&four_digits(group(power)));
    }
    let mut decimals = String::new();
    let mut power = -1;
    while decimals.len() < scale {
        decimals.push_str(&four_digits(group(power)));
        power -= 1;
    }
    decimals.truncate(scale);
    let whole = whole.trim_start_matches('0');
    let sign = if sign == NEGATIVE { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") })
}

fn four_digits(group: u16) -> String {
    format!("{group:04}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn round_trip(text: &str) -> String {
        let mut bytes = Vec::new();
        write(text, &mut bytes).unwrap();
        read(&bytes).unwrap()
    }

    #[test]
    fn the_bytes_are_those_that_the_server_writes() {
        let mut bytes = Vec::new();
        write("-12345.67890", &mut bytes).unwrap();
        let expected: Vec<u8> =
            [3_u16, 1, NEGATIVE, 5, 1, 2345, 6789].iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn the_scale_is_kept() {
        for text in ["0", "0.00", "1.50", "-0.0001", "10000", "0.00001234", "79228162514264337593543950335"] {
            assert_eq!(round_trip(text), text);
        }
        assert_eq!(round_trip("-0.0"), "0.0");
    }

    #[test]
    fn text_that_is_no_number_and_nan_are_refused() {
        for text in ["", "-", "1e5", ".5", "1,5", "NaN", "+1"] {
            assert!(write(text, &mut Vec::new()).is_err(), "{text}");
        }
        assert!(read(&[0, 0, 0, 0, 0xC0, 0, 0, 0]).is_err());
        assert!(read(&[0, 1, 0, 0, 0, 0, 0, 0]).is_err());
    }

    proptest! {
        #[test]
        fn every_decimal_survives(mantissa in -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335, scale in 0_u32..=28) {
            let decimal = Decimal::from_i128_with_scale(mantissa, scale);
            prop_assert_eq!(round_trip(&decimal.to_string()), decimal.to_string());
        }
    }
}
