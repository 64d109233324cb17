//! Pairs of records that a person should look at.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::candidate::Candidate;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{
    Column, DomainEvent, Entity, Explanation, Field, Id, Key, Kind, Page, Result, Rule, Stored, Value, ValueRef,
};
use crate::store::UnitOfWork;

/// Identifier of a flag.
pub type DuplicateFlagId = Id<DuplicateFlag>;

/// What has come of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlagState {
    /// Nobody has looked yet.
    Open,
    /// They are not the same; the pair is not brought up again.
    Dismissed,
    /// They were the same, and are one record now.
    Merged,
}

impl FlagState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Dismissed => "dismissed",
            Self::Merged => "merged",
        }
    }
}

/// What a flag refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagRefusal {
    /// It was decided already.
    #[error("the pair is {} already; reopen it first", .0.as_str())]
    Decided(FlagState),
    /// There is nothing to open again.
    #[error("only a dismissed pair can be opened again; this one is {}", .0.as_str())]
    NotDismissed(FlagState),
}

impl Rule for FlagRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Decided(_) => "duplicate_flag.decided",
            Self::NotDismissed(_) => "duplicate_flag.not_dismissed",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

/// That two records may be the same. Each pair is flagged once, the smaller identifier first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DuplicateFlag {
    record_kind: RecordKind,
    record_id: Uuid,
    other_kind: RecordKind,
    other_id: Uuid,
    /// Thousandths of certainty.
    pub confidence: i64,
    /// Why.
    pub evidence: Explanation,
    state: FlagState,
}

impl DuplicateFlag {
    /// The one.
    pub const RECORD: Column<Self, Uuid> = Column::required_key("record_id", |row| ValueRef::Uuid(row.record_id));
    /// The other.
    pub const OTHER: Column<Self, Uuid> = Column::required_key("other_id", |row| ValueRef::Uuid(row.other_id));
    /// Thousandths of certainty.
    pub const CONFIDENCE: Column<Self, i64> = Column::required("confidence", |row| ValueRef::Integer(row.confidence));
    /// What has come of it.
    pub const STATE: Column<Self, String> = Column::required_indexed("state", |row| ValueRef::Text(row.state.as_str()));

    /// A flag for a pair.
    #[must_use]
    pub fn new(record: RecordRef, candidate: Candidate) -> Self {
        let (one, other) =
            if record.id < candidate.record.id { (record, candidate.record) } else { (candidate.record, record) };
        Self {
            record_kind: one.kind,
            record_id: one.id,
            other_kind: other.kind,
            other_id: other.id,
            confidence: i64::from(candidate.confidence),
            evidence: candidate.evidence,
            state: FlagState::Open,
        }
    }

    /// The two records.
    #[must_use]
    pub fn records(&self) -> [RecordRef; 2] {
        let one = RecordRef { kind: self.record_kind, id: self.record_id };
        [one, RecordRef { kind: self.other_kind, id: self.other_id }]
    }

    /// What has come of it.
    #[must_use]
    pub fn state(&self) -> FlagState {
        self.state
    }

    /// They are not the same.
    ///
    /// # Errors
    /// `Decided`.
    pub fn dismiss(&mut self) -> std::result::Result<DuplicateFlagEvent, FlagRefusal> {
        self.decide(FlagState::Dismissed)?;
        Ok(DuplicateFlagEvent::Dismissed)
    }

    /// They were the same, and are one record now.
    ///
    /// # Errors
    /// `Decided`.
    pub fn merge(&mut self) -> std::result::Result<DuplicateFlagEvent, FlagRefusal> {
        self.decide(FlagState::Merged)?;
        Ok(DuplicateFlagEvent::Merged)
    }

    /// The pair of one of the two is the pair of another record, in which that one lives on.
    fn follow(&mut self, from: RecordRef, to: RecordRef) -> DuplicateFlagEvent {
        let mut records = self.records().map(|record| if record == from { to } else { record });
        records.sort_by_key(|record| record.id);
        let [one, other] = records;
        (self.record_kind, self.record_id) = (one.kind, one.id);
        (self.other_kind, self.other_id) = (other.kind, other.id);
        DuplicateFlagEvent::Moved { from, to }
    }

    /// The pair is to be looked at again.
    ///
    /// # Errors
    /// `NotDismissed`.
    pub fn reopen(&mut self) -> std::result::Result<DuplicateFlagEvent, FlagRefusal> {
        if self.state != FlagState::Dismissed {
            return Err(FlagRefusal::NotDismissed(self.state));
        }
        self.state = FlagState::Open;
        Ok(DuplicateFlagEvent::Reopened)
    }

