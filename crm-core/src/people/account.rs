//! The account itself, and its domains.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::{Member, MemberId};
use crate::event::{Change, changes};
use crate::identity::{CompanyName, KeySet};
use crate::kernel::currency::Currency;
use crate::kernel::money::Money;
use crate::kernel::phone::PhoneNumber;
use crate::kernel::text::Line;
use crate::kernel::{
    Column, CustomColumn, CustomValues, DomainEvent, Entity, Explanation, Field, Id, Key, Kind, Part, Patch, Reference,
    Rule, Stored, TagsColumn, Value, ValueRef,
};
use crate::kernel::{Domain, Website};
use crate::kernel::{Name, Note, Tag};

/// Identifier of an account.
pub type AccountId = Id<Account>;

/// Where an account stands with us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// May become a customer.
    #[default]
    Prospect,
    /// Is one.
    Active,
    /// Was one.
    Inactive,
}

impl AccountStatus {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prospect => "prospect",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// A company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Name.
    pub name: Name,
    /// The company that it belongs to.
    pub parent_id: Option<AccountId>,
    /// Website.
    pub website: Option<Website>,
    /// The number to call.
    pub phone: Option<PhoneNumber>,
    /// Industry.
    pub industry: Option<Name>,
    /// How many people it employs.
    pub employee_count: Option<i64>,
    /// What it turns over in a year, in minor units of `revenue_currency`.
    pub annual_revenue_minor: Option<i64>,
    /// Currency of the revenue; present when the revenue is.
    pub revenue_currency: Option<Currency>,
    /// Town.
    pub city: Option<Name>,
    /// Country, as given.
    pub country: Option<Name>,
    /// Where it stands with us.
    pub status: AccountStatus,
    /// Who is responsible.
    pub owner_id: Option<MemberId>,
    /// Where it came from first.
    pub source: Option<Name>,
    /// Tags, sorted, without doubles.
    pub tags: Vec<Tag>,
    /// The tenant's own fields.
    pub custom: CustomValues,
    /// Anything else.
    pub note: Option<Note>,
}

/// What it takes to make an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the account")]
pub struct NewAccount {
    pub name: Name,
    #[serde(default)]
    pub parent_id: Option<AccountId>,
    #[serde(default)]
    pub website: Option<Website>,
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    #[serde(default)]
    pub industry: Option<Name>,
    #[serde(default)]
    pub employee_count: Option<i64>,
    #[serde(default)]
    pub annual_revenue: Option<Money>,
    #[serde(default)]
    pub city: Option<Name>,
    #[serde(default)]
    pub country: Option<Name>,
    #[serde(default)]
    pub status: AccountStatus,
    #[serde(default)]
    pub owner_id: Option<MemberId>,
    #[serde(default)]
    pub source: Option<Name>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    #[serde(default)]
    pub custom: CustomValues,
    #[serde(default)]
    pub note: Option<Note>,
    /// Domains besides that of the website.
    #[serde(default)]
    pub domains: Vec<Domain>,
}

impl NewAccount {
    /// An account of which only the name is known.
    #[must_use]
    pub fn named(name: Name) -> Self {
        Self {
            name,
            parent_id: None,
            website: None,
            phone: None,
            industry: None,
            employee_count: None,
            annual_revenue: None,
            city: None,
            country: None,
            status: AccountStatus::Prospect,
            owner_id: None,
            source: None,
            tags: Vec::new(),
            custom: CustomValues::default(),
            note: None,
            domains: Vec::new(),
        }
    }
}

/// A change to an account. What is absent stays, what is `null` is emptied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the account")]
pub struct AccountPatch {
    pub name: Option<Name>,
    pub website: Patch<Website>,
    pub phone: Patch<PhoneNumber>,
    pub industry: Patch<Name>,
    pub employee_count: Patch<i64>,
    pub annual_revenue: Patch<Money>,
    pub city: Patch<Name>,
    pub country: Patch<Name>,
    pub status: Option<AccountStatus>,
    pub owner_id: Patch<MemberId>,
    pub source: Patch<Name>,
    pub tags: Option<Vec<Tag>>,
    pub custom: Option<CustomValues>,
    pub note: Patch<Note>,
}

/// What an account refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    /// A company can't employ fewer than nobody.
    #[error("the employee count {0} is negative; give 0 or more")]
    NegativeEmployeeCount(i64),
    /// Everybody can have an address there.
    #[error("at '{0}' anybody can have an address, so it cannot be a company's domain; leave it out")]
    FreeMailDomain(Domain),
    /// It would belong to itself.
    #[error("account {child} cannot belong to account {parent}, which belongs to it; move {parent} out first")]
    Cycle {
        /// The account to move.
        child: AccountId,
        /// Where it should go.
        parent: AccountId,
    },
}

