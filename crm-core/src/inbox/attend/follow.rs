//! The job that attends to a message of theirs.

use serde_json::json;

use super::ATTEND;
use super::due::remind;
use crate::access::{MemberId, Permission};
use crate::agenda::Job;
use crate::assignment::{absence, take_turn};
use crate::inbox::channel::{Channels, Profile};
use crate::inbox::connection::{Connection, ReopenPolicy, account_of};
use crate::inbox::conversation::{Conversation, ConversationEvent};
use crate::inbox::hours::{BusinessHours, Calendar};
use crate::inbox::identity;
use crate::inbox::jobs::{says, subject};
use crate::inbox::message::{Message, MessageId};
use crate::inbox::participant::Participant;
use crate::inbox::send::{NewMessage, queue};
use crate::kernel::{Explanation, Kind, Result, Stored};
use crate::store::{Session, UnitOfWork};

/// Has a message of theirs attended to.
pub(crate) async fn later(
    uow: &mut UnitOfWork<'_>,
    message: &Stored<Message>,
    reopened: bool,
    first: bool,
) -> Result<()> {
    let job = Job::at(uow.now(), ATTEND, json!({ "message_id": message.id, "reopened": reopened, "first": first }));
    uow.schedule(job.unique(format!("{ATTEND}:{}", message.id))).await
}

/// The calendar of a connection, when it has one.
pub(crate) async fn calendar_of(uow: &mut UnitOfWork<'_>, connection: &Connection) -> Result<Option<Stored<Calendar>>> {
    match connection.settings.calendar_id {
        Some(id) => uow.find(id).await,
        None => Ok(None),
    }
}

/// Attends to a message: who they may be, who looks after it, and an answer for closed hours.
pub(crate) async fn run_attend(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let profile = profile_of(channels, session, job).await?;
    let mut uow = session.begin(Permission::AgendaRun).await?;
    uow.finish(job).await?;
    let id: Option<MessageId> = subject(job, "message_id");
    let message = match id {
        Some(id) => uow.find_of_anyone(id).await?,
        None => None,
    };
    let thread = match &message {
        Some(message) => uow.lock_of_anyone(message.conversation_id).await?,
        None => None,
    };
    let (Some(message), Some(mut thread)) = (message, thread) else { return uow.commit().await };
    let connection = uow.get(thread.connection_id).await?;
    let mut participant = uow.get(thread.participant_id).await?;
    if let Some(profile) = profile
        && participant.value.introduce(&profile, message.at)
    {
        participant = uow.save_part(participant).await?;
    }
    let first = says(job, "first");
    identity::recognise(&mut uow, &connection, &mut participant, first).await?;
    let reopened = says(job, "reopened");
    let lead_owner = owner_of(&mut uow, &participant).await?;
    let mut events = Vec::new();
    events.extend(reassign(&mut uow, &connection, &mut thread.value, lead_owner, reopened).await?);
    events.extend(answer_away(channels, &mut uow, &connection, &mut thread, &message).await?);
    if !events.is_empty() {
        let thread = uow.save_part(thread).await?;
        for event in events {
            uow.say(&thread, &event)?;
        }
        remind(&mut uow, &thread).await?;
    }
    uow.commit().await
}

/// What the platform says of a participant who has no name yet: asked before anything is held, for who they are should
/// be known before a lead is made of them. What the platform refuses to tell is no hindrance.
async fn profile_of(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<Option<Profile>> {
    let Some(id) = subject::<Message>(job, "message_id") else { return Ok(None) };
    let mut uow = session.begin(Permission::AgendaRun).await?;
    let Some(message) = uow.find_of_anyone(id).await? else { return Ok(None) };
    let Some(thread) = uow.find_of_anyone(message.conversation_id).await? else { return Ok(None) };
    let participant = uow.get(thread.participant_id).await?;
    let connection = uow.get(thread.connection_id).await?;
    drop(uow);
    if participant.name.is_some() || participant.is_group() || connection.check_active().is_err() {
        return Ok(None);
    }
    let Ok(account) = account_of(channels.vault(), session, &connection) else { return Ok(None) };
    let told = channels.gateway(&connection.platform)?.profile(&account, &participant.recipient()).await;
    Ok(told.ok())
}

/// Who owns the lead or the contact that they are.
async fn owner_of(uow: &mut UnitOfWork<'_>, participant: &Stored<Participant>) -> Result<Option<MemberId>> {
    if let Some(id) = participant.lead_id
        && let Some(lead) = uow.find_of_anyone(id).await?
        && lead.owner_id.is_some()
    {
        return Ok(lead.value.owner_id);
    }
    match participant.contact_id {
        Some(id) => Ok(uow.find_of_anyone(id).await?.and_then(|contact| contact.value.owner_id)),
        None => Ok(None),
    }
}

/// Gives a conversation to somebody who is there: it stays with its owner while they are, goes to whoever owns the lead
/// before the rule's next member. Nobody, when nobody is there.
pub(crate) async fn reassign(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    thread: &mut Conversation,
    lead_owner: Option<MemberId>,
    reopened: bool,
) -> Result<Option<ConversationEvent>> {
    let anew = reopened && connection.settings.reopen == ReopenPolicy::Anew;
    let mut reasons = Vec::new();
    if let Some(owner) = thread.owner_id.filter(|_| !anew) {
        match absence(uow, owner).await? {
            None => return Ok(None),
            Some(obstacle) => reasons.push(Explanation::new(format!("whoever had it is {obstacle}"))),
        }
    }
    if let Some(owner) = lead_owner.filter(|owner| thread.owner_id != Some(*owner))
        && absence(uow, owner).await?.is_none()
    {
        let why = Explanation::new("they own the lead or contact").because_all(reasons);
        return Ok(thread.assign(Some(owner), why));
    }
    let Some(rule) = connection.settings.assignment_rule_id else { return Ok(None) };
    let assignment = match take_turn(uow, rule, None).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        taken => taken?,
    };
    let why = assignment.explanation.because_all(reasons);
    // With nobody there it stays where it is, so that somebody is named at least.
    Ok(assignment.member_id.and_then(|member| thread.assign(Some(member), why)))
}

/// Answers for closed hours, once in each closed period, while it is still closed and the window is open.
async fn answer_away(
    channels: &Channels,
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    thread: &mut Stored<Conversation>,
    message: &Stored<Message>,
) -> Result<Option<ConversationEvent>> {
    let Some(words) = connection.settings.away_reply.clone() else { return Ok(None) };
    let Some(calendar) = calendar_of(uow, connection).await? else { return Ok(None) };
    let hours = BusinessHours::new(&calendar.value, channels.zones());
    let closed = hours.closed_since(uow.now())?;
    let Some(since) = closed.filter(|since| hours.closed_since(message.at).is_ok_and(|then| then == Some(*since)))
    else {
        return Ok(None);
    };
    if thread.away_replied_for == Some(since) {
        return Ok(None);
    }
    let table = channels.capabilities(&connection.platform)?;
    match queue(uow, connection, &table, thread, NewMessage::text(words.into_string()), true).await {
        Ok((sent, _)) => {
            thread.value.away_replied_for = Some(since);
            Ok(Some(ConversationEvent::AnsweredAway { message_id: sent.id }))
        }
        // The window has closed, or the connection can't send: then nothing is said.
        Err(error) if error.kind() == Kind::Conflict && error.code() != "record.changed_meanwhile" => Ok(None),
        Err(error) => Err(error),
    }
}
