//! What activities are about: links to records of several kinds.
//!
//! A link carries a copy of the activity's owner, by which lists are kept to whose activities the caller sees, and of its
//! place in feeds, so that a feed is read a page at a time. Both follow the activity ([`follow`]). Whoever sees a record
//! sees all activities about it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::ActivityEvent;
use super::kind::ActivityStatus;
use super::model::{Activity, ActivityId, ActivityPatch};
use crate::access::{MemberId, Permission};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{
    Column, Entity, Field, Id, Key, Kind, Part, Patch, Predicate, Reference, Result, Stored, Test, Timestamp, Value,
    ValueRef,
};
use crate::pipeline::touch_opportunity;
use crate::store::UnitOfWork;

/// As many as a condition names: not more identifiers than a page holds rows.
const LINKS_AT_ONCE: usize = 500;

/// That an activity is about a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivityLink {
    /// The activity.
    pub activity_id: ActivityId,
    /// Kind of the record.
    pub record_kind: RecordKind,
    /// The record.
    pub record_id: Uuid,
    /// The activity's owner.
    pub owner_id: Option<MemberId>,
    /// The activity's place in feeds: its instant, `/` and its identifier. Texts sort as places do.
    pub place: String,
}

impl ActivityLink {
    /// The activity.
    pub const ACTIVITY: Column<Self, ActivityId> =
        Column::required_key("activity_id", |row| ValueRef::Uuid(row.activity_id.uuid()));
    /// The record.
    pub const RECORD: Column<Self, Uuid> = Column::required_key("record_id", |row| ValueRef::Uuid(row.record_id));
    /// The activity's owner.
    pub const OWNER_ID: Column<Self, MemberId> =
        Column::optional("owner_id", |row| row.owner_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid())));
    /// The activity's place in feeds.
    pub const PLACE: Column<Self, String> = Column::required("place", |row| ValueRef::Text(&row.value.place));

    pub(super) fn new(activity: &Stored<Activity>, record: RecordRef) -> Self {
        Self {
            activity_id: activity.id,
            record_kind: record.kind,
            record_id: record.id,
            owner_id: activity.owner_id,
            place: place(activity.happens_at().unwrap_or(activity.created_at), activity.id),
        }
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> RecordRef {
        RecordRef { kind: self.record_kind, id: self.record_id }
    }
}

impl Entity for ActivityLink {
    const NAME: &'static str = "activity_link";
    const FIELDS: &'static [Field<Self>] =
        &[Self::ACTIVITY.field(), Self::RECORD.field(), Self::OWNER_ID.field(), Self::PLACE.field()];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "record",
        columns: &["activity_id", "record_kind", "record_id"],
        read: |link| {
            let kind = Value::Text(link.record_kind.as_str().to_owned());
            Some(vec![Value::Uuid(link.activity_id.uuid()), kind, Value::Uuid(link.record_id)])
        },
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "activity_id", target: Activity::NAME, read: |link| Some(link.activity_id.uuid()) }];
}
impl Part for ActivityLink {}

/// The place of an activity in feeds.
pub(super) fn place(at: Timestamp, activity: ActivityId) -> String {
    format!("{at}/{activity}")
}

/// The instant in a place.
pub(super) fn instant(place: &str) -> Option<Timestamp> {
    place.split_once('/').and_then(|(at, _)| at.parse().ok())
}

/// Tells the deals among these records that something was done about them.
pub(super) async fn touch(uow: &mut UnitOfWork<'_>, records: &[RecordRef], done_at: Timestamp) -> Result<()> {
    for record in records.iter().filter(|record| record.kind == RecordKind::Opportunity) {
        touch_opportunity(uow, Id::new(record.id), done_at).await?;
    }
    Ok(())
}

