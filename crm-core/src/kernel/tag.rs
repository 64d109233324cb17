//! A tag: a word that groups records, equal however it was capitalised or spaced.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use super::characters::composed;
use super::text::{Label, TextError};

/// One to 60 characters in lower case, with single spaces between words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Tag(Label);

impl Tag {
    /// Trims `raw`, lower-cases it and folds its white space.
    ///
    /// # Errors
    /// [`TextError`] as for a [`Label`].
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        let line = Label::parse(raw)?;
        let words: Vec<_> = line.split_whitespace().collect();
        // Lower-casing can leave a sequence that composes further, so the text is composed before it is checked again.
        Label::parse(&composed(&words.join(" ").to_lowercase())).map(Self)
    }

    /// The tag itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AsRef<str> for Tag {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for Tag {
    type Err = TextError;
    fn from_str(raw: &str) -> Result<Self, TextError> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for Tag {
    type Error = TextError;
    fn try_from(raw: String) -> Result<Self, TextError> {
        Self::parse(&raw)
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn capitals_and_spaces_do_not_make_another_tag() {
        let tag = Tag::parse("  Trade   FAIR\u{a0}2026 ").unwrap();
        assert_eq!(tag.as_str(), "trade fair 2026");
        assert_eq!(serde_json::from_str::<Tag>("\"trade fair 2026\"").unwrap(), tag);
        assert_ne!(Tag::parse("tradefair 2026").unwrap(), tag);
    }

    #[test]
    fn a_tag_is_refused_as_a_label_is() {
        assert_eq!(Tag::parse("   "), Err(TextError::Empty));
        assert_eq!(Tag::parse(&"x".repeat(61)), Err(TextError::TooLong { length: 61, max: 60 }));
        assert!(serde_json::from_str::<Tag>("\"a\\u0000b\"").is_err());
    }

    proptest! {
        #[test]
        fn a_tag_reads_back_as_itself(raw in any::<String>()) {
            if let Ok(tag) = Tag::parse(&raw) {
                prop_assert_eq!(Tag::parse(tag.as_str()), Ok(tag));
            }
        }
    }
}
