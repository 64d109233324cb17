//! What becomes of a message, and of its connection, by what the platform answered.

use std::time::Duration;

use serde_json::json;

use super::SEND;
use super::consequence::{Judged, draw, hold};
use crate::agenda::Job;
use crate::inbox::channel::{
    Accepted, Capabilities, ChannelFailure, Channels, DeliveryStatus, FailureClass, FailureScope, RecipientKind,
    SendOutcome,
};
use crate::inbox::connection::Connection;
use crate::inbox::message::{Message, MessageEvent, MessageId, MessageStatus};
use crate::inbox::participant::{Sighting, resolve};
use crate::inbox::receive::{catch_up, find_message, unpark};
use crate::kernel::{Result, Stored, Timestamp};
use crate::store::UnitOfWork;

/// After so many tries a message fails.
const ATTEMPTS: i64 = 6;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// The platform has it.
    Sent,
    /// It is tried again at this instant.
    Again(Timestamp),
    /// It will not be sent.
    Failed,
    /// Nobody knows.
    Unknown,
    /// There is no such message any more.
    Gone,
}

/// Notes what the platform answered.
pub(crate) async fn settle(
    channels: &Channels,
    uow: &mut UnitOfWork<'_>,
    id: MessageId,
    outcome: &SendOutcome,
) -> Result<Settled> {
    let Some(message) = uow.lock_of_anyone(id).await? else { return Ok(Settled::Gone) };
    let connection = uow.get(message.connection_id).await?;
    match outcome {
        SendOutcome::Accepted(accepted) => {
            let table = channels.capabilities(&connection.platform)?;
            accept(uow, &connection, table, message, accepted).await
        }
        SendOutcome::Refused(failure) => refuse(uow, connection, message, failure).await,
        SendOutcome::Unknown { reason } => lose(uow, message, reason).await,
    }
}

async fn accept(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    table: Capabilities,
    mut message: Stored<Message>,
    accepted: &Accepted,
) -> Result<Settled> {
    if let Some(named) = &accepted.participant_id {
        // They answer under the platform's own form of their number: the dialled one and it are the same person.
        message = same_person(uow, message, named).await?;
    }
    let mut thread = uow.get(message.conversation_id).await?;
    let external_id = &accepted.external_message_id;
    let mut event = message.value.progress(DeliveryStatus::Sent, accepted.at, None);
    if let Some(echo) = find_message(uow, connection.id, external_id).await?.filter(|echo| echo.id != message.id) {
        take_over(&mut message.value, &echo);
        event = Some(MessageEvent::Merged { with: echo.id });
        uow.remove_part(&echo).await?;
    }
    message.value.external_id = Some(external_id.clone());
    let sent = MessageEvent::Progressed { from: Some(MessageStatus::Sending), to: MessageStatus::Sent };
    let mut message = uow.save(message, event.unwrap_or(sent)).await?;
    let before = thread.value.clone();
    catch_up(uow, &thread, &mut message).await?;
    unpark(uow, connection, table, &mut thread, &mut message).await?;
    if thread.value != before {
        uow.save_part(thread).await?;
    }
    Ok(Settled::Sent)
}

/// Notes the name that the platform gave to whom we wrote to. Threads may be joined by that, so the message is read anew.
async fn same_person(uow: &mut UnitOfWork<'_>, message: Stored<Message>, given: &str) -> Result<Stored<Message>> {
    let thread = uow.get(message.conversation_id).await?;
    let participant = uow.get(thread.participant_id).await?;
    let (dialled, kind) = (participant.address.clone(), participant.address_kind);
    if kind != RecipientKind::Telephone || dialled == given || given.is_empty() {
        return Ok(message);
    }
    let names = vec![(dialled, kind, false), (given.to_owned(), kind, false)];
    let sighting = Sighting { connection_id: message.connection_id, names, profile_name: None, at: uow.now() };
    resolve(uow, &sighting).await?;
    let id = message.id;
    Ok(uow.lock_of_anyone(id).await?.unwrap_or(message))
}

