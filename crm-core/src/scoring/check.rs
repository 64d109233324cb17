//! Whether a rule may be saved. All problems are named at once, each by its place in the rule.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::model::{Behaviour, Criterion, ScoringRule};
use crate::custom_field::Schema;
use crate::kernel::{FieldProblem, InvalidInput, Predicate};

/// The most points that a criterion may add or take.
pub(super) const MOST_POINTS: i64 = 1_000;
/// The most criteria of a rule.
const MOST_CRITERIA: usize = 200;
/// Bounds and thresholds lie within plus and minus this.
const FARTHEST_BOUND: i64 = 1_000_000;
const BOUNDS: RangeInclusive<i64> = -FARTHEST_BOUND..=FARTHEST_BOUND;
/// What changes whenever a score is kept; a total that rests on it would rest on its own old copy.
const DERIVED: &[&str] = &["score", "scored_at", "updated_at"];

impl ScoringRule {
    /// Checks that the rule makes sense and that its conditions use filterable fields only.
    ///
    /// # Errors
    /// `InvalidInput` that names every problem, for example `criteria[2].points`.
    pub fn check(&self, schema: &Schema) -> Result<(), InvalidInput> {
        let mut problems = Vec::new();
        let mut problem = |field: String, code: &str, message: String| {
            problems.push(FieldProblem::new(field, format!("scoring_rule.{code}"), message));
        };
        if self.criteria.is_empty() || self.criteria.len() > MOST_CRITERIA {
            let message = format!("a rule has 1 to {MOST_CRITERIA} criteria, this one has {}", self.criteria.len());
            problem("criteria".to_owned(), "criteria_count", message);
        }
        let mut names = BTreeSet::new();
        for (index, criterion) in self.criteria.iter().enumerate() {
            let at = |part: &str| format!("criteria[{index}].{part}");
            if !names.insert(criterion.name.as_str()) {
                let message = format!("another criterion is named '{}' already; name each once", criterion.name);
                problem(at("name"), "doubled_name", message);
            }
            if criterion.points == 0 || !(-MOST_POINTS..=MOST_POINTS).contains(&criterion.points) {
                let message = format!("{} points; give -{MOST_POINTS} to {MOST_POINTS}, not 0", criterion.points);
                problem(at("points"), "points_out_of_range", message);
            }
            if let Some(condition) = criterion.when.condition()
                && let Err(refusal) = schema.check_condition(condition)
            {
                problem(at("when"), "unusable_condition", refusal.to_string());
            }
            let derived = criterion.when.condition().into_iter().flat_map(Predicate::fields);
            if let Some((field, _)) = derived.into_iter().find(|(field, _)| DERIVED.contains(&field.name)) {
                let message = format!("'{}' follows from the score itself; test another field", field.name);
                problem(at("when"), "derived_field", message);
            }
            if let Some(cap) = cap_out_of_range(criterion) {
                problem(at("when.cap"), "cap_out_of_range", format!("a cap of {cap}; give 1 to {FARTHEST_BOUND}"));
            }
        }
        self.check_bounds(&mut problem);
        InvalidInput::check(problems)
    }

    fn check_bounds(&self, problem: &mut impl FnMut(String, &str, String)) {
        let caps = [
            ("group_caps.demographic", self.group_caps.demographic),
            ("group_caps.firmographic", self.group_caps.firmographic),
            ("group_caps.behavioural", self.group_caps.behavioural),
        ];
        for (field, cap) in caps {
            if let Some(cap) = cap.filter(|cap| !(0..=FARTHEST_BOUND).contains(cap)) {
                let message = format!("a cap of {cap}; give 0 to {FARTHEST_BOUND}, or none");
                problem(field.to_owned(), "cap_out_of_range", message);
            }
        }
        for (field, bound) in [("lowest", self.lowest), ("highest", self.highest)] {
            if let Some(bound) = bound.filter(|bound| !BOUNDS.contains(bound)) {
                let message = format!("{bound}; give -{FARTHEST_BOUND} to {FARTHEST_BOUND}, or none");
                problem(field.to_owned(), "bound_out_of_range", message);
            }
        }
        if let (Some(lowest), Some(highest)) = (self.lowest, self.highest)
            && lowest > highest
        {
            let message = format!("the highest total {highest} is below the lowest {lowest}; exchange them");
            problem("highest".to_owned(), "bounds_crossed", message);
        }
        if let Some(decay) = &self.decay {
            if !(100..=10_000).contains(&decay.basis_points) {
                let message = format!("{} hundredths of a percent; give 100 (1 %) to 10000", decay.basis_points);
                problem("decay.basis_points".to_owned(), "decay_out_of_range", message);
            }
            if !(1..=3_650).contains(&decay.period_days) {
                let message = format!("{} days; give 1 to 3650", decay.period_days);
                problem("decay.period_days".to_owned(), "decay_out_of_range", message);
            }
        }
        if let Some(threshold) = &self.threshold {
            if threshold.release >= threshold.at {
                let message =
                    format!("{} is not below the threshold {}; make it lower", threshold.release, threshold.at);
                problem("threshold.release".to_owned(), "no_hysteresis", message);
            }
            if !BOUNDS.contains(&threshold.at) || !BOUNDS.contains(&threshold.release) {
                let message = format!("give -{FARTHEST_BOUND} to {FARTHEST_BOUND}");
                problem("threshold".to_owned(), "bound_out_of_range", message);
            }
        }
    }
}

fn cap_out_of_range(criterion: &Criterion) -> Option<i64> {
    let Behaviour { cap, .. } = criterion.when.behaviour()?;
    cap.filter(|cap| !(1..=FARTHEST_BOUND).contains(cap))
}
