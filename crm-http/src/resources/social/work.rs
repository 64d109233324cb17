//! Working through conversations.

use crm_core::access::{MemberId, Permission as P};
use crm_core::identity::{RecordKind, RecordRef};
use crm_core::inbox::ConversationId;
use crm_core::inbox::conversation::ConversationState;
use crm_core::kernel::{Note, Tag, Timestamp};
use crm_core::lead::LeadId;
use crm_core::people::ContactId;
use crm_core::store::Session;
use serde::Deserialize;
use utoipa::ToSchema;

use super::social;
use crate::api::{Api, Call, Created, Json, Nothing, Record, patch, post, put};
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConversationAssignment {
    /// Who has it from now on; nobody, without one.
    owner_id: Option<MemberId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatusToSet {
    status: ConversationState,
    /// When a snoozed one comes back; when they write, without an instant.
    #[serde(default)]
    until: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TagsToSet {
    /// These and no others.
    #[schema(max_items = 100)]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteToWrite {
    text: Note,
    /// Who should read it.
    #[serde(default)]
    #[schema(max_items = 100)]
    mentions: Vec<MemberId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Consent {
    /// Whether they want messages that they did not ask for.
    agreed: bool,
}

/// Who somebody is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Link {
    /// This lead.
    Lead(LeadId),
    /// This contact.
    Contact(ContactId),
    /// A lead that is made of them now.
    NewLead,
    /// Nobody whom we know.
    Nobody,
}

pub(super) fn declare(api: &mut Api) {
    responsibility(api);
    beside(api);
}

fn responsibility(api: &mut Api) {
    let endpoint = social(patch("/social/conversations/{id}/assign"), "Gives it to a member, or to nobody");
    api.add(
        endpoint.needs(P::InboxReply),
        |s: Session, c: Call<ConversationId, (), Json<ConversationAssignment>>| async move {
            s.inbox(c.facade.crm().channels()).assign(c.path, c.body.0.owner_id).await.map(Record)
        },
    );
    let endpoint = social(post("/social/conversations/{id}/assign-next"), "Gives it to the next one of its rule");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId>| async move {
        s.inbox(c.facade.crm().channels()).assign_automatically(c.path).await.map(Record)
    });
    let endpoint = social(patch("/social/conversations/{id}/status"), "Closes it, opens it again, or snoozes it");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId, (), Json<StatusToSet>>| async move {
        let inbox = s.inbox(c.facade.crm().channels());
        let changed = match c.body.0 {
            StatusToSet { status: ConversationState::Open, .. } => inbox.reopen(c.path).await,
            StatusToSet { status: ConversationState::Closed, .. } => inbox.close(c.path).await,
            StatusToSet { status: ConversationState::Snoozed, until } => inbox.snooze(c.path, until).await,
        };
        changed.map(Record)
    });
    let endpoint = social(post("/social/conversations/{id}/read"), "Notes that somebody has looked at it");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId>| async move {
        s.inbox(c.facade.crm().channels()).read(c.path).await.map(Record)
    });
    let endpoint = social(post("/social/conversations/{id}/typing"), "Shows the participant that somebody types");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId>| async move {
        s.inbox(c.facade.crm().channels()).type_in(c.path).await.map(|()| Nothing)
    });
}

fn beside(api: &mut Api) {
    let endpoint = social(put("/social/conversations/{id}/tags"), "Gives it these tags and no others");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId, (), Json<TagsToSet>>| async move {
        s.inbox(c.facade.crm().channels()).tag(c.path, c.body.0.tags).await.map(Record)
    });
    let endpoint = social(post("/social/conversations/{id}/notes"), "Writes a note that the participant never sees");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId, (), Json<NoteToWrite>>| async move {
        let NoteToWrite { text, mentions } = c.body.0;
        s.inbox(c.facade.crm().channels()).note(c.path, text, mentions).await.map(|note| Created(Record(note)))
    });
    let endpoint = social(post("/social/conversations/{id}/consent"), "Notes whether they want unasked messages");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId, (), Json<Consent>>| async move {
        s.inbox(c.facade.crm().channels()).set_consent(c.path, c.body.0.agreed).await.map(Record)
    });
    let endpoint = social(post("/social/conversations/{id}/link-lead"), "Says who the participant is");
    let endpoint = endpoint.explains("`{\"lead\": id}`, `{\"contact\": id}`, `\"new_lead\"` or `\"nobody\"`.");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId, (), Json<Link>>| async move {
        let inbox = s.inbox(c.facade.crm().channels());
        let record = match c.body.0 {
            Link::Lead(id) => Some(RecordRef::new(RecordKind::Lead, id)),
            Link::Contact(id) => Some(RecordRef::new(RecordKind::Contact, id)),
            Link::Nobody => None,
            Link::NewLead => {
                inbox.make_lead(c.path).await?;
                let thread = inbox.get(c.path).await?;
                return inbox.participant(thread.participant_id).await.map(Record).map_err(Problem::from);
            }
        };
        inbox.link(c.path, record).await.map(Record).map_err(Problem::from)
    });
}
