//! Whether connections still work: looked at every day, and tokens renewed before they end.

use std::time::Duration;

use serde_json::json;

use super::channel::{Channels, FailureClass, Health, RenewedToken};
use super::connection::{Connection, ConnectionEvent, ConnectionId, ConnectionStatus, SecretPlace, account_of};
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::jobs::subject;
use crate::kernel::{Result, Stored, Timestamp};
use crate::store::{Session, UnitOfWork};

/// The kind of job that looks whether a connection works.
pub const CHECK: &str = "inbox.check_connection";

const EVERY: Duration = Duration::from_hours(24);
/// Tokens that end within this time are renewed: those of 60 days every week.
const RENEW_WITHIN: Duration = Duration::from_hours(24 * 53);
/// Tokens that end within this time and can't be renewed are told of, every day.
const ALARM_WITHIN: Duration = Duration::from_hours(24 * 10);

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

/// Looks whether a connection works, and looks again tomorrow.
pub(crate) async fn run_check(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let id: Option<ConnectionId> = subject(job, "connection_id");
    let mut uow = session.begin(Permission::AgendaRun).await?;
    let (connection, now) = match id {
        Some(id) => (uow.find(id).await?, uow.now()),
        None => (None, uow.now()),
    };
    let active = connection.filter(|connection| connection.status != ConnectionStatus::Disconnected);
    let Some(connection) = active else {
        uow.finish(job).await?;
        return uow.commit().await;
    };
    drop(uow);
    let seen = look(channels, session, &connection, now).await?;
    let mut uow = session.begin(Permission::AgendaRun).await?;
    uow.finish(job).await?;
    note(channels, &mut uow, connection.id, seen).await?;
    watch(&mut uow, connection.id).await?;
    uow.commit().await
}

/// What a look at a connection showed.
pub(crate) struct Seen {
    /// Why it works no more.
    dead: Option<String>,
    health: Option<Health>,
    renewed: Option<RenewedToken>,
}

/// Asks the platform what the token is worth, for another one when it ends soon, and for its reports when they stopped.
///
/// # Errors
/// `ConnectionRefusal`, `VaultError`; `ChannelFailure` when the platform was not reached.
pub(crate) async fn look(
    channels: &Channels,
    session: &Session,
    connection: &Stored<Connection>,
    now: Timestamp,
) -> Result<Seen> {
    let account = account_of(channels.vault(), session, connection)?;
    let gateway = channels.gateway(&connection.platform)?;
    let health = match gateway.health(&account).await {
        Ok(health) if health.valid => health,
        Ok(_) => return Ok(Seen::dead("the platform says that the token is not valid any more")),
        Err(failure) if failure.class == FailureClass::Reauth => return Ok(Seen::dead(failure.message)),
        // Not reached: whoever asked comes again.
        Err(failure) => return Err(failure.into()),
    };
    let end = health.expires_at.or(connection.token_expires_at);
    let renewed = match end {
        Some(end) if end <= now.plus(RENEW_WITHIN) => gateway.renew(&account).await.ok().flatten(),
        _ => None,
    };
    if !health.subscribed {
        gateway.subscribe(&account).await?;
    }
    Ok(Seen { dead: None, health: Some(health), renewed })
}

impl Seen {
    fn dead(reason: impl Into<String>) -> Self {
        Self { dead: Some(reason.into()), health: None, renewed: None }
    }
}

