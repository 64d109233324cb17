//! How two values of one field agree.

use super::profile::{Mailbox, PhoneLine, Profile};
use crate::identity::{everyday, is_initial};

/// How two names of a person agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamePart {
    /// One of them is unknown.
    Blank,
    Same,
    Nickname,
    /// A typing error, or one contains the other.
    Close,
    /// One is the first letter of the other, or both are one letter.
    Initial,
    /// They differ by a last vowel, as Mario and Maria, Paul and Paula do: rarely a typing error.
    Ending,
    Other,
}

/// How two sets of addresses agree, by their best pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mail<'p> {
    Blank,
    Same(&'p str),
    Folded(&'p str),
    Close,
    Shared(&'p str),
    Other,
}

/// How two sets of numbers agree, by their best pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'p> {
    Blank,
    Same(&'p str),
    /// One number with two extensions.
    Switchboard(&'p str),
    Close,
    Other,
}

/// How two short texts agree: companies, towns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Blank,
    Same,
    Close,
    Other,
}

/// How two employers agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Employer<'p> {
    /// The names.
    pub(super) name: Likeness,
    /// A domain that both have.
    pub(super) domain: Option<&'p str>,
    /// One is called as the other's domain is.
    pub(super) label: bool,
}

pub(super) fn name_parts(a: &str, b: &str) -> NamePart {
    if a.is_empty() || b.is_empty() {
        return NamePart::Blank;
    }
    if is_initial(a) || is_initial(b) {
        return if a.chars().next() == b.chars().next() { NamePart::Initial } else { NamePart::Other };
    }
    if a == b {
        return NamePart::Same;
    }
    if everyday(a) == everyday(b) {
        return NamePart::Nickname;
    }
    if without_last_vowel(a) == without_last_vowel(b) {
        return NamePart::Ending;
    }
    if is_misspelt(a, b) || is_beginning(a, b) || is_beginning(b, a) { NamePart::Close } else { NamePart::Other }
}

fn without_last_vowel(name: &str) -> &str {
    name.strip_suffix(['a', 'e', 'i', 'o']).unwrap_or(name)
}

/// Whether the longer name goes on after the shorter one, as Maryann does after Mary.
fn is_beginning(shorter: &str, longer: &str) -> bool {
    shorter.chars().count() >= 4 && longer.starts_with(shorter)
}

/// Whether typing errors explain the difference: one in a short text, two in a longer one.
fn is_misspelt(a: &str, b: &str) -> bool {
    let (long, short) = (a.chars().count().max(b.chars().count()), a.chars().count().min(b.chars().count()));
    if short < 3 || long - short > 2 {
        return false;
    }
    let errors = if short >= 6 { 2 } else { 1 };
    strsim::osa_distance(a, b) <= errors
}

pub(super) fn texts(a: &str, b: &str) -> Likeness {
    if a.is_empty() || b.is_empty() {
        Likeness::Blank
    } else if a == b {
        Likeness::Same
    } else if is_misspelt(a, b) {
        Likeness::Close
    } else {
        Likeness::Other
    }
}

/// The employers, or the companies themselves.
pub(super) fn employers<'p>(a: &'p Profile, b: &Profile) -> Employer<'p> {
    let name = match texts(a.company.key(), b.company.key()) {
        Likeness::Other if is_contained(a.company.words(), b.company.words()) => Likeness::Close,
        likeness => likeness,
    };
    let domain = a.domains.iter().filter(|domain| b.domains.contains(domain)).min();
    let label = a.labels.iter().any(|label| b.labels.binary_search(label).is_ok());
    Employer { name, domain: domain.map(String::as_str), label }
}

/// Whether all words of the shorter name stand in the longer one, in any order, and tell something.
fn is_contained(a: &[String], b: &[String]) -> bool {
    let (shorter, longer) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let letters: usize = shorter.iter().map(String::len).sum();
    letters >= 5 && shorter.iter().all(|word| longer.contains(word))
}

