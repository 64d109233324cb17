//! Finding, opening and joining threads.

use super::event::ConversationEvent;
use super::model::{Conversation, ConversationState};
use crate::inbox::connection::Connection;
use crate::inbox::message::Message;
use crate::inbox::participant::{Participant, ParticipantId};
use crate::kernel::{Page, Result, Stored};
use crate::store::{RecordNotFound, UnitOfWork};

/// The thread with a participant, held until the end.
pub(crate) async fn find_thread(
    uow: &mut UnitOfWork<'_>,
    participant: ParticipantId,
) -> Result<Option<Stored<Conversation>>> {
    let known = uow.list_of_anyone(&Conversation::PARTICIPANT.is(participant), &Page::first(1)).await?.pop();
    let Some(known) = known else { return Ok(None) };
    let held = uow.lock_of_anyone(known.id).await?;
    // It was there a moment ago: it was joined with another one just now.
    Ok(Some(held.ok_or(RecordNotFound { entity: "conversation", id: known.id.uuid() })?))
}

/// The thread with a participant, held until the end; a new one when there is none.
pub(crate) async fn open_thread(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    participant: &Stored<Participant>,
) -> Result<(Stored<Conversation>, bool)> {
    if let Some(thread) = find_thread(uow, participant.id).await? {
        return Ok((thread, false));
    }
    let platform = connection.platform.clone();
    let thread = Conversation::new(connection.id, platform.clone(), participant.id, uow.now());
    let started = ConversationEvent::Started { platform, participant_id: participant.id };
    Ok((uow.insert(thread, started).await?, true))
}

/// Makes the threads of two participants who are one into one thread of the elder.
pub(crate) async fn join_threads(uow: &mut UnitOfWork<'_>, elder: ParticipantId, younger: ParticipantId) -> Result<()> {
    let Some(mut gone) = find_thread(uow, younger).await? else { return Ok(()) };
    let Some(mut kept) = find_thread(uow, elder).await? else {
        gone.value.participant_id = elder;
        uow.save_part(gone).await?;
        return Ok(());
    };
    for mut message in uow.list_all_of_anyone(&Message::CONVERSATION.is(gone.id)).await? {
        message.value.conversation_id = kept.id;
        uow.save_part(message).await?;
    }
    for mut note in uow.list_all_of_anyone(&super::note::ConversationNote::CONVERSATION.is(gone.id)).await? {
        note.value.conversation_id = kept.id;
        uow.save_part(note).await?;
    }
    let (value, other) = (&mut kept.value, &gone.value);
    value.unread = value.unread.saturating_add(other.unread);
    if let Some(direction) = other.preview_direction {
        value.show(other.last_message_at, direction, other.preview.as_deref());
    }
    let states = [value.state, other.state];
    value.state = [ConversationState::Open, ConversationState::Snoozed]
        .into_iter()
        .find(|state| states.contains(state))
        .unwrap_or(ConversationState::Closed);
    let snoozed = value.state == ConversationState::Snoozed;
    value.snoozed_until = value.snoozed_until.max(other.snoozed_until).filter(|_| snoozed);
    value.owner_id = value.owner_id.or(other.owner_id);
    value.tags.extend(other.tags.iter().cloned());
    value.tags.sort();
    value.tags.dedup();
    value.last_action_at = value.last_action_at.max(other.last_action_at);
    value.window_closed_at = value.window_closed_at.max(other.window_closed_at);
    value.entry_point_at = value.entry_point_at.max(other.entry_point_at);
    value.delivered_up_to = value.delivered_up_to.max(other.delivered_up_to);
    value.read_up_to = value.read_up_to.max(other.read_up_to);
    value.away_replied_for = value.away_replied_for.max(other.away_replied_for);
    value.closed_at = value.closed_at.max(other.closed_at);
    uow.remove_part(&gone).await?;
    uow.save(kept, ConversationEvent::Joined { with: gone.id }).await?;
    Ok(())
}