/// An echo was stored before we knew that it was ours: what it learned since is ours.
fn take_over(message: &mut Message, echo: &Message) {
    let marks = [
        (DeliveryStatus::Sent, echo.sent_at),
        (DeliveryStatus::Delivered, echo.delivered_at),
        (DeliveryStatus::Read, echo.read_at),
        (DeliveryStatus::Failed, echo.failed_at),
    ];
    for (status, at) in marks {
        if at.is_some() {
            let _ = message.progress(status, at, echo.error_code);
        }
    }
    message.status = message.status.max(echo.status);
    if let Some(at) = echo.edited_at {
        let _ = message.edit(echo.text.as_deref(), at);
    }
    for reaction in &echo.reactions {
        let _ = message.react(&reaction.by, reaction.emoji.as_deref(), reaction.at);
    }
    if let Some(at) = echo.deleted_at {
        let _ = message.delete(at);
    }
}

async fn refuse(
    uow: &mut UnitOfWork<'_>,
    connection: Stored<Connection>,
    message: Stored<Message>,
    failure: &ChannelFailure,
) -> Result<Settled> {
    let now = uow.now();
    if failure.class == FailureClass::RetryBackoff {
        if message.attempts >= ATTEMPTS {
            return fail(uow, message, failure).await;
        }
        let until = now.plus(failure.retry_after.unwrap_or_default().max(pause(&message)));
        if failure.scope != FailureScope::Message {
            hold(uow, connection, failure.scope, until, &failure.message).await?;
        }
        return again(uow, message, until).await;
    }
    let judged = Judged { class: failure.class, scope: failure.scope, at: now, reason: &failure.message };
    draw(uow, connection, message.conversation_id, judged).await?;
    fail(uow, message, failure).await
}

/// A pause that doubles with each try, spread by the message's identifier so that failures do not return in step.
fn pause(message: &Stored<Message>) -> Duration {
    let doublings = u32::try_from(message.attempts.clamp(1, 16)).unwrap_or(16) - 1;
    let longest = (FIRST_PAUSE * 2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE);
    let mixed = message.id.uuid().as_u128().wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> 64;
    let chance = u32::try_from(mixed % 500).unwrap_or(0) + 500;
    longest * chance / 1_000
}

async fn again(uow: &mut UnitOfWork<'_>, mut message: Stored<Message>, until: Timestamp) -> Result<Settled> {
    // An echo may have told in the meantime that it went through after all.
    if message.status != Some(MessageStatus::Sending) {
        return Ok(Settled::Sent);
    }
    message.value.status = Some(MessageStatus::Queued);
    let event = MessageEvent::Progressed { from: Some(MessageStatus::Sending), to: MessageStatus::Queued };
    let message = uow.save(message, event).await?;
    let job = Job::at(until, SEND, json!({ "message_id": message.id }));
    uow.schedule(job.unique(format!("{SEND}:{}:{}", message.id, message.attempts))).await?;
    Ok(Settled::Again(until))
}

async fn fail(uow: &mut UnitOfWork<'_>, mut message: Stored<Message>, failure: &ChannelFailure) -> Result<Settled> {
    let (class, code) = (failure.class, failure.code);
    let now = uow.now();
    let _ = message.value.progress(DeliveryStatus::Failed, Some(now), code);
    message.value.error = Some(failure.message.clone());
    uow.save(message, MessageEvent::Refused { class, code, message: failure.message.clone() }).await?;
    Ok(Settled::Failed)
}

/// It is not handed over at all.
pub(super) async fn refuse_locally(uow: &mut UnitOfWork<'_>, message: Stored<Message>, reason: &str) -> Result<()> {
    let failure = ChannelFailure::new(FailureClass::Permanent, FailureScope::Message, reason);
    fail(uow, message, &failure).await.map(|_| ())
}

/// Nobody knows whether it was sent. It is not sent again unless a person says so.
pub(super) async fn lose(uow: &mut UnitOfWork<'_>, mut message: Stored<Message>, reason: &str) -> Result<Settled> {
    if message.status >= Some(MessageStatus::Unknown) {
        return Ok(Settled::Sent);
    }
    message.value.status = Some(MessageStatus::Unknown);
    message.value.error = Some(reason.to_owned());
    uow.save(message, MessageEvent::Lost { reason: reason.to_owned() }).await?;
    Ok(Settled::Unknown)
}
