//! Match keys and the sets of them that records have.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::record::{RecordKind, RecordRef};
use crate::kernel::email::EmailAddress;
use crate::kernel::phone::PhoneNumber;
use crate::kernel::{Column, Entity, Field, Part, Result, ValueRef};
use crate::kernel::{Domain, Website};
use crate::store::UnitOfWork;

/// What kind of evidence a key is, from the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// A person's name with the company's.
    NameCompany,
    /// A person's name alone.
    Name,
    /// A company's name without its legal form.
    Company,
}

impl KeyKind {
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
            Self::Name => "name:",
            Self::Company => "company:",
        }
    }

    /// The kind of a key, by its prefix.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        const ALL: [KeyKind; 8] = [
            KeyKind::Email,
            KeyKind::Phone,
            KeyKind::External,
            KeyKind::FoldedEmail,
            KeyKind::Domain,
            KeyKind::NameCompany,
            KeyKind::Name,
            KeyKind::Company,
        ];
        ALL.into_iter().find(|kind| key.starts_with(kind.prefix()))
    }
}

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
    pub const KEY: Column<Self, String> = Column::required_indexed("key", |row| ValueRef::Text(&row.value.key));
    /// Kind of the record.
    pub const RECORD_KIND: Column<Self, String> =
        Column::required("record_kind", |row| ValueRef::Text(row.record_kind.as_str()));
    /// The record.
    pub const RECORD: Column<Self, Uuid> = Column::required_indexed("record_id", |row| ValueRef::Uuid(row.record_id));

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

/// The keys of one record, collected from what it holds.
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
        for variant in phone.variants() {
            self.put(KeyKind::Phone, &variant);
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
        if !value.is_empty() {
            let value: String = value.nfc().take(380).collect();
            self.0.insert(format!("{}{value}", kind.prefix()));
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
