//! Whether connections still work: looked at every day, and tokens renewed before they end.

use std::time::Duration;

use serde_json::json;

use super::channel::{Channels, FailureClass, RenewedToken};
use super::connection::{Connection, ConnectionEvent, ConnectionId, ConnectionStatus, SecretPlace, account_of};
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::jobs::subject;
use crate::kernel::{Result, Stored};
use crate::store::{Session, UnitOfWork};

/// The kind of job that looks whether a connection works.
pub const CHECK: &str = "inbox.check_connection";

const EVERY: Duration = Duration::from_hours(24);
/// Tokens that end within this time are renewed.
const RENEW_WITHIN: Duration = Duration::from_hours(24 * 53);

/// What platforms say when sending on would cost the account.
const BAD_NEWS: [&str; 8] = [
    "account_restriction",
    "account_violation",
    "disabled_update",
    "flagged",
    "downgrade",
    "throughput_downgrade",
    "account_deleted",
    "banned",
];

/// Whether what a platform says of an account means that bulk sending must stop.
pub(crate) fn is_bad_news(told: &str) -> bool {
    let told = told.to_ascii_lowercase();
    BAD_NEWS.iter().any(|bad| told.contains(bad))
}

/// Has a connection looked at every day from now on.
pub(crate) async fn watch(uow: &mut UnitOfWork<'_>, id: ConnectionId) -> Result<()> {
    let job = Job::at(uow.now().plus(EVERY), CHECK, json!({ "connection_id": id }));
    uow.schedule(job.unique(format!("{CHECK}:{id}"))).await
}

/// Looks whether a connection works, renews its token when that ends soon, and looks again tomorrow.
pub(crate) async fn run_check(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let id: Option<ConnectionId> = subject(job, "connection_id");
    let mut uow = session.begin(Permission::AgendaRun).await?;
    let connection = match id {
        Some(id) => uow.find(id).await?,
        None => None,
    };
    let active = connection.filter(|connection| connection.status != ConnectionStatus::Disconnected);
    let Some(connection) = active else {
        uow.finish(job).await?;
        return uow.commit().await;
    };
    drop(uow);
    let account = account_of(channels.vault(), session, &connection)?;
    let gateway = channels.gateway(&connection.platform)?;
    let ends_soon =
        |uow: &UnitOfWork<'_>| connection.token_expires_at.is_some_and(|end| end <= uow.now().plus(RENEW_WITHIN));
    let health = gateway.health(&account).await;
    let dead = match &health {
        Ok(health) if health.valid => None,
        Ok(_) => Some("the platform says that the token is not valid any more".to_owned()),
        Err(failure) if failure.class == FailureClass::Reauth => Some(failure.message.clone()),
        // Not reached: the job comes again.
        Err(failure) => return Err(failure.clone().into()),
    };
    let uow = session.begin(Permission::AgendaRun).await?;
    let wants_token = dead.is_none() && ends_soon(&uow);
    drop(uow);
    let renewed = if wants_token { gateway.renew(&account).await.ok().flatten() } else { None };
    if matches!(&health, Ok(health) if health.valid && !health.subscribed) {
        gateway.subscribe(&account).await?;
    }
    let mut uow = session.begin(Permission::AgendaRun).await?;
    uow.finish(job).await?;
    note(channels, &mut uow, connection.id, dead, renewed).await?;
    watch(&mut uow, connection.id).await?;
    uow.commit().await
}

async fn note(
    channels: &Channels,
    uow: &mut UnitOfWork<'_>,
    id: ConnectionId,
    dead: Option<String>,
    renewed: Option<RenewedToken>,
) -> Result<()> {
    let mut connection: Stored<Connection> = uow.lock(id).await?;
    if let Some(reason) = dead {
        if connection.status == ConnectionStatus::Active {
            let event = connection.value.expire(reason)?;
            uow.save(connection, event).await?;
        }
    } else if let Some(renewed) = renewed {
        let place = SecretPlace::of(uow.organization(), "token", id);
        connection.value.token = Some(channels.vault().seal(&place, &renewed.token)?);
        connection.value.token_expires_at = renewed.expires_at;
        uow.save(connection, ConnectionEvent::Renewed { expires_at: renewed.expires_at }).await?;
    }
    Ok(())
}
