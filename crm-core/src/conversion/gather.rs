//! Reading everything that a plan is made from.

use std::collections::BTreeSet;

use super::choices::{ConversionChoices, Target};
use super::facts::{DealStart, Facts, domains_of};
use super::mapping::Mapping;
use super::plan::Violation;
use crate::custom_field::Schema;
use crate::identity::{KeyKind, MatchKey, RecordKind};
use crate::kernel::{Domain, Explanation, Field, Id, Page, Predicate, Result, Stored, Test, Value};
use crate::lead::Lead;
use crate::people::{Account, AccountDomain, AccountId, Contact, ContactPoint};
use crate::pipeline::{OpportunityRefusal, PipelineRefusal, first_stage};
use crate::store::UnitOfWork;

/// The custom fields of all kinds of records that a conversion touches.
#[derive(Default)]
pub(super) struct Schemas {
    pub(super) lead: Schema,
    contact: Schema,
    account: Schema,
    opportunity: Schema,
}

impl Schemas {
    pub(super) async fn load(uow: &mut UnitOfWork<'_>) -> Result<Self> {
        let mut all = Schema::load_all(uow).await?;
        let mut of = |kind| all.remove(&kind).unwrap_or_default();
        Ok(Self {
            lead: of(RecordKind::Lead),
            contact: of(RecordKind::Contact),
            account: of(RecordKind::Account),
            opportunity: of(RecordKind::Opportunity),
        })
    }

    pub(super) fn of(&self, kind: RecordKind) -> &Schema {
        match kind {
            RecordKind::Lead => &self.lead,
            RecordKind::Contact => &self.contact,
            RecordKind::Account => &self.account,
            RecordKind::Opportunity => &self.opportunity,
        }
    }
}

pub(super) async fn stored_mapping(uow: &mut UnitOfWork<'_>) -> Result<Option<Stored<Mapping>>> {
    let mappings = uow.setup::<Mapping>().await?;
    Ok(mappings.iter().find(|mapping| mapping.source == RecordKind::Lead).cloned())
}

pub(super) async fn gather(
    uow: &mut UnitOfWork<'_>,
    lead: Stored<Lead>,
    schemas: &Schemas,
    choices: &ConversionChoices,
) -> Result<Facts> {
    let mapping = match stored_mapping(uow).await? {
        Some(mapping) => mapping.value,
        None => Mapping::by_name(&schemas.lead, |kind| schemas.of(kind)),
    };
    let domains = domains_of(&lead.value);
    let domain_holders = holders_of(uow, &domains).await?;
    let keys: Vec<String> = lead.value.keys().iter().map(str::to_owned).collect();
    let (contact, contact_match) = match choices.contact {
        Target::Existing(id) => (Some(uow.get(id).await?), None),
        Target::Matching => matching_contact(uow, &keys).await?,
        Target::New | Target::Nothing => (None, None),
    };
    let (account, account_match) = match choices.account {
        Target::Existing(id) => (Some(uow.get(id).await?), None),
        Target::Matching => {
            let employer = contact.as_ref().and_then(|contact| contact.account_id);
            let company_keys = keys.iter().filter(|key| key.starts_with(KeyKind::Company.prefix())).cloned();
            matching_account(uow, employer, &domain_holders, company_keys.collect()).await?
        }
        Target::New | Target::Nothing => (None, None),
    };
    let contact = match contact {
        Some(contact) => {
            let points = uow.list_all(&ContactPoint::CONTACT.is(contact.id)).await?;
            Some((contact, points))
        }
        None => None,
    };
    let opportunity = match choices.opportunity {
        Target::Existing(id) => Some(uow.get(id).await?),
        _ => None,
    };
    let deal_start = match choices.opportunity {
        Target::New | Target::Matching => Some(deal_start(uow, choices).await?),
        Target::Existing(_) | Target::Nothing => None,
    };
    let mut taken = Vec::new();
    for kind in [RecordKind::Account, RecordKind::Contact, RecordKind::Opportunity] {
        let wanted = mapping.values_for(kind, &lead.custom);
        let holders = schemas.of(kind).holders(uow, kind, &wanted).await?;
        taken.extend(holders.into_iter().map(|(key, holder)| (kind, key, holder)));
    }
    Ok(Facts {
        lead,
        account,
        account_match,
        contact,
        contact_match,
        opportunity,
        deal_start,
        domain_holders,
        taken,
        mapping,
        contact_schema: schemas.contact.clone(),
        account_schema: schemas.account.clone(),
        opportunity_schema: schemas.opportunity.clone(),
    })
}

