//! Targets and snoozes: what happens at an instant when nobody does anything.

use serde_json::json;

use super::follow::{calendar_of, reassign};
use super::{TARGET, WAKE};
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::channel::Channels;
use crate::inbox::conversation::{Conversation, ConversationEvent, ConversationId, ConversationState};
use crate::inbox::hours::BusinessHours;
use crate::inbox::jobs::subject;
use crate::kernel::{Result, Stored, Timestamp};
use crate::store::{Session, UnitOfWork};

/// Has the next target of a conversation looked at when it is due.
pub(crate) async fn remind(uow: &mut UnitOfWork<'_>, thread: &Stored<Conversation>) -> Result<()> {
    let key = format!("{TARGET}:{}", thread.id);
    match thread.clock.next_due() {
        Some(due) => uow.schedule(Job::at(due, TARGET, json!({ "conversation_id": thread.id })).unique(key)).await,
        None => uow.unschedule(&key).await,
    }
}

/// Tells of the targets that are missed, each once and with the instant at which it was due.
pub(crate) async fn run_target(_: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let mut uow = session.begin(Permission::AgendaRun).await?;
    uow.finish(job).await?;
    if let Some(mut thread) = conversation_of(&mut uow, job).await? {
        let missed = thread.value.clock.missed(uow.now());
        if !missed.is_empty() {
            let thread = uow.save_part(thread.clone()).await?;
            for (target, due_at) in missed {
                uow.say(&thread, &ConversationEvent::TargetMissed { target, due_at })?;
            }
        }
        remind(&mut uow, &thread).await?;
    }
    uow.commit().await
}

/// Wakes a conversation at an instant.
pub(crate) async fn wake_later(uow: &mut UnitOfWork<'_>, id: ConversationId, until: Option<Timestamp>) -> Result<()> {
    let key = format!("{WAKE}:{id}");
    match until {
        Some(until) => uow.schedule(Job::at(until, WAKE, json!({ "conversation_id": id })).unique(key)).await,
        None => uow.unschedule(&key).await,
    }
}

/// Opens a conversation whose snooze is over, and gives it to somebody else when its owner is away.
pub(crate) async fn run_wake(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let mut uow = session.begin(Permission::AgendaRun).await?;
    uow.finish(job).await?;
    let now = uow.now();
    let thread = conversation_of(&mut uow, job).await?;
    let snoozed = thread.filter(|thread| {
        thread.state == ConversationState::Snoozed && thread.snoozed_until.is_some_and(|until| until <= now)
    });
    if let Some(mut thread) = snoozed {
        let connection = uow.get(thread.connection_id).await?;
        let calendar = calendar_of(&mut uow, &connection).await?;
        let hours = calendar.as_ref().map(|calendar| BusinessHours::new(&calendar.value, channels.zones()));
        let event = thread.value.reopen()?;
        thread.value.clock.resume(now, connection.settings.targets, hours);
        let given = reassign(&mut uow, &connection, &mut thread.value, None, false).await?;
        let thread = uow.save(thread, event).await?;
        if let Some(given) = given {
            uow.say(&thread, &given)?;
        }
        remind(&mut uow, &thread).await?;
    }
    uow.commit().await
}

/// The conversation that a job is about, held until the end.
async fn conversation_of(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<Option<Stored<Conversation>>> {
    let id: Option<ConversationId> = subject(job, "conversation_id");
    match id {
        Some(id) => uow.lock_of_anyone(id).await,
        None => Ok(None),
    }
}
