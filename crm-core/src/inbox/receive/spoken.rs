//! What somebody said: the participant, or our side elsewhere.

use serde_json::Value as Json;

use super::apply::{Applied, find_message, find_own};
use super::parked::{unpark, unpark_thread};
use super::reading::Reading;
use super::receipt::{catch_up, mark};
use crate::inbox::attend;
use crate::inbox::channel::{Channels, DeliveryStatus, Direction, EventKind, Extra, Feature, MessageKind};
use crate::inbox::conversation::{Conversation, ConversationEvent, open_thread};
use crate::inbox::hours::BusinessHours;
use crate::inbox::media::fetch_later;
use crate::inbox::message::{MediaPart, Message, MessageEvent, MessageStatus, Origin};
use crate::inbox::participant::resolve;
use crate::kernel::{Result, Stored};
use crate::store::UnitOfWork;

pub(super) async fn apply(uow: &mut UnitOfWork<'_>, channels: &Channels, reading: &Reading<'_>) -> Result<Applied> {
    let echo = reading.event.kind == EventKind::Echo;
    let id = reading.message_id();
    if let Some(known) = find_message(uow, reading.connection.id, &id).await? {
        if echo {
            show_again(uow, reading, &known).await?;
        }
        return Ok(Applied::Known);
    }
    if echo && let Some(own) = find_own(uow, reading.connection.id, reading.event.extra.metadata.as_deref()).await? {
        settle_own(uow, reading, own, id).await?;
        return Ok(Applied::Changed);
    }
    let Some(sighting) = reading.sighting() else { return Ok(Applied::Dropped) };
    let mut participant = resolve(uow, &sighting).await?;
    if !echo && reading.event.extra.historical != Some(true) && participant.unreachable.is_some() {
        // Whoever writes can be written to.
        participant.value.unreachable = None;
        participant = uow.save_part(participant).await?;
    }
    let (mut thread, new) = open_thread(uow, reading.connection, &participant).await?;
    for (name, ..) in &sighting.names {
        for event in unpark_thread(uow, reading.connection.id, name).await? {
            mark(&mut thread.value, &event);
        }
    }
    let message = message_of(reading, &thread, id);
    let counts = counts_as_unread(reading);
    let direction = message.direction;
    thread.value.show(message.at, direction, message.text.as_deref());
    if reading.table.window.is_opened_by(reading.event) {
        thread.value.act(reading.at(), reading.received_at);
    }
    if reading.event.extra.referral.as_ref().is_some_and(|referral| referral.ad_id.is_some()) {
        thread.value.entry_point_at = thread.entry_point_at.max(Some(reading.at()));
    }
    let reopened = counts && thread.value.receive(reading.connection.settings.reopen);
    let kind = message.kind;
    let said = match direction {
        Direction::Inbound => MessageEvent::Received { conversation_id: thread.id },
        Direction::Outbound => MessageEvent::Echoed { conversation_id: thread.id },
    };
    let mut message = uow.insert(message, said).await?;
    if direction == Direction::Outbound {
        catch_up(uow, &thread, &mut message).await?;
    }
    unpark(uow, reading.connection, reading.table, &mut thread, &mut message).await?;
    let told = match direction {
        Direction::Inbound => ConversationEvent::Received { message_id: message.id, kind, reopened },
        Direction::Outbound => ConversationEvent::Answered { message_id: message.id, elsewhere: true },
    };
    fetch_later(uow, &message).await?;
    if counts {
        let calendar = attend::calendar_of(uow, reading.connection).await?;
        let hours = calendar.as_ref().map(|calendar| BusinessHours::new(&calendar.value, channels.zones()));
        thread.value.clock.start(message.at, reading.connection.settings.targets, hours);
        attend::later(uow, &message, reopened, new).await?;
    } else if direction == Direction::Outbound && !message.historical {
        thread.value.clock.answer(message.at);
    }
    attend::remind(uow, &thread).await?;
    uow.save(thread, told).await?;
    Ok(Applied::Added)
}

/// Whether somebody should look at it.
fn counts_as_unread(reading: &Reading<'_>) -> bool {
    let event = reading.event;
    let quiet = matches!(event.message_type, Some(MessageKind::System | MessageKind::Referral));
    event.kind != EventKind::Echo && !quiet && event.extra.historical != Some(true)
}

fn message_of(reading: &Reading<'_>, thread: &Stored<Conversation>, external_id: String) -> Message {
    let (event, at) = (reading.event, reading.at());
    let echo = event.kind == EventKind::Echo;
    let only_linked = reading.table.has(Feature::MediaOnlyLinked);
    Message {
        conversation_id: thread.id,
        connection_id: reading.connection.id,
        external_id: Some(external_id),
        direction: if echo { Direction::Outbound } else { Direction::Inbound },
        origin: if echo { Origin::NativeApp } else { Origin::Participant },
        kind: event.message_type.unwrap_or(MessageKind::Unsupported),
        at,
        text: event.text.clone(),
        payload: event.payload.clone(),
        media: event.media.iter().map(|item| MediaPart::arrived(item, only_linked)).collect(),
        reply_to: event.reply_to.clone(),
        details: details(&event.extra),
        historical: event.extra.historical == Some(true),
        author_id: None,
        automatic: false,
        content: None,
        send_as: None,
        status: echo
            .then(|| event.status.map_or(MessageStatus::Sent, |status| status.max(DeliveryStatus::Sent).into())),
        attempts: 0,
        sent_at: echo.then_some(at),
        delivered_at: None,
        read_at: None,
        failed_at: None,
        error_code: event.error_code,
        error: None,
        edited_at: None,
        deleted_at: None,
        reactions: Vec::new(),
    }
}

/// What the platform told beside the words, when it told anything.
fn details(extra: &Extra) -> Option<Json> {
    let details = serde_json::to_value(extra).ok()?;
    details.as_object().is_some_and(|details| !details.is_empty()).then_some(details)
}

/// One of ours came back: its echo may be the first that we hear of it.
async fn settle_own(
    uow: &mut UnitOfWork<'_>,
    reading: &Reading<'_>,
    mut own: Stored<Message>,
    external_id: String,
) -> Result<()> {
    own.value.external_id = Some(external_id);
    let event = own.value.progress(DeliveryStatus::Sent, reading.event.timestamp, None);
    let event = event.unwrap_or(MessageEvent::Progressed { from: own.status, to: MessageStatus::Sent });
    let mut own = uow.save(own, event).await?;
    let mut thread = uow.get(own.conversation_id).await?;
    thread.value.show(reading.at(), Direction::Outbound, own.text.as_deref());
    catch_up(uow, &thread, &mut own).await?;
    unpark(uow, reading.connection, reading.table, &mut thread, &mut own).await?;
    uow.save_part(thread).await?;
    Ok(())
}

/// An echo of a message that is known: its instant counts for the thread, and for when the platform took it.
async fn show_again(uow: &mut UnitOfWork<'_>, reading: &Reading<'_>, known: &Stored<Message>) -> Result<()> {
    let mut thread = uow.get(known.conversation_id).await?;
    let before = thread.value.clone();
    thread.value.show(reading.at(), Direction::Outbound, known.text.as_deref());
    if thread.value != before {
        uow.save_part(thread).await?;
    }
    let mut known = known.clone();
    if let Some(event) = known.value.progress(DeliveryStatus::Sent, reading.event.timestamp, None) {
        uow.save(known, event).await?;
    }
    Ok(())
}
