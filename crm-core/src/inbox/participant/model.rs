//! A participant and the names that a platform knows them by.

use serde::{Deserialize, Serialize};

use crate::identity::RecordRef;
use crate::inbox::channel::{Profile, Recipient, RecipientKind};
use crate::inbox::connection::{Connection, ConnectionId};
use crate::kernel::{
    Column, DomainEvent, Entity, Field, Id, Key, Name, Part, Reference, Result, Timestamp, Value, ValueRef,
};
use crate::lead::LeadId;
use crate::people::ContactId;
use crate::store::UnitOfWork;

/// Identifier of a participant.
pub type ParticipantId = Id<Participant>;
/// Identifier of an alias.
pub type AliasId = Id<Alias>;

/// A person at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ConversationParticipant))]
pub struct Participant {
    /// The connection that knows them.
    pub connection_id: ConnectionId,
    /// What they call themselves there.
    pub name: Option<Name>,
    /// When they were last seen under that name.
    pub named_at: Option<Timestamp>,
    /// The address of their picture.
    pub picture_url: Option<String>,
    /// The name to send to.
    pub address: String,
    /// What sort of name that is.
    pub address_kind: RecipientKind,
    /// The lead that they are.
    pub lead_id: Option<LeadId>,
    /// The contact that they are.
    pub contact_id: Option<ContactId>,
    /// Why the platform can't reach them, when it said so.
    pub unreachable: Option<String>,
    /// When they agreed to messages that they did not ask for.
    pub opted_in_at: Option<Timestamp>,
    /// When they asked for no more of them.
    pub opted_out_at: Option<Timestamp>,
}

impl Participant {
    /// The connection that knows them.
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required_indexed("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));
    /// The lead that they are.
    pub const LEAD: Column<Self, LeadId> =
        Column::optional_key("lead_id", |row| row.lead_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid())));
    /// The contact that they are.
    pub const CONTACT: Column<Self, ContactId> = Column::optional_key("contact_id", |row| {
        row.contact_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });

    /// Whether it is a group of several people, whom no lead stands for.
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.address_kind == RecipientKind::Group
    }

    /// Whom to send to.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient { id: self.address.clone(), kind: self.address_kind }
    }

    /// Whether they agreed to messages that they did not ask for, and have not taken that back since.
    #[must_use]
    pub fn consents(&self) -> bool {
        self.opted_in_at.is_some_and(|agreed| self.opted_out_at.is_none_or(|refused| refused < agreed))
    }

    /// Chooses the name to send to: a number before a scoped identifier before one that is independent of numbers; of
    /// one kind the one that was seen last. Names that were given up do not count.
    pub(crate) fn choose_address(&mut self, aliases: &[Alias]) {
        let rank = |kind| match kind {
            RecipientKind::Group => 3,
            RecipientKind::Telephone => 2,
            RecipientKind::Scoped => 1,
            RecipientKind::UserId => 0,
        };
        let standing = |alias: &&Alias| (!alias.superseded, rank(alias.kind), alias.seen_at, alias.alias.clone());
        if let Some(best) = aliases.iter().max_by_key(standing) {
            self.address.clone_from(&best.alias);
            self.address_kind = best.kind;
        }
    }

    /// Takes the name that they had at this instant, unless a later one is known.
    pub(crate) fn call(&mut self, name: &str, at: Timestamp) -> bool {
        let Ok(name) = Name::cleaned(name) else { return false };
        let later = match self.named_at {
            None => true,
            Some(known) => (at, Some(&name)) > (known, self.name.as_ref()),
        };
        if later {
            let changed = self.name.as_ref() != Some(&name);
            self.name = Some(name);
            self.named_at = Some(at);
            return changed;
        }
        false
    }

    /// Takes what the platform says of them. Answers whether that was news.
    pub(crate) fn introduce(&mut self, profile: &Profile, at: Timestamp) -> bool {
        let named = profile.name.as_deref().is_some_and(|name| self.call(name, at));
        let pictured = profile.picture_url.is_some() && self.picture_url != profile.picture_url;
        if pictured {
            self.picture_url.clone_from(&profile.picture_url);
        }
        named || pictured
    }

    /// Links them to the record that they are, or to none.
    pub(crate) fn link(&mut self, lead_id: Option<LeadId>, contact_id: Option<ContactId>) -> ParticipantEvent {
        self.lead_id = lead_id;
        self.contact_id = contact_id;
        ParticipantEvent::Linked { lead_id, contact_id }
    }
}

