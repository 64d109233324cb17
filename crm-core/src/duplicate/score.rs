//! The judgement on two profiles, with every reason named.

use super::explain::reasons;
use super::findings::Findings;
use super::profile::Profile;
use crate::kernel::Explanation;

/// From here on two records may be taken for one without asking, in thousandths.
pub const AUTOMATIC: u16 = 950;
/// From here on two records are probably one; a person should decide.
pub const LIKELY: u16 = 800;
/// From here on a pair is worth a look. Below, nothing is said.
pub const REPORT: u16 = 500;

/// How sure it is that two profiles are of one person or company, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Thousandths of certainty, 0 to 1000.
    pub confidence: u16,
    /// Why. The weights of the reasons are tenths of a bit; they add up to the logarithm of the odds, which the
    /// certainty follows unless a reason without weight bounds it.
    pub evidence: Explanation,
}

/// Judges two profiles. It does not matter which comes first, and blank matches nothing.
///
/// A pair without a common [blocking key](Profile::blocking_keys) stays below [`REPORT`]; so looking up keys misses
/// nothing that would be reported.
#[must_use]
pub fn score(a: &Profile, b: &Profile) -> Match {
    let findings = Findings::of(a, b);
    let judgement = findings.judgement();
    let confidence = judgement.as_ref().map_or(0, super::findings::Judgement::confidence);
    let verdict = match confidence {
        AUTOMATIC.. => "certainly the same",
        LIKELY.. => "probably the same",
        REPORT.. => "possibly the same",
        _ => "not known to be the same",
    };
    let because = match &judgement {
        Some(judgement) => reasons(&findings, judgement),
        None => vec![Explanation::new("one is a person, the other one a company")],
    };
    let evidence = Explanation::new(format!("{verdict}: {confidence} of 1000")).because_all(because);
    Match { confidence, evidence }
}

/// How sure it is, without the reasons.
pub(super) fn confidence(a: &Profile, b: &Profile) -> u16 {
    Findings::of(a, b).judgement().map_or(0, |judgement| judgement.confidence())
}
