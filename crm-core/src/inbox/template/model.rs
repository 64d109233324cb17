//! Our copy of a platform's template.

use serde::{Deserialize, Serialize};

use crate::inbox::channel::{TemplateCategory, TemplateListing, TemplateStatus};
use crate::inbox::connection::{Connection, ConnectionId};
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Reference, Value, ValueRef};

/// Identifier of a template.
pub type MessageTemplateId = Id<MessageTemplate>;

/// A template of a connection, as the platform last told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageTemplate {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The platform's identifier.
    pub external_id: String,
    /// Its name on the platform.
    pub name: String,
    /// Its language on the platform.
    pub language: String,
    /// Whether it may be sent.
    pub status: TemplateStatus,
    /// Why not, in the platform's words.
    pub reason: Option<String>,
    /// What it is for.
    pub category: TemplateCategory,
    /// The words at the top.
    pub header: Option<String>,
    /// The words in the middle.
    pub body: String,
    /// Buttons that want the end of an address, by their index.
    pub url_buttons: Vec<u32>,
}

impl MessageTemplate {
    /// The connection.
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required_indexed("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));
    /// Its name on the platform.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(&row.value.name));
    /// Its language on the platform.
    pub const LANGUAGE: Column<Self, String> = Column::required("language", |row| ValueRef::Text(&row.value.language));
    /// Whether it may be sent.
    pub const STATUS: Column<Self, String> = Column::required("status", |row| ValueRef::Text(row.status.as_str()));

    /// A copy of what the platform lists.
    #[must_use]
    pub fn listed(connection_id: ConnectionId, listing: TemplateListing) -> Self {
        Self {
            connection_id,
            external_id: listing.external_id,
            name: listing.name,
            language: listing.language,
            status: listing.status,
            reason: None,
            category: listing.category,
            header: listing.header,
            body: listing.body,
            url_buttons: listing.url_buttons,
        }
    }
}

impl Entity for MessageTemplate {
    const NAME: &'static str = "message_template";
    const FIELDS: &'static [Field<Self>] =
        &[Self::CONNECTION.field(), Self::NAME_FIELD.field(), Self::LANGUAGE.field(), Self::STATUS.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["connection_id", "name", "language"],
        read: |row| {
            Some(vec![
                Value::Uuid(row.connection_id.uuid()),
                Value::Text(row.name.clone()),
                Value::Text(row.language.clone()),
            ])
        },
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "connection_id", target: Connection::NAME, read: |row| Some(row.connection_id.uuid()) }];
}

/// What happens to templates.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum TemplateEvent {
    /// The platform lists it.
    Listed { status: TemplateStatus },
    /// The platform changed its mind.
    Judged { from: TemplateStatus, to: TemplateStatus, reason: Option<String> },
}

impl DomainEvent for TemplateEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Listed { .. } => "message_template.listed",
            Self::Judged { .. } => "message_template.judged",
        }
    }
}
