//! Taking apart what was typed: digits, a leading plus, an extension.

use super::plan::Plan;
use super::{Line, PhoneError};

/// What starts an extension, in lower case; longer words stand first.
const EXTENSION_MARKS: [&str; 6] = [";ext=", "extension", "extn", "ext", "x", "#"];

/// A number as somebody would dial it.
pub(super) struct Dialled {
    /// What was typed, without invisible characters.
    pub(super) raw: Line<60>,
    /// All digits before the extension, as ASCII.
    pub(super) digits: String,
    /// Whether a plus stood before the digits.
    pub(super) plus: bool,
    /// The digits of the extension.
    pub(super) extension: Option<String>,
}

impl Dialled {
    pub(super) fn read(raw: &str) -> Result<Self, PhoneError> {
        // Address books wrap numbers in direction marks, so these are dropped rather than refused.
        let raw = Line::<60>::cleaned(raw)?;
        let start = raw.find(|character: char| character.is_alphabetic() || matches!(character, '#' | ';'));
        let (number, tail) = raw.split_at(start.unwrap_or(raw.len()));
        let extension = if tail.is_empty() { None } else { Some(extension(tail)?) };
        let mut digits = String::new();
        let mut plus = false;
        for character in number.chars() {
            match digit(character) {
                Some(digit) => digits.push(digit),
                None if matches!(character, '+' | '＋') && digits.is_empty() && !plus => plus = true,
                None if is_separator(character) => {}
                None => return Err(PhoneError::ForbiddenCharacter(character)),
            }
        }
        Ok(Self { raw, digits, plus, extension })
    }

    /// The digits from the country code on, when the number was dialled with one: after a plus, after the exit code of
    /// the caller's plan, or after `00`, which people write wherever they are.
    pub(super) fn international(&self, plan: Option<&Plan>) -> Option<&str> {
        if self.plus {
            return Some(&self.digits);
        }
        let exit = plan.map_or("00", Plan::exit);
        self.digits.strip_prefix(exit).or_else(|| self.digits.strip_prefix("00"))
    }
}

/// Whether the digits can be those of an extension.
pub(super) fn is_extension(digits: &str) -> bool {
    (1..=11).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn extension(tail: &str) -> Result<String, PhoneError> {
    let tail = tail.to_lowercase();
    let rest = EXTENSION_MARKS.iter().find_map(|mark| tail.strip_prefix(mark)).ok_or(PhoneError::Letters)?;
    let rest = rest.trim_matches(|character: char| character.is_whitespace() || ".:#-".contains(character));
    let digits: Option<String> = rest.chars().map(digit).collect();
    digits.filter(|digits| is_extension(digits)).ok_or(PhoneError::BadExtension)
}

/// The ASCII digit for a digit of the scripts that phones are typed in: ASCII, full width, Arabic, Persian, Devanagari.
fn digit(character: char) -> Option<char> {
    let code = u32::from(character);
    let zero = [0x30, 0x660, 0x6F0, 0x966, 0xFF10].into_iter().find(|zero| (*zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '-' | '.' | ',' | '/' | '(' | ')' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}
