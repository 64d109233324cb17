//! The contact itself.

use serde::{Deserialize, Serialize};

use super::account::{Account, AccountId};
use super::point::{ContactPoint, NewContactPoint, PointValue};
use crate::access::{Member, MemberId};
use crate::event::{Change, changes};
use crate::identity::{CompanyName, KeySet, PersonName};
use crate::kernel::text::Line;
use crate::kernel::{
    Column, CustomColumn, CustomValues, DomainEvent, Entity, Explanation, Field, Id, Kind, Patch, Reference, Rule,
    Stored, TagsColumn, ValueRef,
};
use crate::kernel::{Name, Note, Tag};

/// Identifier of a contact.
pub type ContactId = Id<Contact>;

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contact {
    /// Given name.
    pub first_name: Option<Name>,
    /// Family name.
    pub last_name: Option<Name>,
    /// What they do.
    pub job_title: Option<Name>,
    /// Where in the company.
    pub department: Option<Name>,
    /// The company they work for.
    pub account_id: Option<AccountId>,
    /// Town.
    pub city: Option<Name>,
    /// Country, as given.
    pub country: Option<Name>,
    /// Who is responsible.
    pub owner_id: Option<MemberId>,
    /// Where the contact came from first.
    pub source: Option<Name>,
    /// The campaign that it came through first.
    pub campaign: Option<Name>,
    /// They do not want to be written to, at whatever address.
    pub do_not_email: bool,
    /// They do not want to be called, at whatever number.
    pub do_not_call: bool,
    /// Tags, sorted, without doubles.
    pub tags: Vec<Tag>,
    /// The tenant's own fields.
    pub custom: CustomValues,
    /// Anything else.
    pub note: Option<Note>,
}

/// What it takes to make a contact. At least a name, an address or a number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the contact")]
pub struct NewContact {
    pub first_name: Option<Name>,
    pub last_name: Option<Name>,
    pub job_title: Option<Name>,
    pub department: Option<Name>,
    pub account_id: Option<AccountId>,
    pub city: Option<Name>,
    pub country: Option<Name>,
    pub owner_id: Option<MemberId>,
    pub source: Option<Name>,
    pub campaign: Option<Name>,
    pub tags: Vec<Tag>,
    pub custom: CustomValues,
    pub note: Option<Note>,
    /// Addresses and numbers; the first of each kind is its primary.
    pub points: Vec<NewContactPoint>,
}

/// A change to a contact. What is absent stays, what is `null` is emptied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the contact")]
pub struct ContactPatch {
    pub first_name: Patch<Name>,
    pub last_name: Patch<Name>,
    pub job_title: Patch<Name>,
    pub department: Patch<Name>,
    pub account_id: Patch<AccountId>,
    pub city: Patch<Name>,
    pub country: Patch<Name>,
    pub owner_id: Patch<MemberId>,
    pub source: Patch<Name>,
    pub campaign: Patch<Name>,
    pub do_not_email: Option<bool>,
    pub do_not_call: Option<bool>,
    pub tags: Option<Vec<Tag>>,
    pub custom: Option<CustomValues>,
    pub note: Patch<Note>,
}

/// What a contact refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactRefusal {
    /// Nothing tells who it is.
    #[error("a contact needs at least a name, an e-mail address or a telephone number")]
    Anonymous,
    /// The contact has the address or number already.
    #[error("the contact has '{0}' already; give another, or change the one that is there")]
    PointTwice(String),
}

impl Rule for ContactRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Anonymous => "contact.anonymous",
            Self::PointTwice(_) => "contact.point_twice",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Anonymous => Kind::Invalid,
            Self::PointTwice(_) => Kind::Conflict,
        }
    }
}

