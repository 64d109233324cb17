//! Phone numbers: kept as typed, compared by a key.
//!
//! The key of a number whose country is known is its E.164 form (`+14155551234`). Otherwise it is `~` and the digits as
//! dialled, so that it never equals a number of some country by accident. A [`PhoneNumbers`] reader makes the key:
//! [`DigitsOnly`] knows the common numbering plans by their lengths; with the feature `phone-metadata`,
//! `MetadataPhoneNumbers` knows them all by their prefixes. An odd number is kept and flagged, since losing it helps
//! nobody; refused is only what is no phone number at all.

mod dialled;
mod digits_only;
#[cfg(feature = "phone-metadata")]
mod metadata;
mod plan;
mod variants;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::error::{Kind, Rule};
use super::region::Region;
use super::text::{Line, TextError};

pub use digits_only::DigitsOnly;
#[cfg(feature = "phone-metadata")]
pub use metadata::MetadataPhoneNumbers;

/// Reads phone numbers as people type them.
pub trait PhoneNumbers: Send + Sync + fmt::Debug {
    /// Reads `raw`; a number without a country code is taken as one of `region`.
    ///
    /// # Errors
    /// [`PhoneError`] when it is no phone number. A number that its country's plan does not have is no error, see
    /// [`PhoneNumber::is_valid`].
    fn parse(&self, raw: &str, region: Option<Region>) -> Result<PhoneNumber, PhoneError>;
}

/// A phone number as it was typed, and the key by which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PhoneNumber {
    raw: Line<60>,
    key: String,
    extension: Option<String>,
    valid: bool,
}

/// Why a phone number was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing is left after trimming.
    #[error("the phone number is empty; write it with its country code, for example +1 415 555 1234")]
    Empty,
    /// There is too much text for a number.
    #[error("the phone number has {0} characters and at most 60 are kept; write one number only")]
    TooLong(usize),
    /// Fewer digits than any number has.
    #[error("the phone number has {0} digits that count and needs at least 7; add the area code")]
    TooFewDigits(usize),
    /// More digits than any number has.
    #[error("the phone number has {0} digits and none has more than 15; write one number, an extension after an x")]
    TooManyDigits(usize),
    /// A letter that does not start an extension.
    #[error("the phone number has letters that are no extension; write digits, and an extension as x123")]
    Letters,
    /// A sign that has no place in a number.
    #[error("U+{:04X} cannot stand there in a phone number; remove it", u32::from(*.0))]
    ForbiddenCharacter(char),
    /// The extension is not one to eleven digits.
    #[error("the extension of the phone number is not 1 to 11 digits; write it as x123")]
    BadExtension,
    /// A key that no reader makes.
    #[error("the key of the phone number is not + or ~ and 7 to 15 digits; read the number again from what was typed")]
    BadKey,
}

impl Rule for PhoneError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "phone.empty",
            Self::TooLong(_) => "phone.too_long",
            Self::TooFewDigits(_) => "phone.too_few_digits",
            Self::TooManyDigits(_) => "phone.too_many_digits",
            Self::Letters => "phone.letters",
            Self::ForbiddenCharacter(_) => "phone.forbidden_character",
            Self::BadExtension => "phone.bad_extension",
            Self::BadKey => "phone.bad_key",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl From<TextError> for PhoneError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self::Empty,
            TextError::TooLong { length, .. } => Self::TooLong(length),
            TextError::ForbiddenCharacter { character, .. } => Self::ForbiddenCharacter(character),
        }
    }
}

impl PhoneNumber {
    /// The number as it was typed, without invisible characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// The form that all spellings share: `+` and the E.164 digits, or `~` and the digits as dialled.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The number to dial from anywhere, when its country is known.
    #[must_use]
    pub fn e164(&self) -> Option<&str> {
        self.key.starts_with('+').then_some(&self.key)
    }

    /// The digits to dial once the line has answered; they are no part of the key.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// Whether the country is known and its numbering plan, as far as the reader knows it, has such a number.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.valid
    }

    /// The keys under which the same line may be known, this number's own first.
    ///
    /// A number is a variant of each of its variants, so it is enough to look up one side.
    #[must_use]
    pub fn variants(&self) -> Vec<String> {
        let twin = self.e164().and_then(variants::twin);
        std::iter::once(self.key.clone()).chain(twin).collect()
    }

    /// Puts a number together; `digits` follow a country code in the first place when `international`.
    fn new(
        raw: Line<60>,
        international: bool,
        digits: &str,
        extension: Option<String>,
        valid: bool,
    ) -> Result<Self, PhoneError> {
        match digits.len() {
            length @ ..7 => Err(PhoneError::TooFewDigits(length)),
            length @ 16.. => Err(PhoneError::TooManyDigits(length)),
            _ => Ok(Self {
                raw,
                key: format!("{}{digits}", if international { '+' } else { '~' }),
                extension,
                valid: valid && international,
            }),
        }
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.raw)
    }
}

/// Reads what [`PhoneNumber`] writes, and what a person types: a text is read by its digits alone.
impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TypedOrWritten)
    }
}

struct TypedOrWritten;

impl<'de> Visitor<'de> for TypedOrWritten {
    type Value = PhoneNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a telephone number as text, or as it is kept")
    }
    fn visit_str<E: de::Error>(self, typed: &str) -> Result<PhoneNumber, E> {
        DigitsOnly.parse(typed, None).map_err(E::custom)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PhoneNumber, A::Error> {
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        PhoneNumber::try_from(written).map_err(de::Error::custom)
    }
}

/// A phone number as it is stored, before it is checked.
#[derive(Deserialize)]
struct Written {
    raw: Line<60>,
    key: String,
    extension: Option<String>,
    valid: bool,
}

impl TryFrom<Written> for PhoneNumber {
    type Error = PhoneError;
    fn try_from(written: Written) -> Result<Self, PhoneError> {
        let (international, digits) = match written.key.strip_prefix('+') {
            Some(digits) => (true, digits),
            None => (false, written.key.strip_prefix('~').ok_or(PhoneError::BadKey)?),
        };
        let digits_only = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !digits_only || (international && digits.starts_with('0')) || (written.valid && !international) {
            return Err(PhoneError::BadKey);
        }
        if written.extension.as_deref().is_some_and(|extension| !dialled::is_extension(extension)) {
            return Err(PhoneError::BadExtension);
        }
        Self::new(written.raw, international, digits, written.extension, written.valid).map_err(|_| PhoneError::BadKey)
    }
}

#[cfg(test)]
mod tests;