pub(super) fn mailboxes<'p>(a: &'p Profile, b: &Profile) -> Mail<'p> {
    let pairs = a.mailboxes.iter().flat_map(|mine| b.mailboxes.iter().map(move |theirs| mailbox_pair(mine, theirs)));
    pairs.min_by(|one, other| one.rank().cmp(&other.rank())).unwrap_or(Mail::Blank)
}

fn mailbox_pair<'p>(a: &'p Mailbox, b: &Mailbox) -> Mail<'p> {
    if a.key == b.key {
        if a.shared { Mail::Shared(&a.key) } else { Mail::Same(&a.key) }
    } else if a.folded == b.folded {
        if a.shared { Mail::Shared(&a.folded) } else { Mail::Folded(&a.folded) }
    } else if !a.shared && !b.shared && is_close_mailbox(a, b) {
        Mail::Close
    } else {
        Mail::Other
    }
}

/// Whether a typing error explains the difference. Another number does not: it is how providers tell namesakes apart.
fn is_close_mailbox(a: &Mailbox, b: &Mailbox) -> bool {
    let letters = |mailbox: &Mailbox| mailbox.local.replace(|letter: char| letter.is_ascii_digit(), "");
    if a.local.len().min(b.local.len()) < 6 {
        return false;
    }
    if a.local == b.local {
        return is_one_slip(&a.domain, &b.domain);
    }
    a.domain == b.domain && is_one_slip(&a.local, &b.local) && letters(a) != letters(b)
}

/// One letter more, less or other, or two neighbours exchanged.
fn is_one_slip(a: &str, b: &str) -> bool {
    a.len().abs_diff(b.len()) <= 4 && strsim::osa_distance(a, b) == 1
}

impl Mail<'_> {
    /// The stronger, the smaller; ties by the address, so that the order of addresses does not matter.
    fn rank(&self) -> (u8, &str) {
        match self {
            Self::Same(address) => (0, address),
            Self::Folded(address) => (1, address),
            Self::Close => (2, ""),
            Self::Shared(address) => (3, address),
            Self::Other => (4, ""),
            Self::Blank => (5, ""),
        }
    }
}

pub(super) fn lines<'p>(a: &'p Profile, b: &Profile) -> Line<'p> {
    let pairs = a.lines.iter().flat_map(|mine| b.lines.iter().map(move |theirs| line_pair(mine, theirs)));
    pairs.min_by(|one, other| one.rank().cmp(&other.rank())).unwrap_or(Line::Blank)
}

fn line_pair<'p>(a: &'p PhoneLine, b: &PhoneLine) -> Line<'p> {
    let shared = a.variants.iter().filter(|variant| b.variants.contains(variant)).min();
    match shared {
        Some(number) if a.extension.is_some() && b.extension.is_some() && a.extension != b.extension => {
            Line::Switchboard(number)
        }
        Some(number) => Line::Same(number),
        None if is_one_digit_off(a, b) => Line::Close,
        None => Line::Other,
    }
}

fn is_one_digit_off(a: &PhoneLine, b: &PhoneLine) -> bool {
    let pairs =
        a.variants.iter().flat_map(|mine| b.variants.iter().map(move |theirs| (mine.as_bytes(), theirs.as_bytes())));
    pairs.into_iter().any(|(mine, theirs)| {
        let mut off = mine.iter().zip(theirs).enumerate().filter(|(_, (mine, theirs))| mine != theirs);
        let first = off.next();
        let second = off.next();
        let others = off.next();
        let (Some((place, (one, other))), None, true) = (first, others, mine.len() == theirs.len()) else {
            return false;
        };
        second.is_none_or(|(next, (then, there))| next == place + 1 && one == there && other == then)
    })
}

impl Line<'_> {
    fn rank(&self) -> (u8, &str) {
        match self {
            Self::Same(number) => (0, number),
            Self::Switchboard(number) => (1, number),
            Self::Close => (2, ""),
            Self::Other => (3, ""),
            Self::Blank => (4, ""),
        }
    }
}
