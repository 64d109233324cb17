//! Rows to begin with, written through the store without judging each of them.

use crm_core::access::Intent;
use crm_core::identity::{MatchKey, RecordKind, RecordRef};
use crm_core::kernel::{Currency, Id, Money, Name, Stored};
use crm_core::lead::Lead;
use crm_core::pipeline::{NewOpportunity, Opportunity, OpportunityId};
use crm_core::store::Records;

use crate::inbox::seed_conversations;
use crate::people::numbered;
use crate::{Fault, Office, id_of, stored_lead};

/// Rows of one transaction.
const BATCH: u64 = 2_000;

/// How much there is to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Stock {
    /// Leads with their match keys, numbered from 0.
    pub leads: u64,
    /// Deals, numbered from 0, spread over the open stages.
    pub deals: u64,
    /// Conversations with customers who are no leads.
    pub conversations: u64,
}

/// The identifier of the stored deal with this number.
#[must_use]
pub fn stored_deal_id(number: u64) -> OpportunityId {
    Id::new(numbered(2, number))
}

/// Writes the stock into the organization.
///
/// # Errors
/// Those of the store.
pub async fn seed(office: &Office, stock: Stock) -> Result<(), Fault> {
    let mut keys = 0;
    for from in (0..stock.leads).step_by(usize::try_from(BATCH)?) {
        let leads: Vec<Stored<Lead>> = (from..stock.leads.min(from + BATCH))
            .map(|number| stored_lead(number, office.now()))
            .collect::<Result<_, _>>()?;
        let mut filed = Vec::new();
        for lead in &leads {
            for key in lead.value.keys().into_parts(RecordRef::new(RecordKind::Lead, lead.id)) {
                filed.push(row(office, numbered(3, keys), key));
                keys += 1;
            }
        }
        let mut tx = office.crm.ports().store.begin(office.organization, Intent::Write).await?;
        Records::<Lead>::insert(&mut *tx, &leads).await?;
        Records::<MatchKey>::insert(&mut *tx, &filed).await?;
        tx.commit().await?;
    }
    for from in (0..stock.deals).step_by(usize::try_from(BATCH)?) {
        let deals: Vec<_> =
            (from..stock.deals.min(from + BATCH)).map(|number| deal(office, number)).collect::<Result<_, _>>()?;
        let mut tx = office.crm.ports().store.begin(office.organization, Intent::Write).await?;
        Records::<Opportunity>::insert(&mut *tx, &deals).await?;
        tx.commit().await?;
    }
    if stock.conversations > 0 {
        seed_conversations(office, stock.conversations).await?;
    }
    Ok(())
}

fn deal(office: &Office, number: u64) -> Result<Stored<Opportunity>, Fault> {
    let open: Vec<_> = office.sales.stages.iter().filter(|stage| stage.kind.as_str() == "open").collect();
    let place = usize::try_from(number)? % open.len();
    let stage = open.get(place).ok_or("the pipeline has no open stage")?;
    let mut new = NewOpportunity::named(Name::try_from(format!("Deal {number}"))?);
    new.pipeline_id = Some(office.sales.pipeline.id);
    new.amount = Some(Money::new(i64::try_from(number)? * 100 + 99, Currency::EUR));
    new.lead_id = Some(id_of(number));
    let value = Opportunity::new(new, stage, Currency::EUR, office.now())?;
    Ok(row(office, stored_deal_id(number).uuid(), value))
}

fn row<E>(office: &Office, id: uuid::Uuid, value: E) -> Stored<E> {
    Stored { id: Id::new(id), version: 1, created_at: office.now(), updated_at: office.now(), value }
}
