//! Commands on activities.

use super::event::ActivityEvent;
use super::link::{ActivityLink, check_seen, is_about_seen, links_of, save, seen, touch};
use super::model::{Activity, ActivityId, ActivityPatch, Completion, NewActivity};
use super::refusal::ActivityRefusal;
use super::timeline::{TimelineCursor, TimelineEntry, read};
use crate::access::Permission;
use crate::identity::RecordRef;
use crate::kernel::{Entity, Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session};

/// Commands on activities.
#[derive(Clone, Copy, Debug)]
pub struct Activities<'a>(pub(crate) &'a Session);

impl Activities<'_> {
    /// Plans an activity, or logs one that was done.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, ActivityStatus, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// let call = session.activities().create(new).await?;
    /// assert_eq!(call.status, ActivityStatus::Open);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `ActivityRefusal`; `RecordNotFound` when a record that it is about is not there; `StoreError::MissingReference`
    /// when there is no such owner.
    pub async fn create(&self, new: NewActivity) -> Result<Stored<Activity>> {
        let mut uow = self.0.begin(Permission::ActivityCreate).await?;
        let (activity, records) = Activity::new(new, uow.caller().member_id(), uow.now())?;
        for record in &records {
            check_seen(&mut uow, *record).await?;
        }
        let (kind, done_at) = (activity.kind, activity.done_at);
        let created = ActivityEvent::Created { kind, records: records.clone(), done_at };
        let activity = uow.insert(activity, created).await?;
        let links = records.iter().map(|record| ActivityLink::new(&activity, *record)).collect();
        uow.add_parts(links).await?;
        if let Some(done_at) = done_at {
            touch(&mut uow, &records, done_at).await?;
        }
        uow.commit().await?;
        Ok(activity)
    }

    /// The activity.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// assert_eq!(session.activities().get(call.id).await?, call);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when it is neither by somebody whose records the caller sees nor about a record that they see.
    pub async fn get(&self, id: ActivityId) -> Result<Stored<Activity>> {
        let mut uow = self.0.begin(Permission::ActivityRead).await?;
        let none = RecordNotFound { entity: Activity::NAME, id: id.uuid() };
        let row = uow.find_of_anyone(id).await?.ok_or(none.clone())?;
        if uow.caller().sees().matches(&row) || is_about_seen(&mut uow, id).await? { Ok(row) } else { Err(none.into()) }
    }

    /// The activities that match, in the page's order.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::activity::{Activity, ActivityKind, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// let open = Activity::STATUS.is("open");
    /// assert_eq!(session.activities().list(&open, &Page::first(50)).await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self, filter: &Predicate<Activity>, page: &Page<Activity>) -> Result<Vec<Stored<Activity>>> {
        self.0.begin(Permission::ActivityRead).await?.list(filter, page).await
    }

    /// What an activity is about, as far as the caller may see it.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// assert_eq!(session.activities().records(call.id).await?, [record]);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn records(&self, id: ActivityId) -> Result<Vec<RecordRef>> {
        let mut uow = self.0.begin(Permission::ActivityRead).await?;
        uow.get(id).await?;
        let records = links_of(&mut uow, id).await?.iter().map(|link| link.record()).collect();
        seen(&mut uow, records).await
    }

    /// What happened to a record and was done about it by whomever, the newest first: its own events and the activities
    /// about it. What is planned stands at its due date, in the future. The lead that a deal came from and `linked`
    /// records (the lead that a contact came from) add theirs; an activity that is linked to several of them is told
    /// once. Linked records that are gone or that the caller does not see add nothing.
    ///
    /// `limit` entries (1 to 1,000) behind `after`, or the first ones. What stays as it is between two calls is neither
    /// repeated nor left out.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// let feed = session.activities().timeline(record, &[], None, 50).await?;
    /// assert!(!feed.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `PermissionMissing` when the caller may not read records of this kind.
    pub async fn timeline(
        &self,
        record: RecordRef,
        linked: &[RecordRef],
        after: Option<&TimelineCursor>,
        limit: u32,
    ) -> Result<Vec<TimelineEntry>> {
        let mut uow = self.0.begin(Permission::ActivityRead).await?;
        read(&mut uow, record, linked, after, limit).await
    }

    /// Changes fields of an activity in the version that the caller has seen.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, ActivityPatch, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// let patch = ActivityPatch { subject: Some("Call again".parse()?), ..ActivityPatch::default() };
    /// let call = session.activities().change(call.id, call.version, patch).await?;
    /// assert_eq!(call.subject.as_str(), "Call again");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `ActivityRefusal`, `StoreError::MissingReference` (owner).
    pub async fn change(&self, id: ActivityId, version: i64, patch: ActivityPatch) -> Result<Stored<Activity>> {
        let mut uow = self.0.begin(Permission::ActivityUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let Some(event) = row.value.change(patch)? else { return Ok(row) };
        let row = save(&mut uow, row, event).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// It was done.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, ActivityStatus, Completion, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// let call = session.activities().complete(call.id, Completion::default()).await?;
    /// assert_eq!(call.status, ActivityStatus::Done);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ActivityRefusal`.
    pub async fn complete(&self, id: ActivityId, done: Completion) -> Result<Stored<Activity>> {
        let mut uow = self.0.begin(Permission::ActivityUpdate).await?;
        let mut row = uow.get(id).await?;
        let records: Vec<_> = links_of(&mut uow, id).await?.iter().map(|link| link.record()).collect();
        let event = row.value.complete(done, records.clone(), uow.now())?;
        let row = save(&mut uow, row, event).await?;
        if let Some(done_at) = row.done_at {
            touch(&mut uow, &records, done_at).await?;
        }
        uow.commit().await?;
        Ok(row)
    }

    /// It is to be done after all.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, ActivityStatus, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// session.activities().cancel(call.id).await?;
    /// let call = session.activities().reopen(call.id).await?;
    /// assert_eq!(call.status, ActivityStatus::Open);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ActivityRefusal`.
    pub async fn reopen(&self, id: ActivityId) -> Result<Stored<Activity>> {
        self.command(id, Activity::reopen).await
    }

    /// It will never be done.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, ActivityStatus, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// let call = session.activities().cancel(call.id).await?;
    /// assert_eq!(call.status, ActivityStatus::Cancelled);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ActivityRefusal`.
    pub async fn cancel(&self, id: ActivityId) -> Result<Stored<Activity>> {
        self.command(id, Activity::cancel).await
    }

    /// Links an activity to a further record.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::people::{Contact, NewContact};
    /// # use crm_core::activity::{ActivityKind, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// let other = RecordRef::new(RecordKind::Contact, contact.id);
    /// session.activities().link(call.id, other).await?;
    /// assert_eq!(session.activities().records(call.id).await?.len(), 2);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` (activity, record), `ActivityRefusal::AlreadyLinked`, `ActivityRefusal::Cancelled`.
    pub async fn link(&self, id: ActivityId, record: RecordRef) -> Result<()> {
        let mut uow = self.0.begin(Permission::ActivityUpdate).await?;
        let row = uow.get(id).await?;
        row.check_not_cancelled()?;
        check_seen(&mut uow, record).await?;
        if links_of(&mut uow, id).await?.iter().any(|link| link.record() == record) {
            return Err(ActivityRefusal::AlreadyLinked(record).into());
        }
        uow.add_parts(vec![ActivityLink::new(&row, record)]).await?;
        if let Some(done_at) = row.done_at {
            touch(&mut uow, &[record], done_at).await?;
        }
        uow.save(row, ActivityEvent::Linked(record)).await?;
        uow.commit().await
    }

    /// Takes the link to a record away.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// let last = session.activities().unlink(call.id, record).await;
    /// assert!(last.is_err(), "an activity is about something");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` (activity, link), `ActivityRefusal::Unlinked` when it is the last one.
    pub async fn unlink(&self, id: ActivityId, record: RecordRef) -> Result<()> {
        let mut uow = self.0.begin(Permission::ActivityUpdate).await?;
        let row = uow.get(id).await?;
        let links = links_of(&mut uow, id).await?;
        let gone = links.iter().find(|link| link.record() == record);
        let gone = gone.ok_or(RecordNotFound { entity: "activity_link", id: record.id })?;
        if links.len() == 1 {
            return Err(ActivityRefusal::Unlinked.into());
        }
        uow.remove_part(gone).await?;
        // Saved, so that two can't take the last two links at once.
        uow.save(row, ActivityEvent::Unlinked(record)).await?;
        uow.commit().await
    }

    /// Removes an activity and its links. Its events remain.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::activity::{ActivityKind, NewActivity};
    /// # use crm_core::identity::{RecordKind, RecordRef};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let record = RecordRef::new(RecordKind::Lead, lead.id);
    /// # let new = NewActivity::about(ActivityKind::Call, "Call back".parse()?, vec![record]);
    /// # let call = session.activities().create(new).await?;
    /// session.activities().delete(call.id, call.version).await?;
    /// assert!(session.activities().get(call.id).await.is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::StillReferenced`.
    pub async fn delete(&self, id: ActivityId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::ActivityDelete).await?;
        let row = uow.get_at(id, Some(version)).await?;
        for link in links_of(&mut uow, id).await? {
            uow.remove_part(&link).await?;
        }
        uow.delete(row, ActivityEvent::Deleted).await?;
        uow.commit().await
    }

    async fn command(
        &self,
        id: ActivityId,
        command: impl FnOnce(&mut Activity) -> std::result::Result<ActivityEvent, ActivityRefusal> + Send,
    ) -> Result<Stored<Activity>> {
        let mut uow = self.0.begin(Permission::ActivityUpdate).await?;
        let mut row = uow.get(id).await?;
        let event = command(&mut row.value)?;
        let row = save(&mut uow, row, event).await?;
        uow.commit().await?;
        Ok(row)
    }
}
