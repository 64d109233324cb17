//! One small tree of reasons, with which every judgement answers: score, match, assignment, price, refusal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reason and the reasons behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The reason as a short sentence, for a person.
    pub text: String,
    /// What the reason adds to the outcome, in the outcome's own unit (points, thousandths of certainty, minor
    /// currency units); nothing when it does not count towards a sum.
    pub weight: Option<i64>,
    /// The reasons behind this one.
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub because: Vec<Explanation>,
}

impl Explanation {
    /// A reason that stands for itself.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), weight: None, because: Vec::new() }
    }

    /// A reason that adds `weight` to the outcome.
    pub fn weighing(text: impl Into<String>, weight: i64) -> Self {
        Self { text: text.into(), weight: Some(weight), because: Vec::new() }
    }

    /// Adds a reason behind this one.
    #[must_use]
    pub fn because(mut self, reason: Explanation) -> Self {
        self.because.push(reason);
        self
    }

    /// Adds several reasons behind this one.
    #[must_use]
    pub fn because_all(mut self, reasons: impl IntoIterator<Item = Explanation>) -> Self {
        self.because.extend(reasons);
        self
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "{:indent$}{}", "", self.text, indent = depth * 2)?;
        if let Some(weight) = self.weight {
            write!(f, " ({weight:+})")?;
        }
        for reason in &self.because {
            writeln!(f)?;
            reason.write(f, depth + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}
