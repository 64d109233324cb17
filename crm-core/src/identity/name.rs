//! Names of people and companies as they are compared.

use super::fold::{folded, words};

/// A person's name, folded: given and family name, and all words of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonName {
    given: String,
    family: String,
    whole: String,
}

impl PersonName {
    /// Takes a name apart. A whole name in one of the two is parted at its first word; a title before it is dropped.
    #[must_use]
    pub fn new(given: Option<&str>, family: Option<&str>) -> Self {
        let mut given = words_of_name(given);
        let mut family = words_of_name(family);
        if given.is_empty() && family.len() > 1 {
            given = vec![family.remove(0)];
        } else if family.is_empty() && given.len() > 1 {
            family = given.split_off(1);
        }
        let mut all: Vec<&str> = given.iter().chain(&family).map(|word| everyday(word)).collect();
        all.sort_unstable();
        Self { whole: all.join(" "), given: given.concat(), family: family.concat() }
    }

    /// The given name without spaces: `maryann`. Empty when it is unknown.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The family name without spaces: `delacruz`. Empty when it is unknown.
    #[must_use]
    pub fn family(&self) -> &str {
        &self.family
    }

    /// All words, nicknames by the full name, in alphabetical order: the same however the name was parted.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.whole.is_empty()
    }

    /// Whether given and family name are known.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self.given.is_empty() && !self.family.is_empty()
    }

    /// The first letters of given and family name in alphabetical order; nothing unless both are known.
    #[must_use]
    pub fn initials(&self) -> Option<[char; 2]> {
        let mut letters = [everyday(&self.given).chars().next()?, everyday(&self.family).chars().next()?];
        letters.sort_unstable();
        Some(letters)
    }
}

fn words_of_name(text: Option<&str>) -> Vec<String> {
    // A full stop ends an initial, so that `J.R.` is two words and `Y.` is one letter.
    let mut words = text.map(words).unwrap_or_default();
    while words.len() > 1 && words.first().is_some_and(|word| TITLES.contains(&word.as_str())) {
        words.remove(0);
    }
    words
}

const TITLES: &[&str] = &["dr", "herr", "frau", "madame", "miss", "mr", "mrs", "ms", "mx", "prof", "sir"];

/// The name that a nickname is short for, or the name itself.
#[must_use]
pub fn everyday(name: &str) -> &str {
    let known = NICKNAMES.binary_search_by_key(&name, |(nickname, _)| nickname).ok();
    known.and_then(|index| NICKNAMES.get(index)).map_or(name, |(_, full)| full)
}

/// Short forms that stand for one name nearly always, sorted. Those of several names (`alex`, `chris`) prove nothing.
const NICKNAMES: &[(&str, &str)] = &[
    ("abby", "abigail"),
    ("andy", "andrew"),
    ("becky", "rebecca"),
    ("ben", "benjamin"),
    ("beth", "elizabeth"),
    ("betty", "elizabeth"),
    ("bill", "william"),
    ("billy", "william"),
    ("bob", "robert"),
    ("bobby", "robert"),
    ("charlie", "charles"),
    ("chuck", "charles"),
    ("cindy", "cynthia"),
    ("dan", "daniel"),
    ("dave", "david"),
    ("debbie", "deborah"),
    ("dick", "richard"),
    ("don", "donald"),
    ("ed", "edward"),
    ("eddie", "edward"),
    ("fred", "frederick"),
    ("greg", "gregory"),
    ("jack", "john"),
    ("jeff", "jeffrey"),
    ("jenny", "jennifer"),
    ("jim", "james"),
    ("jimmy", "james"),
    ("joe", "joseph"),
    ("johnny", "john"),
    ("josh", "joshua"),
    ("kathy", "katherine"),
    ("ken", "kenneth"),
    ("larry", "lawrence"),
    ("liz", "elizabeth"),
    ("maggie", "margaret"),
    ("matt", "matthew"),
    ("mike", "michael"),
    ("nick", "nicholas"),
    ("peggy", "margaret"),
    ("pepe", "jose"),
    ("pete", "peter"),
    ("phil", "philip"),
    ("rick", "richard"),
    ("rob", "robert"),
    ("ron", "ronald"),
    ("sepp", "josef"),
    ("steve", "stephen"),
    ("steven", "stephen"),
    ("sue", "susan"),
    ("ted", "edward"),
    ("tim", "timothy"),
    ("tom", "thomas"),
    ("tony", "anthony"),
    ("will", "william"),
    ("zach", "zachary"),
];

