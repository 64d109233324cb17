//! Carrying out a plan.

use std::collections::BTreeMap;

use super::gather::Schemas;
use super::model::{Conversion, ConversionRefusal};
use super::plan::{Outcome, Plan};
use crate::access::Permission;
use crate::activity::{copy_links, hand_over, links_about, open_activities};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Entity, Id, Name, Patch, Result, Stored};
use crate::lead::{Lead, LeadEvent};
use crate::people::{
    Account, AccountDraft, AccountEvent, AccountId, Contact, ContactDraft, ContactEvent, ContactId, ContactPoint,
    insert_accounts, insert_contact, save_account, save_contact,
};
use crate::pipeline::{
    NewOpportunity, Opportunity, OpportunityId, draft_opportunity, insert_opportunities, save_opportunity,
};
use crate::store::{RecordNotFound, UnitOfWork};

/// Does what the plan says, in the order in which records refer to each other. The lead is held already.
pub(super) async fn carry_out(
    uow: &mut UnitOfWork<'_>,
    plan: &Plan,
    mut lead: Stored<Lead>,
    schemas: &Schemas,
    key: Option<&str>,
) -> Result<Stored<Conversion>> {
    hold(uow, plan, &lead).await?;
    if !plan.violations.is_empty() {
        return Err(ConversionRefusal::Blocked(plan.violations.clone()).into());
    }
    check_permissions(uow, plan)?;
    // Everything is read before anything is written, so that what is written can go together.
    let links = links_about(uow, RecordRef::new(RecordKind::Lead, plan.lead_id)).await?;
    let account = account(uow, plan, schemas).await?;
    let account_id = account.as_ref().map(|(id, _)| *id);
    let contact_id = contact(uow, plan, schemas, account).await?;
    let opportunity_id = opportunity(uow, plan, schemas, account_id, contact_id).await?;

    let made = [
        contact_id.map(|id| RecordRef::new(RecordKind::Contact, id)),
        account_id.map(|id| RecordRef::new(RecordKind::Account, id)),
        opportunity_id.map(|id| RecordRef::new(RecordKind::Opportunity, id)),
    ];
    copy_links(uow, &links, &made.into_iter().flatten().collect::<Vec<_>>()).await?;
    for activity in open_activities(uow, &links).await? {
        hand_over(uow, activity, plan.owner_id).await?;
    }

    lead.value.convert(uow.now())?;
    let event = LeadEvent::Converted { contact_id, account_id, opportunity_id: opportunity_id.map(Id::uuid) };
    uow.save(lead, event).await?;
    let conversion = Conversion {
        lead_id: plan.lead_id,
        contact_id,
        account_id,
        opportunity_id,
        command_key: key.map(str::to_owned),
        converted_at: uow.now(),
    };
    let row = uow.add_parts(vec![conversion]).await?.pop();
    Ok(row.ok_or(RecordNotFound { entity: Conversion::NAME, id: plan.lead_id.uuid() })?)
}

/// Holds every other record that the plan rests on, and checks that all are in the version that it rests on.
async fn hold(uow: &mut UnitOfWork<'_>, plan: &Plan, lead: &Stored<Lead>) -> Result<()> {
    let mut versions = BTreeMap::from([(RecordRef::new(RecordKind::Lead, plan.lead_id), lead.version)]);
    for record in plan.based_on.keys() {
        let version = match record.kind {
            RecordKind::Lead => lead.version,
            RecordKind::Contact => uow.lock(Id::<Contact>::new(record.id)).await?.version,
            RecordKind::Account => uow.lock(Id::<Account>::new(record.id)).await?.version,
            RecordKind::Opportunity => uow.lock(Id::<Opportunity>::new(record.id)).await?.version,
        };
        versions.insert(*record, version);
    }
    match plan.based_on.iter().find(|(record, version)| versions.get(record) != Some(version)) {
        Some((moved, _)) => Err(ConversionRefusal::StalePlan(moved.kind).into()),
        None => Ok(()),
    }
}

/// Converting needs, besides its own permission, those for what is made or changed.
fn check_permissions(uow: &UnitOfWork<'_>, plan: &Plan) -> Result<()> {
    let needed = [
        wanted(&plan.account, Permission::AccountCreate, Permission::AccountUpdate),
        wanted(&plan.contact, Permission::ContactCreate, Permission::ContactUpdate),
        wanted(&plan.opportunity, Permission::OpportunityCreate, Permission::OpportunityUpdate),
    ];
    for permission in needed.into_iter().flatten() {
        uow.caller().check(permission)?;
    }
    Ok(())
}