/// The stage that the deal would begin in, or which rule keeps it from beginning there.
async fn deal_start(
    uow: &mut UnitOfWork<'_>,
    choices: &ConversionChoices,
) -> Result<std::result::Result<DealStart, Violation>> {
    let deal = choices.deal.as_ref();
    let stage = first_stage(uow, deal.and_then(|deal| deal.pipeline_id), deal.and_then(|deal| deal.stage_id)).await;
    match stage {
        Ok(stage) => {
            let currency = uow.own_organization().await?.default_currency;
            Ok(Ok(DealStart { stage, currency, at: uow.now() }))
        }
        Err(refusal) if is_rule(&refusal) => Ok(Err(Violation {
            field: "deal".to_owned(),
            code: refusal.code().to_owned(),
            problem: refusal.to_string(),
        })),
        Err(error) => Err(error),
    }
}

fn is_rule(error: &crate::kernel::Error) -> bool {
    error.downcast_ref::<PipelineRefusal>().is_some() || error.downcast_ref::<OpportunityRefusal>().is_some()
}

/// Which of these domains an account holds already, and which account, unless the caller may not see it.
async fn holders_of(uow: &mut UnitOfWork<'_>, domains: &BTreeSet<Domain>) -> Result<Vec<(Domain, Option<AccountId>)>> {
    if domains.is_empty() {
        return Ok(Vec::new());
    }
    let these = AccountDomain::DOMAIN.is_one_of(domains.iter().map(|domain| domain.as_str().to_owned()));
    let held = uow.list(&these, &Page::first(100)).await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let ids = held.iter().map(|row| Value::Uuid(row.account_id.uuid())).collect();
    let seen = uow.list_all(&Predicate::<Account>::Test(Field::ID, Test::In(ids))).await?;
    let visible = |id: AccountId| seen.iter().any(|account| account.id == id).then_some(id);
    Ok(held.into_iter().map(|row| (row.value.domain, visible(row.value.account_id))).collect())
}

/// The one contact that has an address or number of the lead. Two of them are not a certain match.
async fn matching_contact(
    uow: &mut UnitOfWork<'_>,
    keys: &[String],
) -> Result<(Option<Stored<Contact>>, Option<Explanation>)> {
    for (kind, what) in [(KeyKind::Email, "e-mail address"), (KeyKind::Phone, "telephone number")] {
        let wanted = keys.iter().filter(|key| key.starts_with(kind.prefix())).cloned();
        if let Some((id, key)) = only_holder(uow, RecordKind::Contact, wanted.collect()).await?
            && let Some(contact) = uow.find(Id::<Contact>::new(id)).await?
        {
            let reason = format!("the contact {} has the lead's {what} ({key})", contact.full_name());
            return Ok((Some(contact), Some(Explanation::new(reason))));
        }
    }
    Ok((None, None))
}

/// The company that the matched contact works for, or that has a domain of the lead, or that has exactly its name.
async fn matching_account(
    uow: &mut UnitOfWork<'_>,
    employer: Option<AccountId>,
    holders: &[(Domain, Option<AccountId>)],
    company_keys: Vec<String>,
) -> Result<(Option<Stored<Account>>, Option<Explanation>)> {
    let by_domain = holders.first().and_then(|(domain, id)| Some(((*id)?, format!("has the lead's domain {domain}"))));
    let mut found = employer.map(|id| (id, "is where the matched contact works".to_owned())).or(by_domain);
    if found.is_none() {
        let named = only_holder(uow, RecordKind::Account, company_keys).await?;
        found = named.map(|(id, _)| (Id::new(id), "has the name of the lead's company".to_owned()));
    }
    let Some((id, reason)) = found else { return Ok((None, None)) };
    let Some(account) = uow.find(id).await? else { return Ok((None, None)) };
    let reason = Explanation::new(format!("the account {} {reason}", account.name));
    Ok((Some(account), Some(reason)))
}

/// The record of a kind that is known by one of these keys, when there is exactly one.
async fn only_holder(
    uow: &mut UnitOfWork<'_>,
    kind: RecordKind,
    keys: Vec<String>,
) -> Result<Option<(uuid::Uuid, String)>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let filter = MatchKey::KEY.is_one_of(keys).and(MatchKey::RECORD_KIND.is(kind.as_str()));
    let holders = uow.list(&filter, &Page::first(20)).await?;
    let Some(first) = holders.first() else { return Ok(None) };
    let alone = holders.iter().all(|holder| holder.record_id == first.record_id);
    let key = first.key.split_once(':').map_or("", |(_, key)| key).to_owned();
    Ok(alone.then_some((first.record_id, key)))
}
