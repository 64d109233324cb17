//! Bounded text: trimmed, composed (NFC), never empty, and free of characters that nobody can see.
//!
//! [`Line`] is one line (a name, a label), [`Prose`] may have several (a note). Text that is too long is refused, never
//! cut. What a person types goes through [`Text::parse`], which refuses what it cannot keep; what arrives from a file or
//! a chat and must not be lost goes through [`Text::cleaned`].

use std::{fmt, marker::PhantomData, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::characters::{composed, is_invisible, is_joiner, joins};
use super::error::{Kind, Rule};

/// Says whether text may run over several lines.
pub trait Layout {
    /// Whether line breaks and tabs may stand in the text.
    const MULTI_LINE: bool;
}

/// Text that stays on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OneLine {}

/// Text that may have line breaks and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ManyLines {}

impl Layout for OneLine {
    const MULTI_LINE: bool = false;
}

impl Layout for ManyLines {
    const MULTI_LINE: bool = true;
}

/// One to `MAX` characters (Unicode scalar values) of visible text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<L: Layout, const MAX: usize> {
    value: String,
    layout: PhantomData<fn() -> L>,
}

/// Text of one line and at most `MAX` characters.
pub type Line<const MAX: usize> = Text<OneLine, MAX>;
/// Text of any number of lines and at most `MAX` characters.
pub type Prose<const MAX: usize> = Text<ManyLines, MAX>;
/// The name of a person, a company or a thing: one line, at most 200 characters.
pub type Name = Line<200>;
/// A short caption: one line, at most 60 characters.
pub type Label = Line<60>;
/// What somebody wrote down: at most 20,000 characters on any number of lines.
pub type Note = Prose<20_000>;

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("the text is empty; leave the field out or write at least one character")]
    Empty,
    /// There are more characters than the field holds.
    #[error("the text has {length} characters and at most {max} are kept; shorten it")]
    TooLong {
        /// How many characters the text has.
        length: usize,
        /// How many it may have.
        max: usize,
    },
    /// A character stands in the text that nobody could see, or a line break where there is one line only.
    #[error(
        "character {position} of the text is U+{:04X}, a control, line break or invisible character that cannot stand \
         here; remove it",
        u32::from(*.character)
    )]
    ForbiddenCharacter {
        /// The character.
        character: char,
        /// Where it stands in the trimmed text, counted in characters from 1.
        position: usize,
    },
}

impl Rule for TextError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "text.empty",
            Self::TooLong { .. } => "text.too_long",
            Self::ForbiddenCharacter { .. } => "text.forbidden_character",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl<L: Layout, const MAX: usize> Text<L, MAX> {
    /// How many characters the text may have.
    pub const MAX: usize = MAX;

    /// Trims and composes `raw`; line breaks of any system become `\n`.
    ///
    /// # Errors
    /// [`TextError`] when nothing is left, when it is too long, or when a character cannot stand in the text.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        // Of visible ASCII nothing is composed and nothing refused, and a character is a byte.
        if raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Self::sized(raw.trim(), raw.trim().len());
        }
        Self::check(&normalised(raw))
    }

    /// Reads text from elsewhere: drops the characters that [`Text::parse`] would refuse, line breaks become spaces.
    ///
    /// # Errors
    /// [`TextError::Empty`] or [`TextError::TooLong`].
    pub fn cleaned(raw: &str) -> Result<Self, TextError> {
        let text = normalised(raw);
        let mut kept = String::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if Self::may_stand(character, kept.chars().next_back(), characters.peek().copied()) {
                kept.push(character);
            } else if character.is_whitespace() {
                kept.push(' ');
            }
        }
        // Dropping a character can bring a joiner beside a wrong neighbour, or a mark beside its letter.
        kept = composed(&kept);
        match Self::check(&kept) {
            Err(TextError::ForbiddenCharacter { .. }) => Self::check(&kept.replace(is_joiner, "")),
            checked => checked,
        }
    }

    fn check(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let mut length = 0;
        let mut before = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            length += 1;
            if !Self::may_stand(character, before, characters.peek().copied()) {
                return Err(TextError::ForbiddenCharacter { character, position: length });
            }
            before = Some(character);
        }
        Self::sized(text, length)
    }

    /// Keeps text of so many characters.
    fn sized(text: &str, length: usize) -> Result<Self, TextError> {
        match length {
            0 => Err(TextError::Empty),
            _ if length > MAX => Err(TextError::TooLong { length, max: MAX }),
            _ => Ok(Self { value: text.to_owned(), layout: PhantomData }),
        }
    }

    fn may_stand(character: char, before: Option<char>, after: Option<char>) -> bool {
        match character {
            '\n' | '\t' => L::MULTI_LINE,
            _ if is_joiner(character) => joins(before, after),
            _ => !is_invisible(character),
        }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The text itself, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.value
    }
}

fn normalised(raw: &str) -> String {
    if raw.contains('\r') { composed(&raw.replace("\r\n", "\n").replace('\r', "\n")) } else { composed(raw) }
}

impl<L: Layout, const MAX: usize> fmt::Debug for Text<L, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl<L: Layout, const MAX: usize> fmt::Display for Text<L, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.value)
    }
}

impl<L: Layout, const MAX: usize> Deref for Text<L, MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.value
    }
}

impl<L: Layout, const MAX: usize> AsRef<str> for Text<L, MAX> {
    fn as_ref(&self) -> &str {
        &self.value
    }
}

impl<L: Layout, const MAX: usize> FromStr for Text<L, MAX> {
    type Err = TextError;
    fn from_str(raw: &str) -> Result<Self, TextError> {
        Self::parse(raw)
    }
}

impl<L: Layout, const MAX: usize> TryFrom<&str> for Text<L, MAX> {
    type Error = TextError;
    fn try_from(raw: &str) -> Result<Self, TextError> {
        Self::parse(raw)
    }
}

impl<L: Layout, const MAX: usize> TryFrom<String> for Text<L, MAX> {
    type Error = TextError;
    fn try_from(raw: String) -> Result<Self, TextError> {
        Self::parse(&raw)
    }
}

impl<L: Layout, const MAX: usize> Serialize for Text<L, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.value)
    }
}

impl<'de, L: Layout, const MAX: usize> Deserialize<'de> for Text<L, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, Self::parse)
    }
}

/// Reads a value from text that is not kept.
pub(super) fn read_text<'de, T, E: fmt::Display, D: Deserializer<'de>>(
    deserializer: D,
    parse: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    struct Reader<T, E>(fn(&str) -> Result<T, E>);

    impl<T, E: fmt::Display> de::Visitor<'_> for Reader<T, E> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_str<F: de::Error>(self, text: &str) -> Result<T, F> {
            (self.0)(text).map_err(de::Error::custom)
        }
    }

    deserializer.deserialize_str(Reader(parse))
}

#[cfg(test)]
mod tests;
