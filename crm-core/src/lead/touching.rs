//! Adding marketing contacts to records that are there already.

use std::collections::{BTreeSet, HashMap};

use super::event::LeadEvent;
use super::model::Lead;
use super::touch::{Touch, TouchDetails};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::text::Line;
use crate::kernel::{DomainEvent, Entity, Explanation, Field, Predicate, Result, Test, Value};
use crate::people::{Account, AccountEvent, Contact, ContactEvent};
use crate::store::{Records, Tx, UnitOfWork};

/// Records that are looked for at once.
const AT_ONCE: usize = 400;

/// A marketing contact with a record that is there already.
#[derive(Clone, Debug)]
pub struct NewTouch {
    /// Whom it was with.
    pub record: RecordRef,
    /// Where they came from.
    pub details: TouchDetails,
    /// Why it is them.
    pub why: Explanation,
}

/// Adds marketing contacts to records that are there already, and says so. An opportunity has none to tell of.
///
/// # Errors
/// Those of the store.
pub async fn add_touches(uow: &mut UnitOfWork<'_>, touches: Vec<NewTouch>) -> Result<()> {
    let now = uow.now();
    let parts = touches.iter().map(|touch| Touch {
        record_kind: touch.record.kind,
        record_id: touch.record.id,
        occurred_at: now,
        details: touch.details.clone(),
    });
    uow.add_parts(parts.collect()).await?;
    let told = |kind: RecordKind| touches.iter().filter(move |touch| touch.record.kind == kind);
    let lead = |source, why| LeadEvent::Touched { source, why };
    say_so::<Lead, _>(uow, told(RecordKind::Lead), lead).await?;
    let contact = |source, why| ContactEvent::Touched { source, why };
    say_so::<Contact, _>(uow, told(RecordKind::Contact), contact).await?;
    let account = |source, why| AccountEvent::Touched { source, why };
    say_so::<Account, _>(uow, told(RecordKind::Account), account).await
}

/// Says of each touch that it was, on the record as it is stored by now.
async fn say_so<'a, E: Entity, D: DomainEvent>(
    uow: &mut UnitOfWork<'a>,
    touches: impl Iterator<Item = &NewTouch> + Clone,
    event: impl Fn(Option<Line<200>>, Explanation) -> D,
) -> Result<()>
where
    dyn Tx + 'a: Records<E>,
{
    let ids: BTreeSet<_> = touches.clone().map(|touch| touch.record.id).collect();
    let ids: Vec<Value> = ids.into_iter().map(Value::Uuid).collect();
    let mut rows = HashMap::new();
    for chunk in ids.chunks(AT_ONCE) {
        let filter = Predicate::<E>::Test(Field::ID, Test::In(chunk.to_vec()));
        rows.extend(uow.list_all_of_anyone(&filter).await?.into_iter().map(|row| (row.id.uuid(), row)));
    }
    for touch in touches {
        if let Some(row) = rows.get(&touch.record.id) {
            uow.say(row, &event(touch.details.source.clone(), touch.why.clone()))?;
        }
    }
    Ok(())
}