fn wanted<N, I, P>(outcome: &Outcome<N, I, P>, make: Permission, change: Permission) -> Option<Permission> {
    match outcome {
        Outcome::Make(_) => Some(make),
        Outcome::Use(..) => Some(change),
        Outcome::Nothing => None,
    }
}

/// The account and its name.
async fn account(uow: &mut UnitOfWork<'_>, plan: &Plan, schemas: &Schemas) -> Result<Option<(AccountId, Name)>> {
    match &plan.account {
        Outcome::Make(new) => {
            let (account, domains) = Account::new((**new).clone())?;
            let (id, name) = (uow.new_id(), account.name.clone());
            insert_accounts(uow, schemas.of(RecordKind::Account), vec![AccountDraft { id, account, domains }]).await?;
            Ok(Some((id, name)))
        }
        Outcome::Use(id, patch) => {
            let mut row = uow.get(*id).await?;
            let before = row.value.clone();
            let changed = row.value.change((**patch).clone())?;
            let name = row.name.clone();
            if let Some(AccountEvent::Changed { changes }) = changed {
                save_account(uow, &before, row, AccountEvent::Enriched { changes }).await?;
            }
            Ok(Some((*id, name)))
        }
        Outcome::Nothing => Ok(None),
    }
}

async fn contact(
    uow: &mut UnitOfWork<'_>,
    plan: &Plan,
    schemas: &Schemas,
    account: Option<(AccountId, Name)>,
) -> Result<Option<ContactId>> {
    let (account, company) = account.unzip();
    match &plan.contact {
        Outcome::Make(new) => {
            let mut new = (**new).clone();
            new.account_id = account;
            let id = uow.new_id();
            let (contact, points) = Contact::new(id, new)?;
            let draft = ContactDraft { id, contact, points, company };
            insert_contact(uow, schemas.of(RecordKind::Contact), draft).await?;
            Ok(Some(id))
        }
        Outcome::Use(id, patch) => {
            let mut row = uow.get(*id).await?;
            let before = row.value.clone();
            let mut patch = (**patch).clone();
            if let (None, Some(account)) = (row.account_id, account) {
                patch.account_id = Patch::Set(account);
            }
            let held = uow.list_all(&ContactPoint::CONTACT.is(*id)).await?;
            let added = ContactPoint::beside(*id, &held, plan.new_points.clone());
            let changes = match row.value.change(patch) {
                Some(ContactEvent::Changed { changes }) => changes,
                _ if added.is_empty() => return Ok(Some(*id)),
                _ => Vec::new(),
            };
            uow.add_parts(added).await?;
            save_contact(uow, &before, row, ContactEvent::Enriched { changes }).await?;
            Ok(Some(*id))
        }
        Outcome::Nothing => Ok(None),
    }
}

async fn opportunity(
    uow: &mut UnitOfWork<'_>,
    plan: &Plan,
    schemas: &Schemas,
    account: Option<AccountId>,
    contact: Option<ContactId>,
) -> Result<Option<OpportunityId>> {
    match &plan.opportunity {
        Outcome::Make(new) => {
            let new = NewOpportunity { account_id: account, primary_contact_id: contact, ..(**new).clone() };
            let draft = draft_opportunity(uow, new).await?;
            let id = draft.id;
            insert_opportunities(uow, schemas.of(RecordKind::Opportunity), vec![draft]).await?;
            Ok(Some(id))
        }
        Outcome::Use(id, patch) => {
            let mut row = uow.get(*id).await?;
            let before = row.value.clone();
            let mut patch = (**patch).clone();
            if let (None, Some(account)) = (row.account_id, account) {
                patch.account_id = Patch::Set(account);
            }
            if let (None, Some(contact)) = (row.primary_contact_id, contact) {
                patch.primary_contact_id = Patch::Set(contact);
            }
            if let Some(event) = row.value.change(patch)? {
                save_opportunity(uow, &before, row, event).await?;
            }
            Ok(Some(*id))
        }
        Outcome::Nothing => Ok(None),
    }
}
