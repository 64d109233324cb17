//! The job that does the next step of a bulk sending.

use std::time::Duration;

use serde_json::json;

use super::BULK;
use super::ledger::{BulkRecipient, RecipientState};
use super::model::{BulkSend, BulkSendId, BulkState};
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::channel::{
    Channels, Feature, OutboundContent, RecipientKind, TemplateComponent, TemplateMessage, TemplateParameters,
};
use crate::inbox::connection::{Connection, ConnectionId};
use crate::inbox::conversation::open_thread;
use crate::inbox::jobs::subject;
use crate::inbox::participant::{Sighting, resolve};
use crate::inbox::send::{NewMessage, queue};
use crate::kernel::{Kind, Name, Page, Result, Stored, Timestamp};
use crate::store::{Session, UnitOfWork};

/// Puts the next step of a bulk sending on the agenda.
pub(super) async fn step_at(uow: &mut UnitOfWork<'_>, id: BulkSendId, at: Timestamp) -> Result<()> {
    let job = Job::at(at, BULK, json!({ "bulk_send_id": id }));
    uow.schedule(job.unique(format!("{BULK}:{id}"))).await
}

/// Writes the messages of the next batch. Row and message are one commit, so that each recipient has one outcome; what
/// comes after is the sending of single messages.
pub(crate) async fn run_bulk(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let mut uow = session.begin(Permission::AgendaRun).await?;
    uow.finish(job).await?;
    let id: Option<BulkSendId> = subject(job, "bulk_send_id");
    let bulk = match id {
        Some(id) => uow.lock_of_anyone(id).await?,
        None => None,
    };
    let Some(mut bulk) = bulk.filter(|bulk| bulk.state == BulkState::Running) else { return uow.commit().await };
    let connection: Stored<Connection> = uow.get(bulk.connection_id).await?;
    if let Some(reason) = obstacle(&connection, uow.now()) {
        let event = bulk.value.pause(&reason)?;
        uow.save(bulk, event).await?;
        return uow.commit().await;
    }
    let now = uow.now();
    let left_today = bulk.value.left_today(now);
    if left_today == 0 {
        let tomorrow = bulk.day_began_at.unwrap_or(now).plus(Duration::from_hours(24));
        let bulk = uow.save_part(bulk).await?;
        step_at(&mut uow, bulk.id, tomorrow).await?;
        return uow.commit().await;
    }
    let waiting = BulkRecipient::BULK_SEND.is(bulk.id).and(BulkRecipient::STATE.is(RecipientState::Waiting.as_str()));
    let batch = uow.list(&waiting, &Page::first(bulk.pace.batch.min(left_today))).await?;
    if batch.is_empty() {
        let event = bulk.value.complete(now)?;
        uow.save(bulk, event).await?;
        return uow.commit().await;
    }
    for mut recipient in batch {
        if settle(channels, &mut uow, &connection, &bulk, &mut recipient).await? {
            bulk.value.sent_today += 1;
        }
        uow.save_part(recipient).await?;
    }
    let pause = Duration::from_secs(bulk.pace.delay_s.into()) + jitter(&bulk);
    let bulk = uow.save_part(bulk).await?;
    step_at(&mut uow, bulk.id, now.plus(pause)).await?;
    uow.commit().await
}

/// Why a connection can't send in bulk now.
fn obstacle(connection: &Connection, now: Timestamp) -> Option<String> {
    if let Err(refusal) = connection.check_active() {
        return Some(refusal.to_string());
    }
    let paused = connection.paused_until.is_some_and(|until| until > now);
    paused.then(|| connection.pause_reason.clone().unwrap_or_else(|| "the connection is paused".to_owned()))
}

/// Another number of seconds for each step, the same one whenever the step is repeated.
fn jitter(bulk: &Stored<BulkSend>) -> Duration {
    let seed = bulk.id.uuid().as_u128().wrapping_add(u128::from(bulk.version.unsigned_abs()));
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> 64;
    let span = u128::from(bulk.pace.jitter_s) + 1;
    Duration::from_secs(u64::try_from(mixed % span).unwrap_or(0))
}