impl Entity for Participant {
    const NAME: &'static str = "participant";
    const FIELDS: &'static [Field<Self>] = &[Self::CONNECTION.field(), Self::LEAD.field(), Self::CONTACT.field()];
    // A lead or contact may go while its messages stay: such a link is found empty and forgotten.
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "connection_id", target: Connection::NAME, read: |row| Some(row.connection_id.uuid()) }];
}
/// What platforms tell of a participant is no change that anyone made.
impl Part for Participant {}

/// A name that a connection knows a participant by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The name.
    pub alias: String,
    /// What sort of name.
    pub kind: RecipientKind,
    /// Whose it is.
    pub participant_id: ParticipantId,
    /// When it was last seen, by the platform's clock.
    pub seen_at: Timestamp,
    /// They gave it up.
    pub superseded: bool,
}

impl Alias {
    /// The connection.
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));
    /// The name.
    pub const ALIAS: Column<Self, String> = Column::required_key("alias", |row| ValueRef::Text(&row.value.alias));
    /// Whose it is.
    pub const PARTICIPANT: Column<Self, ParticipantId> =
        Column::required_key("participant_id", |row| ValueRef::Uuid(row.participant_id.uuid()));
}

impl Entity for Alias {
    const NAME: &'static str = "participant_alias";
    const FIELDS: &'static [Field<Self>] = &[Self::CONNECTION.field(), Self::ALIAS.field(), Self::PARTICIPANT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "alias",
        columns: &["connection_id", "alias"],
        read: |row| Some(vec![Value::Uuid(row.connection_id.uuid()), Value::Text(row.alias.clone())]),
    }];
    const REFERENCES: &'static [Reference<Self>] = &[Reference {
        column: "participant_id",
        target: Participant::NAME,
        read: |row| Some(row.participant_id.uuid()),
    }];
}
impl Part for Alias {}

/// What happens to participants.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is that of the participant")]
pub enum ParticipantEvent {
    /// They were seen for the first time.
    Seen { connection_id: ConnectionId },
    /// They turned out to be the same as another one, who is gone.
    Joined { with: ParticipantId },
    /// Who they are was said.
    Linked { lead_id: Option<LeadId>, contact_id: Option<ContactId> },
    /// They agreed to messages that they did not ask for.
    OptedIn,
    /// They asked for no more of them.
    OptedOut,
    /// Records that they may be, for a person to decide.
    Suggested { records: Vec<RecordRef> },
}

impl DomainEvent for ParticipantEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Seen { .. } => "participant.seen",
            Self::Joined { .. } => "participant.joined",
            Self::Linked { .. } => "participant.linked",
            Self::OptedIn => "participant.opted_in",
            Self::OptedOut => "participant.opted_out",
            Self::Suggested { .. } => "participant.suggested",
        }
    }
}

/// Lets the participants who are one lead be another, whom it was merged into.
///
/// # Errors
/// Those of the store.
pub(crate) async fn relink(uow: &mut UnitOfWork<'_>, from: LeadId, to: LeadId) -> Result<()> {
    for mut participant in uow.list_all_of_anyone(&Participant::LEAD.is(from)).await? {
        let contact = participant.contact_id;
        let event = participant.value.link(Some(to), contact);
        uow.save(participant, event).await?;
    }
    Ok(())
}