impl Contact {
    /// A new contact and its addresses and numbers. Doubles among these are dropped.
    ///
    /// # Errors
    /// `Anonymous`.
    pub fn new(id: ContactId, new: NewContact) -> Result<(Self, Vec<ContactPoint>), ContactRefusal> {
        let mut points: Vec<ContactPoint> = Vec::new();
        for point in new.points {
            let kind = point.value.kind();
            let known = points.iter().any(|own| own.kind == kind && own.value.key() == point.value.key());
            if !known {
                let primary = !points.iter().any(|own| own.kind == kind);
                points.push(ContactPoint::new(id, point, primary));
            }
        }
        let contact = Self {
            first_name: new.first_name,
            last_name: new.last_name,
            job_title: new.job_title,
            department: new.department,
            account_id: new.account_id,
            city: new.city,
            country: new.country,
            owner_id: new.owner_id,
            source: new.source,
            campaign: new.campaign,
            do_not_email: false,
            do_not_call: false,
            tags: new.tags,
            custom: new.custom,
            note: new.note,
        };
        contact.check_known(points.len())?;
        Ok((contact.sorted(), points))
    }

    /// Checks that something tells who it is: a name, or one of its addresses and numbers.
    ///
    /// # Errors
    /// `Anonymous`.
    pub(super) fn check_known(&self, points: usize) -> Result<(), ContactRefusal> {
        let known = self.first_name.is_some() || self.last_name.is_some() || points > 0;
        if known { Ok(()) } else { Err(ContactRefusal::Anonymous) }
    }

    /// Changes fields; nothing, when the patch changes nothing.
    pub fn change(&mut self, patch: ContactPatch) -> Option<ContactEvent> {
        let before = self.clone();
        patch.first_name.apply(&mut self.first_name);
        patch.last_name.apply(&mut self.last_name);
        patch.job_title.apply(&mut self.job_title);
        patch.department.apply(&mut self.department);
        patch.account_id.apply(&mut self.account_id);
        patch.city.apply(&mut self.city);
        patch.country.apply(&mut self.country);
        patch.owner_id.apply(&mut self.owner_id);
        patch.source.apply(&mut self.source);
        patch.campaign.apply(&mut self.campaign);
        patch.note.apply(&mut self.note);
        self.do_not_email = patch.do_not_email.unwrap_or(self.do_not_email);
        self.do_not_call = patch.do_not_call.unwrap_or(self.do_not_call);
        if let Some(tags) = patch.tags {
            self.tags = tags;
        }
        if let Some(custom) = patch.custom {
            self.custom = custom;
        }
        *self = self.clone().sorted();
        let changes = changes(&before, self);
        (!changes.is_empty()).then_some(ContactEvent::Changed { changes })
    }

    /// The keys under which the contact is found, `company` being the name of its account.
    #[must_use]
    pub fn keys<'p>(&self, points: impl IntoIterator<Item = &'p ContactPoint>, company: Option<&Name>) -> KeySet {
        let keys = points.into_iter().fold(KeySet::default(), |keys, point| match &point.value {
            PointValue::Email(email) => keys.email(email),
            PointValue::Phone(phone) => keys.phone(phone),
        });
        let company = CompanyName::new(company.map_or("", |name| name.as_str()));
        keys.person(&self.person_name(), &company, self.city.as_deref())
    }

    /// The name as it is compared.
    #[must_use]
    pub fn person_name(&self) -> PersonName {
        PersonName::new(self.first_name.as_deref(), self.last_name.as_deref())
    }

    /// Given and family name as one, empty when there is neither.
    #[must_use]
    pub fn full_name(&self) -> String {
        let names = self.first_name.iter().chain(&self.last_name);
        names.map(Name::as_str).collect::<Vec<_>>().join(" ")
    }

    fn sorted(mut self) -> Self {
        self.tags.sort();
        self.tags.dedup();
        self
    }
}

fn text<T: AsRef<str>>(value: Option<&T>) -> ValueRef<'_> {
    value.map_or(ValueRef::Absent, |value| ValueRef::Text(value.as_ref()))
}