/// Gives a recipient their outcome. Answers whether a message was written.
async fn settle(
    channels: &Channels,
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    bulk: &Stored<BulkSend>,
    recipient: &mut Stored<BulkRecipient>,
) -> Result<bool> {
    let now = uow.now();
    let table = channels.capabilities(&connection.platform)?;
    let kind = if table.has(Feature::TelephoneNumbers) { RecipientKind::Telephone } else { RecipientKind::Scoped };
    let sighting = Sighting {
        connection_id: connection.id,
        names: vec![(recipient.address.clone(), kind, false)],
        profile_name: None,
        at: now,
    };
    let mut participant = resolve(uow, &sighting).await?;
    if let Some(agreed) = recipient.consented_at
        && participant.opted_in_at.is_none_or(|known| known < agreed)
    {
        participant.value.opted_in_at = Some(agreed);
        participant = uow.save_part(participant).await?;
    }
    if !participant.consents() {
        let refused = participant.opted_out_at.is_some();
        let why = if refused { "they asked for no more of these" } else { "they have not agreed to these" };
        recipient.value.skip(why, now);
        return Ok(false);
    }
    if let Some(reason) = &participant.unreachable {
        recipient.value.skip(format!("they cannot be reached: {reason}"), now);
        return Ok(false);
    }
    let (mut thread, _) = open_thread(uow, connection, &participant).await?;
    let name = recipient.name.as_ref().or(participant.name.as_ref()).map(Name::as_str);
    let content = OutboundContent::Template(filled(&bulk.template, name));
    let new = NewMessage { promotion: true, ..NewMessage::of(content) };
    match queue(uow, connection, &table, &mut thread, new, true).await {
        Ok((message, event)) => {
            uow.save(thread, event).await?;
            recipient.value.state = RecipientState::Queued;
            recipient.value.message_id = Some(message.id);
            recipient.value.settled_at = Some(now);
            Ok(true)
        }
        // What the gate or the template refuses is this recipient's outcome; what the store refuses is not.
        Err(error) if error.kind() == Kind::Invalid || !error.code().starts_with("record.") => {
            if error.kind() == Kind::Unavailable || error.kind() == Kind::Internal {
                return Err(error);
            }
            recipient.value.skip(error.to_string(), now);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The template with the recipient's name where a value is `{{name}}`; without one the value is a dash.
fn filled(template: &TemplateMessage, name: Option<&str>) -> TemplateMessage {
    let put = |value: &str| value.replace("{{name}}", name.unwrap_or("-"));
    let parameters = |parameters: &TemplateParameters| match parameters {
        TemplateParameters::Positional(values) => {
            TemplateParameters::Positional(values.iter().map(|value| put(value)).collect())
        }
        TemplateParameters::Named(values) => {
            TemplateParameters::Named(values.iter().map(|(blank, value)| (blank.clone(), put(value))).collect())
        }
    };
    let components = template.components.iter().map(|component| match component {
        TemplateComponent::Body(values) => TemplateComponent::Body(parameters(values)),
        TemplateComponent::HeaderText(values) => TemplateComponent::HeaderText(parameters(values)),
        other => other.clone(),
    });
    TemplateMessage { components: components.collect(), ..template.clone() }
}

/// Pauses everything that runs through a connection.
pub(crate) async fn pause_all(uow: &mut UnitOfWork<'_>, connection: ConnectionId, reason: &str) -> Result<()> {
    let running = BulkSend::CONNECTION.is(connection).and(BulkSend::STATE.is(BulkState::Running.as_str()));
    for mut bulk in uow.list_all(&running).await? {
        let event = bulk.value.pause(reason)?;
        uow.save(bulk, event).await?;
    }
    Ok(())
}
