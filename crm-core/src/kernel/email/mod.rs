//! E-mail addresses: kept as typed, compared by a key.
//!
//! A pragmatic part of RFC 5321 and 6531: a dotted local part in any script without quotes, and a public host name.
//! The host and the letters' case never make two addresses; a weaker [`EmailAddress::folded_key`] also drops what Gmail
//! and plus tags add, and may only suggest that two people are one.

mod script;

use std::{cmp::Ordering, fmt, hash, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::characters::{composed, is_invisible};
use super::error::{Kind, Rule};
use super::host::{ascii_host, is_plain, readable_host};
use super::text::read_text;
use script::mixes_scripts;

const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// An e-mail address that mail can be sent to; equal to every other way to write it.
#[derive(Clone, Debug)]
pub struct EmailAddress {
    raw: String,
    /// The key, when it is not what was typed.
    key: Option<Box<str>>,
    /// Where the `@` stands in the key.
    at: usize,
}

/// Why an e-mail address was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing is left after trimming.
    #[error("the e-mail address is empty; write one such as ada@example.com")]
    Empty,
    /// It starts with `mailto:`.
    #[error("the e-mail address starts with \"mailto:\"; remove that")]
    MailtoPrefix,
    /// It stands in angle brackets, perhaps behind a name.
    #[error("the e-mail address has a name or angle brackets around it; keep what stands between < and > only")]
    DisplayName,
    /// It has white space inside.
    #[error("the e-mail address has white space inside; remove it, or keep one address only")]
    WhiteSpace,
    /// There is no `@`.
    #[error("the e-mail address has no @; write one such as ada@example.com")]
    NoAtSign,
    /// There are several `@`.
    #[error("the e-mail address has more than one @; keep one address only")]
    SeveralAtSigns,
    /// It, or its part before the `@`, is too long.
    #[error("the e-mail address is too long; at most 64 bytes may stand before the @ and 254 in all")]
    TooLong,
    /// Nothing stands before the `@`.
    #[error("nothing stands before the @ of the e-mail address; add the mailbox's name")]
    NoLocalPart,
    /// A dot stands first, last or beside another dot before the `@`.
    #[error("before the @ of the e-mail address, dots stand between other characters only; remove the extra dot")]
    MisplacedDot,
    /// The part before the `@` is in quotation marks.
    #[error("the e-mail address has quotation marks before the @; mailboxes with such names are not supported")]
    QuotedLocalPart,
    /// A character that cannot stand before the `@`.
    #[error("U+{:04X} cannot stand in an e-mail address; remove it", u32::from(*.0))]
    ForbiddenCharacter(char),
    /// What stands after the `@` is no public host name.
    #[error("what stands after the @ is no domain of the internet; write one such as example.com")]
    BadDomain,
}

