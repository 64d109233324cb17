//! The addresses and numbers of a contact.

use serde::{Deserialize, Serialize};

use super::contact::{Contact, ContactId};
use crate::kernel::email::EmailAddress;
use crate::kernel::phone::PhoneNumber;
use crate::kernel::text::Label;
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Reference, Stored, Value, ValueRef};

/// Identifier of an address or number.
pub type ContactPointId = Id<ContactPoint>;

/// Whether it is written to or called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
}

impl PointKind {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

/// An address or a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PointValue {
    /// An e-mail address.
    Email(EmailAddress),
    /// A telephone number.
    Phone(PhoneNumber),
}

impl PointValue {
    /// Whether it is written to or called.
    #[must_use]
    pub const fn kind(&self) -> PointKind {
        match self {
            Self::Email(_) => PointKind::Email,
            Self::Phone(_) => PointKind::Phone,
        }
    }
    /// The form in which two of them are the same.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Email(email) => email.key(),
            Self::Phone(phone) => phone.key(),
        }
    }
}

/// An address or number of a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactPoint {
    /// Whose it is.
    pub contact_id: ContactId,
    /// Whether it is written to or called.
    pub kind: PointKind,
    /// The form in which two of them are the same.
    pub(super) key: String,
    /// The address or number.
    pub value: PointValue,
    /// `work`, `home`, `mobile` …
    pub label: Option<Label>,
    /// Its own kind when it is the first to use of that kind, else nothing.
    pub(super) primary_for: Option<PointKind>,
    /// They do not want to be reached here.
    pub opted_out: bool,
    /// It does not work: mail bounces, the number is dead.
    pub invalid: bool,
}

/// What it takes to add an address or number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewContactPoint {
    /// The address or number.
    pub value: PointValue,
    /// `work`, `home`, `mobile` …
    #[serde(default)]
    pub label: Option<Label>,
}

impl ContactPoint {
    /// Whose it is.
    pub const CONTACT: Column<Self, ContactId> =
        Column::required_key("contact_id", |row| ValueRef::Uuid(row.contact_id.uuid()));

    pub(super) fn new(contact_id: ContactId, new: NewContactPoint, primary: bool) -> Self {
        let kind = new.value.kind();
        Self {
            contact_id,
            kind,
            key: new.value.key().to_owned(),
            value: new.value,
            label: new.label,
            primary_for: primary.then_some(kind),
            opted_out: false,
            invalid: false,
        }
    }

    /// Further points for a contact that has some: the first of a kind that it lacks becomes the primary.
    pub(crate) fn beside(contact_id: ContactId, held: &[Stored<Self>], further: Vec<NewContactPoint>) -> Vec<Self> {
        let mut added: Vec<Self> = Vec::new();
        for new in further {
            let kind = new.value.kind();
            let all = || held.iter().map(|point| &point.value).chain(&added).filter(|point| point.kind == kind);
            if !all().any(|point| point.value.key() == new.value.key()) {
                let primary = all().next().is_none();
                added.push(Self::new(contact_id, new, primary));
            }
        }
        added
    }

    /// Whether it is the first to use of its kind.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.primary_for.is_some()
    }
}

impl Entity for ContactPoint {
    const NAME: &'static str = "contact_point";
    const FIELDS: &'static [Field<Self>] = &[Self::CONTACT.field()];
    const UNIQUE: &'static [Key<Self>] = &[
        Key {
            name: "value",
            columns: &["contact_id", "kind", "key"],
            read: |point| {
                let kind = Value::Text(point.kind.as_str().to_owned());
                Some(vec![Value::Uuid(point.contact_id.uuid()), kind, Value::Text(point.key.clone())])
            },
        },
        Key {
            name: "primary",
            columns: &["contact_id", "primary_for"],
            read: |point| {
                let kind = Value::Text(point.primary_for?.as_str().to_owned());
                Some(vec![Value::Uuid(point.contact_id.uuid()), kind])
            },
        },
    ];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "contact_id", target: Contact::NAME, read: |point| Some(point.contact_id.uuid()) }];
}
impl Part for ContactPoint {}
