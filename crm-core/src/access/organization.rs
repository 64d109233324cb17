//! Organizations: the tenants.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::Region;
use crate::kernel::currency::Currency;
use crate::kernel::text::Name;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Kind, Rule, ValueRef};

/// Identifier of an organization. Its record carries the same identifier as its tenant.
pub type OrganizationId = Id<Organization>;

/// The organization's name in addresses: 2 to 40 lower-case letters, digits and inner hyphens; unique everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// An IANA time zone name such as `Europe/Berlin`, by form alone; zones are resolved at the edges.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(String);

/// A slug or zone that can't be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationError {
    /// The slug has a character or length that is not allowed.
    #[error("'{0}' cannot be an organization's slug; use 2 to 40 lower-case letters, digits and inner hyphens")]
    MalformedSlug(String),
    /// The zone does not look like a name of the IANA list.
    #[error("'{0}' is not the name of a time zone; write it like Europe/Berlin, or UTC")]
    MalformedTimeZone(String),
}

impl Rule for OrganizationError {
    fn code(&self) -> &'static str {
        match self {
            Self::MalformedSlug(_) => "organization.malformed_slug",
            Self::MalformedTimeZone(_) => "organization.malformed_time_zone",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Slug {
    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl TryFrom<String> for Slug {
    type Error = OrganizationError;
    fn try_from(slug: String) -> Result<Self, OrganizationError> {
        let sound = (2..=40).contains(&slug.len())
            && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !slug.starts_with('-')
            && !slug.ends_with('-');
        if sound { Ok(Self(slug)) } else { Err(OrganizationError::MalformedSlug(slug.chars().take(60).collect())) }
    }
}
impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}
impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TimeZone {
    /// The zone's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }
}
impl TryFrom<String> for TimeZone {
    type Error = OrganizationError;
    fn try_from(zone: String) -> Result<Self, OrganizationError> {
        let sound = (1..=64).contains(&zone.len())
            && zone.starts_with(|first: char| first.is_ascii_alphabetic())
            && zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+'));
        if sound { Ok(Self(zone)) } else { Err(OrganizationError::MalformedTimeZone(zone.chars().take(80).collect())) }
    }
}
impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Organization {
    /// Name in addresses, unique everywhere, never changed.
    pub slug: Slug,
    /// Name for people.
    pub name: Name,
    /// The currency of amounts that name none.
    pub default_currency: Currency,
    /// Where the organization's days begin and end.
    pub time_zone: TimeZone,
    /// The country that telephone numbers without a country code are read in.
    pub region: Option<Region>,
}

/// What it takes to make an organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// See [`Organization::slug`].
    pub slug: Slug,
    /// See [`Organization::name`].
    pub name: Name,
    /// See [`Organization::default_currency`].
    pub default_currency: Currency,
    /// See [`Organization::time_zone`].
    pub time_zone: TimeZone,
    /// See [`Organization::region`].
    pub region: Option<Region>,
}

impl Organization {
    /// Name in addresses.
    pub const SLUG: Column<Self, String> = Column::required("slug", |row| ValueRef::Text(row.slug.as_str()));
}

impl Entity for Organization {
    const NAME: &'static str = "organization";
    const FIELDS: &'static [Field<Self>] = &[Self::SLUG.field()];
}

/// What happens to organizations.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationEvent {
    /// It was founded.
    Created,
    /// Its settings were changed.
    Changed,
}

impl DomainEvent for OrganizationEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "organization.created",
            Self::Changed => "organization.changed",
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Slug {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text(
            "Short name of an organization: lower-case letters, digits and inner hyphens.",
            "acme",
        )
        .into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Slug {}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for TimeZone {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("Name of a time zone.", "Europe/Berlin").into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for TimeZone {}
