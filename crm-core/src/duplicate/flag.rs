//! Pairs of records that may be one, kept until a person or a policy has decided.

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

/// What has become of a flagged pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagState {
    /// Nobody has decided.
    Open,
    /// They are two; the pair is not brought up again.
    Dismissed,
    /// They were one, and are one record now.
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

/// Two records that may be one. `record` stands before `other`, so that a pair is one flag whoever is asked about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DuplicateFlag {
    record_kind: RecordKind,
    record_id: Uuid,
    other_kind: RecordKind,
    other_id: Uuid,
    /// Thousandths of certainty when it was flagged.
    pub confidence: i64,
    /// Why it was flagged.
    pub evidence: Explanation,
    state: FlagState,
}

/// What a flag refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagRefusal {
    /// A record is its own duplicate always.
    #[error("a record cannot be flagged as a duplicate of itself; name two records")]
    SameRecord,
    /// It was decided already.
    #[error("the pair is {} already; reopen it first", .0.as_str())]
    Decided(FlagState),
    /// Nothing is to be reopened.
    #[error("only a dismissed pair can be opened again; this one is {}", .0.as_str())]
    NotDismissed(FlagState),
}

impl Rule for FlagRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::SameRecord => "duplicate_flag.same_record",
            Self::Decided(_) => "duplicate_flag.decided",
            Self::NotDismissed(_) => "duplicate_flag.not_dismissed",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::SameRecord => Kind::Invalid,
            Self::Decided(_) | Self::NotDismissed(_) => Kind::Conflict,
        }
    }
}

impl DuplicateFlag {
    /// An open flag on two records, in either order.
    ///
    /// # Errors
    /// `SameRecord`.
    pub fn new(
        one: RecordRef,
        other: RecordRef,
        confidence: u16,
        evidence: Explanation,
    ) -> std::result::Result<Self, FlagRefusal> {
        if one == other {
            return Err(FlagRefusal::SameRecord);
        }
        let (record, other) = (one.min(other), one.max(other));
        Ok(Self {
            record_kind: record.kind,
            record_id: record.id,
            other_kind: other.kind,
            other_id: other.id,
            confidence: confidence.into(),
            evidence,
            state: FlagState::Open,
        })
    }

    /// The two records.
    #[must_use]
    pub fn records(&self) -> [RecordRef; 2] {
        [
            RecordRef { kind: self.record_kind, id: self.record_id },
            RecordRef { kind: self.other_kind, id: self.other_id },
        ]
    }

    /// What has become of it.
    #[must_use]
    pub fn state(&self) -> FlagState {
        self.state
    }

    /// They are two.
    ///
    /// # Errors
    /// `Decided`.
    pub fn dismiss(&mut self) -> std::result::Result<FlagEvent, FlagRefusal> {
        self.decide(FlagState::Dismissed)?;
        Ok(FlagEvent::Dismissed)
    }

    /// They were one, and are one record now.
    ///
    /// # Errors
    /// `Decided`.
    pub fn merge(&mut self) -> std::result::Result<FlagEvent, FlagRefusal> {
        self.decide(FlagState::Merged)?;
        Ok(FlagEvent::Merged)
    }

    /// The pair is to be looked at again.
    ///
    /// # Errors
    /// `NotDismissed`.
    pub fn reopen(&mut self) -> std::result::Result<FlagEvent, FlagRefusal> {
        if self.state != FlagState::Dismissed {
            return Err(FlagRefusal::NotDismissed(self.state));
        }
        self.state = FlagState::Open;
        Ok(FlagEvent::Reopened)
    }

    fn decide(&mut self, state: FlagState) -> std::result::Result<(), FlagRefusal> {
        if self.state != FlagState::Open {
            return Err(FlagRefusal::Decided(self.state));
        }
        self.state = state;
        Ok(())
    }

    /// What has become of it.
    pub const STATE: Column<Self, String> = Column::required_indexed("state", |row| ValueRef::Text(row.state.as_str()));
    /// The first record of the pair.
    pub const RECORD: Column<Self, Uuid> = Column::required_indexed("record_id", |row| ValueRef::Uuid(row.record_id));
    /// The second record of the pair.
    pub const OTHER: Column<Self, Uuid> = Column::required_indexed("other_id", |row| ValueRef::Uuid(row.other_id));
    /// Thousandths of certainty when it was flagged.
    pub const CONFIDENCE: Column<Self, i64> = Column::required("confidence", |row| ValueRef::Integer(row.confidence));
}

impl Entity for DuplicateFlag {
    const NAME: &'static str = "duplicate_flag";
    const FIELDS: &'static [Field<Self>] =
        &[Self::STATE.field(), Self::RECORD.field(), Self::OTHER.field(), Self::CONFIDENCE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "pair",
        columns: &["record_id", "other_id"],
        read: |flag| Some(vec![Value::Uuid(flag.record_id), Value::Uuid(flag.other_id)]),
    }];
}

/// What happens to flags.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagEvent {
    /// Two records may be one.
    Created {
        /// Thousandths of certainty.
        confidence: u16,
    },
    /// They are two.
    Dismissed,
    /// They were one, and are one record now.
    Merged,
    /// The pair is to be looked at again.
    Reopened,
}

impl DomainEvent for FlagEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "duplicate_flag.created",
            Self::Dismissed => "duplicate_flag.dismissed",
            Self::Merged => "duplicate_flag.merged",
            Self::Reopened => "duplicate_flag.reopened",
        }
    }
}

/// The flag on two records, in whatever state.
///
/// # Errors
/// Those of the store.
pub async fn find_flag(
    uow: &mut UnitOfWork<'_>,
    one: RecordRef,
    other: RecordRef,
) -> Result<Option<Stored<DuplicateFlag>>> {
    let (record, other) = (one.min(other), one.max(other));
    let pair = DuplicateFlag::RECORD.is(record.id).and(DuplicateFlag::OTHER.is(other.id));
    Ok(uow.list_of_anyone(&pair, &Page::first(1)).await?.pop())
}

/// Flags a record with those that may be the same. Pairs that were flagged before stay as they were decided.
///
/// # Errors
/// `FlagRefusal::SameRecord`; those of the store.
pub async fn flag_candidates(
    uow: &mut UnitOfWork<'_>,
    record: RecordRef,
    candidates: &[Candidate],
) -> Result<Vec<Stored<DuplicateFlag>>> {
    let mut flags = Vec::new();
    for candidate in candidates {
        if find_flag(uow, record, candidate.record).await?.is_none() {
            let confidence = candidate.confidence;
            let flag = DuplicateFlag::new(record, candidate.record, confidence, candidate.evidence.clone())?;
            flags.push(uow.insert(flag, FlagEvent::Created { confidence }).await?);
        }
    }
    Ok(flags)
}
