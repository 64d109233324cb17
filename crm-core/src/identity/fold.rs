//! Folding: one spelling for all ways to write a name.

use unicode_normalization::UnicodeNormalization;

/// How many characters of a text take part in matching.
const LONGEST: usize = 100;
/// How many words of a text take part in matching.
const MOST_WORDS: usize = 8;

/// Lower case without accents: `Ægir Müller` becomes `aegir muller`. At most 100 characters.
///
/// Marks are dropped where they are accents (U+0300 to U+036F); the vowel signs of Indic scripts are letters and stay.
#[must_use]
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().take(LONGEST).map(|letter| letter.to_ascii_lowercase()).collect();
    }
    let mut plain = String::with_capacity(text.len());
    let letters = text.chars().take(LONGEST).nfkd().flat_map(char::to_lowercase).nfd();
    for letter in letters.filter(|letter| !('\u{0300}'..='\u{036F}').contains(letter)) {
        match letter {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ı' => plain.push('i'),
            'ς' => plain.push('σ'),
            _ => plain.push(letter),
        }
    }
    plain.nfc().take(LONGEST).collect()
}

/// The words of a text, folded. Apostrophes join (`O'Brien`), all other punctuation parts.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in folded(text).chars() {
        match letter {
            '\'' | '’' | '‘' | 'ʼ' | '`' | '´' => {}
            '&' | '+' => words.extend(["and".to_owned(), String::new()]),
            _ if is_part_of_word(letter) => {
                if let Some(word) = words.last_mut() {
                    word.push(letter);
                }
            }
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words.truncate(MOST_WORDS);
    words
}

/// Letters, digits, and the marks that stand for vowels where there are no letters for them.
fn is_part_of_word(letter: char) -> bool {
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
    letter.is_alphanumeric() || (!letter.is_ascii() && letter.general_category_group() == GeneralCategoryGroup::Mark)
}

/// Whether the text is one letter of a script that abbreviates: a Chinese family name of one character is whole.
pub(crate) fn is_initial(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(char::is_lowercase) && letters.next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_accents_and_width_are_folded() {
        for (raw, plain) in [
            ("José", "jose"),
            ("Jose\u{301}", "jose"),
            ("GROẞ Straße", "gross strasse"),
            ("Łukasz Ørsted", "lukasz orsted"),
            ("İstanbul ILGIN", "istanbul ilgin"),
            ("Ａｃｍｅ", "acme"),
            ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
            ("की", "की"),
        ] {
            assert_eq!(folded(raw), plain);
        }
    }

    #[test]
    fn punctuation_parts_words_and_apostrophes_join_them() {
        assert_eq!(words("Mary-Ann  O’Brien"), ["mary", "ann", "obrien"]);
        assert_eq!(words("Bush, Bryan & Sloan"), ["bush", "bryan", "and", "sloan"]);
        assert_eq!(words(" ,.- "), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn folding_is_total_bounded_and_settles_at_once(raw in any::<String>()) {
            let once = folded(&raw);
            prop_assert!(once.chars().count() <= LONGEST);
            prop_assert_eq!(folded(&once), once.clone());
            prop_assert!(words(&raw).len() <= MOST_WORDS);
        }
    }
}
