//! The kinds of match keys.

use serde::{Deserialize, Serialize};

/// What kind of evidence a key is, from the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// An e-mail address.
    Email,
    /// A telephone number, in every form under which providers know it.
    Phone,
    /// An identifier in another system, as `source/identifier`.
    External,
    /// An e-mail address without tag and dots: suggests, never proves.
    FoldedEmail,
    /// A company's own registrable domain; never that of a free-mail provider.
    Domain,
    /// A person's initials with the company's name, or with what its domain calls it: `dencormedia/ar`.
    NameCompany,
    /// A person's initials with the town.
    NameCity,
    /// All words of a person's name in alphabetical order.
    Name,
    /// A company's name without its legal form.
    Company,
}

impl KeyKind {
    /// All of them, from the strongest.
    pub const ALL: &'static [Self] = &[
        Self::Email,
        Self::Phone,
        Self::External,
        Self::FoldedEmail,
        Self::Domain,
        Self::NameCompany,
        Self::NameCity,
        Self::Name,
        Self::Company,
    ];

    /// The prefix of keys of this kind.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Email => "email:",
            Self::Phone => "phone:",
            Self::External => "external:",
            Self::FoldedEmail => "folded-email:",
            Self::Domain => "domain:",
            Self::NameCompany => "name-company:",
            Self::NameCity => "name-city:",
            Self::Name => "name:",
            Self::Company => "company:",
        }
    }

    /// The kind of a key, by its prefix.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| key.starts_with(kind.prefix()))
    }

    /// Whether a key of this kind identifies by itself, so that few records ever share one.
    #[must_use]
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::Email | Self::Phone | Self::External | Self::FoldedEmail)
    }

    /// How many keys of this kind a record may have; further ones are left out.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            // Those of the most addresses that a record may have, each number with its variants.
            Self::Email | Self::FoldedEmail => 24,
            Self::Phone => 48,
            Self::Domain => 5,
            Self::External => 3,
            Self::NameCompany => 6,
            Self::NameCity | Self::Name | Self::Company => 1,
        }
    }
}
