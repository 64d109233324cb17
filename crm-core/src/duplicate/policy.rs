//! What a tenant wants done about duplicates: a table of source and certainty, and the pure decision by it.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::candidate::{Band, Candidate};
use crate::identity::{RecordKind, RecordRef, folded};
use crate::kernel::{Column, DomainEvent, Entity, Explanation, Field, Id, Key, Kind, Name, Rule, Value, ValueRef};

/// Identifier of a policy.
pub type DuplicatePolicyId = Id<DuplicatePolicy>;

/// What is done with a new record that may be a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is refused.
    Block,
    /// It is refused until the caller says that it is wanted nonetheless.
    Warn,
    /// It is added, and the pair is flagged.
    AllowAndFlag,
    /// It is not added; what it brings (a touch, a note) goes to the record that is there.
    Link,
    /// It is not added; it fills the empty fields of the record that is there.
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

    /// Whether it takes two records for one without asking.
    #[must_use]
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::Link | Self::Merge)
    }
}

/// What is done with records from a source that are duplicates with this certainty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DuplicatePolicy {
    source: Option<Name>,
    /// The source folded, `*` for every other one: an absent value can't be unique.
    scope: String,
    band: Band,
    action: Action,
}

/// What a policy refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// Only certain duplicates may be acted on without asking.
    #[error("'{}' takes two records for one without asking, and {} duplicates are not sure enough; choose block, warn or allow_and_flag", action.as_str(), band.as_str())]
    TooUnsure {
        /// What was to be done.
        action: Action,
        /// How sure it would have been.
        band: Band,
    },
}

impl Rule for PolicyRefusal {
    fn code(&self) -> &'static str {
        "duplicate_policy.too_unsure"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// What is done where the tenant has said nothing: the certain is merged, the rest is let in and flagged.
#[must_use]
pub const fn default_action(band: Band) -> Action {
    match band {
        Band::Certain => Action::Merge,
        Band::Likely | Band::Possible => Action::AllowAndFlag,
    }
}

/// The name of a source as policies compare it.
pub(super) fn scope(source: Option<&Name>) -> String {
    source.map_or_else(|| "*".to_owned(), |source| format!("={}", folded(source)))
}

impl DuplicatePolicy {
    /// A policy for one source, or for every source without one of its own.
    ///
    /// # Errors
    /// `TooUnsure` for linking and merging below [`Band::Certain`].
    pub fn new(source: Option<Name>, band: Band, action: Action) -> Result<Self, PolicyRefusal> {
        let policy = Self { scope: scope(source.as_ref()), source, band, action: Action::AllowAndFlag };
        policy.with_action(action)
    }

    /// The same with another action.
    ///
    /// # Errors
    /// `TooUnsure` for linking and merging below [`Band::Certain`].
    pub fn with_action(mut self, action: Action) -> Result<Self, PolicyRefusal> {
        if action.is_automatic() && self.band != Band::Certain {
            return Err(PolicyRefusal::TooUnsure { action, band: self.band });
        }
        self.action = action;
        Ok(self)
    }

    /// Whose records it is for; nothing for every source without a policy of its own.
    #[must_use]
    pub fn source(&self) -> Option<&Name> {
        self.source.as_ref()
    }
    /// For which certainty it is.
    #[must_use]
    pub fn band(&self) -> Band {
        self.band
    }
    /// What is done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The source folded, `*` for every other one.
    pub const SCOPE: Column<Self, String> = Column::required_indexed("scope", |row| ValueRef::Text(&row.value.scope));
    /// For which certainty it is.
    pub const BAND: Column<Self, String> = Column::required("band", |row| ValueRef::Text(row.band.as_str()));
}

impl Entity for DuplicatePolicy {
    const NAME: &'static str = "duplicate_policy";
    const FIELDS: &'static [Field<Self>] = &[Self::SCOPE.field(), Self::BAND.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "scope",
        columns: &["scope", "band"],
        read: |policy| Some(vec![Value::Text(policy.scope.clone()), Value::Text(policy.band.as_str().to_owned())]),
    }];
}

/// What happens to policies.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyEvent {
    /// It was made.
    Created,
    /// Something else is done.
    Changed {
        /// What was done before.
        from: Action,
        /// What is done now.
        to: Action,
    },
    /// It was removed; the default is done again.
    Deleted,
}

impl DomainEvent for PolicyEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "duplicate_policy.created",
            Self::Changed { .. } => "duplicate_policy.changed",
            Self::Deleted => "duplicate_policy.deleted",
        }
    }
}

/// What is to be done with a new record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done; nothing when no record may be the same, so that it is simply added.
    pub action: Option<Action>,
    /// The record that it is a duplicate of. For the program: the caller may not be allowed to see it.
    pub target: Option<RecordRef>,
    /// Why, without any value of a record that the caller may not see.
    pub reasons: Explanation,
}

/// Decides about a new record from a source by the surest of its candidates.
///
/// Of several that are equally sure, a contact goes before a lead, a lead before an account, the older before the
/// younger. Merging becomes linking where the record is read-only, or is a company's account.
#[must_use]
pub fn decide<'p>(
    policies: impl IntoIterator<Item = &'p DuplicatePolicy>,
    source: Option<&Name>,
    candidates: &[Candidate],
) -> Decision {
    let preference = |record: RecordRef| match record.kind {
        RecordKind::Contact => 0,
        RecordKind::Lead => 1,
        RecordKind::Account | RecordKind::Opportunity => 2,
    };
    let best = candidates
        .iter()
        .min_by_key(|candidate| (Reverse(candidate.confidence), preference(candidate.record), candidate.record.id));
    let Some(best) = best else {
        return Decision { action: None, target: None, reasons: Explanation::new("no record may be the same") };
    };
    let band = best.band();
    let (asked, rule) = action_for(policies, source, band);
    let mergeable = best.writable && matches!(best.record.kind, RecordKind::Lead | RecordKind::Contact);
    let action = if asked == Action::Merge && !mergeable { Action::Link } else { asked };
    let mut reasons = Explanation::new(format!("{}, by {rule} for {} duplicates", action.as_str(), band.as_str()))
        .because(best.clone().shown().evidence);
    if action != asked {
        reasons = reasons.because(Explanation::new("that record cannot take further data, so it is linked"));
    }
    if candidates.len() > 1 {
        reasons = reasons.because(Explanation::new(format!("{} more may be the same", candidates.len() - 1)));
    }
    Decision { action: Some(action), target: Some(best.record), reasons }
}

/// The source's own policy, else that for every other source, else the default; and where it comes from.
fn action_for<'p>(
    policies: impl IntoIterator<Item = &'p DuplicatePolicy>,
    source: Option<&Name>,
    band: Band,
) -> (Action, String) {
    let (own, every) = (scope(source), scope(None));
    let mut general = None;
    for policy in policies.into_iter().filter(|policy| policy.band == band) {
        if source.is_some() && policy.scope == own {
            return (policy.action, format!("the policy of the source '{}'", source.map_or("", |name| name.as_str())));
        }
        if policy.scope == every {
            general = Some(policy.action);
        }
    }
    match general {
        Some(action) => (action, "the policy of all other sources".to_owned()),
        None => (default_action(band), "the default".to_owned()),
    }
}
