//! Who it is that a connection speaks of.

use super::model::{Alias, Participant, ParticipantEvent, ParticipantId};
use crate::inbox::channel::RecipientKind;
use crate::inbox::connection::ConnectionId;
use crate::inbox::conversation::join_threads;
use crate::kernel::{Page, Result, Stored, Timestamp};
use crate::store::UnitOfWork;

/// Names of one participant, seen together.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) connection_id: ConnectionId,
    /// Each with whether they gave it up just now.
    pub(crate) names: Vec<(String, RecipientKind, bool)>,
    pub(crate) profile_name: Option<String>,
    pub(crate) at: Timestamp,
}

/// The alias with this name.
pub(crate) async fn find_by_alias(
    uow: &mut UnitOfWork<'_>,
    connection: ConnectionId,
    name: &str,
) -> Result<Option<Stored<Alias>>> {
    let same = Alias::ALIAS.is(name).and(Alias::CONNECTION.is(connection));
    Ok(uow.list_of_anyone(&same, &Page::first(1)).await?.pop())
}

/// The participant with these names, who is made when nobody has one of them. Those of whom it is now known that they are
/// one are joined.
pub(crate) async fn resolve(uow: &mut UnitOfWork<'_>, sighting: &Sighting) -> Result<Stored<Participant>> {
    let mut known = Vec::new();
    for (name, ..) in &sighting.names {
        known.extend(find_by_alias(uow, sighting.connection_id, name).await?);
    }
    // The eldest stays; which one that is does not depend on what came first today.
    let mut owners: Vec<ParticipantId> = known.iter().map(|alias| alias.participant_id).collect();
    owners.sort();
    owners.dedup();
    let Some((&eldest, others)) = owners.split_first() else { return meet(uow, sighting).await };
    for other in others {
        join(uow, eldest, *other).await?;
    }
    let mut participant = uow.get(eldest).await?;
    let mut aliases = uow.list_all_of_anyone(&Alias::PARTICIPANT.is(eldest)).await?;
    let mut changed = !others.is_empty();
    let several = aliases.len() > 1;
    for (name, kind, superseded) in &sighting.names {
        if let Some(alias) = aliases.iter_mut().find(|alias| &alias.alias == name) {
            let superseded = alias.superseded || *superseded;
            // When it was seen matters only where there are several to choose from.
            if alias.superseded != superseded || (alias.seen_at < sighting.at && several) {
                alias.value.superseded = superseded;
                alias.value.seen_at = alias.seen_at.max(sighting.at);
                *alias = uow.save_part(alias.clone()).await?;
                changed = true;
            }
        } else {
            let added = new_alias(eldest, sighting, name, *kind, *superseded);
            aliases.extend(uow.add_parts(vec![added]).await?);
            changed = true;
        }
    }
    let before = participant.value.clone();
    if let Some(name) = &sighting.profile_name {
        participant.value.call(name, sighting.at);
    }
    if changed {
        let aliases: Vec<Alias> = aliases.into_iter().map(|alias| alias.value).collect();
        participant.value.choose_address(&aliases);
    }
    let renamed = participant.name != before.name || participant.address != before.address;
    if renamed {
        participant = uow.save_part(participant).await?;
    }
    Ok(participant)
}

async fn meet(uow: &mut UnitOfWork<'_>, sighting: &Sighting) -> Result<Stored<Participant>> {
    let id = uow.new_id();
    let aliases: Vec<Alias> = sighting
        .names
        .iter()
        .map(|(name, kind, superseded)| new_alias(id, sighting, name, *kind, *superseded))
        .collect();
    let mut participant = Participant {
        connection_id: sighting.connection_id,
        name: None,
        named_at: None,
        picture_url: None,
        address: String::new(),
        address_kind: RecipientKind::Scoped,
        lead_id: None,
        contact_id: None,
        unreachable: None,
        opted_in_at: None,
        opted_out_at: None,
    };
    if let Some(name) = &sighting.profile_name {
        participant.call(name, sighting.at);
    }
    participant.choose_address(&aliases);
    let participant = uow.fresh(id, participant);
    let seen = ParticipantEvent::Seen { connection_id: sighting.connection_id };
    uow.insert_all(vec![(participant.clone(), seen)]).await?;
    uow.add_parts(aliases).await?;
    Ok(participant)
}

fn new_alias(of: ParticipantId, sighting: &Sighting, name: &str, kind: RecipientKind, superseded: bool) -> Alias {
    Alias {
        connection_id: sighting.connection_id,
        alias: name.to_owned(),
        kind,
        participant_id: of,
        seen_at: sighting.at,
        superseded,
    }
}

/// Joins two participants who are one: names, thread and links pass to the elder, the younger is gone.
async fn join(uow: &mut UnitOfWork<'_>, elder: ParticipantId, younger: ParticipantId) -> Result<()> {
    let mut kept = uow.lock(elder).await?;
    let gone = uow.lock(younger).await?;
    for mut alias in uow.list_all_of_anyone(&Alias::PARTICIPANT.is(younger)).await? {
        alias.value.participant_id = elder;
        uow.save_part(alias).await?;
    }
    join_threads(uow, elder, younger).await?;
    if let Some((name, at)) = gone.name.as_ref().zip(gone.named_at) {
        kept.value.call(name, at);
    }
    let value = &mut kept.value;
    value.lead_id = value.lead_id.or(gone.lead_id);
    value.contact_id = value.contact_id.or(gone.contact_id);
    value.picture_url = value.picture_url.take().or_else(|| gone.picture_url.clone());
    value.opted_in_at = value.opted_in_at.max(gone.opted_in_at);
    value.opted_out_at = value.opted_out_at.max(gone.opted_out_at);
    uow.remove_part(&gone).await?;
    uow.save(kept, ParticipantEvent::Joined { with: younger }).await?;
    Ok(())
}
