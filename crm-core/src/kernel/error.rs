//! The one shape of failure: what was refused, why, and what to do about it.
//!
//! Slices have small honest enums of their own that implement [`Rule`]; everything that reaches a caller is an
//! [`Error`], made from any of them by `?`. `code` is stable and reads `noun.reason`, so that programs can match on it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::explanation::Explanation;

/// What sort of failure it is; an HTTP facade turns each into one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The input cannot be read as what it should be. Nothing was tried.
    Invalid,
    /// Nobody is signed in, or the proof of it is worth nothing.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// The organization has not subscribed to the service that this belongs to.
    SubscriptionRequired,
    /// There is no such record, or none that this caller may know of.
    NotFound,
    /// The request is sound and the present state does not allow it.
    Conflict,
    /// The store or a provider cannot be reached now; the same request may succeed later.
    Unavailable,
    /// A defect on our side. The message is safe to show; the cause is for the log.
    Internal,
}

/// A refusal that a slice can give: a sentence (`Display`), a stable code and a kind.
pub trait Rule: std::error::Error + Send + Sync + 'static {
    /// Stable identifier of the form `noun.reason`, for example `lead.already_converted`.
    fn code(&self) -> &'static str;
    /// The sort of failure.
    fn kind(&self) -> Kind;
    /// The inputs that are wrong, where single ones can be named.
    fn fields(&self) -> Vec<FieldProblem> {
        Vec::new()
    }
    /// The reasons behind a refusal that was judged rather than looked up.
    fn explanation(&self) -> Option<Explanation> {
        None
    }
}

/// One input that is wrong: where it stands, what is wrong with it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// Path of the input, for example `emails[0].address`.
    pub field: String,
    /// Stable identifier of the form `noun.reason`.
    pub code: String,
    /// What is wrong and what to do, as a sentence.
    pub message: String,
}

impl FieldProblem {
    /// Names a wrong input.
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }

    /// Names the input that a rule refused.
    pub fn of(field: impl Into<String>, rule: &impl Rule) -> Self {
        Self::new(field, rule.code(), rule.to_string())
    }
}

/// Any failure of the domain, ready to be shown to a person or matched by a program.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    code: &'static str,
    message: String,
    fields: Vec<FieldProblem>,
    explanation: Option<Explanation>,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// What a fallible operation of the domain returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The sort of failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
    /// Stable identifier of the form `noun.reason`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }
    /// The inputs that are wrong, where single ones can be named.
    #[must_use]
    pub fn fields(&self) -> &[FieldProblem] {
        &self.0.fields
    }
    /// The reasons behind a refusal that was judged rather than looked up.
    #[must_use]
    pub fn explanation(&self) -> Option<&Explanation> {
        self.0.explanation.as_ref()
    }
    /// The refusal itself, where it is an `R`.
    #[must_use]
    pub fn downcast_ref<R: Rule>(&self) -> Option<&R> {
        self.0.source.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The message is the rule's own; what stands behind it is the rule's cause.
        self.0.source.source()
    }
}

impl<R: Rule> From<R> for Error {
    fn from(rule: R) -> Self {
        Self(Box::new(Inner {
            kind: rule.kind(),
            code: rule.code(),
            message: rule.to_string(),
            fields: rule.fields(),
            explanation: rule.explanation(),
            source: Box::new(rule),
        }))
    }
}

/// Several inputs are wrong at once; each is named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", sentence(.0))]
pub struct InvalidInput(pub Vec<FieldProblem>);

fn sentence(problems: &[FieldProblem]) -> String {
    let parts: Vec<_> = problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect();
    parts.join("; ")
}

impl InvalidInput {
    /// Refuses when there is at least one problem.
    ///
    /// # Errors
    /// `InvalidInput` with all of `problems`, when there are any.
    pub fn check(problems: Vec<FieldProblem>) -> std::result::Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }
}

impl Rule for InvalidInput {
    fn code(&self) -> &'static str {
        "input.invalid"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
    fn fields(&self) -> Vec<FieldProblem> {
        self.0.clone()
    }
}
