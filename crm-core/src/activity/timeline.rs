//! The feed of a record: its own events and the activities about it, merged, the newest first.
//!
//! Every source (the links of one record, the events of one record) is ordered as the feed is, so that a page of the feed
//! needs no more than a page of each. Entries of one instant: activities before events, each by identifier, the later
//! made first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::link::{ActivityLink, check_seen, ids, instant, place};
use super::model::Activity;
use crate::event::Event;
use crate::identity::{RecordKind, RecordRef, merged_into};
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Cursor, Direction, Entity, Field, Id, Kind, Page, Result, Stored, Timestamp, Value};
use crate::pipeline::Opportunity;
use crate::store::UnitOfWork;

/// What a feed tells of.
#[derive(Clone, Debug, PartialEq)]
pub enum TimelineItem {
    /// An activity about one of the records.
    Activity(Box<Stored<Activity>>),
    /// Something that happened to one of the records.
    Event(Box<Stored<Event>>),
}

/// One entry of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// When: done, else begins, else due, else written down; for an event, when it happened.
    pub at: Timestamp,
    /// What.
    pub item: TimelineItem,
}

/// The two sorts of entries, in the order in which those of one instant stand, from below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    Event,
    Activity,
}

/// A place in a feed, right behind one of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimelineCursor {
    at: Timestamp,
    sort: Sort,
    id: Uuid,
}

impl TimelineEntry {
    /// The place right behind this entry.
    #[must_use]
    pub fn cursor(&self) -> TimelineCursor {
        match &self.item {
            TimelineItem::Activity(row) => TimelineCursor { at: self.at, sort: Sort::Activity, id: row.id.uuid() },
            TimelineItem::Event(row) => TimelineCursor { at: self.at, sort: Sort::Event, id: row.id.uuid() },
        }
    }
}

impl TimelineCursor {
    /// Where the links of a record go on. Texts that are a prefix of a place sort right before all places of its instant.
    fn of_links(&self) -> Cursor {
        let place = match self.sort {
            Sort::Activity => place(self.at, Id::new(self.id)),
            Sort::Event => self.at.to_string(),
        };
        Cursor { value: Value::Text(place), id: Uuid::nil() }
    }

    /// Where the events of a record go on.
    fn of_events(&self) -> Cursor {
        let id = match self.sort {
            Sort::Activity => Uuid::max(),
            Sort::Event => self.id,
        };
        Cursor { value: Value::Time(self.at), id }
    }
}

/// Reads a page of the feed of a record and of those that are linked to it.
pub(super) async fn read(
    uow: &mut UnitOfWork<'_>,
    record: RecordRef,
    linked: &[RecordRef],
    after: Option<&TimelineCursor>,
    limit: u32,
) -> Result<Vec<TimelineEntry>> {
    check_seen(uow, record).await?;
    let mut records = BTreeSet::from([record]);
    for other in origin(uow, record).await?.into_iter().chain(linked.iter().copied()) {
        match check_seen(uow, other).await {
            Ok(()) => drop(records.insert(other)),
            Err(unseen) if matches!(unseen.kind(), Kind::NotFound | Kind::Forbidden) => {}
            Err(error) => return Err(error),
        }
    }
    // What happened to a record before it was merged into this one is a part of its feed.
    records.extend(merged_into(uow, record).await?);
    let limit = limit.clamp(1, LARGEST_PAGE);
    let links = newest(ActivityLink::PLACE.field(), after.map(TimelineCursor::of_links), limit)?;
    let events = newest(Event::OCCURRED_AT.field(), after.map(TimelineCursor::of_events), limit)?;
    let mut found: BTreeMap<TimelineCursor, Option<Stored<Event>>> = BTreeMap::new();
    for record in records {
        // Whoever sees a record sees what was done about it, by whomever.
        for link in uow.list_of_anyone(&ActivityLink::RECORD.is(record.id), &links).await? {
            // Every link of an activity has the same place, so several links fall into one.
            if let Some(at) = instant(&link.place) {
                found.insert(TimelineCursor { at, sort: Sort::Activity, id: link.activity_id.uuid() }, None);
            }
        }
        for event in uow.list(&Event::RECORD.is(record.id), &events).await? {
            let cursor = TimelineCursor { at: event.occurred_at, sort: Sort::Event, id: event.id.uuid() };
            found.insert(cursor, Some(event));
        }
    }
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    let page: Vec<_> = found.into_iter().rev().take(count).collect();
    let wanted = page.iter().filter(|(_, event)| event.is_none()).map(|(cursor, _)| Id::new(cursor.id));
    let activities = uow.list_of_anyone(&ids(wanted), &Page::first(limit)).await?;
    let mut activities: BTreeMap<_, _> = activities.into_iter().map(|row| (row.id.uuid(), row)).collect();
    let entries = page.into_iter().filter_map(|(cursor, event)| {
        let item = match event {
            Some(event) => TimelineItem::Event(Box::new(event)),
            None => TimelineItem::Activity(Box::new(activities.remove(&cursor.id)?)),
        };
        Some(TimelineEntry { at: cursor.at, item })
    });
    Ok(entries.collect())
}

/// The lead that a deal came from: its feed is the beginning of the deal's.
async fn origin(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<Option<RecordRef>> {
    if record.kind != RecordKind::Opportunity {
        return Ok(None);
    }
    let deal = uow.get::<Opportunity>(Id::new(record.id)).await?;
    Ok(deal.lead_id.map(|lead| RecordRef::new(RecordKind::Lead, lead)))
}

fn newest<E: Entity>(order: Field<E>, after: Option<Cursor>, limit: u32) -> Result<Page<E>> {
    let page = Page::ordered(order, Direction::Descending, limit)?;
    Ok(match after {
        Some(cursor) => page.after(cursor)?,
        None => page,
    })
}
