//! Countries where one line has two numbers, since a digit was put before mobile numbers or taken away.

/// The other E.164 form of the same line, where there is one. The twin of the twin is the number itself.
pub(super) fn twin(e164: &str) -> Option<String> {
    brazilian(e164).or_else(|| mobile_digit(e164, "+52", '1')).or_else(|| mobile_digit(e164, "+54", '9'))
}

/// Brazil put a 9 before its mobile numbers, which have begun with 6 to 9 after the two digits of the area.
fn brazilian(e164: &str) -> Option<String> {
    let (area, subscriber) = e164.strip_prefix("+55")?.split_at_checked(2)?;
    let old = subscriber.strip_prefix('9').unwrap_or_default();
    let is_old_mobile = |number: &str| number.len() == 8 && number.starts_with(['6', '7', '8', '9']);
    if is_old_mobile(old) {
        return Some(format!("+55{area}{old}"));
    }
    is_old_mobile(subscriber).then(|| format!("+55{area}9{subscriber}"))
}

/// Mexico (1, until 2019) and Argentina (9, from abroad) put a digit before the ten of a mobile number.
fn mobile_digit(e164: &str, code: &str, digit: char) -> Option<String> {
    let national = e164.strip_prefix(code)?;
    match national.strip_prefix(digit) {
        Some(rest) if rest.len() == 10 => Some(format!("{code}{rest}")),
        _ if national.len() == 10 => Some(format!("{code}{digit}{national}")),
        _ => None,
    }
}
