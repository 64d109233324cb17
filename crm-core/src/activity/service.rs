//! Commands on activities.

use super::event::ActivityEvent;
use super::link::{ActivityLink, check_seen, links_of, save};
use super::model::{Activity, ActivityId, ActivityPatch, Completion, NewActivity};
use super::refusal::ActivityRefusal;
use super::timeline::{TimelineCursor, TimelineEntry, read};
use crate::access::Permission;
use crate::identity::RecordRef;
use crate::kernel::{Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session};

/// Commands on activities.
#[derive(Clone, Copy, Debug)]
pub struct Activities<'a>(pub(crate) &'a Session);

impl Activities<'_> {
    /// Plans an activity, or logs one that was done.
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
        let links = records.into_iter().map(|record| ActivityLink::new(&activity, record)).collect();
        uow.add_parts(links).await?;
        uow.commit().await?;
        Ok(activity)
    }

    /// The activity.
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller may see.
    pub async fn get(&self, id: ActivityId) -> Result<Stored<Activity>> {
        self.0.begin(Permission::ActivityRead).await?.get(id).await
    }

    /// The activities that match, in the page's order.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self, filter: &Predicate<Activity>, page: &Page<Activity>) -> Result<Vec<Stored<Activity>>> {
        self.0.begin(Permission::ActivityRead).await?.list(filter, page).await
    }

    /// What an activity is about.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn records(&self, id: ActivityId) -> Result<Vec<RecordRef>> {
        let mut uow = self.0.begin(Permission::ActivityRead).await?;
        uow.get(id).await?;
        Ok(links_of(&mut uow, id).await?.iter().map(|link| link.record()).collect())
    }

    /// What happened to a record and was done about it, the newest first: its own events and the activities that the
    /// caller sees. What is planned stands at its due date, in the future. `linked` records (the lead that a contact
    /// came from) add theirs; an activity that is linked to several of them is told once. Linked records that are gone
    /// or that the caller does not see add nothing.
    ///
    /// `limit` entries (1 to 1,000) behind `after`, or the first ones. What stays as it is between two calls is neither
    /// repeated nor left out.
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
    /// # Errors
    /// `RecordNotFound`, `ActivityRefusal`.
    pub async fn complete(&self, id: ActivityId, done: Completion) -> Result<Stored<Activity>> {
        let mut uow = self.0.begin(Permission::ActivityUpdate).await?;
        let mut row = uow.get(id).await?;
        let records = links_of(&mut uow, id).await?.iter().map(|link| link.record()).collect();
        let event = row.value.complete(done, records, uow.now())?;
        let row = save(&mut uow, row, event).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// It is to be done after all.
    ///
    /// # Errors
    /// `RecordNotFound`, `ActivityRefusal`.
    pub async fn reopen(&self, id: ActivityId) -> Result<Stored<Activity>> {
        self.command(id, Activity::reopen).await
    }

    /// It will never be done.
    ///
    /// # Errors
    /// `RecordNotFound`, `ActivityRefusal`.
    pub async fn cancel(&self, id: ActivityId) -> Result<Stored<Activity>> {
        self.command(id, Activity::cancel).await
    }

    /// Links an activity to a further record.
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
        uow.save(row, ActivityEvent::Linked(record)).await?;
        uow.commit().await
    }

    /// Takes the link to a record away.
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
