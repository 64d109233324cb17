//! What to do about a match, by source and certainty.

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;
use super::score::{AUTOMATIC, LIKELY};
use crate::identity::{RecordKind, folded};
use crate::kernel::{
    Column, DomainEvent, Entity, Explanation, Field, Id, Key, Kind, Name, Result, Rule, Value, ValueRef,
};
use crate::store::UnitOfWork;

/// Identifier of a policy.
pub type DuplicatePolicyId = Id<DuplicatePolicy>;

/// How sure a match is, in words that policies use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Worth a look.
    Possible,
    /// Probably the same.
    Likely,
    /// May be taken for the same without asking.
    Certain,
}

impl Certainty {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Possible, Self::Likely, Self::Certain];

    /// The word for thousandths of certainty.
    #[must_use]
    pub const fn of(confidence: u16) -> Self {
        match confidence {
            AUTOMATIC.. => Self::Certain,
            LIKELY.. => Self::Likely,
            _ => Self::Possible,
        }
    }

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What to do when somebody who comes in may be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = DuplicateAction))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Want no second record.
    Block,
    /// Ask a person first.
    Warn,
    /// Make a record and flag the pair.
    AllowAndFlag,
    /// Add the contact to the known record.
    Link,
    /// Fill the known record's empty fields.
    Merge,
}

impl Action {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Warn => "warn",
            Self::AllowAndFlag => "allow_and_flag",
            Self::Link => "link",
            Self::Merge => "merge",
        }
    }

    /// Whether it takes two for one without asking.
    #[must_use]
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::Link | Self::Merge)
    }
}

/// What a policy refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{}' takes two for one without asking, and a {} match is not sure enough; choose block, warn or allow_and_flag",
    action.as_str(), certainty.as_str()
)]
pub struct TooUnsure {
    /// What was to be done.
    pub action: Action,
    /// How sure the match would have been.
    pub certainty: Certainty,
}

impl Rule for TooUnsure {
    fn code(&self) -> &'static str {
        "duplicate_policy.too_unsure"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// What to do about matches of a certainty, for one source or for all that have no policy of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DuplicatePolicy {
    source: Option<Name>,
    /// The source folded, or empty for every other one: what stores hold unique, since an absent value is not.
    pub(super) source_key: String,
    certainty: Certainty,
    action: Action,
}

impl DuplicatePolicy {
    /// What to do about matches of this certainty.
    ///
    /// # Errors
    /// `TooUnsure` for linking and merging what is not [`Certainty::Certain`].
    pub fn new(source: Option<Name>, certainty: Certainty, action: Action) -> std::result::Result<Self, TooUnsure> {
        if action.is_automatic() && certainty != Certainty::Certain {
            return Err(TooUnsure { action, certainty });
        }
        let source_key = source.as_ref().map(source_key).unwrap_or_default();
        Ok(Self { source, source_key, certainty, action })
    }

    /// The source; nothing for every other one.
    #[must_use]
    pub fn source(&self) -> Option<&Name> {
        self.source.as_ref()
    }
    /// How sure the match is.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }
    /// What to do.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }
}

/// A source as it is compared: without case and accents.
fn source_key(source: &Name) -> String {
    folded(source)
}

impl DuplicatePolicy {
    /// The source's name, or empty for every other one.
    pub const SOURCE_KEY: Column<Self, String> =
        Column::required("source_key", |row| ValueRef::Text(&row.value.source_key));
    /// How sure the match is.
    pub const CERTAINTY: Column<Self, String> =
        Column::required("certainty", |row| ValueRef::Text(row.certainty.as_str()));
}

impl Entity for DuplicatePolicy {
    const NAME: &'static str = "duplicate_policy";
    const SETUP: bool = true;
    const FIELDS: &'static [Field<Self>] = &[Self::SOURCE_KEY.field(), Self::CERTAINTY.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "case",
        columns: &["source_key", "certainty"],
        read: |policy| {
            let certainty = Value::Text(policy.certainty.as_str().to_owned());
            Some(vec![Value::Text(policy.source_key.clone()), certainty])
        },
    }];
}

/// What happens to policies.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicatePolicyEvent {
    /// It was set.
    Set {
        /// What to do from now on.
        action: Action,
    },
    /// It was removed; what is set for every other source, or the built-in, holds again.
    Deleted,
}

impl DomainEvent for DuplicatePolicyEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Set { .. } => "duplicate_policy.set",
            Self::Deleted => "duplicate_policy.deleted",
        }
    }
}

/// What is to be done, and with which record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// The record to link or merge with.
    pub target: Option<Candidate>,
    /// Why, with the values that were compared: not for callers who may not see the target.
    pub reasons: Explanation,
}

/// The policies of an organization.
#[derive(Clone, Debug, Default)]
pub struct Policies(Vec<DuplicatePolicy>);

impl Policies {
    /// Takes policies as they are.
    #[must_use]
    pub fn new(policies: Vec<DuplicatePolicy>) -> Self {
        Self(policies)
    }

    /// Reads the organization's.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn load(uow: &mut UnitOfWork<'_>) -> Result<Self> {
        let rows = uow.setup::<DuplicatePolicy>().await?;
        Ok(Self(rows.iter().map(|row| row.value.clone()).collect()))
    }

    /// What to do about matches of this certainty from this source: the source's own policy, else that for every other
    /// one, else the built-in: link what is certain, flag the rest.
    #[must_use]
    pub fn action(&self, source: Option<&Name>, certainty: Certainty) -> Action {
        let own = source.map(source_key);
        let find = |key: &str| {
            let mut fitting = self.0.iter().filter(|policy| policy.certainty == certainty);
            fitting.find(|policy| policy.source_key == key).map(|policy| policy.action)
        };
        let built_in = if certainty == Certainty::Certain { Action::Link } else { Action::AllowAndFlag };
        own.as_deref().and_then(find).or_else(|| find("")).unwrap_or(built_in)
    }

    /// Decides about somebody who comes in. Candidates come most certain first; nobody known means a new record.
    #[must_use]
    pub fn decide(&self, source: Option<&Name>, candidates: &[Candidate]) -> Decision {
        let Some(best) = candidates.first() else {
            let reasons = Explanation::new("nobody like this is known");
            return Decision { action: Action::AllowAndFlag, target: None, reasons };
        };
        let certainty = Certainty::of(best.confidence);
        let action = self.action(source, certainty);
        let alike = candidates.iter().filter(|candidate| Certainty::of(candidate.confidence) == certainty);
        // Among equally certain ones a lead can take something over, other records can't.
        let target = alike.min_by_key(|candidate| candidate.record.kind != RecordKind::Lead).cloned();
        let why = target.as_ref().unwrap_or(best).evidence.clone();
        let text = format!("a {} match: {}", certainty.as_str(), action.as_str());
        Decision { action, target, reasons: Explanation::new(text).because(why) }
    }
}
