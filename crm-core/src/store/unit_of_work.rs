//! The unit of work: one transaction with everything that a command needs, and nothing it must not have.

use uuid::Uuid;

use super::commands::at_work;
use super::contents::Tx;
use super::port::{BoxTx, Records, StoreError};
use super::session::Session;
use super::setup::Setup;
use crate::access::{Caller, OrganizationId};
use crate::event::Event;
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{DomainEvent, Entity, Id, Kind, Page, Part, Predicate, Result, Rule, Stored, Timestamp};

/// There is no such record, or none that the caller may know of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {entity} {id}")]
pub struct RecordNotFound {
    /// [`Entity::NAME`].
    pub entity: &'static str,
    /// What was asked for.
    pub id: Uuid,
}

impl Rule for RecordNotFound {
    fn code(&self) -> &'static str {
        "record.not_found"
    }
    fn kind(&self) -> Kind {
        Kind::NotFound
    }
}

/// The record has moved on since the caller read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {entity} is at version {actual}, not {expected}; read it again and repeat the change")]
pub struct StaleVersion {
    /// [`Entity::NAME`].
    pub entity: &'static str,
    /// The version that the caller has seen.
    pub expected: i64,
    /// The version that is stored.
    pub actual: i64,
}

impl Rule for StaleVersion {
    fn code(&self) -> &'static str {
        "record.stale_version"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

/// More events than these are not held in memory but handed to the transaction.
const MOST_HELD_EVENTS: usize = 1_000;

/// One transaction of one caller. Nothing is kept unless [`UnitOfWork::commit`] is called.
///
/// What is read here is what the caller may see: a record outside the caller's reach is not found. Judgements about
/// identity (duplicates, idempotency) must look further and say so by the `…_of_anyone` reads.
pub struct UnitOfWork<'a> {
    tx: BoxTx<'a>,
    session: &'a Session,
    now: Timestamp,
    correlation: Uuid,
    events: Vec<Stored<Event>>,
    rehearsal: bool,
    pub(super) setup: Setup,
}

impl<'a> UnitOfWork<'a> {
    pub(super) fn new(tx: BoxTx<'a>, session: &'a Session, now: Timestamp) -> Self {
        let correlation = session.ports().ids.next(now);
        Self { tx, session, now, correlation, events: Vec::new(), rehearsal: false, setup: Setup::default() }
    }

