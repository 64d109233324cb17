//! `/social/connections`: our accounts at the platforms.

use crm_core::access::Permission as P;
use crm_core::inbox::channel::Health;
use crm_core::inbox::connection::{ConnectionSettings, ConnectionStatus};
use crm_core::inbox::{Connection, ConnectionId, MessageTemplate, Platform};
use crm_core::kernel::{Name, Stored, Timestamp};
use crm_core::store::Session;
use serde::Serialize;
use utoipa::ToSchema;

use super::social;
use crate::api::{Api, Call, Json, Many, Plain, Record, Versioned, delete, get, post, put};
use crate::problem::Problem;

/// An account of ours at a platform, without its token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConnectionView {
    id: ConnectionId,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    platform: Platform,
    /// How the platform names the account.
    external_id: String,
    /// The account above it, as the platform names it.
    parent_id: Option<String>,
    /// By which way it was connected.
    login: Option<String>,
    name: Name,
    /// Its telephone number or handle.
    handle: Option<String>,
    status: ConnectionStatus,
    /// Why it does not work.
    status_reason: Option<String>,
    /// What its token permits.
    scopes: Vec<String>,
    token_expires_at: Option<Timestamp>,
    /// Nothing is sent before this instant.
    paused_until: Option<Timestamp>,
    pause_reason: Option<String>,
    settings: ConnectionSettings,
}

impl From<Stored<Connection>> for ConnectionView {
    fn from(row: Stored<Connection>) -> Self {
        let Stored { id, version, created_at, updated_at, value } = row;
        Self {
            id,
            version,
            created_at,
            updated_at,
            platform: value.platform,
            external_id: value.external_id,
            parent_id: value.parent_id,
            login: value.login,
            name: value.name,
            handle: value.handle,
            status: value.status,
            status_reason: value.status_reason,
            scopes: value.scopes,
            token_expires_at: value.token_expires_at,
            paused_until: value.paused_until,
            pause_reason: value.pause_reason,
            settings: value.settings,
        }
    }
}

pub(super) fn shown(row: Stored<Connection>) -> Versioned<ConnectionView> {
    Versioned { id: row.id.uuid(), version: row.version, view: row.into() }
}

/// What the platform says of a connection now.
#[derive(Debug, Serialize, ToSchema)]
struct StatusView {
    /// Whether the token works.
    valid: bool,
    /// Whether the platform tells us what happens.
    subscribed: bool,
    /// When the token ends.
    expires_at: Option<Timestamp>,
    /// What it permits.
    scopes: Vec<String>,
}

impl From<Health> for StatusView {
    fn from(health: Health) -> Self {
        let Health { valid, subscribed, expires_at, scopes } = health;
        Self { valid, subscribed, expires_at, scopes }
    }
}

pub(super) fn declare(api: &mut Api) {
    let endpoint = social(get("/social/connections"), "Lists connected accounts").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call| async move {
        let rows = s.inbox(c.facade.crm().channels()).connections().all().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(ConnectionView::from).collect()))
    });
    let endpoint = social(get("/social/connections/{id}"), "Reads a connected account").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<ConnectionId>| async move {
        s.inbox(c.facade.crm().channels()).connections().get(c.path).await.map(shown)
    });
    let endpoint = social(get("/social/connections/{id}/status"), "What the platform says of it now");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<ConnectionId>| async move {
        let health = s.inbox(c.facade.crm().channels()).connections().health(c.path).await?;
        Ok::<_, Problem>(Plain(StatusView::from(health)))
    });
    let endpoint = social(delete("/social/connections/{id}"), "Gives an account up; its conversations stay");
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<ConnectionId>| async move {
        s.inbox(c.facade.crm().channels()).connections().disconnect(c.path).await.map(shown)
    });
    let endpoint = social(put("/social/connections/{id}/settings"), "Says how it behaves").guarded();
    api.add(
        endpoint.needs(P::InboxConfigure),
        |s: Session, c: Call<ConnectionId, (), Json<ConnectionSettings>>| async move {
            let connections = s.inbox(c.facade.crm().channels()).connections();
            let version = c.version(connections.get(c.path)).await?;
            connections.configure(c.path, version, c.body.0).await.map(shown).map_err(Problem::from)
        },
    );
    let endpoint = social(post("/social/connections/{id}/resume"), "Sends on before a pause has ended");
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<ConnectionId>| async move {
        s.inbox(c.facade.crm().channels()).connections().resume(c.path).await.map(shown)
    });
    let endpoint = social(get("/social/connections/{id}/templates"), "Its templates, as last told");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<ConnectionId>| async move {
        let rows = s.inbox(c.facade.crm().channels()).templates(c.path).await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<MessageTemplate>>>()))
    });
    let endpoint = social(post("/social/connections/{id}/templates/refresh"), "Reads its templates from the platform");
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<ConnectionId>| async move {
        let rows = s.inbox(c.facade.crm().channels()).refresh_templates(c.path).await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<MessageTemplate>>>()))
    });
}
