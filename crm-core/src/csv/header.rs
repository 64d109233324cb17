//! Column names: made unique, made comparable, and matched to what they may mean.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;

/// Shortest name, in letters, in which a typing error is forgiven.
const FORGIVING_LENGTH: usize = 6;

/// Trims the names, makes up `Column 3` for an empty one, and numbers names that stand twice.
pub(super) fn unique_names(cells: &[String]) -> Vec<String> {
    let trimmed: Vec<&str> = cells.iter().map(|cell| cell.trim_matches(is_invisible)).collect();
    let mut seen = HashSet::new();
    let repeated: HashSet<&str> = trimmed.iter().copied().filter(|name| !seen.insert(*name)).collect();
    let mut taken: HashSet<String> = trimmed.iter().map(|name| (*name).to_owned()).collect();
    let mut numbered: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::with_capacity(trimmed.len());
    for (index, name) in trimmed.into_iter().enumerate() {
        let (stem, mut number) = match name {
            "" => ("Column", index + 1),
            name if repeated.contains(name) => (name, numbered.get(name).copied().unwrap_or(1)),
            name => {
                names.push(name.to_owned());
                continue;
            }
        };
        let mut unique = format!("{stem} {number}");
        while taken.contains(&unique) {
            number += 1;
            unique = format!("{stem} {number}");
        }
        numbered.insert(name, number + 1);
        taken.insert(unique.clone());
        names.push(unique);
    }
    names
}

fn is_invisible(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{FEFF}' | '\u{200B}')
}

/// Brings a name to lower case words and splits a trailing number off: `"E-Mail 2"` is `("e mail", Some(2))`.
///
/// Everything that is neither letter nor digit counts as one space. A name of digits alone stays a name.
#[must_use]
pub fn normalise_header(header: &str) -> (String, Option<u32>) {
    let words = words(header);
    let stem = words.trim_end_matches(|character: char| character.is_ascii_digit());
    let number = words.get(stem.len()..).and_then(|digits| digits.parse().ok());
    match (stem.trim_end(), number) {
        ("", _) | (_, None) => (words, None),
        (stem, number) => (stem.to_owned(), number),
    }
}

fn words(header: &str) -> String {
    let folded: String = header.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = folded.split(|character: char| !character.is_alphanumeric()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Finds what a column may mean, with its number where it has one: `"Email 2"` is `("email", Some(2))`.
///
/// `vocabulary` lists canonical names with their synonyms. Case, spaces and punctuation do not count (`firstName`,
/// `first_name`); the name with its number is tried first (`address line 2`). Else one typing error is forgiven in
/// names of six letters or more, if that leaves one canonical name only.
#[must_use]
pub fn best_match<'a>(header: &str, vocabulary: &[(&'a str, &[&str])]) -> Option<(&'a str, Option<u32>)> {
    let whole = words(header).replace(' ', "");
    let (stem, number) = normalise_header(header);
    let stem = stem.replace(' ', "");
    let find = |wanted: &dyn Fn(&str) -> bool| {
        let mut found = vocabulary.iter().filter(|(canonical, synonyms)| {
            std::iter::once(canonical).chain(*synonyms).any(|name| wanted(&words(name).replace(' ', "")))
        });
        let first = found.next().map(|(canonical, _)| *canonical);
        (first, found.next().is_none())
    };
    if stem.is_empty() {
        return None;
    }
    if let (Some(canonical), _) = find(&|name| name == whole) {
        return Some((canonical, None));
    }
    if let (Some(canonical), _) = find(&|name| name == stem) {
        return Some((canonical, number));
    }
    let is_near = |name: &str| {
        name.chars().count().min(stem.chars().count()) >= FORGIVING_LENGTH && strsim::osa_distance(name, &stem) == 1
    };
    match find(&is_near) {
        (Some(canonical), true) => Some((canonical, number)),
        _ => None,
    }
}
