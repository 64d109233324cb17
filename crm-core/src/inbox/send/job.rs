//! The job that sends one message.

use super::gate::{ask, author_of, standing};
use super::rate::take_turn;
use super::settle::{lose, refuse_locally, settle};
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::channel::{Channels, OutboundMessage, SendAs};
use crate::inbox::connection::{Connection, account_of};
use crate::inbox::jobs::subject;
use crate::inbox::message::{Message, MessageEvent, MessageId, MessageStatus};
use crate::inbox::window::Verdict;
use crate::kernel::{Kind, Result, Stored, Timestamp};
use crate::store::{Agenda, Session, UnitOfWork};

/// What the first transaction decides.
enum Step {
    /// Nothing is left to do; the job is finished with this transaction.
    Over,
    /// It is handed to the platform now.
    Go(Box<(Stored<Connection>, Stored<Message>, OutboundMessage)>),
}

/// Does a [`super::SEND`] job: notes that it begins, asks the platform once, notes what came of it.
///
/// # Errors
/// Those of the store. A message whose sending had begun is not sent again.
pub(crate) async fn run_send(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let mut uow = session.begin(Permission::AgendaRun).await?;
    let step = prepare(channels, &mut uow, job).await?;
    let Step::Go(ready) = step else {
        uow.finish(job).await?;
        return uow.commit().await;
    };
    let (connection, message, outbound) = *ready;
    let account = match account_of(channels.vault(), session, &connection) {
        Ok(account) => account,
        Err(error) => {
            refuse_locally(&mut uow, message, &error.to_string()).await?;
            uow.finish(job).await?;
            return uow.commit().await;
        }
    };
    uow.commit().await?;
    let outcome = channels.gateway(&connection.platform)?.send(&account, &outbound).await;
    let mut tries = 1;
    loop {
        let mut uow = session.begin(Permission::AgendaRun).await?;
        // Whoever holds the job by now: what the platform answered is noted in any case.
        Agenda::finish(uow.tx(), &[(job.id, job.token)]).await?;
        match settle(channels, &mut uow, message.id, &outcome).await {
            Ok(_) => match uow.commit().await {
                // An echo or a status has met us; what it wrote is seen by the next try. Never ask the platform again.
                Err(error) if tries < 16 && error.kind() == Kind::Conflict => tries += 1,
                outcome => return outcome,
            },
            Err(error) if tries < 16 && error.kind() == Kind::Conflict => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Decides whether the message is to be handed over now, and notes it.
async fn prepare(channels: &Channels, uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<Step> {
    let id: Option<MessageId> = subject(job, "message_id");
    let message = match id {
        Some(id) => uow.lock_of_anyone(id).await?,
        None => None,
    };
    let Some(mut message) = message else { return Ok(Step::Over) };
    match message.status {
        Some(MessageStatus::Queued) => {}
        Some(MessageStatus::Sending) => {
            lose(uow, message, "the program stopped while the message was being handed over").await?;
            return Ok(Step::Over);
        }
        _ => return Ok(Step::Over),
    }
    let connection = uow.get(message.connection_id).await?;
    if let Err(refusal) = connection.check_active() {
        refuse_locally(uow, message, &refusal.to_string()).await?;
        return Ok(Step::Over);
    }
    if let Some(until) = connection.paused_until.filter(|until| *until > uow.now()) {
        return wait(uow, job, until).await;
    }
    let (Some(content), Some(mut send_as)) = (message.content.clone(), message.send_as.clone()) else {
        return Ok(Step::Over);
    };
    let thread = uow.find_of_anyone(message.conversation_id).await?;
    let Some(thread) = thread else { return Ok(Step::Over) };
    let table = channels.capabilities(&connection.platform)?;
    let standing = standing(uow, &connection, &thread).await?;
    let answer = ask(uow.now(), author_of(message.automatic), &content, false, &table, standing);
    match answer.verdict {
        // It waited past the end of the window, and would be refused.
        _ if !answer.is_open() => {
            refuse_locally(uow, message, &answer.why.text).await?;
            return Ok(Step::Over);
        }
        Verdict::Tagged(tag) => {
            send_as = SendAs::Tagged(tag.to_owned());
        }
        _ => {}
    }
    if let Err(next) = take_turn(uow, &connection).await? {
        return wait(uow, job, next).await;
    }
    let participant = uow.get(thread.participant_id).await?;
    message.value.status = Some(MessageStatus::Sending);
    message.value.send_as = Some(send_as.clone());
    message.value.attempts += 1;
    let progressed = MessageEvent::Progressed { from: Some(MessageStatus::Queued), to: MessageStatus::Sending };
    let message = uow.save(message, progressed).await?;
    let outbound = OutboundMessage {
        client_id: Message::client_id(message.id),
        to: participant.recipient(),
        send_as,
        reply_to: message.reply_to.clone(),
        content,
    };
    Ok(Step::Go(Box::new((connection, message, outbound))))
}

/// The same job again, later. It has the same key, so that the present one is replaced and must not be finished here.
async fn wait(uow: &mut UnitOfWork<'_>, job: &Stored<Job>, until: Timestamp) -> Result<Step> {
    let next = Job::at(until, job.kind.clone(), job.payload.clone());
    let key = format!("{}:{}", job.kind, job.id);
    // Finished by its caller under the old token, it would be lost: a fresh key for each wait keeps them apart.
    uow.schedule(next.unique(format!("{key}:{}", until.micros()))).await?;
    Ok(Step::Over)
}
