//! What a column may be: the fields of a lead or an account.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::refusal::ImportRefusal;
use crate::identity::RecordKind;
use crate::kernel::CustomKey;

/// What an import makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Leads, through intake.
    Leads,
    /// Accounts, matched by domain or name.
    Accounts,
}

/// The most numbered addresses or numbers of one row.
const MOST_NUMBERED: u8 = 20;

/// What the cells of a column are. Written as `first_name`, `email`, `email_2`, `custom.region`, `ignore` …
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[expect(missing_docs, reason = "most names are those of the record's fields")]
pub enum Target {
    /// Nothing; the column is not read.
    Ignore,
    FirstName,
    LastName,
    /// Given and family name in one cell: `Ada Lovelace`, or `Lovelace, Ada`.
    FullName,
    Company,
    /// An account's name.
    Name,
    JobTitle,
    /// An address; the lowest number is the one to write to.
    Email(u8),
    /// Further addresses in one cell, separated by `;` or `,`.
    OtherEmails,
    /// A number; the lowest is the one to call.
    Phone(u8),
    /// Further numbers in one cell, separated by `;`.
    OtherPhones,
    Website,
    Industry,
    EmployeeCount,
    /// An account's yearly revenue, an amount of money.
    AnnualRevenue,
    City,
    Country,
    Source,
    Campaign,
    /// A state, or the tenant's own name for one. Given to new records only: an import never moves a known one.
    Status,
    /// A member, by address or name.
    Owner,
    /// Tags separated by `;` or `,`.
    Tags,
    Note,
    /// The record's identifier where it comes from.
    ExternalId,
    /// A field of the tenant's own.
    Custom(CustomKey),
}

const PLAIN: &[(&str, Target)] = &[
    ("ignore", Target::Ignore),
    ("first_name", Target::FirstName),
    ("last_name", Target::LastName),
    ("full_name", Target::FullName),
    ("company", Target::Company),
    ("name", Target::Name),
    ("job_title", Target::JobTitle),
    ("email", Target::Email(1)),
    ("other_emails", Target::OtherEmails),
    ("phone", Target::Phone(1)),
    ("other_phones", Target::OtherPhones),
    ("website", Target::Website),
    ("industry", Target::Industry),
    ("employee_count", Target::EmployeeCount),
    ("annual_revenue", Target::AnnualRevenue),
    ("city", Target::City),
    ("country", Target::Country),
    ("source", Target::Source),
    ("campaign", Target::Campaign),
    ("status", Target::Status),
    ("owner", Target::Owner),
    ("tags", Target::Tags),
    ("note", Target::Note),
    ("external_id", Target::ExternalId),
];

impl ImportKind {
    /// The kind of record that it makes.
    #[must_use]
    pub const fn record(self) -> RecordKind {
        match self {
            Self::Leads => RecordKind::Lead,
            Self::Accounts => RecordKind::Account,
        }
    }

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Accounts => "accounts",
        }
    }

    /// Whether its records have such a field.
    #[must_use]
    pub const fn has(self, target: &Target) -> bool {
        use Target as T;
        match target {
            T::Ignore
            | T::Phone(1)
            | T::Website
            | T::Industry
            | T::EmployeeCount
            | T::City
            | T::Country
            | T::Source
            | T::Status
            | T::Owner
            | T::Tags
            | T::Note
            | T::Custom(_) => true,
            T::Name | T::AnnualRevenue => matches!(self, Self::Accounts),
            T::FirstName
            | T::LastName
            | T::FullName
            | T::Company
            | T::JobTitle
            | T::Email(_)
            | T::OtherEmails
            | T::Phone(_)
            | T::OtherPhones
            | T::Campaign
            | T::ExternalId => matches!(self, Self::Leads),
        }
    }

    /// The names of all fields that it can fill, without custom ones and further numbers.
    pub fn targets(self) -> impl Iterator<Item = &'static str> {
        PLAIN.iter().filter(move |(_, target)| self.has(target)).map(|(name, _)| *name)
    }
}

impl Target {
    /// Whether several columns may fill it.
    #[must_use]
    pub const fn takes_many(&self) -> bool {
        matches!(self, Self::Ignore | Self::OtherEmails | Self::OtherPhones | Self::Tags | Self::Note)
    }

    /// The same address or number under another count, up to twenty.
    pub(super) fn numbered(&self, number: u32) -> Option<Self> {
        let number = u8::try_from(number).ok().filter(|number| (1..=MOST_NUMBERED).contains(number))?;
        match self {
            Self::Email(_) => Some(Self::Email(number)),
            Self::Phone(_) => Some(Self::Phone(number)),
            _ => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = PLAIN.iter().find(|(_, target)| target == self) {
            return f.write_str(name);
        }
        match self {
            Self::Email(number) => write!(f, "email_{number}"),
            Self::Phone(number) => write!(f, "phone_{number}"),
            Self::Custom(key) => write!(f, "custom.{key}"),
            _ => f.write_str("ignore"),
        }
    }
}

impl FromStr for Target {
    type Err = ImportRefusal;

    fn from_str(text: &str) -> Result<Self, ImportRefusal> {
        let unknown = || ImportRefusal::UnknownTarget(text.chars().take(80).collect());
        if let Some((_, target)) = PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(target.clone());
        }
        if let Some(key) = text.strip_prefix("custom.") {
            return key.parse().map(Self::Custom).map_err(|_| unknown());
        }
        let (name, number) = text.rsplit_once('_').ok_or_else(unknown)?;
        let target = match name {
            "email" => Self::Email(1),
            "phone" => Self::Phone(1),
            _ => return Err(unknown()),
        };
        number.parse().ok().and_then(|number| target.numbered(number)).ok_or_else(unknown)
    }
}

impl TryFrom<String> for Target {
    type Error = ImportRefusal;
    fn try_from(text: String) -> Result<Self, ImportRefusal> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Target {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("A field: first_name, email, email_2, custom.KEY, ignore …", "email").into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Target {
    fn name() -> std::borrow::Cow<'static, str> {
        "ImportTarget".into()
    }
}
