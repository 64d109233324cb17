//! Which characters may stand in text: what a reader cannot see must not make two values differ.
//!
//! Controls break files and terminals, direction overrides show a text in another order than it is stored, and
//! invisible characters let two names look alike and compare different. The joiners U+200C and U+200D are the exception:
//! Persian, the Indic scripts and composed emoji are misspelt without them, so they may stand where they join something.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Composes a text, so that one spelling has one sequence of characters (Unicode NFC).
pub(crate) fn composed(text: &str) -> String {
    // Nothing in ASCII is composed of anything else.
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

/// Tells whether a character is never seen: controls, direction marks, zero-width and filling characters.
///
/// These are the categories Cc, Cf (U+00AD, U+061C, U+180E, U+200B–U+200F, U+202A–U+202E, U+2060–U+2064,
/// U+2066–U+206F, U+FEFF, the tags from U+E0000 on …), Zl and Zp, the blank letters that are none of these, and the
/// code points that are reserved to be no character. The Arabic and Syriac number signs are Cf and visible, so they pass.
pub(crate) fn is_invisible(character: char) -> bool {
    match character {
        // What most text is made of, without a look into the tables.
        ' '..='~'
        | '\u{0600}'..='\u{0605}'
        | '\u{06DD}'
        | '\u{070F}'
        | '\u{0890}'..='\u{0891}'
        | '\u{08E2}'
        | '\u{110BD}'
        | '\u{110CD}' => false,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{3164}' | '\u{FFA0}' => true,
        _ => {
            matches!(
                character.general_category(),
                GeneralCategory::Control
                    | GeneralCategory::Format
                    | GeneralCategory::LineSeparator
                    | GeneralCategory::ParagraphSeparator
            ) || is_no_character(character)
        }
    }
}

fn is_no_character(character: char) -> bool {
    let code = u32::from(character);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

/// Tells whether a character is one of the two joiners.
pub(crate) fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

/// Tells whether a joiner has something to do beside this character.
///
/// No script before Hebrew knows joiners (nor do the later Latin and Greek blocks), so that between Latin letters one
/// could only disguise a word.
fn can_be_joined(character: char) -> bool {
    character >= '\u{0590}'
        && !matches!(character, '\u{1E00}'..='\u{1FFF}')
        && matches!(
            character.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Symbol
        )
}

/// Tells whether a joiner between these two characters shapes what is seen.
pub(crate) fn joins(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(can_be_joined) && after.is_some_and(can_be_joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_cannot_be_seen_are_known() {
        for code in [
            0x00, 0x07, 0x0A, 0x1B, 0x7F, 0x85, 0xAD, 0x061C, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028,
            0x2029, 0x202A, 0x202E, 0x2060, 0x2064, 0x2066, 0x2069, 0x3164, 0xFEFF, 0xFFF9, 0xFFFE, 0xE0001, 0xE0041,
        ] {
            let character = char::from_u32(code).unwrap();
            assert!(is_invisible(character), "U+{code:04X}");
        }
    }

    #[test]
    fn characters_that_can_be_seen_pass() {
        for character in "aÄß é中ابক्👩🏽️\u{0600}\u{A0}\u{3000}".chars() {
            assert!(!is_invisible(character), "{character:?}");
        }
    }

    #[test]
    fn joiners_have_work_between_persian_letters_and_emoji_only() {
        assert!(joins(Some('ی'), Some('خ')));
        assert!(joins(Some('👩'), Some('💻')));
        assert!(joins(Some('\u{FE0F}'), Some('🔥')));
        assert!(joins(Some('\u{094D}'), Some('ष')));
        assert!(!joins(Some('a'), Some('b')));
        assert!(!joins(Some('é'), Some('ı')));
        assert!(!joins(None, Some('خ')));
        assert!(!joins(Some('ی'), None));
        assert!(!joins(Some('ی'), Some(' ')));
        assert!(!joins(Some('ی'), Some('\u{200C}')));
    }
}