    fn decide(&mut self, state: FlagState) -> std::result::Result<(), FlagRefusal> {
        if self.state != FlagState::Open {
            return Err(FlagRefusal::Decided(self.state));
        }
        self.state = state;
        Ok(())
    }
}

impl Entity for DuplicateFlag {
    const NAME: &'static str = "duplicate_flag";
    const FIELDS: &'static [Field<Self>] =
        &[Self::RECORD.field(), Self::OTHER.field(), Self::CONFIDENCE.field(), Self::STATE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "pair",
        columns: &["record_id", "other_id"],
        read: |flag| Some(vec![Value::Uuid(flag.record_id), Value::Uuid(flag.other_id)]),
    }];
}

/// What happens to flags.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateFlagEvent {
    /// A pair was flagged.
    Raised {
        /// Thousandths of certainty.
        confidence: i64,
    },
    /// They are not the same.
    Dismissed,
    /// They were the same, and are one record now.
    Merged,
    /// The pair is to be looked at again.
    Reopened,
    /// One of the two was merged into another record, which takes its place in the pair.
    Moved {
        /// The one that is gone.
        from: RecordRef,
        /// The one that stays.
        to: RecordRef,
    },
    /// One of the two was removed, so that there is no pair any more.
    Dropped,
}

impl DomainEvent for DuplicateFlagEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Raised { .. } => "duplicate.flagged",
            Self::Dismissed => "duplicate.dismissed",
            Self::Merged => "duplicate.merged",
            Self::Reopened => "duplicate.reopened",
            Self::Moved { .. } => "duplicate.moved",
            Self::Dropped => "duplicate.dropped",
        }
    }
}

/// Flags pairs that were not flagged before, in few statements. The record of each pair is new, so no flag can exist.
///
/// # Errors
/// Those of the store.
pub async fn raise_flags(uow: &mut UnitOfWork<'_>, pairs: Vec<(RecordRef, Candidate)>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let flags = pairs.into_iter().map(|(record, candidate)| {
        let flag = DuplicateFlag::new(record, candidate);
        let event = DuplicateFlagEvent::Raised { confidence: flag.confidence };
        (uow.fresh(uow.new_id(), flag), event)
    });
    let flags: Vec<_> = flags.collect();
    uow.insert_all(flags).await
}

/// The flag on a pair, in whatever state; nothing for a pair that was never flagged.
///
/// # Errors
/// Those of the store.
pub async fn find_flag(
    uow: &mut UnitOfWork<'_>,
    record: RecordRef,
    other: RecordRef,
) -> Result<Option<Stored<DuplicateFlag>>> {
    let (one, other) = (record.id.min(other.id), record.id.max(other.id));
    let pair = DuplicateFlag::RECORD.is(one).and(DuplicateFlag::OTHER.is(other));
    Ok(uow.list_of_anyone(&pair, &Page::first(1)).await?.pop())
}

/// Drops every flag on a record that goes, in whatever state.
///
/// # Errors
/// Those of the store.
pub async fn drop_flags(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<()> {
    let on_it = DuplicateFlag::RECORD.is(record.id).or(DuplicateFlag::OTHER.is(record.id));
    for flag in uow.list_all_of_anyone(&on_it).await? {
        uow.delete(flag, DuplicateFlagEvent::Dropped).await?;
    }
    Ok(())
}

/// After a merge: the flag on the two is settled, and what is flagged with the one that goes is flagged with the other, once.
///
/// # Errors
/// Those of the store.
pub async fn merge_flags(uow: &mut UnitOfWork<'_>, from: RecordRef, to: RecordRef) -> Result<()> {
    let on_it = DuplicateFlag::RECORD.is(from.id).or(DuplicateFlag::OTHER.is(from.id));
    for mut flag in uow.list_all_of_anyone(&on_it).await? {
        let partner = flag.records().into_iter().find(|record| *record != from).unwrap_or(to);
        if partner == to {
            // A pair that was dismissed is merged all the same, since somebody says so now.
            if flag.state() == FlagState::Dismissed {
                flag.value.reopen()?;
            }
            let event = flag.value.merge()?;
            uow.save(flag, event).await?;
        } else if find_flag(uow, partner, to).await?.is_some() {
            uow.delete(flag, DuplicateFlagEvent::Dropped).await?;
        } else {
            let event = flag.value.follow(from, to);
            uow.save(flag, event).await?;
        }
    }
    Ok(())
}