/// A company's name, folded and without legal form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyName {
    words: Vec<String>,
    key: String,
}

impl CompanyName {
    /// Takes a name apart: `The Dencor-Media GmbH & Co. KG` is `dencor`, `media`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut words = with_joined_letters(words(name));
        while words.len() > 1 && words.last().is_some_and(|word| word == "and" || is_legal_form(word)) {
            words.pop();
        }
        if words.len() > 1 && words.first().is_some_and(|word| word == "the") {
            words.remove(0);
        }
        Self { key: words.concat(), words }
    }

    /// The words that tell companies apart.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The words as one: `dencormedia`. Empty when it is unknown.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// What a domain calls its owner, in the form of a company's key: `pope-orr.co.uk` is `popeorr`.
#[must_use]
pub fn domain_label(domain: &str) -> String {
    folded(domain.split('.').next().unwrap_or_default()).replace('-', "")
}

fn is_legal_form(word: &str) -> bool {
    LEGAL_FORMS.binary_search(&word).is_ok()
}

/// Joins letters that stand alone, since `S. p. A.` and `SpA` are one form, `A.B.C.` and `ABC` one name.
fn with_joined_letters(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    let mut after_letter = false;
    for word in words {
        let letter = word.chars().nth(1).is_none();
        match joined.last_mut().filter(|_| after_letter && letter) {
            Some(last) => last.push_str(&word),
            None => joined.push(word),
        }
        after_letter = letter;
    }
    joined
}

/// Legal forms in their short and long spellings, sorted. What is part of the name (`Group`, `and Sons`) is none.
const LEGAL_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "asa",
    "bv",
    "bvba",
    "co",
    "company",
    "corp",
    "corporation",
    "cv",
    "doo",
    "eg",
    "ek",
    "ev",
    "gbr",
    "gesmbh",
    "gmbh",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "lda",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "ohg",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "sasu",
    "se",
    "sl",
    "spa",
    "srl",
    "sro",
    "ug",
    "zoo",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(given: &str, family: &str) -> String {
        PersonName::new(Some(given), Some(family)).whole().to_owned()
    }

    #[test]
    fn tables_that_are_searched_are_sorted() {
        assert!(LEGAL_FORMS.is_sorted_by(|a, b| a < b));
        assert!(NICKNAMES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn one_name_has_one_key_however_it_is_written() {
        for (given, family) in [
            ("José", "García López"),
            ("JOSE", "GARCIA-LOPEZ"),
            ("García López", "José"),
            ("", "Jose Garcia Lopez"),
            ("Dr. José García", "López"),
            ("Pepe", "Garcia Lopez"),
        ] {
            assert_eq!(whole(given, family), "garcia jose lopez", "{given} {family}");
        }
        assert_ne!(whole("Jose", "Garcia"), whole("Josef", "Garcia"));
    }

    #[test]
    fn a_whole_name_in_one_field_is_parted() {
        let name = PersonName::new(None, Some("Ada King Lovelace"));
        assert_eq!((name.given(), name.family()), ("ada", "kinglovelace"));
        assert_eq!(name.initials(), Some(['a', 'k']));
        assert_eq!(PersonName::new(Some("Ada"), None).initials(), None);
        assert!(PersonName::new(Some(" - "), Some("")).is_blank());
    }

    #[test]
    fn a_company_is_known_without_its_legal_form() {
        for name in ["Dencor Media", "The DENCOR-MEDIA, Inc.", "Dencor Media S.p.A.", "Dencor Media GmbH & Co. KG"] {
            assert_eq!(CompanyName::new(name).key(), "dencormedia", "{name}");
        }
        assert_eq!(CompanyName::new("Berger and Sons").key(), "bergerandsons");
        assert_eq!(CompanyName::new("A.B.C. Corp").key(), "abc");
        assert_eq!(CompanyName::new("Co").key(), "co");
        assert_eq!(domain_label("pope-orr.co.uk"), "popeorr");
    }
}
