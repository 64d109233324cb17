//! A connection: our account at a platform, and whether it works.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::settings::ConnectionSettings;
use super::vault::SealedSecret;
use crate::access::ProviderLink;
use crate::inbox::channel::Platform;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Kind, Name, Part, Rule, Timestamp, Value, ValueRef};

/// Identifier of a connection.
pub type ConnectionId = Id<Connection>;

/// Our account at a platform. While it is active it is the only active one for the account in the installation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Which platform.
    pub platform: Platform,
    /// How the platform names the account.
    pub external_id: String,
    /// The account above it, as the platform names it.
    pub parent_id: Option<String>,
    /// By which way it was connected, in the adapter's own word.
    pub login: Option<String>,
    /// Its name, for people.
    pub name: Name,
    /// Its telephone number or handle, for people.
    pub handle: Option<String>,
    /// Whether it works.
    pub status: ConnectionStatus,
    /// Why it does not, for people.
    pub status_reason: Option<String>,
    /// What the token permits.
    pub scopes: Vec<String>,
    /// The token, sealed.
    pub token: Option<SealedSecret>,
    /// When the token ends.
    pub token_expires_at: Option<Timestamp>,
    /// Nothing is sent before this instant.
    pub paused_until: Option<Timestamp>,
    /// Why not.
    pub pause_reason: Option<String>,
    /// How it behaves.
    pub settings: ConnectionSettings,
}

/// Whether a connection works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    /// It receives and sends.
    Active,
    /// It receives; it can't send until somebody connects it again.
    Expired,
    /// It does neither. What it brought is kept.
    Disconnected,
}

impl ConnectionStatus {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Disconnected => "disconnected",
        }
    }
}

/// What a connection refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    /// It can't send.
    #[error("the connection is {} and cannot send; connect the account again", .0.as_str())]
    NotActive(ConnectionStatus),
    /// It was given up.
    #[error("the connection was disconnected; connect the account again")]
    Disconnected,
}

impl Rule for ConnectionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotActive(_) => "connection.not_active",
            Self::Disconnected => "connection.disconnected",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

impl Connection {
    /// Which platform.
    pub const PLATFORM: Column<Self, String> =
        Column::required("platform", |row| ValueRef::Text(row.value.platform.as_str()));
    /// How the platform names the account.
    pub const EXTERNAL_ID: Column<Self, String> =
        Column::required_key("external_id", |row| ValueRef::Text(&row.value.external_id));
    /// The account above it.
    pub const PARENT_ID: Column<Self, String> = Column::optional_indexed("parent_id", |row| {
        row.value.parent_id.as_deref().map_or(ValueRef::Absent, ValueRef::Text)
    });
    /// Whether it works.
    pub const STATUS: Column<Self, String> = Column::required("status", |row| ValueRef::Text(row.status.as_str()));

    /// The account, as the installation knows it.
    ///
    /// # Errors
    /// `MalformedProviderLink` when the platform's name for it is none.
    pub fn link(&self) -> Result<ProviderLink, crate::access::MalformedProviderLink> {
        ProviderLink::new(self.platform.as_str(), &self.external_id)
    }

    /// Whether what the platform tells of it is taken in.
    #[must_use]
    pub fn receives(&self) -> bool {
        self.status != ConnectionStatus::Disconnected
    }

    /// Checks that it can send.
    ///
    /// # Errors
    /// `NotActive`.
    pub fn check_active(&self) -> Result<(), ConnectionRefusal> {
        if self.status == ConnectionStatus::Active { Ok(()) } else { Err(ConnectionRefusal::NotActive(self.status)) }
    }

    /// The token works no more. It goes on receiving.
    ///
    /// # Errors
    /// `Disconnected`.
    pub fn expire(&mut self, reason: impl Into<String>) -> Result<ConnectionEvent, ConnectionRefusal> {
        if self.status == ConnectionStatus::Disconnected {
            return Err(ConnectionRefusal::Disconnected);
        }
        let reason = reason.into();
        self.status = ConnectionStatus::Expired;
        self.status_reason = Some(reason.clone());
        Ok(ConnectionEvent::Expired { reason })
    }

    /// The token permits this by now; nothing, when that is what it did or the platform does not say.
    pub(crate) fn permit(&mut self, scopes: Vec<String>) -> Option<ConnectionEvent> {
        let known: BTreeSet<&String> = self.scopes.iter().collect();
        if scopes.is_empty() || known == scopes.iter().collect() {
            return None;
        }
        self.scopes.clone_from(&scopes);
        Some(ConnectionEvent::ScopesChanged { scopes })
    }

    /// It is given up: the token is wiped, the account is free for others. Conversations stay.
    pub fn disconnect(&mut self) -> ConnectionEvent {
        self.status = ConnectionStatus::Disconnected;
        self.status_reason = None;
        self.token = None;
        self.token_expires_at = None;
        self.paused_until = None;
        ConnectionEvent::Disconnected
    }

    /// Nothing is sent for a while; a longer pause stays.
    pub fn pause(&mut self, until: Timestamp, reason: impl Into<String>) -> ConnectionEvent {
        let reason = reason.into();
        if self.paused_until.is_none_or(|now| now < until) {
            self.paused_until = Some(until);
            self.pause_reason = Some(reason.clone());
        }
        ConnectionEvent::Paused { until, reason }
    }

    /// Sending goes on.
    pub fn resume(&mut self) -> ConnectionEvent {
        self.paused_until = None;
        self.pause_reason = None;
        ConnectionEvent::Resumed
    }
}

impl Entity for Connection {
    const NAME: &'static str = "connection";
    const FIELDS: &'static [Field<Self>] =
        &[Self::PLATFORM.field(), Self::EXTERNAL_ID.field(), Self::PARENT_ID.field(), Self::STATUS.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "external_id",
        columns: &["platform", "external_id"],
        read: |row| {
            let platform = Value::Text(row.platform.as_str().to_owned());
            Some(vec![platform, Value::Text(row.external_id.clone())])
        },
    }];
}
/// Touched without an event by whoever needs its row held.
impl Part for Connection {}

/// What happens to connections.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is that of the connection")]
pub enum ConnectionEvent {
    /// An account was connected, or connected again.
    Connected { platform: Platform, external_id: String, scopes: Vec<String> },
    /// Its token was replaced by a fresh one.
    Renewed { expires_at: Option<Timestamp> },
    /// Its token ends soon and can't be renewed: somebody should connect it again.
    TokenEndsSoon { expires_at: Timestamp },
    /// Its token permits something else than before.
    ScopesChanged { scopes: Vec<String> },
    /// Its token works no more.
    Expired { reason: String },
    /// It was given up.
    Disconnected,
    /// Nothing is sent for a while.
    Paused { until: Timestamp, reason: String },
    /// Sending goes on.
    Resumed,
    /// It behaves otherwise now.
    Configured,
    /// The platform says how good what we send is.
    QualityChanged { event: String },
}

impl DomainEvent for ConnectionEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connection.connected",
            Self::Renewed { .. } => "connection.renewed",
            Self::TokenEndsSoon { .. } => "connection.token_ends_soon",
            Self::ScopesChanged { .. } => "connection.scopes_changed",
            Self::Expired { .. } => "connection.expired",
            Self::Disconnected => "connection.disconnected",
            Self::Paused { .. } => "connection.paused",
            Self::Resumed => "connection.resumed",
            Self::Configured => "connection.configured",
            Self::QualityChanged { .. } => "connection.quality_changed",
        }
    }
}
