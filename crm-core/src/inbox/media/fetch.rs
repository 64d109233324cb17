//! The job that fetches the media of a message.

use serde_json::json;

use super::{FETCH, LARGEST_MEDIUM};
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::channel::{Channels, FailureClass, FetchedMedia};
use crate::inbox::connection::account_of;
use crate::inbox::jobs::subject;
use crate::inbox::message::{MediaPart, MediaState, Message, MessageEvent, MessageId};
use crate::kernel::{Result, Stored};
use crate::store::{Session, UnitOfWork};

/// How often a medium is tried before it is given up; links of platforms end soon.
const ATTEMPTS: i64 = 5;

/// Has the media of a message fetched, when there are any to fetch.
pub(crate) async fn fetch_later(uow: &mut UnitOfWork<'_>, message: &Stored<Message>) -> Result<()> {
    if message.media.iter().all(|part| part.state != MediaState::Pending) {
        return Ok(());
    }
    let mut job = Job::at(uow.now(), FETCH, json!({ "message_id": message.id }));
    job.max_attempts = ATTEMPTS;
    uow.schedule(job.unique(format!("{FETCH}:{}", message.id))).await
}

/// Fetches what is pending, outside any transaction, then notes what came of it.
pub(crate) async fn run_fetch(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let id: Option<MessageId> = subject(job, "message_id");
    let mut uow = session.begin(Permission::InboxReceive).await?;
    let message = match id {
        Some(id) => uow.find_of_anyone(id).await?,
        None => None,
    };
    let Some(message) = message else {
        uow.finish(job).await?;
        return uow.commit().await;
    };
    let connection = uow.get(message.connection_id).await?;
    drop(uow);
    let mut fetched = Vec::new();
    for (place, part) in message.media.iter().enumerate() {
        if part.state == MediaState::Pending {
            let account = account_of(channels.vault(), session, &connection);
            let settled = match account {
                Ok(account) if channels.shelf().keeps() => {
                    let gateway = channels.gateway(&connection.platform)?;
                    match gateway.fetch_media(&account, &part.item(), LARGEST_MEDIUM).await {
                        Ok(media) => keep(channels, session, &message, place, media).await,
                        // Worth another try: the job fails and comes again, until it has had its attempts.
                        Err(failure) if failure.class == FailureClass::RetryBackoff && job.attempts < ATTEMPTS => {
                            return Err(failure.into());
                        }
                        Err(_) => Settled::Failed,
                    }
                }
                Ok(_) if part.url.is_some() => Settled::Linked,
                _ => Settled::Failed,
            };
            fetched.push((place, settled));
        }
    }
    let mut uow = session.begin(Permission::InboxReceive).await?;
    uow.finish(job).await?;
    let Some(mut message) = uow.lock_of_anyone(message.id).await? else { return uow.commit().await };
    for (place, settled) in fetched {
        // One that was taken back in the meantime stays erased.
        if let Some(part) = message.value.media.get_mut(place).filter(|part| part.state == MediaState::Pending) {
            settled.note(part);
        }
    }
    uow.save(message, MessageEvent::MediaSettled).await?;
    uow.commit().await
}

enum Settled {
    Kept { name: String, sha256: String, mime: Option<String> },
    Linked,
    Failed,
}

impl Settled {
    fn note(self, part: &mut MediaPart) {
        match self {
            Self::Kept { name, sha256, mime } => {
                part.state = MediaState::Kept;
                part.kept_as = Some(name);
                part.sha256 = Some(sha256);
                part.mime = mime.or_else(|| part.mime.take());
            }
            Self::Linked => part.state = MediaState::Linked,
            Self::Failed => part.state = MediaState::Failed,
        }
    }
}

async fn keep(
    channels: &Channels,
    session: &Session,
    message: &Stored<Message>,
    place: usize,
    media: FetchedMedia,
) -> Settled {
    let organization = session.caller().organization();
    match channels.shelf().put(organization, message.id.uuid(), place, &media).await {
        Ok(name) => Settled::Kept { name, sha256: media.sha256, mime: media.mime },
        Err(_) => Settled::Failed,
    }
}
