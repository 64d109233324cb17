//! The audit trail: whoever saves a record says an event in the same commit, so that each version has one.
//!
//! The organization's own record is left out: its version counts changes of what is set up, too.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::look::{Look, Pages};
use crate::access::{CustomRole, Member, Team};
use crate::activity::Activity;
use crate::assignment::AssignmentRule;
use crate::custom_field::CustomField;
use crate::event::Event;
use crate::import::Import;
use crate::kernel::{Entity, Result};
use crate::lead::Lead;
use crate::people::{Account, Contact};
use crate::pipeline::{Opportunity, Pipeline};
use crate::scoring::ScoringRule;
use crate::sign_in::{ApiKey, Invitation, PasswordReset};
use crate::store::{Records, Tx};

pub(super) async fn inspect(look: &mut Look<'_, '_>) -> Result<()> {
    of::<Member>(look).await?;
    of::<CustomRole>(look).await?;
    of::<Team>(look).await?;
    of::<ApiKey>(look).await?;
    of::<Invitation>(look).await?;
    of::<PasswordReset>(look).await?;
    of::<CustomField>(look).await?;
    of::<Account>(look).await?;
    of::<Contact>(look).await?;
    of::<Lead>(look).await?;
    of::<Pipeline>(look).await?;
    of::<Opportunity>(look).await?;
    of::<Activity>(look).await?;
    of::<ScoringRule>(look).await?;
    of::<AssignmentRule>(look).await?;
    of::<Import>(look).await
}

async fn of<E: Entity>(look: &mut Look<'_, '_>) -> Result<()>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let mut pages = Pages::<E>::all();
    loop {
        let rows = look.next(&mut pages).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut told = told_of(look, E::NAME, rows.iter().map(|row| row.id.uuid())).await?;
        for row in rows {
            let told = told.remove(&row.id.uuid()).unwrap_or_default();
            if let Some(version) = (1..=row.version).find(|version| !told.contains(version)) {
                look.complain("trail", E::NAME, row.id.uuid(), format!("no event tells of its version {version}"));
            }
        }
    }
}

/// The versions that events tell of, by record.
async fn told_of(
    look: &mut Look<'_, '_>,
    entity: &str,
    records: impl IntoIterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, BTreeSet<i64>>> {
    let mut told: BTreeMap<Uuid, BTreeSet<i64>> = BTreeMap::new();
    let mut events = Pages::<Event>::of(Event::RECORD.is_one_of(records));
    loop {
        let batch = look.next(&mut events).await?;
        if batch.is_empty() {
            return Ok(told);
        }
        for event in batch.into_iter().filter(|event| event.entity == entity) {
            told.entry(event.record_id).or_default().insert(event.record_version);
        }
    }
}