/// Whether an activity is about a record that the caller sees.
pub(super) async fn is_about_seen(uow: &mut UnitOfWork<'_>, activity: ActivityId) -> Result<bool> {
    for link in uow.list_all_of_anyone(&ActivityLink::ACTIVITY.is(activity)).await? {
        match check_seen(uow, link.record()).await {
            Ok(()) => return Ok(true),
            Err(unseen) if matches!(unseen.kind(), Kind::NotFound | Kind::Forbidden) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Checks that a record is there and that the caller sees it.
///
/// # Errors
/// `PermissionMissing`, `RecordNotFound`.
pub(super) async fn check_seen(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<()> {
    uow.caller().check(match record.kind {
        RecordKind::Lead => Permission::LeadRead,
        RecordKind::Contact => Permission::ContactRead,
        RecordKind::Account => Permission::AccountRead,
        RecordKind::Opportunity => Permission::OpportunityRead,
    })?;
    match record.kind {
        RecordKind::Lead => uow.get::<crate::lead::Lead>(Id::new(record.id)).await.map(drop),
        RecordKind::Contact => uow.get::<crate::people::Contact>(Id::new(record.id)).await.map(drop),
        RecordKind::Account => uow.get::<crate::people::Account>(Id::new(record.id)).await.map(drop),
        RecordKind::Opportunity => uow.get::<crate::pipeline::Opportunity>(Id::new(record.id)).await.map(drop),
    }
}

/// Those of the records that the caller may see, in their order.
pub(super) async fn seen(uow: &mut UnitOfWork<'_>, records: Vec<RecordRef>) -> Result<Vec<RecordRef>> {
    let mut seen = Vec::with_capacity(records.len());
    for record in records {
        match check_seen(uow, record).await {
            Ok(()) => seen.push(record),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Forbidden) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(seen)
}

/// All links of an activity.
pub(super) async fn links_of(uow: &mut UnitOfWork<'_>, activity: ActivityId) -> Result<Vec<Stored<ActivityLink>>> {
    uow.list_all_of_anyone(&ActivityLink::ACTIVITY.is(activity)).await
}

/// Lets the copies in the links follow a saved activity, writing only what differs.
pub(super) async fn follow(uow: &mut UnitOfWork<'_>, activity: &Stored<Activity>) -> Result<()> {
    for mut link in links_of(uow, activity.id).await? {
        let fresh = ActivityLink::new(activity, link.record());
        if link.value != fresh {
            link.value = fresh;
            uow.save_part(link).await?;
        }
    }
    Ok(())
}

/// All links to a record, whoever owns their activities.
///
/// # Errors
/// Those of the store.
pub async fn links_about(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<Vec<Stored<ActivityLink>>> {
    uow.list_all_of_anyone(&ActivityLink::RECORD.is(record.id)).await
}

/// Links the activities of these links to further records too. Answers how many links were added; those that are there
/// already stay as they are, so that a second call adds none.
///
/// The records are taken to be there: they are the ones that a conversion or merge has just written.
///
/// # Errors
/// Those of the store.
pub async fn copy_links(uow: &mut UnitOfWork<'_>, links: &[Stored<ActivityLink>], to: &[RecordRef]) -> Result<usize> {
    let targets = ActivityLink::RECORD.is_one_of(to.iter().map(|record| record.id));
    let mut known = BTreeSet::new();
    // A company may have any number of activities; only those of these links matter.
    for links in links.chunks(LINKS_AT_ONCE) {
        let these = ActivityLink::ACTIVITY.is_one_of(links.iter().map(|link| link.activity_id));
        let linked = uow.list_all_of_anyone(&targets.clone().and(these)).await?;
        known.extend(linked.into_iter().map(|link| (link.activity_id, link.record())));
    }
    let mut fresh = Vec::new();
    for link in links {
        for record in to {
            if known.insert((link.activity_id, *record)) {
                let copy = ActivityLink { record_kind: record.kind, record_id: record.id, ..link.value.clone() };
                fresh.push(copy);
            }
        }
    }
    Ok(uow.add_parts(fresh).await?.len())
}

/// Lets all activities that are about one record be about another instead, once each.
///
/// # Errors
/// Those of the store.
pub async fn move_links(uow: &mut UnitOfWork<'_>, from: RecordRef, to: RecordRef) -> Result<()> {
    let links = links_about(uow, from).await?;
    copy_links(uow, &links, &[to]).await?;
    for link in &links {
        uow.remove_part(link).await?;
    }
    Ok(())
}

/// The open ones among the activities of these links, whoever owns them.
///
/// # Errors
/// Those of the store.
pub async fn open_activities(
    uow: &mut UnitOfWork<'_>,
    links: &[Stored<ActivityLink>],
) -> Result<Vec<Stored<Activity>>> {
    let mut open = Vec::new();
    for links in links.chunks(LINKS_AT_ONCE) {
        let those = ids(links.iter().map(|link| link.activity_id));
        let those = those.and(Activity::STATUS.is(ActivityStatus::Open.as_str()));
        open.extend(uow.list_all_of_anyone(&those).await?);
    }
    open.sort_by_key(|activity| activity.id);
    Ok(open)
}

/// Removes all links to a record that goes. Activities that were about nothing else go with it.
///
/// # Errors
/// Those of the store.
pub async fn unlink_record(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<()> {
    for link in uow.list_all_of_anyone(&ActivityLink::RECORD.is(record.id)).await? {
        uow.remove_part(&link).await?;
        if links_of(uow, link.activity_id).await?.is_empty()
            && let Some(activity) = uow.find_of_anyone(link.activity_id).await?
        {
            uow.delete(activity, ActivityEvent::Deleted).await?;
        }
    }
    Ok(())
}

/// Gives an activity that is not cancelled to another owner, as when the record that it is about changes hands.
///
/// # Errors
/// `ActivityRefusal::Cancelled`; `StoreError::MissingReference` when there is no such member.
pub async fn hand_over(
    uow: &mut UnitOfWork<'_>,
    mut activity: Stored<Activity>,
    to: Option<MemberId>,
) -> Result<Stored<Activity>> {
    let owner_id = to.map_or(Patch::Clear, Patch::Set);
    match activity.value.change(ActivityPatch { owner_id, ..ActivityPatch::default() })? {
        Some(event) => save(uow, activity, event).await,
        None => Ok(activity),
    }
}

/// Saves a changed activity and what its links copy of it.
pub(super) async fn save(
    uow: &mut UnitOfWork<'_>,
    activity: Stored<Activity>,
    event: ActivityEvent,
) -> Result<Stored<Activity>> {
    let activity = uow.save(activity, event).await?;
    follow(uow, &activity).await?;
    Ok(activity)
}

/// Holds for the activities with these identifiers.
pub(super) fn ids(ids: impl IntoIterator<Item = ActivityId>) -> Predicate<Activity> {
    Predicate::Test(Field::ID, Test::In(ids.into_iter().map(|id| Value::Uuid(id.uuid())).collect()))
}
