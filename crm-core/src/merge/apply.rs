//! Doing what a plan says: everything that names the loser names the survivor then.

use super::model::LeadMerge;
use crate::activity::move_links;
use crate::assignment::stop_waiting;
use crate::custom_field::Schema;
use crate::duplicate::merge_flags;
use crate::event::changes;
use crate::identity::{KeySet, RecordKind, RecordRef, redirect, replace_keys};
use crate::inbox::participant::relink;
use crate::intake::move_captures;
use crate::kernel::{Result, Stored};
use crate::lead::{Lead, LeadEvent, LeadId, move_touches, save_lead, stop_recomputing};
use crate::pipeline::{Opportunity, OpportunityEvent};
use crate::scoring::{Scorer, adopt_engagements, rescore};
use crate::store::UnitOfWork;

pub(super) async fn carry_out(
    uow: &mut UnitOfWork<'_>,
    survivor: Stored<Lead>,
    loser: Stored<Lead>,
    merge: LeadMerge,
) -> Result<Stored<Lead>> {
    let from = RecordRef::new(RecordKind::Lead, loser.id);
    let to = RecordRef::new(RecordKind::Lead, survivor.id);
    move_links(uow, from, to).await?;
    move_touches(uow, from, to).await?;
    move_captures(uow, from, to).await?;
    merge_flags(uow, from, to).await?;
    move_deals(uow, loser.id, survivor.id).await?;
    relink(uow, loser.id, survivor.id).await?;
    adopt_engagements(uow, loser.id, survivor.id).await?;
    // What stands once in the organization is given up first, for the survivor may take it.
    replace_keys(uow, from, KeySet::default()).await?;
    Schema::release(uow, from).await?;
    stop_waiting(uow, loser.id).await?;
    stop_recomputing(uow, loser.id).await?;
    redirect(uow, from, to).await?;
    let was = Box::new(loser.value.clone());
    uow.delete(loser, LeadEvent::MergedInto { into: survivor.id }).await?;

    let before = survivor.value.clone();
    let event = LeadEvent::Merged { loser: merge.loser_id, was, changes: changes(&before, &merge.lead) };
    let merged = save_lead(uow, &before, Stored { value: merge.lead, ..survivor }, event).await?;
    for step in &merge.steps {
        uow.say(&merged, step)?;
    }
    if merged.owner_id.is_some() {
        stop_waiting(uow, merged.id).await?;
    }
    let scorer = Scorer::load(uow).await?;
    rescore(uow, &scorer, merged).await
}

/// Lets the deals that came of one lead come of another.
async fn move_deals(uow: &mut UnitOfWork<'_>, from: LeadId, to: LeadId) -> Result<()> {
    for mut deal in uow.list_all_of_anyone(&Opportunity::LEAD_ID.is(from)).await? {
        let before = deal.value.clone();
        deal.value.lead_id = Some(to);
        let changes = changes(&before, &deal.value);
        uow.save(deal, OpportunityEvent::Changed { changes }).await?;
    }
    Ok(())
}