#[expect(missing_docs, reason = "each column is the field of the contact with its name")]
impl Contact {
    pub const FIRST_NAME: Column<Self, String> =
        Column::optional("first_name", |row| text(row.value.first_name.as_ref()));
    pub const LAST_NAME: Column<Self, String> = Column::optional("last_name", |row| text(row.value.last_name.as_ref()));
    pub const JOB_TITLE: Column<Self, String> = Column::optional("job_title", |row| text(row.value.job_title.as_ref()));
    pub const DEPARTMENT: Column<Self, String> =
        Column::optional("department", |row| text(row.value.department.as_ref()));
    pub const ACCOUNT_ID: Column<Self, AccountId> = Column::optional_indexed("account_id", |row| {
        row.account_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
    pub const CITY: Column<Self, String> = Column::optional("city", |row| text(row.value.city.as_ref()));
    pub const COUNTRY: Column<Self, String> = Column::optional("country", |row| text(row.value.country.as_ref()));
    pub const OWNER_ID: Column<Self, MemberId> = Column::optional_indexed("owner_id", |row| {
        row.owner_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
    pub const SOURCE: Column<Self, String> = Column::optional("source", |row| text(row.value.source.as_ref()));
    pub const CAMPAIGN: Column<Self, String> = Column::optional("campaign", |row| text(row.value.campaign.as_ref()));
    pub const TAGS: TagsColumn<Self> = TagsColumn::new(|row: &Stored<Self>| ValueRef::Tags(&row.value.tags));
    pub const CUSTOM: CustomColumn<Self> = CustomColumn::new(|row: &Stored<Self>| ValueRef::Custom(&row.value.custom));
}

impl Entity for Contact {
    const NAME: &'static str = "contact";
    const FIELDS: &'static [Field<Self>] = &[
        Self::FIRST_NAME.field(),
        Self::LAST_NAME.field(),
        Self::JOB_TITLE.field(),
        Self::DEPARTMENT.field(),
        Self::ACCOUNT_ID.field(),
        Self::CITY.field(),
        Self::COUNTRY.field(),
        Self::OWNER_ID.field(),
        Self::SOURCE.field(),
        Self::CAMPAIGN.field(),
        Self::TAGS.field(),
        Self::CUSTOM.field(),
    ];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "account_id", target: Account::NAME, read: |contact| contact.account_id.map(Id::uuid) },
        Reference { column: "owner_id", target: Member::NAME, read: |contact| contact.owner_id.map(Id::uuid) },
    ];
}

/// What happens to contacts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactEvent {
    /// It was made.
    Created,
    /// Its fields were changed.
    Changed {
        /// Which, from what to what.
        changes: Vec<Change>,
    },
    /// An address or number was added.
    PointAdded(PointValue),
    /// An address or number was removed.
    PointRemoved(PointValue),
    /// Another address or number is the first to use.
    PrimaryChanged(PointValue),
    /// They do not want to be reached there any more, or want to again.
    OptedOut {
        /// Where.
        point: PointValue,
        /// Whether they do not want to.
        opted_out: bool,
    },
    /// They can't be reached there, or can again: mail bounces, the number is dead.
    MarkedInvalid {
        /// Where.
        point: PointValue,
        /// Whether they can't.
        invalid: bool,
    },
    /// Their data came from a lead.
    Enriched {
        /// Which fields, from what to what.
        changes: Vec<Change>,
    },
    /// They came by again through some marketing.
    Touched {
        /// Where from.
        source: Option<Line<200>>,
        /// Why it is them.
        why: Explanation,
    },
    /// It was removed.
    Deleted,
}

impl DomainEvent for ContactEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "contact.created",
            Self::Changed { .. } => "contact.changed",
            Self::PointAdded(_) => "contact.point_added",
            Self::PointRemoved(_) => "contact.point_removed",
            Self::PrimaryChanged(_) => "contact.primary_changed",
            Self::OptedOut { .. } => "contact.opted_out",
            Self::MarkedInvalid { .. } => "contact.marked_invalid",
            Self::Enriched { .. } => "contact.enriched",
            Self::Touched { .. } => "contact.touched",
            Self::Deleted => "contact.deleted",
        }
    }
}
