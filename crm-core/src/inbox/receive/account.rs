//! What a platform says of our accounts, their templates and their quality.

use super::apply::Applied;
use crate::inbox::channel::{InboundEvent, Platform, TemplateNotice, TemplateStatus};
use crate::inbox::connection::{Connection, ConnectionEvent};
use crate::inbox::template::{MessageTemplate, TemplateEvent};
use crate::inbox::{bulk, health};
use crate::kernel::{Result, Stored};
use crate::store::UnitOfWork;

pub(super) async fn apply(uow: &mut UnitOfWork<'_>, platform: &Platform, event: &InboundEvent) -> Result<Applied> {
    let connections = concerned(uow, platform, event).await?;
    let told = event.extra.event.clone().unwrap_or_default();
    for connection in &connections {
        if let Some(notice) = &event.extra.template {
            judge(uow, connection, notice, &told).await?;
            continue;
        }
        uow.say(connection, &ConnectionEvent::QualityChanged { event: told.clone() })?;
        if health::is_bad_news(&told) {
            bulk::pause_all(uow, connection.id, &told).await?;
        }
    }
    Ok(if connections.is_empty() { Applied::Dropped } else { Applied::Changed })
}

/// The platform has decided about a template.
async fn judge(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    notice: &TemplateNotice,
    told: &str,
) -> Result<()> {
    let (Some(name), Some(language)) = (&notice.name, &notice.language) else { return Ok(()) };
    let same = MessageTemplate::CONNECTION
        .is(connection.id)
        .and(MessageTemplate::NAME_FIELD.is(name.as_str()))
        .and(MessageTemplate::LANGUAGE.is(language.as_str()));
    for mut template in uow.list_all(&same).await? {
        let (from, to) = (template.status, TemplateStatus::named(told));
        if from != to || template.reason != notice.reason {
            template.value.status = to;
            template.value.reason.clone_from(&notice.reason);
            uow.save(template, TemplateEvent::Judged { from, to, reason: notice.reason.clone() }).await?;
        }
    }
    Ok(())
}

/// The connections that an event is about: the one it names, else all of the account above.
async fn concerned(
    uow: &mut UnitOfWork<'_>,
    platform: &Platform,
    event: &InboundEvent,
) -> Result<Vec<Stored<Connection>>> {
    let of_platform = Connection::PLATFORM.is(platform.as_str());
    let filter = match (&event.connection_id, &event.extra.waba_id) {
        (Some(id), _) => of_platform.and(Connection::EXTERNAL_ID.is(id.as_str())),
        (None, Some(parent)) => of_platform.and(Connection::PARENT_ID.is(parent.as_str())),
        (None, None) => return Ok(Vec::new()),
    };
    let found = uow.list_all_of_anyone(&filter).await?;
    Ok(found.into_iter().filter(|connection| connection.receives()).collect())
}
