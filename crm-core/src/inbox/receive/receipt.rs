//! What became of our messages, by the platform's word.

use super::apply::{Applied, find_message, find_own, tell};
use super::parked::park;
use super::reading::Reading;
use crate::inbox::channel::{Channels, DeliveryStatus, Direction, InboundEvent};
use crate::inbox::conversation::{Conversation, find_thread};
use crate::inbox::message::{Message, MessageStatus};
use crate::inbox::participant::find_by_alias;
use crate::inbox::send::{Judged, draw};
use crate::kernel::{Result, Stored};
use crate::store::UnitOfWork;

pub(super) async fn apply(uow: &mut UnitOfWork<'_>, channels: &Channels, reading: &Reading<'_>) -> Result<Applied> {
    let event = reading.event;
    let mut applied = Applied::Dropped;
    if let Some(external_id) = &event.external_message_id {
        applied = one(uow, channels, reading, external_id).await?;
    }
    if event.extra.watermark.is_some()
        && let Some(participant) = &event.participant_id
    {
        applied = watermark(uow, reading, participant).await?;
    }
    Ok(applied)
}

/// A status of one message.
async fn one(
    uow: &mut UnitOfWork<'_>,
    channels: &Channels,
    reading: &Reading<'_>,
    external_id: &str,
) -> Result<Applied> {
    let mut found = find_message(uow, reading.connection.id, external_id).await?;
    if found.is_none() {
        // A status can be the first that we hear after a silence: it brings our reference back.
        let reference = reading.event.extra.callback_data.as_deref();
        found = find_own(uow, reading.connection.id, reference).await?.map(|mut own| {
            own.value.external_id = Some(external_id.to_owned());
            own
        });
    }
    let Some(mut message) = found.filter(|message| message.direction == Direction::Outbound) else {
        park(uow, reading, external_id).await?;
        return Ok(Applied::Parked);
    };
    let mut thread = uow.get(message.conversation_id).await?;
    let Some(event) = tell(reading, &mut thread, &mut message.value) else { return Ok(Applied::Known) };
    uow.save(message, event).await?;
    let judged = reading.event.error_code.and_then(|code| {
        let gateway = channels.gateway(&reading.connection.platform).ok()?;
        gateway.judge(&reading.connection.platform, code)
    });
    if let Some((class, scope)) = judged {
        let reason = format!("the platform gave the message up (error {})", reading.event.error_code.unwrap_or(0));
        let judged = Judged { class, scope, at: reading.at(), reason: &reason };
        draw(uow, reading.connection.clone(), thread.id, judged).await?;
    }
    Ok(Applied::Changed)
}

/// Everything of ours up to an instant has a status.
async fn watermark(uow: &mut UnitOfWork<'_>, reading: &Reading<'_>, participant: &str) -> Result<Applied> {
    let alias = find_by_alias(uow, reading.connection.id, participant).await?;
    let thread = match alias {
        Some(alias) => find_thread(uow, alias.participant_id).await?,
        None => None,
    };
    let Some(mut thread) = thread else {
        park(uow, reading, &format!("~{participant}")).await?;
        return Ok(Applied::Parked);
    };
    let before = thread.value.clone();
    mark(&mut thread.value, reading.event);
    if thread.value == before {
        return Ok(Applied::Known);
    }
    let thread = uow.save_part(thread).await?;
    let up_to = thread.delivered_up_to.max(thread.read_up_to);
    if let Some(up_to) = up_to {
        let behind = Message::CONVERSATION
            .is(thread.id)
            .and(Message::DIRECTION.is(Direction::Outbound.as_str()))
            .and(Message::STATUS.is_one_of(["unknown", "sent", "failed", "delivered"]))
            .and(Message::AT.at_most(up_to));
        for mut message in uow.list_all_of_anyone(&behind).await? {
            catch_up(uow, &thread, &mut message).await?;
        }
    }
    Ok(Applied::Changed)
}

/// Moves a thread's watermark.
pub(super) fn mark(thread: &mut Conversation, event: &InboundEvent) {
    let up_to = event.extra.watermark;
    match event.status {
        Some(DeliveryStatus::Delivered) => thread.delivered_up_to = thread.delivered_up_to.max(up_to),
        Some(DeliveryStatus::Read | DeliveryStatus::Played) => thread.read_up_to = thread.read_up_to.max(up_to),
        _ => {}
    }
}

/// Brings a message of ours to where the thread's watermarks say that it is. What the platform has not taken yet has not
/// come anywhere. The instants are the watermarks': at the latest then.
pub(crate) async fn catch_up(
    uow: &mut UnitOfWork<'_>,
    thread: &Conversation,
    message: &mut Stored<Message>,
) -> Result<()> {
    let waits = matches!(message.status, Some(MessageStatus::Queued | MessageStatus::Sending | MessageStatus::Unknown));
    if message.direction != Direction::Outbound || waits || message.external_id.is_none() {
        return Ok(());
    }
    let marks = [(DeliveryStatus::Delivered, thread.delivered_up_to), (DeliveryStatus::Read, thread.read_up_to)];
    for (status, up_to) in marks {
        let reached = up_to.filter(|up_to| message.at <= *up_to);
        // One that is further already keeps the instants that it has.
        if reached.is_some()
            && message.status < Some(status.into())
            && let Some(event) = message.value.progress(status, reached, None)
        {
            *message = uow.save(message.clone(), event).await?;
        }
    }
    Ok(())
}