    /// Makes a rehearsal of it, which is dropped in the end: it holds no record against others and can't be committed.
    pub fn rehearse(&mut self) {
        self.rehearsal = true;
    }
    /// Whether it is dropped in the end.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.rehearsal
    }

    /// The instant of the whole unit of work.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }
    /// Who acts.
    #[must_use]
    pub fn caller(&self) -> &'a Caller {
        self.session.caller()
    }
    /// The organization that all of it belongs to.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.session.caller().organization()
    }
    /// The session that opened it.
    #[must_use]
    pub fn session(&self) -> &'a Session {
        self.session
    }
    /// A fresh identifier.
    #[must_use]
    pub fn new_id<E>(&self) -> Id<E> {
        Id::new(self.session.ports().ids.next(self.now))
    }
    /// The specific reads and the agenda.
    pub fn tx(&mut self) -> &mut (dyn Tx + 'a) {
        &mut *self.tx
    }

    /// The record, when there is one that the caller may see.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find<E: Entity>(&mut self, id: Id<E>) -> Result<Option<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let row = Records::<E>::find(&mut *self.tx, id).await?;
        Ok(row.filter(|row| self.caller().sees().matches(row)))
    }

    /// The record.
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller may see.
    pub async fn get<E: Entity>(&mut self, id: Id<E>) -> Result<Stored<E>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let found = self.find(id).await?;
        Ok(found.ok_or(RecordNotFound { entity: E::NAME, id: id.uuid() })?)
    }

    /// The record, held against other writers until the end, unless it is a rehearsal.
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller may see.
    pub async fn lock<E: Entity>(&mut self, id: Id<E>) -> Result<Stored<E>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let row = self.lock_of_anyone(id).await?;
        let row = row.filter(|row| self.caller().sees().matches(row));
        Ok(row.ok_or(RecordNotFound { entity: E::NAME, id: id.uuid() })?)
    }

    /// The record in the version that the caller has seen; any version when the caller names none.
    ///
    /// # Errors
    /// `RecordNotFound`; `StaleVersion` when it has moved on.
    pub async fn get_at<E: Entity>(&mut self, id: Id<E>, version: Option<i64>) -> Result<Stored<E>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let row = self.get(id).await?;
        match version {
            Some(expected) if expected != row.version => {
                Err(StaleVersion { entity: E::NAME, expected, actual: row.version }.into())
            }
            _ => Ok(row),
        }
    }

    /// The records that match and that the caller may see, in the page's order.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list<E: Entity>(&mut self, filter: &Predicate<E>, page: &Page<E>) -> Result<Vec<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let visible = self.caller().sees().and(filter.clone());
        Ok(Records::<E>::list(&mut *self.tx, &visible, page).await?)
    }

    /// All records that match and that the caller may see; for kinds of which an organization has few.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_all<E: Entity>(&mut self, filter: &Predicate<E>) -> Result<Vec<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let visible = self.caller().sees().and(filter.clone());
        self.list_all_of_anyone(&visible).await
    }

    /// The record, whoever owns it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find_of_anyone<E: Entity>(&mut self, id: Id<E>) -> Result<Option<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        Ok(Records::<E>::find(&mut *self.tx, id).await?)
    }

    /// The record, whoever owns it, held against other writers until the end, unless it is a rehearsal.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn lock_of_anyone<E: Entity>(&mut self, id: Id<E>) -> Result<Option<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        if self.rehearsal {
            return self.find_of_anyone(id).await;
        }
        Ok(Records::<E>::lock(&mut *self.tx, id).await?)
    }

    /// The records that match, whoever owns them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_of_anyone<E: Entity>(&mut self, filter: &Predicate<E>, page: &Page<E>) -> Result<Vec<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        Ok(Records::<E>::list(&mut *self.tx, filter, page).await?)
    }

    /// All records that match, whoever owns them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_all_of_anyone<E: Entity>(&mut self, filter: &Predicate<E>) -> Result<Vec<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let mut page = Page::first(LARGEST_PAGE);
        let mut all = Vec::new();
        loop {
            let rows = Records::<E>::list(&mut *self.tx, filter, &page).await?;
            let full = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
            match rows.last() {
                Some(last) if full => page = page.following(last),
                _ => {
                    all.extend(rows);
                    return Ok(all);
                }
            }
            all.extend(rows);
        }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn insert<E: Entity>(&mut self, value: E, event: impl DomainEvent) -> Result<Stored<E>>
    where
        dyn Tx + 'a: Records<E>,
    {
        self.before_writing::<E>().await?;
        let row = self.fresh(self.new_id(), value);
        Records::<E>::insert(&mut *self.tx, std::slice::from_ref(&row)).await?;
        self.say(&row, &event)?;
        self.hand_over_events(MOST_HELD_EVENTS).await?;
        Ok(row)
    }

    /// Adds records that were made by [`UnitOfWork::fresh`], in few statements.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn insert_all<E: Entity, D: DomainEvent>(&mut self, rows: Vec<(Stored<E>, D)>) -> Result<()>
    where
        dyn Tx + 'a: Records<E>,
    {
        self.before_writing::<E>().await?;
        let (rows, events): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        Records::<E>::insert(&mut *self.tx, &rows).await?;
        rows.iter().zip(events).try_for_each(|(row, event)| self.say(row, &event))?;
        self.hand_over_events(MOST_HELD_EVENTS).await
    }

    /// A record as it will be stored, not yet added.
    #[must_use]
    pub fn fresh<E: Entity>(&self, id: Id<E>, value: E) -> Stored<E> {
        Stored { id, version: 1, created_at: self.now, updated_at: self.now, value }
    }

    /// Saves a changed record.
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else saved it first.
    pub async fn save<E: Entity>(&mut self, row: Stored<E>, event: impl DomainEvent) -> Result<Stored<E>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let row = self.write(row).await?;
        self.say(&row, &event)?;
        self.hand_over_events(MOST_HELD_EVENTS).await?;
        Ok(row)
    }

    /// Removes a record.
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else saved it first, `StillReferenced` when others need it.
    pub async fn delete<E: Entity>(&mut self, row: Stored<E>, event: impl DomainEvent) -> Result<()>
    where
        dyn Tx + 'a: Records<E>,
    {
        self.before_writing::<E>().await?;
        Records::<E>::delete(&mut *self.tx, row.id, row.version).await?;
        self.say(&row, &event)?;
        self.hand_over_events(MOST_HELD_EVENTS).await
    }

    /// Adds parts of a record whose own event tells of them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn add_parts<P: Part>(&mut self, parts: Vec<P>) -> Result<Vec<Stored<P>>>
    where
        dyn Tx + 'a: Records<P>,
    {
        let rows: Vec<_> = parts.into_iter().map(|part| self.fresh(self.new_id(), part)).collect();
        if !rows.is_empty() {
            self.before_writing::<P>().await?;
            Records::<P>::insert(&mut *self.tx, &rows).await?;
        }
        Ok(rows)
    }

    /// Saves a changed part.
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else saved it first.
    pub async fn save_part<P: Part>(&mut self, part: Stored<P>) -> Result<Stored<P>>
    where
        dyn Tx + 'a: Records<P>,
    {
        self.write(part).await
    }

    /// Removes a part.
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else saved it first.
    pub async fn remove_part<P: Part>(&mut self, part: &Stored<P>) -> Result<()>
    where
        dyn Tx + 'a: Records<P>,
    {
        self.before_writing::<P>().await?;
        Ok(Records::<P>::delete(&mut *self.tx, part.id, part.version).await?)
    }

    /// Says that something happened to a record that is not saved for it.
    ///
    /// # Errors
    /// `StoreError::Fault` when the event can't be written as JSON.
    pub fn say<E: Entity>(&mut self, row: &Stored<E>, event: &impl DomainEvent) -> Result<()> {
        let data = serde_json::to_value(event).map_err(|error| StoreError::Fault(error.into()))?;
        let event = Event {
            name: event.name().to_owned(),
            entity: E::NAME.to_owned(),
            record_id: row.id.uuid(),
            record_version: row.version,
            occurred_at: self.now,
            actor: self.caller().actor().clone(),
            cause_id: self.session.cause(),
            correlation_id: self.correlation,
            data,
        };
        let event = self.fresh(self.new_id(), event);
        self.events.push(event);
        Ok(())
    }

    /// Keeps everything, events included, or nothing.
    ///
    /// # Errors
    /// Those of the store; then nothing was kept. `StoreError::Fault` for a rehearsal.
    pub async fn commit(mut self) -> Result<()> {
        self.keep_command().await?;
        let session = self.session;
        self.commit_plainly().await.map_err(at_work)?;
        Self::command_is_kept(session);
        Ok(())
    }

    /// Keeps everything, events included, without the key of a command.
    pub(super) async fn commit_plainly(mut self) -> Result<()> {
        if self.rehearsal {
            return Err(StoreError::Fault("a rehearsal cannot be committed".into()).into());
        }
        self.hand_over_events(0).await?;
        if let Some(organization) = self.setup.take_unrenewed() {
            self.write(organization).await?;
        }
        Ok(self.tx.commit().await?)
    }

    /// Gives the events to the transaction when there are more than `most`.
    async fn hand_over_events(&mut self, most: usize) -> Result<()> {
        if self.events.len() > most {
            Records::<Event>::insert(&mut *self.tx, &self.events).await?;
            self.events.clear();
        }
        Ok(())
    }

    async fn write<E: Entity>(&mut self, mut row: Stored<E>) -> Result<Stored<E>>
    where
        dyn Tx + 'a: Records<E>,
    {
        self.before_writing::<E>().await?;
        row.version += 1;
        row.updated_at = self.now;
        Records::<E>::update(&mut *self.tx, &row).await?;
        Ok(row)
    }
}
