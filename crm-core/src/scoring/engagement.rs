//! Engagements: what leads did, as it was observed. Never changed once recorded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::kernel::text::Line;
use crate::kernel::{Column, Entity, Field, FieldProblem, Id, Key, Kind, Part, Rule, Timestamp, Value, ValueRef};
use crate::lead::LeadId;

/// Identifier of an engagement.
pub type EngagementId = Id<Engagement>;

/// What sort of thing was done: `email_opened`, `page_visited`. A letter, then letters, digits and `_`, lower case, at
/// most 60 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EngagementKind(String);

/// A text that names no kind of engagement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{given}' cannot name a kind of engagement; use 1 to 60 lower-case letters, digits and underscores, beginning with \
     a letter, such as email_opened"
)]
pub struct MalformedEngagementKind {
    given: String,
}

impl Rule for MalformedEngagementKind {
    fn code(&self) -> &'static str {
        "engagement.malformed_kind"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl EngagementKind {
    /// The kind as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EngagementKind {
    type Error = MalformedEngagementKind;
    fn try_from(kind: String) -> Result<Self, MalformedEngagementKind> {
        let sound = kind.len() <= 60
            && kind.starts_with(|first: char| first.is_ascii_lowercase())
            && kind.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if sound { Ok(Self(kind)) } else { Err(MalformedEngagementKind { given: kind.chars().take(80).collect() }) }
    }
}
impl FromStr for EngagementKind {
    type Err = MalformedEngagementKind;
    fn from_str(kind: &str) -> Result<Self, MalformedEngagementKind> {
        Self::try_from(kind.to_owned())
    }
}
impl From<EngagementKind> for String {
    fn from(kind: EngagementKind) -> Self {
        kind.0
    }
}
impl fmt::Display for EngagementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that a lead did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Engagement {
    /// Who did it. Not a foreign key: engagements are facts, and do not keep a lead from being removed.
    pub lead_id: LeadId,
    /// What was done.
    pub kind: EngagementKind,
    /// When.
    pub occurred_at: Timestamp,
    /// The observer's own key of it, unique within the organization, so that it is recorded once.
    pub source_key: Option<Line<200>>,
    /// Anything else that is known of it; `null` when nothing is.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub details: Json,
}

/// What the recording of an engagement refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngagementRefusal {
    /// Another lead has an engagement with the same source key.
    #[error(
        "another lead has an engagement with this source key; a key is of one thing that one lead did, use another"
    )]
    SourceKeyTaken,
}

impl Rule for EngagementRefusal {
    fn code(&self) -> &'static str {
        "engagement.source_key_taken"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
    fn fields(&self) -> Vec<FieldProblem> {
        vec![FieldProblem::of("source_key", self)]
    }
}

/// What it takes to record an engagement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewEngagement {
    /// Who did it.
    pub lead_id: LeadId,
    /// What was done.
    pub kind: EngagementKind,
    /// When; now when absent. An instant that has not come yet by our clock is taken for now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
    /// The observer's own key of it, for example `mailgun:evt_81`. A second record with the same key is the first.
    #[serde(default)]
    pub source_key: Option<Line<200>>,
    /// Anything else that is known of it, at most 16 kB as JSON.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub details: Json,
}

impl NewEngagement {
    /// An engagement that happens now.
    #[must_use]
    pub fn of(lead_id: LeadId, kind: EngagementKind) -> Self {
        Self { lead_id, kind, occurred_at: None, source_key: None, details: Json::Null }
    }
}

impl Engagement {
    /// Who did it.
    pub const LEAD: Column<Self, LeadId> = Column::required_key("lead_id", |row| ValueRef::Uuid(row.lead_id.uuid()));
    /// What was done.
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(row.value.kind.as_str()));
    /// When.
    pub const OCCURRED_AT: Column<Self, Timestamp> =
        Column::required("occurred_at", |row| ValueRef::Time(row.occurred_at));
    /// The observer's own key of it.
    pub const SOURCE_KEY: Column<Self, String> = Column::optional_key("source_key", |row| {
        row.value.source_key.as_ref().map_or(ValueRef::Absent, |key| ValueRef::Text(key.as_str()))
    });

    /// An engagement, at the latest now.
    #[must_use]
    pub fn new(new: NewEngagement, now: Timestamp) -> Self {
        Self {
            lead_id: new.lead_id,
            kind: new.kind,
            occurred_at: new.occurred_at.map_or(now, |at| at.min(now)),
            source_key: new.source_key,
            details: new.details,
        }
    }
}

impl Entity for Engagement {
    const NAME: &'static str = "engagement";
    const FIELDS: &'static [Field<Self>] =
        &[Self::LEAD.field(), Self::KIND.field(), Self::OCCURRED_AT.field(), Self::SOURCE_KEY.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "source_key",
        columns: &["source_key"],
        read: |row| row.source_key.as_ref().map(|key| vec![Value::Text(key.as_str().to_owned())]),
    }];
}
impl Part for Engagement {}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for EngagementKind {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("What somebody did.", "page_view").into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for EngagementKind {}
