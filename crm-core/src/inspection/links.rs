//! What names a record of one of several kinds, which no store can hold by a reference.

use super::look::{Look, Pages};
use crate::activity::{Activity, ActivityLink};
use crate::identity::{MatchKey, RecordRef};
use crate::kernel::{Entity, Result, Stored};
use crate::lead::Touch;
use crate::store::{Records, Tx};

const RULE: &str = "link";

pub(super) async fn inspect(look: &mut Look<'_, '_>) -> Result<()> {
    lead_somewhere(look, |link: &ActivityLink| link.record()).await?;
    lead_somewhere(look, |key: &MatchKey| key.record()).await?;
    lead_somewhere(look, |touch: &Touch| RecordRef { kind: touch.record_kind, id: touch.record_id }).await?;
    follow_their_activities(look).await
}

async fn lead_somewhere<E: Entity>(look: &mut Look<'_, '_>, record: impl Fn(&E) -> RecordRef) -> Result<()>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let mut pages = Pages::<E>::all();
    loop {
        let rows = look.next(&mut pages).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let missing = look.missing(rows.iter().map(|row| record(&row.value))).await?;
        for row in rows {
            let record = record(&row.value);
            if missing.contains(&record) {
                let problem = format!("the {} {} that it names is not there", record.kind.as_str(), record.id);
                look.complain(RULE, E::NAME, row.id.uuid(), problem);
            }
        }
    }
}

/// A link has a copy of its activity's owner, by which it is found or hidden.
async fn follow_their_activities(look: &mut Look<'_, '_>) -> Result<()> {
    let mut pages = Pages::<ActivityLink>::all();
    loop {
        let links = look.next(&mut pages).await?;
        if links.is_empty() {
            return Ok(());
        }
        for link in links {
            let activity: Option<Stored<Activity>> = look.uow.find_of_anyone(link.activity_id).await?;
            let problem = match activity {
                None => "its activity is not there",
                Some(activity) if activity.owner_id != link.owner_id => "its owner is not that of its activity",
                Some(_) => continue,
            };
            look.complain(RULE, ActivityLink::NAME, link.id.uuid(), problem);
        }
    }
}
