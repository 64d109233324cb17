//! Submissions, and what became of them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::duplicate::Hit;
use crate::event::Change;
use crate::identity::{KeyKind, RecordKind, RecordRef};
use crate::kernel::{
    Column, Entity, Explanation, Field, Key, Kind, Line, Name, Part, Result, Rule, Timestamp, Value, ValueRef,
};
use crate::lead::{LeadId, NewLead};
use crate::store::UnitOfWork;

/// What to do when the submission is about somebody who is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnMatch {
    /// What the organization's duplicate policy says.
    #[default]
    Policy,
    /// Leave everything as it is.
    Skip,
    /// Fill the known lead's empty fields; for who may change it. Others only link.
    FillEmpty,
    /// Let the submission's values replace the known lead's; for who may change it. Others only link.
    Overwrite,
    /// Make a new lead all the same, and flag it.
    Create,
}

/// What makes two records the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MatchBy {
    /// The weighing of all evidence.
    #[default]
    Evidence,
    /// Sharing a key of one of these kinds; such a match is certain.
    Keys(Vec<KeyKind>),
}

/// Somebody who may become a customer, as a source tells of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Where it comes from, for example `web-form`; becomes the lead's source when that is absent.
    pub source: Name,
    /// The source's own identifier: the same one is taken once.
    #[serde(default)]
    pub external_id: Option<Line<200>>,
    /// What is told.
    pub lead: NewLead,
    /// What to do when they are known.
    #[serde(default)]
    pub on_match: OnMatch,
    /// What makes them known.
    #[serde(default)]
    pub match_by: MatchBy,
    /// A person has seen the warning and wants the lead all the same.
    #[serde(default)]
    pub confirmed: bool,
    /// Nobody is to work on it, if it is new: it takes nobody's turn and waits for nobody.
    #[serde(default)]
    pub rests: bool,
}

impl Submission {
    /// A submission that the organization's policy decides on.
    #[must_use]
    pub fn new(source: Name, lead: NewLead) -> Self {
        Self {
            source,
            external_id: None,
            lead,
            on_match: OnMatch::Policy,
            match_by: MatchBy::Evidence,
            confirmed: false,
            rests: false,
        }
    }
}

/// What became of a submission, as far as the caller may know it: of a record outside their reach nothing is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaptureOutcome {
    /// A lead was made.
    Created {
        /// The lead.
        lead: LeadId,
        /// Records that may be the same; flagged for a person to look at.
        flagged: Vec<Hit>,
    },
    /// They are known; the contact was added to their record.
    Linked {
        /// The record that they are.
        record: RecordRef,
        /// How certain, in thousandths.
        confidence: u16,
        /// Why.
        evidence: Explanation,
    },
    /// They are known as a lead, and fields of it were filled or replaced.
    Updated {
        /// The lead.
        lead: LeadId,
        /// Which fields, from what to what.
        changes: Vec<Change>,
        /// Why it is the same.
        evidence: Explanation,
    },
    /// They are known, and nothing was to be done.
    Skipped {
        /// The record that they are.
        record: RecordRef,
        /// Why.
        evidence: Explanation,
    },
    /// The same submission came before; this is the record that it led to then.
    Repeated {
        /// The record, when it led to one.
        record: Option<RecordRef>,
    },
    /// They may be known; a person should look first, then confirm.
    Warned(Vec<Hit>),
    /// They are known, and the policy wants no second record.
    Blocked(Vec<Hit>),
}

/// A submission with this identifier was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capture {
    /// Where it came from.
    pub source: Name,
    /// The source's own identifier, unique within the source.
    pub external_id: Line<200>,
    /// Kind of the record that it led to.
    pub record_kind: RecordKind,
    /// The record that it led to.
    pub record_id: Uuid,
    /// When.
    pub captured_at: Timestamp,
}

impl Capture {
    /// Where it came from.
    pub const SOURCE: Column<Self, String> = Column::required("source", |row| ValueRef::Text(row.source.as_str()));
    /// The source's own identifier.
    pub const EXTERNAL_ID: Column<Self, String> =
        Column::required_key("external_id", |row| ValueRef::Text(row.external_id.as_str()));
    /// The record that it led to.
    pub const RECORD: Column<Self, Uuid> = Column::required_key("record_id", |row| ValueRef::Uuid(row.record_id));

    /// The record that it led to.
    #[must_use]
    pub fn record(&self) -> RecordRef {
        RecordRef { kind: self.record_kind, id: self.record_id }
    }
}

impl Entity for Capture {
    const NAME: &'static str = "capture";
    const FIELDS: &'static [Field<Self>] = &[Self::SOURCE.field(), Self::EXTERNAL_ID.field(), Self::RECORD.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "external_id",
        columns: &["source", "external_id"],
        read: |capture| {
            let source = Value::Text(capture.source.as_str().to_owned());
            Some(vec![source, Value::Text(capture.external_id.as_str().to_owned())])
        },
    }];
}
impl Part for Capture {}

/// Lets the submissions that led to one record lead to another.
///
/// # Errors
/// Those of the store.
pub async fn move_captures(uow: &mut UnitOfWork<'_>, from: RecordRef, to: RecordRef) -> Result<()> {
    for mut capture in uow.list_all_of_anyone(&Capture::RECORD.is(from.id)).await? {
        capture.value.record_kind = to.kind;
        capture.value.record_id = to.id;
        uow.save_part(capture).await?;
    }
    Ok(())
}

/// A single submission that led to no record.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CaptureRefusal {
    /// They may be known.
    #[error("this may be somebody who is known already; look at the candidates, then confirm or link")]
    Warned(Vec<Hit>),
    /// They are known.
    #[error("this is somebody who is known already, and the policy for this source wants no second record")]
    Blocked(Vec<Hit>),
}

impl Rule for CaptureRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Warned(_) => "intake.possible_duplicate",
            Self::Blocked(_) => "intake.duplicate",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
    fn explanation(&self) -> Option<Explanation> {
        let (Self::Warned(candidates) | Self::Blocked(candidates)) = self;
        let reasons = candidates.iter().map(|candidate| candidate.evidence.clone());
        Some(Explanation::new("records that are or may be the same").because_all(reasons))
    }
}