/// Notes what a look showed. A token that is sealed under a former key is sealed anew.
pub(crate) async fn note(
    channels: &Channels,
    uow: &mut UnitOfWork<'_>,
    id: ConnectionId,
    seen: Seen,
) -> Result<Stored<Connection>> {
    let mut connection: Stored<Connection> = uow.lock(id).await?;
    let before = connection.value.clone();
    let (vault, place) = (channels.vault(), SecretPlace::of(uow.organization(), "token", id));
    if let Some(sealed) = connection.token.as_ref().filter(|sealed| !vault.is_current(sealed)) {
        connection.value.token = Some(vault.seal(&place, &vault.open(&place, sealed)?)?);
    }
    let mut events = Vec::new();
    if let Some(reason) = seen.dead
        && connection.status == ConnectionStatus::Active
    {
        events.push(connection.value.expire(reason)?);
    }
    if let Some(health) = seen.health {
        events.extend(connection.value.permit(health.scopes));
        connection.value.token_expires_at = health.expires_at.or(connection.token_expires_at);
    }
    if let Some(renewed) = seen.renewed {
        connection.value.token = Some(vault.seal(&place, &renewed.token)?);
        connection.value.token_expires_at = renewed.expires_at;
        events.push(ConnectionEvent::Renewed { expires_at: renewed.expires_at });
    } else if let Some(expires_at) = connection.token_expires_at
        && connection.status == ConnectionStatus::Active
        && expires_at <= uow.now().plus(ALARM_WITHIN)
    {
        events.push(ConnectionEvent::TokenEndsSoon { expires_at });
    }
    if connection.value != before {
        connection = uow.save_part(connection).await?;
    }
    for event in &events {
        uow.say(&connection, event)?;
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::channel::{Account, ConnectedAccount, Platform, WHATSAPP};
    use crate::kernel::{Clock, Secret};
    use crate::testing::office::Office;
    use crate::testing::social::{PlaceVault, ScriptedChannel};

    /// An organization with a connection whose token ends in so many days.
    async fn connected(days: u64) -> (Office, ScriptedChannel, ConnectionId) {
        let channel = ScriptedChannel::new(vec![(Platform::WHATSAPP, WHATSAPP)]);
        let channels = Channels::default().with(channel.clone()).with_vault(PlaceVault);
        let mut office = Office::open().await;
        office.crm = office.crm.clone().with_channels(channels.clone());
        let account = Account {
            platform: Platform::WHATSAPP,
            external_id: "4711".to_owned(),
            parent_id: None,
            login: None,
            token: Secret::new("first"),
        };
        let token_expires_at = Some(office.clock.now().plus(Duration::from_hours(24 * days)));
        let scopes = vec!["messages".to_owned()];
        let connected = ConnectedAccount { account, name: "Desk".to_owned(), handle: None, scopes, token_expires_at };
        let id = office.boss().await.inbox(&channels).connections().connect(&connected).await.unwrap().id;
        (office, channel, id)
    }

    fn health(valid: bool, subscribed: bool) -> Health {
        Health { valid, subscribed, expires_at: None, scopes: vec!["messages".to_owned()] }
    }

    /// Lets so many days pass, with what is due on each.
    async fn days(office: &Office, days: u32) {
        for _ in 0..days {
            office.clock.advance(Duration::from_hours(24));
            while office.crm.run_due("test", 50).await.unwrap().done > 0 {}
        }
    }

    fn row(office: &Office) -> Connection {
        office.store.dump::<Connection>(office.organization).remove(0).value
    }

    fn told(office: &Office, id: ConnectionId, name: &str) -> usize {
        office.events_of(id.uuid()).iter().filter(|event| *event == name).count()
    }

    #[tokio::test]
    async fn a_token_is_renewed_in_time_every_week() {
        let (office, channel, id) = connected(60).await;
        let renewed = RenewedToken {
            token: Secret::new("second"),
            expires_at: Some(office.clock.now().plus(Duration::from_hours(24 * 67))),
        };
        channel.set_health(health(true, true), Some(renewed));
        days(&office, 6).await;
        assert_eq!(told(&office, id, "connection.renewed"), 0, "not before its time");
        days(&office, 2).await;
        assert_eq!(told(&office, id, "connection.renewed"), 1);
        let session = office.boss().await;
        let stored = office.store.dump::<Connection>(office.organization).remove(0);
        assert_eq!(account_of(&PlaceVault, &session, &stored).unwrap().token.expose(), "second");
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_renewed_is_told_of_ten_days_before_its_end() {
        let (office, channel, id) = connected(30).await;
        channel.set_health(health(true, true), None);
        days(&office, 19).await;
        assert_eq!(told(&office, id, "connection.token_ends_soon"), 0);
        days(&office, 3).await;
        assert_eq!(told(&office, id, "connection.token_ends_soon"), 3, "every day");
    }

    #[tokio::test]
    async fn what_the_platform_says_of_a_token_is_noted_and_lost_reports_are_asked_for_again() {
        let (office, channel, id) = connected(300).await;
        channel.set_health(Health { scopes: Vec::from(["less".to_owned()]), ..health(true, false) }, None);
        days(&office, 2).await;
        assert_eq!(row(&office).scopes, ["less"]);
        assert_eq!(told(&office, id, "connection.scopes_changed"), 1);
        assert_eq!(channel.seen().iter().filter(|seen| *seen == "subscribe 4711").count(), 3);
        channel.set_health(health(false, false), None);
        days(&office, 2).await;
        assert_eq!((row(&office).status, told(&office, id, "connection.expired")), (ConnectionStatus::Expired, 1));
    }
}
