//! Commands on bulk sendings.

use std::collections::BTreeSet;

use super::ledger::{BulkRecipient, RecipientState};
use super::model::{BulkEvent, BulkRefusal, BulkSend, BulkSendId, BulkState, NewBulkSend, Progress};
use super::run::step_at;
use crate::access::Permission;
use crate::inbox::conversation::ConversationId;
use crate::inbox::message::{Message, MessageStatus};
use crate::kernel::{Field, Name, Page, PhoneNumber, Predicate, Result, Stored, Test, Timestamp, Value};
use crate::lead::{Lead, LeadId};
use crate::store::{Session, UnitOfWork};

/// Commands on bulk sendings.
#[derive(Clone, Copy, Debug)]
pub struct BulkSends<'a>(pub(crate) &'a Session);

/// Who a bulk sending goes to.
#[derive(Clone, Debug)]
pub enum Recipients {
    /// The leads of a segment that the caller sees and that have a number.
    Segment(Predicate<Lead>),
    /// Numbers.
    Numbers(Vec<PhoneNumber>),
    /// The participants of conversations.
    Conversations(Vec<ConversationId>),
}

impl BulkSends<'_> {
    /// Makes a bulk sending that has not begun.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::bulk::{BulkPace, BulkState, NewBulkSend};
    /// # use crm_core::inbox::channel::{TemplateComponent, TemplateMessage, TemplateParameters};
    /// let values = TemplateParameters::Positional(vec!["{{name}}".to_owned()]);
    /// let components = vec![TemplateComponent::Body(values)];
    /// let template = TemplateMessage { name: "reminder".to_owned(), language: "en_US".to_owned(), components };
    /// let (name, pace) = ("Spring".parse()?, BulkPace::default());
    /// let new = NewBulkSend { name, connection_id: desk.connection, template, pace };
    /// let spring = inbox.bulk_sends().create(new).await?;
    /// assert_eq!(spring.state, BulkState::Draft);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`, `RecordNotFound` when there is no such connection.
    pub async fn create(&self, new: NewBulkSend) -> Result<Stored<BulkSend>> {
        let mut uow = self.0.begin(Permission::InboxSendBulk).await?;
        let bulk = BulkSend::new(new)?;
        uow.get(bulk.connection_id).await?;
        let bulk = uow.insert(bulk, BulkEvent::Created).await?;
        uow.commit().await?;
        Ok(bulk)
    }

    /// A bulk sending.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// # use crm_core::inbox::bulk::BulkState;
    /// assert_eq!(bulk.get(spring.id).await?.state, BulkState::Draft);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn get(&self, id: BulkSendId) -> Result<Stored<BulkSend>> {
        self.0.begin(Permission::InboxRead).await?.get(id).await
    }

    /// All bulk sendings.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// assert_eq!(bulk.all().await?[0].id, spring.id);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn all(&self) -> Result<Vec<Stored<BulkSend>>> {
        self.0.begin(Permission::InboxRead).await?.list_all(&Predicate::everything()).await
    }

    /// Adds recipients, each address once. `consented_at` says when all of them agreed to such messages; without it only
    /// those whose consent is known get one. Answers how many were added.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// # use crm_core::inbox::bulk::Recipients;
    /// let again = bulk.add(spring.id, Recipients::Conversations(vec![desk.conversation]), None).await?;
    /// assert_eq!(again, 0, "each address once");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `BulkRefusal::Begun`.
    pub async fn add(&self, id: BulkSendId, recipients: Recipients, consented_at: Option<Timestamp>) -> Result<usize> {
        let mut uow = self.0.begin(Permission::InboxSendBulk).await?;
        let bulk = uow.lock(id).await?;
        if bulk.state != BulkState::Draft {
            return Err(BulkRefusal::Begun.into());
        }
        let known = uow.list_all(&BulkRecipient::BULK_SEND.is(id)).await?;
        let mut known: BTreeSet<String> = known.into_iter().map(|row| row.value.address).collect();
        let found = addresses(&mut uow, recipients).await?;
        let count = found.len();
        let fresh = found.into_iter().filter(|(address, ..)| known.insert(address.clone()));
        let rows: Vec<BulkRecipient> = fresh
            .map(|(address, name, lead_id)| BulkRecipient {
                bulk_send_id: id,
                address,
                name,
                lead_id,
                consented_at,
                state: RecipientState::Waiting,
                reason: None,
                message_id: None,
                settled_at: None,
            })
            .collect();
        let added = rows.len();
        uow.add_parts(rows).await?;
        uow.save(bulk, BulkEvent::RecipientsAdded { added, known: count - added }).await?;
        uow.commit().await?;
        Ok(added)
    }

    /// Begins.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// bulk.start(spring.id).await?;
    /// desk.work().await?;
    /// assert_eq!(bulk.progress(spring.id).await?.sent, 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `BulkRefusal`.
    pub async fn start(&self, id: BulkSendId) -> Result<Stored<BulkSend>> {
        let mut uow = self.0.begin(Permission::InboxSendBulk).await?;
        let mut bulk = uow.lock(id).await?;
        let event = bulk.value.start(uow.now())?;
        if uow.list(&BulkRecipient::BULK_SEND.is(id), &Page::first(1)).await?.is_empty() {
            return Err(BulkRefusal::NoRecipients.into());
        }
        let now = uow.now();
        step_at(&mut uow, id, now).await?;
        let bulk = uow.save(bulk, event).await?;
        uow.commit().await?;
        Ok(bulk)
    }

    /// Rests until it is resumed. Messages that were written are sent all the same.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// # use crm_core::inbox::bulk::BulkState;
    /// bulk.start(spring.id).await?;
    /// assert_eq!(bulk.pause(spring.id).await?.state, BulkState::Paused);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `BulkRefusal`.
    pub async fn pause(&self, id: BulkSendId) -> Result<Stored<BulkSend>> {
        self.command(id, |bulk, _| bulk.pause("by hand"), false).await
    }

    /// Goes on.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// # use crm_core::inbox::bulk::BulkState;
    /// bulk.start(spring.id).await?;
    /// bulk.pause(spring.id).await?;
    /// assert_eq!(bulk.resume(spring.id).await?.state, BulkState::Running);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `BulkRefusal`.
    pub async fn resume(&self, id: BulkSendId) -> Result<Stored<BulkSend>> {
        self.command(id, |bulk, _| bulk.resume(), true).await
    }

    /// Ends; whoever still waits gets nothing.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// bulk.start(spring.id).await?;
    /// bulk.stop(spring.id).await?;
    /// desk.work().await?;
    /// assert!(desk.channel.sent().is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `BulkRefusal`.
    pub async fn stop(&self, id: BulkSendId) -> Result<Stored<BulkSend>> {
        self.command(id, BulkSend::stop, false).await
    }

    /// How far it is, from the ledger and from what became of its messages.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// let progress = bulk.progress(spring.id).await?;
    /// assert_eq!((progress.recipients, progress.waiting), (1, 1));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn progress(&self, id: BulkSendId) -> Result<Progress> {
        let mut uow = self.0.begin(Permission::InboxRead).await?;
        uow.get(id).await?;
        let rows = uow.list_all(&BulkRecipient::BULK_SEND.is(id)).await?;
        let mut progress = Progress { recipients: rows.len(), ..Progress::default() };
        let messages: Vec<_> = rows.iter().filter_map(|row| row.message_id).collect();
        for part in messages.chunks(500) {
            let ids = part.iter().map(|id| Value::Uuid(id.uuid())).collect();
            for message in uow.list_all(&Predicate::<Message>::Test(Field::ID, Test::In(ids))).await? {
                let counter = match message.status {
                    Some(MessageStatus::Sent) => &mut progress.sent,
                    Some(MessageStatus::Delivered) => &mut progress.delivered,
                    Some(MessageStatus::Read | MessageStatus::Played) => &mut progress.read,
                    Some(MessageStatus::Failed) => &mut progress.failed,
                    Some(MessageStatus::Unknown) => &mut progress.unknown,
                    Some(MessageStatus::Queued | MessageStatus::Sending) | None => &mut progress.queued,
                };
                *counter += 1;
            }
        }
        progress.waiting = rows.iter().filter(|row| row.state == RecipientState::Waiting).count();
        progress.skipped = rows.iter().filter(|row| row.state == RecipientState::Skipped).count();
        Ok(progress)
    }

    /// The rows of the ledger that match.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let bulk = inbox.bulk_sends();
    /// # let spring = desk.reminder(&inbox).await?;
    /// # use crm_core::kernel::{Page, Predicate};
    /// let ledger = bulk.ledger(spring.id, &Predicate::everything(), &Page::first(50)).await?;
    /// assert_eq!(ledger[0].address, "12025550123");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn ledger(
        &self,
        id: BulkSendId,
        filter: &Predicate<BulkRecipient>,
        page: &Page<BulkRecipient>,
    ) -> Result<Vec<Stored<BulkRecipient>>> {
        let mut uow = self.0.begin(Permission::InboxRead).await?;
        uow.get(id).await?;
        uow.list(&BulkRecipient::BULK_SEND.is(id).and(filter.clone()), page).await
    }

    async fn command(
        &self,
        id: BulkSendId,
        command: impl FnOnce(&mut BulkSend, Timestamp) -> std::result::Result<BulkEvent, BulkRefusal> + Send,
        step: bool,
    ) -> Result<Stored<BulkSend>> {
        let mut uow = self.0.begin(Permission::InboxSendBulk).await?;
        let mut bulk = uow.lock(id).await?;
        let now = uow.now();
        let event = command(&mut bulk.value, now)?;
        if step {
            step_at(&mut uow, id, now).await?;
        }
        let bulk = uow.save(bulk, event).await?;
        uow.commit().await?;
        Ok(bulk)
    }
}

type Found = (String, Option<Name>, Option<LeadId>);

/// The addresses of recipients, each once, in the order in which they were found.
async fn addresses(uow: &mut UnitOfWork<'_>, recipients: Recipients) -> Result<Vec<Found>> {
    let mut found: Vec<Found> = Vec::new();
    match recipients {
        Recipients::Segment(filter) => {
            for lead in uow.list_all(&filter).await? {
                if let Some(phone) = &lead.phone {
                    found.push((digits(phone), Name::cleaned(&lead.full_name()).ok(), Some(lead.id)));
                }
            }
        }
        Recipients::Numbers(numbers) => found.extend(numbers.iter().map(|number| (digits(number), None, None))),
        Recipients::Conversations(ids) => {
            for id in ids {
                let thread = uow.get(id).await?;
                let participant = uow.get(thread.participant_id).await?;
                found.push((participant.address.clone(), participant.name.clone(), participant.lead_id));
            }
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|(address, ..)| !address.is_empty() && seen.insert(address.clone()));
    Ok(found)
}

/// A number in the form of platforms: its digits with the country code.
fn digits(phone: &PhoneNumber) -> String {
    phone.key().chars().filter(char::is_ascii_digit).collect()
}
