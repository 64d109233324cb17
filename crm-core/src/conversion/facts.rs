//! Everything that a plan is made from, read beforehand in one unit of work.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::mapping::Mapping;
use super::plan::Violation;
use crate::custom_field::Schema;
use crate::identity::RecordKind;
use crate::kernel::{Currency, CustomKey, Domain, Explanation, Stored, Timestamp};
use crate::lead::Lead;
use crate::people::{Account, AccountId, Contact, ContactPoint};
use crate::pipeline::{Opportunity, Stage};

/// Where a new deal begins.
#[derive(Clone, Debug)]
pub struct DealStart {
    /// The stage.
    pub stage: Stored<Stage>,
    /// The currency of a deal without an amount.
    pub currency: Currency,
    /// When.
    pub at: Timestamp,
}

/// Everything that a plan is made from.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The lead.
    pub lead: Stored<Lead>,
    /// The existing account that was chosen or matched.
    pub account: Option<Stored<Account>>,
    /// Why that account was matched.
    pub account_match: Option<Explanation>,
    /// The existing contact that was chosen or matched, with its addresses and numbers.
    pub contact: Option<(Stored<Contact>, Vec<Stored<ContactPoint>>)>,
    /// Why that contact was matched.
    pub contact_match: Option<Explanation>,
    /// The existing opportunity that was chosen.
    pub opportunity: Option<Stored<Opportunity>>,
    /// Where a new deal would begin, or why it can't begin there; none when no new deal is wanted.
    pub deal_start: Option<Result<DealStart, Violation>>,
    /// The lead's domains that an account holds already, and which one, unless it is hidden from the caller.
    pub domain_holders: Vec<(Domain, Option<AccountId>)>,
    /// Values for unique custom fields that another record of this kind has already, by the field's key.
    pub taken: Vec<(RecordKind, CustomKey, Uuid)>,
    /// Where custom values go.
    pub mapping: Mapping,
    /// Custom fields of contacts.
    pub contact_schema: Schema,
    /// Custom fields of accounts.
    pub account_schema: Schema,
    /// Custom fields of opportunities.
    pub opportunity_schema: Schema,
}

impl Facts {
    /// The custom fields of a kind of target.
    #[must_use]
    pub fn schema(&self, kind: RecordKind) -> &Schema {
        match kind {
            RecordKind::Account => &self.account_schema,
            RecordKind::Opportunity => &self.opportunity_schema,
            RecordKind::Contact | RecordKind::Lead => &self.contact_schema,
        }
    }

    /// The domains that a new account may have: the lead's own, less those that another account holds.
    #[must_use]
    pub fn free_domains(&self) -> BTreeSet<Domain> {
        let taken: BTreeSet<_> = self.domain_holders.iter().map(|(domain, _)| domain).collect();
        domains_of(&self.lead.value).into_iter().filter(|domain| !taken.contains(domain)).collect()
    }
}

/// The domains that tell which company a lead belongs to: of the website, else of the addresses; never free-mail ones.
#[must_use]
pub(super) fn domains_of(lead: &Lead) -> BTreeSet<Domain> {
    let website = lead.website.as_ref().and_then(crate::kernel::Website::registrable_domain);
    let website: BTreeSet<_> = website.into_iter().filter(|domain| !domain.is_free_mail()).collect();
    if !website.is_empty() {
        return website;
    }
    lead.emails().filter_map(Domain::of_email).filter(|domain| !domain.is_free_mail()).collect()
}