impl Rule for AccountRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NegativeEmployeeCount(_) => "account.negative_employee_count",
            Self::FreeMailDomain(_) => "account.free_mail_domain",
            Self::Cycle { .. } => "account.cycle",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::NegativeEmployeeCount(_) | Self::FreeMailDomain(_) => Kind::Invalid,
            Self::Cycle { .. } => Kind::Conflict,
        }
    }
}

impl Account {
    /// A new account and its domains: that of its website and those that were named, without doubles.
    ///
    /// # Errors
    /// `NegativeEmployeeCount`.
    pub fn new(new: NewAccount) -> Result<(Self, Vec<Domain>), AccountRefusal> {
        let website = new.website.as_ref().and_then(Website::registrable_domain);
        let domains: BTreeSet<Domain> =
            website.into_iter().chain(new.domains).filter(|domain| !domain.is_free_mail()).collect();
        let account = Self {
            name: new.name,
            parent_id: new.parent_id,
            website: new.website,
            phone: new.phone,
            industry: new.industry,
            employee_count: new.employee_count,
            annual_revenue_minor: new.annual_revenue.map(Money::minor),
            revenue_currency: new.annual_revenue.map(Money::currency),
            city: new.city,
            country: new.country,
            status: new.status,
            owner_id: new.owner_id,
            source: new.source,
            tags: new.tags,
            custom: new.custom,
            note: new.note,
        };
        Ok((account.checked()?, domains.into_iter().collect()))
    }

    /// The domain of its website; none when the site is at a domain where anybody can have an address.
    #[must_use]
    pub fn website_domain(&self) -> Option<Domain> {
        let domain = self.website.as_ref().and_then(Website::registrable_domain);
        domain.filter(|domain| !domain.is_free_mail())
    }

    /// What the company turns over in a year.
    #[must_use]
    pub fn annual_revenue(&self) -> Option<Money> {
        Some(Money::new(self.annual_revenue_minor?, self.revenue_currency?))
    }

    /// Changes fields; nothing, when the patch changes nothing.
    ///
    /// # Errors
    /// `NegativeEmployeeCount`; then nothing is changed.
    pub fn change(&mut self, patch: AccountPatch) -> Result<Option<AccountEvent>, AccountRefusal> {
        let mut next = self.clone();
        next.name = patch.name.unwrap_or(next.name);
        patch.website.apply(&mut next.website);
        patch.phone.apply(&mut next.phone);
        patch.industry.apply(&mut next.industry);
        patch.employee_count.apply(&mut next.employee_count);
        let mut revenue = next.annual_revenue();
        patch.annual_revenue.apply(&mut revenue);
        next.annual_revenue_minor = revenue.map(Money::minor);
        next.revenue_currency = revenue.map(Money::currency);
        patch.city.apply(&mut next.city);
        patch.country.apply(&mut next.country);
        patch.owner_id.apply(&mut next.owner_id);
        patch.source.apply(&mut next.source);
        patch.note.apply(&mut next.note);
        next.status = patch.status.unwrap_or(next.status);
        next.tags = patch.tags.unwrap_or(next.tags);
        next.custom = patch.custom.unwrap_or(next.custom);
        let next = next.checked()?;
        let changes = changes(self, &next);
        *self = next;
        Ok((!changes.is_empty()).then_some(AccountEvent::Changed { changes }))
    }

    /// The keys under which the account is found.
    #[must_use]
    pub fn keys<'d>(&self, domains: impl IntoIterator<Item = &'d Domain>) -> KeySet {
        let mut keys = KeySet::default().company(&CompanyName::new(&self.name));
        if let Some(phone) = &self.phone {
            keys = keys.phone(phone);
        }
        domains.into_iter().fold(keys, KeySet::domain)
    }

    fn checked(mut self) -> Result<Self, AccountRefusal> {
        if let Some(count) = self.employee_count.filter(|count| *count < 0) {
            return Err(AccountRefusal::NegativeEmployeeCount(count));
        }
        self.tags.sort();
        self.tags.dedup();
        Ok(self)
    }
}

fn text<T: AsRef<str>>(value: Option<&T>) -> ValueRef<'_> {
    value.map_or(ValueRef::Absent, |value| ValueRef::Text(value.as_ref()))
}

fn integer(value: Option<i64>) -> ValueRef<'static> {
    value.map_or(ValueRef::Absent, ValueRef::Integer)
}

