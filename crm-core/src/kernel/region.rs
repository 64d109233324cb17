//! Countries and territories by their two-letter code.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use super::error::{Kind, Rule};

/// A country or territory: a code in the form of ISO 3166-1 alpha-2, in capitals.
///
/// Only the form is checked, because the list changes and nothing here depends on it: a region that a reader of phone
/// numbers does not know is to it as if none were given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Region([u8; 2]);

/// The text is no code of two letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a country code; write the two letters of ISO 3166, for example US")]
pub struct BadRegion;

impl Rule for BadRegion {
    fn code(&self) -> &'static str {
        "region.not_a_code"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Region {
    /// The United States.
    pub const US: Self = Self(*b"US");

    /// Reads a code in any case, for example `US` or `us`.
    ///
    /// # Errors
    /// [`BadRegion`] when it is not two ASCII letters.
    pub fn parse(raw: &str) -> Result<Self, BadRegion> {
        match <[u8; 2]>::try_from(raw.trim().as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self(code.map(|letter| letter.to_ascii_uppercase())))
            }
            _ => Err(BadRegion),
        }
    }

    /// The code in capitals, for example `US`.
    #[must_use]
    pub fn code(&self) -> &str {
        // Two ASCII letters are always text.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Region {
    type Err = BadRegion;
    fn from_str(raw: &str) -> Result<Self, BadRegion> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for Region {
    type Error = BadRegion;
    fn try_from(raw: String) -> Result<Self, BadRegion> {
        Self::parse(&raw)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_two_letters_in_any_case() {
        assert_eq!(Region::parse(" us "), Ok(Region::US));
        assert_eq!(serde_json::to_string(&Region::US).unwrap(), "\"US\"");
        for raw in ["", "U", "USA", "U1", "ü", "1"] {
            assert_eq!(Region::parse(raw), Err(BadRegion), "{raw}");
        }
        assert!(serde_json::from_str::<Region>("\"USA\"").is_err());
    }

    proptest! {
        #[test]
        fn parsing_is_total(raw in prop_oneof![any::<String>(), "\\PC{2}"]) {
            if let Ok(region) = Region::parse(&raw) {
                prop_assert_eq!(Region::parse(region.code()), Ok(region));
            }
        }
    }
}
