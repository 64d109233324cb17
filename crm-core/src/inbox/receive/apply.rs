//! Applying events, one by one.

use serde::Serialize;

use super::delivery::{Delivery, DeliveryId, DeliveryProblem};
use super::parked::park;
use super::reading::Reading;
use super::{account, receipt, spoken};
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::channel::{Channels, EventKind, InboundEvent, Platform};
use crate::inbox::connection::{ConnectionId, find_connection};
use crate::inbox::conversation::{Conversation, find_thread};
use crate::inbox::jobs::subject;
use crate::inbox::message::{Message, MessageEvent};
use crate::inbox::participant::find_by_alias;
use crate::kernel::{Error, Id, Kind, Page, Result, Stored, Timestamp};
use crate::store::{Session, UnitOfWork};

/// How often an event is tried again when another one touched the same records at the same moment.
const TRIES: usize = 64;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// A message was added.
    Added,
    /// A message or a thread was changed.
    Changed,
    /// It was known already.
    Known,
    /// Its message is not there yet; it waits.
    Parked,
    /// It is about an account that is not connected, or says nothing to an inbox.
    Dropped,
}

/// Does an [`super::APPLY`] job: applies each event of a delivery in a commit of its own and finishes the job.
///
/// What can't be applied is noted in the delivery and hinders no other event; when the store can't be reached the job
/// fails and is done again, which changes nothing that was applied before.
///
/// # Errors
/// Those of the store.
pub(crate) async fn run_apply(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let id: Option<DeliveryId> = subject(job, "delivery_id");
    let mut uow = session.begin(Permission::InboxReceive).await?;
    let delivery = match id {
        Some(id) => uow.find(id).await?,
        None => None,
    };
    drop(uow);
    let mut problems = Vec::new();
    if let Some(delivery) = &delivery {
        for (place, one) in (0_u32..).zip(&delivery.events) {
            let applied = apply(channels, session, &delivery.platform, &one.event, delivery.received_at).await;
            match applied {
                Err(error) if error.kind() == Kind::Unavailable => return Err(error),
                Err(error) => {
                    problems.push(DeliveryProblem { place, code: error.code().to_owned(), message: error.to_string() });
                }
                Ok(_) => {}
            }
        }
    }
    let mut uow = session.begin(Permission::InboxReceive).await?;
    uow.finish(job).await?;
    if let Some(mut delivery) = delivery {
        let value: &mut Delivery = &mut delivery.value;
        value.applied_at = Some(uow.now());
        value.problems = problems;
        uow.save_part(delivery).await?;
    }
    uow.commit().await
}

/// Applies one event. Any number of times, in any order among others, with the same end.
///
/// # Errors
/// Those of the store.
pub(crate) async fn apply(
    channels: &Channels,
    session: &Session,
    platform: &Platform,
    event: &InboundEvent,
    received_at: Timestamp,
) -> Result<Applied> {
    let mut tries = 1;
    loop {
        match apply_once(channels, session, platform, event, received_at).await {
            // Whoever came first has written by now; the next try sees it.
            Err(error) if tries < TRIES && met_another(&error) => tries += 1,
            outcome => return outcome,
        }
    }
}

fn met_another(error: &Error) -> bool {
    let codes = ["record.changed_meanwhile", "record.duplicate", "record.not_found", "record.still_referenced"];
    codes.contains(&error.code()) || error.code() == "record.missing_reference"
}

