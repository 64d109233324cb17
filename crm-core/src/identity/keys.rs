//! Match keys and the sets of them that records have.

use std::collections::BTreeSet;
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::fold::folded;
use super::kind::KeyKind;
use super::name::{CompanyName, PersonName, domain_label};
use super::record::{RecordKind, RecordRef};
use crate::kernel::email::EmailAddress;
use crate::kernel::phone::PhoneNumber;
use crate::kernel::{Column, Entity, Field, Part, Result, ValueRef};
use crate::kernel::{Domain, Website};
use crate::store::UnitOfWork;

/// The most characters of a key behind its prefix.
const LONGEST: usize = 380;

/// That a record is known by a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchKey {
    /// The key with its prefix, at most 400 characters.
    pub key: String,
    /// Kind of the record.
    pub record_kind: RecordKind,
    /// The record.
    pub record_id: Uuid,
}

impl MatchKey {
    /// The key with its prefix.
    pub const KEY: Column<Self, String> = Column::required_key("key", |row| ValueRef::Text(&row.value.key));
    /// Kind of the record.
    pub const RECORD_KIND: Column<Self, String> =
        Column::required("record_kind", |row| ValueRef::Text(row.record_kind.as_str()));
    /// The record.
    pub const RECORD: Column<Self, Uuid> = Column::required_key("record_id", |row| ValueRef::Uuid(row.record_id));

    /// The record that is known by it.
    #[must_use]
    pub fn record(&self) -> RecordRef {
        RecordRef { kind: self.record_kind, id: self.record_id }
    }
}

impl Entity for MatchKey {
    const NAME: &'static str = "match_key";
    const FIELDS: &'static [Field<Self>] = &[Self::KEY.field(), Self::RECORD_KIND.field(), Self::RECORD.field()];
}
impl Part for MatchKey {}

/// The keys of one record, collected from what it holds: at most [`KeyKind::most`] of each kind, the first ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(BTreeSet<String>);

impl KeySet {
    /// Adds the keys of an address.
    #[must_use]
    pub fn email(mut self, email: &EmailAddress) -> Self {
        self.put(KeyKind::Email, email.key());
        // Plain addresses too, so that the plain one finds the tagged one and the other way round.
        self.put(KeyKind::FoldedEmail, &email.folded_key());
        match Domain::of_email(email) {
            Some(domain) => self.domain(&domain),
            None => self,
        }
    }

    /// Adds the keys of a telephone number, one for each form that providers know it by.
    #[must_use]
    pub fn phone(mut self, phone: &PhoneNumber) -> Self {
        let variants = phone.variants();
        // All forms of a number or none: one alone would find only half of those who have it.
        if self.of_kind(KeyKind::Phone).count() + variants.len() <= KeyKind::Phone.most() {
            for variant in variants {
                self.put(KeyKind::Phone, &variant);
            }
        }
        self
    }

    /// Adds the key of a website's registrable domain.
    #[must_use]
    pub fn website(self, website: &Website) -> Self {
        match website.registrable_domain() {
            Some(domain) => self.domain(&domain),
            None => self,
        }
    }

    /// Adds the key of a domain, unless half the world has addresses there.
    #[must_use]
    pub fn domain(mut self, domain: &Domain) -> Self {
        if !domain.is_free_mail() {
            self.put(KeyKind::Domain, domain.as_str());
        }
        self
    }

    /// Adds the keys of a person: name, and initials with the company, its domains and the town. Comes after addresses
    /// and website, whose domains it takes. When nobody is named, the company itself is filed.
    #[must_use]
    pub fn person(mut self, name: &PersonName, company: &CompanyName, city: Option<&str>) -> Self {
        if name.is_blank() {
            return self.company(company);
        }
        self.put(KeyKind::Name, name.whole());
        let Some([one, other]) = name.initials() else { return self };
        let labels: Vec<String> = self.of_kind(KeyKind::Domain).map(domain_label).collect();
        for company in std::iter::once(company.key()).chain(labels.iter().map(String::as_str)) {
            if !company.is_empty() {
                self.put(KeyKind::NameCompany, &format!("{company}/{one}{other}"));
            }
        }
        let city = city.map(folded).unwrap_or_default();
        if !city.trim().is_empty() {
            self.put(KeyKind::NameCity, &format!("{}/{one}{other}", city.trim()));
        }
        self
    }

    /// Adds the key of a company.
    #[must_use]
    pub fn company(mut self, company: &CompanyName) -> Self {
        self.put(KeyKind::Company, company.key());
        self
    }

    /// Adds a key of the given kind.
    #[must_use]
    pub fn with(mut self, kind: KeyKind, value: &str) -> Self {
        self.put(kind, value);
        self
    }

    /// The keys with their prefixes, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether it has the key of this kind.
    #[must_use]
    pub fn contains(&self, kind: KeyKind, value: &str) -> bool {
        self.of_kind(kind).any(|own| own == value)
    }

    /// What the keys of one kind stand for, without their prefix.
    pub fn of_kind(&self, kind: KeyKind) -> impl Iterator<Item = &str> {
        let from = self.0.range::<str, _>((Bound::Included(kind.prefix()), Bound::Unbounded));
        from.map_while(move |key| key.strip_prefix(kind.prefix()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys as parts of a record.
    #[must_use]
    pub fn into_parts(self, record: RecordRef) -> Vec<MatchKey> {
        self.0.into_iter().map(|key| MatchKey { key, record_kind: record.kind, record_id: record.id }).collect()
    }

    fn put(&mut self, kind: KeyKind, value: &str) {
        let value = value.trim();
        if !value.is_empty() && self.of_kind(kind).count() < kind.most() {
            let mut key = kind.prefix().to_owned();
            match value.get(..value.len().min(LONGEST)).filter(|_| value.is_ascii()) {
                // Nothing in ASCII is composed of anything else.
                Some(value) => key.push_str(value),
                None => key.extend(value.nfc().take(LONGEST)),
            }
            self.0.insert(key);
        }
    }
}

/// Files a new record under its keys.
///
/// # Errors
/// Those of the store.
pub async fn add_keys(uow: &mut UnitOfWork<'_>, record: RecordRef, keys: KeySet) -> Result<()> {
    uow.add_parts(keys.into_parts(record)).await?;
    Ok(())
}

/// Files a changed record under its keys, writing only what differs.
///
/// # Errors
/// Those of the store.
pub async fn replace_keys(uow: &mut UnitOfWork<'_>, record: RecordRef, keys: KeySet) -> Result<()> {
    let filed = uow.list_all(&MatchKey::RECORD.is(record.id)).await?;
    let mut wanted = keys.0;
    for key in &filed {
        if !wanted.remove(&key.key) {
            uow.remove_part(key).await?;
        }
    }
    add_keys(uow, record, KeySet(wanted)).await
}