impl Rule for EmailError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "email.empty",
            Self::MailtoPrefix => "email.mailto_prefix",
            Self::DisplayName => "email.display_name",
            Self::WhiteSpace => "email.white_space",
            Self::NoAtSign => "email.no_at_sign",
            Self::SeveralAtSigns => "email.several_at_signs",
            Self::TooLong => "email.too_long",
            Self::NoLocalPart => "email.no_local_part",
            Self::MisplacedDot => "email.misplaced_dot",
            Self::QuotedLocalPart => "email.quoted_local_part",
            Self::ForbiddenCharacter(_) => "email.forbidden_character",
            Self::BadDomain => "email.bad_domain",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl EmailAddress {
    /// Reads one bare address; white space around it is trimmed.
    ///
    /// # Errors
    /// [`EmailError`], which says what to remove or to add.
    pub fn parse(raw: &str) -> Result<Self, EmailError> {
        match own_key(raw) {
            Some(at) => Ok(Self { raw: raw.to_owned(), key: None, at }),
            None => Self::read(raw),
        }
    }

    /// Reads an address in any spelling.
    fn read(raw: &str) -> Result<Self, EmailError> {
        let raw = raw.trim();
        if raw.is_empty() {
            return Err(EmailError::Empty);
        }
        if raw.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
            return Err(EmailError::MailtoPrefix);
        }
        if raw.contains(['<', '>']) {
            return Err(EmailError::DisplayName);
        }
        if let Some(invisible) = raw.chars().find(|character| is_invisible(*character)) {
            return Err(EmailError::ForbiddenCharacter(invisible));
        }
        if raw.contains(char::is_whitespace) {
            return Err(EmailError::WhiteSpace);
        }
        let (local, domain) = raw.split_once('@').ok_or(EmailError::NoAtSign)?;
        if domain.contains('@') {
            return Err(EmailError::SeveralAtSigns);
        }
        let mut key = mailbox(local)?;
        let domain = ascii_host(domain).ok_or(EmailError::BadDomain)?;
        let at = key.len();
        key.push('@');
        key.push_str(&domain);
        if key.len() > LONGEST || raw.len() > LONGEST {
            return Err(EmailError::TooLong);
        }
        let key = (key != raw).then(|| key.into_boxed_str());
        Ok(Self { raw: raw.to_owned(), key, at })
    }

    /// The address as it was typed, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// The form that all spellings share: lower case, composed, the domain in ASCII.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.raw)
    }

    /// What stands before the `@` of the key.
    #[must_use]
    pub fn local(&self) -> &str {
        self.key().get(..self.at).unwrap_or_default()
    }

    /// What stands after the `@` of the key, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.key().get(self.at + 1..).unwrap_or_default()
    }

    /// The key without plus tags and, at Gmail, without dots: a weak sign that two mailboxes are one.
    ///
    /// Two people can share it at a provider where plus is a letter like others, so never merge by it alone.
    #[must_use]
    pub fn folded_key(&self) -> String {
        let untagged = match self.local().split_once('+') {
            Some((mailbox, _)) if !mailbox.is_empty() => mailbox,
            _ => self.local(),
        };
        if matches!(self.domain(), "gmail.com" | "googlemail.com") {
            return format!("{}@gmail.com", untagged.replace('.', ""));
        }
        format!("{untagged}@{}", self.domain())
    }

    /// Whether Latin, Cyrillic and Greek letters stand together before the `@` or in one label of the domain.
    ///
    /// Nobody needs that to write a name, and it is how one address is made to look like another.
    #[must_use]
    pub fn is_mixed_script(&self) -> bool {
        mixes_scripts(self.local()) || readable_host(self.domain()).split('.').any(mixes_scripts)
    }
}

/// Where the `@` stands in an address that is its own key, as most are; nothing when that takes a closer look.
fn own_key(raw: &str) -> Option<usize> {
    let (local, domain) = raw.split_once('@')?;
    let may_stand = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'+');
    let dotted = local.split('.').all(|part| !part.is_empty());
    let short = local.len() <= LONGEST_LOCAL && raw.len() <= LONGEST;
    (short && dotted && local.bytes().all(may_stand) && is_plain(domain)).then_some(local.len())
}

/// Checks the part before the `@` and brings it into the form in which it is compared.
fn mailbox(raw: &str) -> Result<String, EmailError> {
    if raw.is_empty() {
        return Err(EmailError::NoLocalPart);
    }
    if raw.len() > LONGEST_LOCAL {
        return Err(EmailError::TooLong);
    }
    let local = composed(raw);
    if local.contains('"') {
        return Err(EmailError::QuotedLocalPart);
    }
    if let Some(character) = local.chars().find(|character| !may_stand(*character)) {
        return Err(EmailError::ForbiddenCharacter(character));
    }
    if local.split('.').any(str::is_empty) {
        return Err(EmailError::MisplacedDot);
    }
    if local.is_ascii() {
        return Ok(local.to_ascii_lowercase());
    }
    let local = composed(&local.to_lowercase());
    // Few letters grow in lower case, and the key must be an address by itself.
    if local.len() > LONGEST_LOCAL { Err(EmailError::TooLong) } else { Ok(local) }
}

fn may_stand(character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        _ if character.is_ascii() => "!#$%&'*+-/=?^_`{|}~.".contains(character),
        _ => matches!(
            character.general_category_group(),
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number
        ),
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for EmailAddress {}

impl hash::Hash for EmailAddress {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.raw)
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;
    fn from_str(raw: &str) -> Result<Self, EmailError> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;
    fn try_from(raw: String) -> Result<Self, EmailError> {
        Self::parse(&raw)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, Self::parse)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.raw)
    }
}

#[cfg(test)]
mod tests;