async fn apply_once(
    channels: &Channels,
    session: &Session,
    platform: &Platform,
    event: &InboundEvent,
    received_at: Timestamp,
) -> Result<Applied> {
    if event.kind == EventKind::Ignored {
        return Ok(Applied::Dropped);
    }
    let mut uow = session.begin(Permission::InboxReceive).await?;
    if event.kind == EventKind::Account {
        let applied = account::apply(&mut uow, platform, event).await?;
        uow.commit().await?;
        return Ok(applied);
    }
    let Some(external_id) = &event.connection_id else { return Ok(Applied::Dropped) };
    let connection = find_connection(&mut uow, platform, external_id).await?;
    let Some(connection) = connection.filter(|connection| connection.receives()) else { return Ok(Applied::Dropped) };
    let table = channels.capabilities(platform)?;
    let reading = Reading { event, connection: &connection, table, received_at };
    let applied = match event.kind {
        EventKind::Message | EventKind::Postback | EventKind::Echo => {
            spoken::apply(&mut uow, channels, &reading).await?
        }
        EventKind::Status => receipt::apply(&mut uow, channels, &reading).await?,
        EventKind::Edited | EventKind::Deleted | EventKind::Reaction => amend(&mut uow, &reading).await?,
        EventKind::Account | EventKind::Ignored => Applied::Dropped,
    };
    uow.commit().await?;
    Ok(applied)
}

/// The message with this identifier of the platform.
pub(crate) async fn find_message(
    uow: &mut UnitOfWork<'_>,
    connection: ConnectionId,
    external_id: &str,
) -> Result<Option<Stored<Message>>> {
    let same = Message::EXTERNAL_ID.is(external_id).and(Message::CONNECTION.is(connection));
    Ok(uow.list_of_anyone(&same, &Page::first(1)).await?.pop())
}

/// An edit, a deletion or a reaction.
async fn amend(uow: &mut UnitOfWork<'_>, reading: &Reading<'_>) -> Result<Applied> {
    let event = reading.event;
    let target = event.target_message_id.as_deref().or(event.external_message_id.as_deref());
    let Some(target) = target else { return Ok(Applied::Dropped) };
    // What they do may open the window, whether or not we know the message.
    if reading.table.window.is_opened_by(event)
        && let Some(who) = event.participant_id.as_deref()
        && let Some(alias) = find_by_alias(uow, reading.connection.id, who).await?
        && let Some(mut thread) = find_thread(uow, alias.participant_id).await?
    {
        thread.value.act(reading.at(), reading.received_at);
        uow.save_part(thread).await?;
    }
    let Some(mut message) = find_message(uow, reading.connection.id, target).await? else {
        park(uow, reading, target).await?;
        return Ok(Applied::Parked);
    };
    let mut thread = uow.get(message.conversation_id).await?;
    let before = thread.value.clone();
    let Some(changed) = tell(reading, &mut thread, &mut message.value) else { return Ok(Applied::Known) };
    uow.save(message, changed).await?;
    if thread.value != before {
        uow.save_part(thread).await?;
    }
    Ok(Applied::Changed)
}

/// Tells a message what an event says of it. Answers what changed.
pub(super) fn tell(
    reading: &Reading<'_>,
    thread: &mut Stored<Conversation>,
    message: &mut Message,
) -> Option<MessageEvent> {
    let (event, at) = (reading.event, reading.at());
    let changed = match event.kind {
        EventKind::Edited => message.edit(event.text.as_deref(), at),
        EventKind::Deleted => message.delete(at),
        EventKind::Reaction => {
            let by = event.sender_id.as_deref().or(event.participant_id.as_deref()).unwrap_or_default();
            let emoji = event.extra.reaction.as_ref().filter(|reaction| reaction.action != "unreact");
            message.react(by, emoji.and_then(|reaction| reaction.emoji.as_deref()), at)
        }
        EventKind::Status => {
            event.status.and_then(|status| message.progress(status, event.timestamp, event.error_code))
        }
        _ => None,
    };
    if matches!(changed, Some(MessageEvent::Edited | MessageEvent::Deleted)) {
        thread.value.reword(message.at, message.direction, message.text.as_deref());
    }
    changed
}

/// The message that a reference of ours names, when this connection carried it.
pub(super) async fn find_own(
    uow: &mut UnitOfWork<'_>,
    connection: ConnectionId,
    reference: Option<&str>,
) -> Result<Option<Stored<Message>>> {
    let Some(id) = reference.and_then(Message::of_client_id) else { return Ok(None) };
    let own = uow.find_of_anyone(Id::new(id.uuid())).await?;
    Ok(own.filter(|own: &Stored<Message>| own.connection_id == connection))
}