#[expect(missing_docs, reason = "each column is the field of the account with its name")]
impl Account {
    pub const NAME_FIELD: Column<Self, String> =
        Column::required_indexed("name", |row| ValueRef::Text(row.name.as_str()));
    pub const PARENT_ID: Column<Self, AccountId> = Column::optional_indexed("parent_id", |row| {
        row.parent_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
    pub const INDUSTRY: Column<Self, String> = Column::optional("industry", |row| text(row.value.industry.as_ref()));
    pub const EMPLOYEE_COUNT: Column<Self, i64> = Column::optional("employee_count", |row| integer(row.employee_count));
    pub const ANNUAL_REVENUE: Column<Self, i64> =
        Column::optional("annual_revenue_minor", |row| integer(row.annual_revenue_minor));
    pub const CITY: Column<Self, String> = Column::optional("city", |row| text(row.value.city.as_ref()));
    pub const COUNTRY: Column<Self, String> = Column::optional("country", |row| text(row.value.country.as_ref()));
    pub const STATUS: Column<Self, String> = Column::required("status", |row| ValueRef::Text(row.status.as_str()));
    pub const OWNER_ID: Column<Self, MemberId> = Column::optional_indexed("owner_id", |row| {
        row.owner_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
    pub const SOURCE: Column<Self, String> = Column::optional("source", |row| text(row.value.source.as_ref()));
    pub const TAGS: TagsColumn<Self> = TagsColumn::new(|row: &Stored<Self>| ValueRef::Tags(&row.value.tags));
    pub const CUSTOM: CustomColumn<Self> = CustomColumn::new(|row: &Stored<Self>| ValueRef::Custom(&row.value.custom));
}

impl Entity for Account {
    const NAME: &'static str = "account";
    const FIELDS: &'static [Field<Self>] = &[
        Self::NAME_FIELD.field(),
        Self::PARENT_ID.field(),
        Self::INDUSTRY.field(),
        Self::EMPLOYEE_COUNT.field(),
        Self::ANNUAL_REVENUE.field(),
        Self::CITY.field(),
        Self::COUNTRY.field(),
        Self::STATUS.field(),
        Self::OWNER_ID.field(),
        Self::SOURCE.field(),
        Self::TAGS.field(),
        Self::CUSTOM.field(),
    ];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "parent_id", target: "account", read: |account| account.parent_id.map(Id::uuid) },
        Reference { column: "owner_id", target: Member::NAME, read: |account| account.owner_id.map(Id::uuid) },
    ];
}

/// That a domain belongs to an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountDomain {
    /// Whose it is.
    pub account_id: AccountId,
    /// The registrable domain, unique within the organization.
    pub domain: Domain,
}

impl AccountDomain {
    /// Whose it is.
    pub const ACCOUNT: Column<Self, AccountId> =
        Column::required_key("account_id", |row| ValueRef::Uuid(row.account_id.uuid()));
    /// The registrable domain.
    pub const DOMAIN: Column<Self, String> = Column::required_key("domain", |row| ValueRef::Text(row.domain.as_str()));
}

impl Entity for AccountDomain {
    const NAME: &'static str = "account_domain";
    const FIELDS: &'static [Field<Self>] = &[Self::ACCOUNT.field(), Self::DOMAIN.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "domain",
        columns: &["domain"],
        read: |row| Some(vec![Value::Text(row.domain.as_str().to_owned())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "account_id", target: Account::NAME, read: |row| Some(row.account_id.uuid()) }];
}
impl Part for AccountDomain {}

/// What happens to accounts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEvent {
    /// It was made.
    Created,
    /// Its fields were changed.
    Changed {
        /// Which, from what to what.
        changes: Vec<Change>,
    },
    /// Its data came from a lead.
    Enriched {
        /// Which fields, from what to what.
        changes: Vec<Change>,
    },
    /// It belongs to another account now, or to none.
    Moved {
        /// Where it was.
        from: Option<AccountId>,
        /// Where it is.
        to: Option<AccountId>,
    },
    /// A domain was added.
    DomainAdded(Domain),
    /// A domain was removed.
    DomainRemoved(Domain),
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

impl DomainEvent for AccountEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "account.created",
            Self::Changed { .. } => "account.changed",
            Self::Enriched { .. } => "account.enriched",
            Self::Moved { .. } => "account.moved",
            Self::DomainAdded(_) => "account.domain_added",
            Self::DomainRemoved(_) => "account.domain_removed",
            Self::Touched { .. } => "account.touched",
            Self::Deleted => "account.deleted",
        }
    }
}
