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
use crate::people::{Contact, ContactId, Contacts, NewContact, NewContactPoint, PointValue};

impl<'a> Inbox<'a> {
    /// Sending one template to many.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// assert!(inbox.bulk_sends().all().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn bulk_sends(&self) -> BulkSends<'a> {
        BulkSends(self.session)
    }

    /// Records that the participant of a conversation may be, most certain first. A person decides.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// assert!(inbox.suggestions(desk.conversation).await?.is_empty(), "nobody has her number");
    /// # Ok(())
    /// # });
    /// ```
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
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// let lead = inbox.make_lead(desk.conversation).await?;
    /// let nobody = inbox.link(desk.conversation, None).await?;
    /// assert_eq!(nobody.lead_id, None);
    /// let ana = inbox.link(desk.conversation, Some(RecordRef::new(RecordKind::Lead, lead))).await?;
    /// assert_eq!(ana.lead_id, Some(lead));
    /// # Ok(())
    /// # });
    /// ```
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
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let lead = inbox.make_lead(desk.conversation).await?;
    /// let lead = desk.office.boss().await.leads().get(lead).await?;
    /// assert_eq!(lead.full_name(), "Ana Example");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `NotAPerson`, and those of the intake.
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

    /// Makes a contact of the participant of a conversation, since a person says that they are a customer, and links them.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let contact = inbox.make_contact(desk.conversation).await?;
    /// let contact = desk.office.boss().await.contacts().get(contact).await?;
    /// assert_eq!(contact.full_name(), "Ana Example");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `NotAPerson`, and those of making a contact.
    pub async fn make_contact(&self, id: ConversationId) -> Result<ContactId> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let thread = uow.get(id).await?;
        let connection = uow.get(thread.connection_id).await?;
        let participant = uow.get(thread.participant_id).await?;
        let lead = lead_of(&uow, &connection, &participant)?;
        drop(uow);
        let phone = lead.phone.map(|phone| NewContactPoint { value: PointValue::Phone(phone), label: None });
        // A contact needs a name: the number will do until somebody knows it.
        let nameless = lead.first_name.is_none() && lead.last_name.is_none();
        let number = if nameless { Some(Name::cleaned(&participant.address)?) } else { None };
        let new = NewContact {
            first_name: lead.first_name,
            last_name: lead.last_name.or(number),
            owner_id: thread.owner_id,
            source: lead.source,
            points: phone.into_iter().collect(),
            ..NewContact::default()
        };
        let contact = Contacts(self.session).create(new).await?.id;
        self.link(id, Some(RecordRef::new(RecordKind::Contact, contact))).await?;
        Ok(contact)
    }

    /// The conversations with a lead or contact that the caller sees.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// let lead = inbox.make_lead(desk.conversation).await?;
    /// let threads = inbox.of_record(RecordRef::new(RecordKind::Lead, lead)).await?;
    /// assert_eq!(threads[0].id, desk.conversation);
    /// # Ok(())
    /// # });
    /// ```
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
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let ana = inbox.set_consent(desk.conversation, true).await?;
    /// assert!(ana.consents());
    /// # Ok(())
    /// # });
    /// ```
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
