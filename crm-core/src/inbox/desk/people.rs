//! Who the people at the other end are.

use super::conversations::Inbox;
use crate::access::Permission;
use crate::duplicate::{Hit, candidates, shown};
use crate::identity::{RecordKind, RecordRef};
use crate::inbox::bulk::BulkSends;
use crate::inbox::conversation::{Conversation, ConversationId};
use crate::inbox::identity::{lead_of, profile_of};
use crate::inbox::participant::{Participant, ParticipantEvent, ParticipantId};
use crate::intake::{CaptureOutcome, Intake, MatchBy, OnMatch, Submission};
use crate::kernel::{Id, Name, Result, Stored};
use crate::lead::{Lead, LeadId};
use crate::people::Contact;

impl<'a> Inbox<'a> {
    /// Sending one template to many.
    #[must_use]
    pub fn bulk_sends(&self) -> BulkSends<'a> {
        BulkSends(self.session)
    }

    /// Records that the participant of a conversation may be, most certain first. A person decides.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn suggestions(&self, id: ConversationId) -> Result<Vec<Hit>> {
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        let thread = uow.get(id).await?;
        let participant = uow.get(thread.participant_id).await?;
        let profile = profile_of(&uow, &participant);
        let found = candidates(&mut uow, &[profile]).await?.pop().unwrap_or_default();
        shown(&mut uow, found).await
    }

    /// Says that the participant of a conversation is this lead or contact; nobody, without one.
    ///
    /// # Errors
    /// `RecordNotFound` when the caller sees no such conversation or record.
    pub async fn link(&self, id: ConversationId, record: Option<RecordRef>) -> Result<Stored<Participant>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let thread = uow.get(id).await?;
        let mut participant = uow.lock(thread.participant_id).await?;
        let event = match record {
            Some(RecordRef { kind: RecordKind::Lead, id }) => {
                let lead = uow.get::<Lead>(Id::new(id)).await?.id;
                participant.value.link(Some(lead), None)
            }
            Some(RecordRef { kind: RecordKind::Contact, id }) => {
                let contact = uow.get::<Contact>(Id::new(id)).await?.id;
                participant.value.link(None, Some(contact))
            }
            _ => participant.value.link(None, None),
        };
        let participant = uow.save(participant, event).await?;
        uow.commit().await?;
        Ok(participant)
    }

    /// Makes a lead of the participant of a conversation, since a person wants one, and links them.
    ///
    /// # Errors
    /// `RecordNotFound`, and those of the intake.
    pub async fn make_lead(&self, id: ConversationId) -> Result<LeadId> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let thread = uow.get(id).await?;
        let connection = uow.get(thread.connection_id).await?;
        let participant = uow.get(thread.participant_id).await?;
        let mut lead = lead_of(&uow, &connection, &participant)?;
        lead.owner_id = thread.owner_id;
        drop(uow);
        let source = Name::cleaned(connection.platform.as_str())?;
        let submission = Submission {
            on_match: OnMatch::Create,
            match_by: MatchBy::Evidence,
            confirmed: true,
            ..Submission::new(source, lead)
        };
        let outcome = Intake(self.session).submit(submission).await?;
        let lead = match outcome {
            CaptureOutcome::Created { lead, .. } | CaptureOutcome::Updated { lead, .. } => lead,
            CaptureOutcome::Linked { record, .. } | CaptureOutcome::Skipped { record, .. } => Id::new(record.id),
            CaptureOutcome::Repeated { record } => Id::new(record.map(|record| record.id).unwrap_or_default()),
            CaptureOutcome::Warned(_) | CaptureOutcome::Blocked(_) => Id::new(uuid::Uuid::nil()),
        };
        self.link(id, Some(RecordRef::new(RecordKind::Lead, lead))).await?;
        Ok(lead)
    }

    /// The conversations with a lead or contact that the caller sees.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn of_record(&self, record: RecordRef) -> Result<Vec<Stored<Conversation>>> {
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        let filter = match record.kind {
            RecordKind::Lead => Participant::LEAD.is(Id::<Lead>::new(record.id)),
            RecordKind::Contact => Participant::CONTACT.is(Id::<Contact>::new(record.id)),
            RecordKind::Account | RecordKind::Opportunity => return Ok(Vec::new()),
        };
        let participants = uow.list_all(&filter).await?;
        let ids: Vec<ParticipantId> = participants.iter().map(|participant| participant.id).collect();
        uow.list_all(&Conversation::PARTICIPANT.is_one_of(ids)).await
    }

    /// Notes that a participant agreed to messages that they did not ask for, or that they want no more of them.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn set_consent(&self, id: ConversationId, agreed: bool) -> Result<Stored<Participant>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let thread = uow.get(id).await?;
        let mut participant = uow.lock(thread.participant_id).await?;
        let now = uow.now();
        let event = if agreed {
            participant.value.opted_in_at = Some(now);
            participant.value.opted_out_at = None;
            ParticipantEvent::OptedIn
        } else {
            participant.value.opted_out_at = Some(now);
            ParticipantEvent::OptedOut
        };
        let participant = uow.save(participant, event).await?;
        uow.commit().await?;
        Ok(participant)
    }
}
