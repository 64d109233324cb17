//! The computation of scores. Pure: the same lead, engagements, rules and instant give the same score, always.
//!
//! One walk over the criteria serves both ways of asking: [`Scorer::total`] throws the lines away as they come and
//! allocates nothing, [`Scorer::score`] keeps them as contributions.

use super::engagement::{Engagement, EngagementKind};
use super::fading::{Fading, THOUSAND, WHOLE, thousandths};
use super::model::{Behaviour, Counting, Criterion, DecayStart, Group, ScoringRule, ScoringRuleId, Threshold};
use super::score::{Contribution, RuleScore, Score};
use crate::kernel::{Field, Predicate, Stored, Timestamp, Value};
use crate::lead::Lead;

/// The active rules, prepared to score many leads.
#[derive(Clone, Debug, Default)]
pub struct Scorer {
    sheets: Vec<Sheet>,
}

/// One rule, prepared.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) id: ScoringRuleId,
    rule: ScoringRule,
    fading: Option<Fading>,
    kinds: Vec<EngagementKind>,
}

/// A part of a total as the walk meets it.
enum Line<'a> {
    /// The lead is as the criterion asks.
    Holds(&'a Criterion, &'a Predicate<Lead>),
    /// The lead did what the criterion counts.
    Done(&'a Criterion, Tally),
    /// The criteria of a group add more than it may.
    GroupCap(Group, i64),
    /// The total is above the highest.
    Highest(i64),
    /// The total is below the lowest.
    Lowest(i64),
}

/// The engagements that one criterion counts.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: usize,
    latest: Option<Timestamp>,
    /// What they add, faded, before the cap.
    thousandths: i64,
}

impl Scorer {
    /// Prepares the active ones among the rules.
    #[must_use]
    pub fn new(rules: &[Stored<ScoringRule>]) -> Self {
        let active = rules.iter().filter(|rule| rule.active);
        let mut sheets: Vec<_> = active.map(|rule| Sheet::new(rule.id, rule.value.clone())).collect();
        sheets.sort_by_key(|sheet| (sheet.rule.position, sheet.id));
        Self { sheets }
    }

    /// The kinds of engagements that count, sorted, without doubles. All others need not be loaded.
    #[must_use]
    pub fn kinds(&self) -> Vec<&EngagementKind> {
        let mut kinds: Vec<_> = self.sheets.iter().flat_map(|sheet| &sheet.kinds).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// The total alone, without an allocation. Engagements after `now` do not count.
    #[must_use]
    pub fn total(&self, lead: &Stored<Lead>, engagements: &[Stored<Engagement>], now: Timestamp) -> i64 {
        self.sheets.iter().map(|sheet| sheet.total(lead, engagements, now)).fold(0, i64::saturating_add)
    }

    /// The score with all its reasons. Engagements after `now` do not count.
    #[must_use]
    pub fn score(&self, lead: &Stored<Lead>, engagements: &[Stored<Engagement>], now: Timestamp) -> Score {
        let rules: Vec<_> = self.sheets.iter().map(|sheet| sheet.score(lead, engagements, now)).collect();
        let next_change_at = self.sheets.iter().filter_map(|sheet| sheet.next_change_at(engagements, now)).min();
        Score { total: rules.iter().map(|rule| rule.total).sum(), at: now, rules, next_change_at }
    }

    /// The rules that have a threshold.
    pub(super) fn watched(&self) -> impl Iterator<Item = (&Sheet, Threshold)> {
        self.sheets.iter().filter_map(|sheet| Some((sheet, sheet.threshold()?)))
    }
}

impl Sheet {
    fn new(id: ScoringRuleId, rule: ScoringRule) -> Self {
        let behaviours = rule.criteria.iter().filter_map(|criterion| criterion.when.behaviour());
        let mut kinds: Vec<_> = behaviours.map(|behaviour| behaviour.kind.clone()).collect();
        kinds.sort();
        kinds.dedup();
        Self { id, fading: rule.decay.map(Fading::new), kinds, rule }
    }

    pub(super) fn total(&self, lead: &Stored<Lead>, engagements: &[Stored<Engagement>], now: Timestamp) -> i64 {
        self.walk(lead, engagements, now, |_, _| {})
    }

    pub(super) fn score(&self, lead: &Stored<Lead>, engagements: &[Stored<Engagement>], now: Timestamp) -> RuleScore {
        let mut contributions = Vec::new();
        let total = self.walk(lead, engagements, now, |line, points| contributions.push(line.explain(lead, points)));
        RuleScore { rule_id: self.id, name: self.rule.name.clone(), total, contributions }
    }

    /// Adds up the lines of the sheet, showing each with its points; those of no points are left out.
    fn walk(
        &self,
        lead: &Stored<Lead>,
        engagements: &[Stored<Engagement>],
        now: Timestamp,
        mut show: impl FnMut(Line<'_>, i64),
    ) -> i64 {
        let silent_since = self.silent_since(engagements, now);
        let mut groups = [0_i64; Group::ALL.len()];
        for criterion in &self.rule.criteria {
            let (points, line) = if let Some(behaviour) = criterion.when.behaviour() {
                let tally = self.tally(criterion.points, behaviour, engagements, silent_since, now);
                let cap = behaviour.cap.unwrap_or(i64::MAX).max(0).saturating_mul(THOUSAND);
                (tally.thousandths.clamp(-cap, cap) / THOUSAND, Line::Done(criterion, tally))
            } else if let Some(condition) = criterion.when.condition().filter(|condition| condition.matches(lead)) {
                (criterion.points, Line::Holds(criterion, condition))
            } else {
                continue;
            };
            if points != 0 {
                show(line, points);
                for (sum, group) in groups.iter_mut().zip(Group::ALL) {
                    if *group == criterion.when.group() {
                        *sum = sum.saturating_add(points);
                    }
                }
            }
        }
        for (sum, group) in groups.iter_mut().zip(Group::ALL) {
            if let Some(cap) = self.rule.group_caps.of(*group).filter(|cap| *sum > *cap) {
                show(Line::GroupCap(*group, cap), cap.saturating_sub(*sum));
                *sum = cap;
            }
        }
        let mut total = groups.into_iter().fold(0, i64::saturating_add);
        if let Some(highest) = self.rule.highest.filter(|highest| total > *highest) {
            show(Line::Highest(highest), highest.saturating_sub(total));
            total = highest;
        }
        if let Some(lowest) = self.rule.lowest.filter(|lowest| total < *lowest) {
            show(Line::Lowest(lowest), lowest.saturating_sub(total));
            total = lowest;
        }
        total
    }

    fn tally(
        &self,
        points: i64,
        behaviour: &Behaviour,
        engagements: &[Stored<Engagement>],
        silent_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Tally {
        let worth = |at: Timestamp| {
            let left = self.fading.as_ref().map_or(WHOLE, |fading| fading.left(silent_since.unwrap_or(at), now));
            thousandths(points, left)
        };
        let mut tally = Tally::default();
        for engagement in engagements {
            let at = engagement.occurred_at;
            if at > now || engagement.kind != behaviour.kind {
                continue;
            }
            tally.count += 1;
            tally.latest = tally.latest.max(Some(at));
            if behaviour.counts == Counting::Each {
                tally.thousandths = tally.thousandths.saturating_add(worth(at));
            }
        }
        if behaviour.counts == Counting::Once
            && let Some(latest) = tally.latest
        {
            tally.thousandths = worth(latest);
        }
        tally
    }

    /// The lead's latest engagement, when it is that from which fading counts.
    fn silent_since(&self, engagements: &[Stored<Engagement>], now: Timestamp) -> Option<Timestamp> {
        let fading = self.fading.as_ref()?;
        if fading.since != DecayStart::LatestEngagement {
            return None;
        }
        engagements.iter().filter(|one| self.counts(one) && one.occurred_at <= now).map(|one| one.occurred_at).max()
    }

    fn counts(&self, engagement: &Engagement) -> bool {
        self.kinds.contains(&engagement.kind)
    }

    /// The next instant after `now` at which an engagement fades or comes to count.
    pub(super) fn next_change_at(&self, engagements: &[Stored<Engagement>], now: Timestamp) -> Option<Timestamp> {
        let counted = || engagements.iter().filter(|one| self.counts(one)).map(|one| one.occurred_at);
        let coming = counted().filter(|at| *at > now).min();
        let fading = self.fading.as_ref().and_then(|fading| match self.silent_since(engagements, now) {
            Some(latest) => fading.next_step(latest, now),
            None => counted().filter(|at| *at <= now).filter_map(|at| fading.next_step(at, now)).min(),
        });
        coming.into_iter().chain(fading).min()
    }

    /// When to look again whether the total has crossed the threshold, if nothing but fading happens: the instant of
    /// the crossing, or an earlier one when that is more than [`LOOK_AHEAD`] changes away; nothing when it never will.
    pub(super) fn next_crossing_at(
        &self,
        threshold: Threshold,
        above: bool,
        lead: &Stored<Lead>,
        engagements: &[Stored<Engagement>],
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut at = now;
        for _ in 0..LOOK_AHEAD {
            at = self.next_change_at(engagements, at)?;
            if threshold.crossed(above, self.total(lead, engagements, at)).is_some() {
                break;
            }
        }
        Some(at)
    }

    pub(super) fn threshold(&self) -> Option<Threshold> {
        self.rule.threshold
    }
}

/// How many changes of a total are looked at in advance, so that work is bounded.
const LOOK_AHEAD: usize = 256;

impl Threshold {
    /// Whether a total has just passed the threshold: `true` when it is reached, `false` when it is left, nothing when
    /// all is as it was. Between `release` and `at` nothing is ever new.
    #[must_use]
    pub const fn crossed(&self, above: bool, total: i64) -> Option<bool> {
        match above {
            false if total >= self.at => Some(true),
            true if total < self.release => Some(false),
            _ => None,
        }
    }
}

impl Line<'_> {
    fn explain(self, lead: &Stored<Lead>, points: i64) -> Contribution {
        let (criterion, group, why) = match self {
            Self::Holds(criterion, condition) => {
                (criterion.name.to_string(), Some(criterion.when.group()), found(condition, lead))
            }
            Self::Done(criterion, tally) => {
                (criterion.name.to_string(), Some(criterion.when.group()), tally.explain(criterion, points))
            }
            Self::GroupCap(group, cap) => {
                let name = group.as_str();
                (format!("most {name} points"), Some(group), format!("{name} points are capped at {cap}"))
            }
            Self::Highest(highest) => ("highest total".to_owned(), None, format!("the total is capped at {highest}")),
            Self::Lowest(lowest) => ("lowest total".to_owned(), None, format!("the total is never below {lowest}")),
        };
        Contribution { criterion, group, points, why }
    }
}

impl Tally {
    fn explain(&self, criterion: &Criterion, points: i64) -> String {
        let Some((behaviour, latest)) = criterion.when.behaviour().zip(self.latest) else { return String::new() };
        let kind = &behaviour.kind;
        let counted = match behaviour.counts {
            Counting::Each => format!("{} × {kind} at {} points each", self.count, criterion.points),
            Counting::Once => format!("{kind}, {} points once", criterion.points),
        };
        let faded = points.saturating_mul(THOUSAND) != self.thousandths;
        let left = if faded { format!("; {} points are left", decimal(self.thousandths)) } else { String::new() };
        let full = behaviour.cap.filter(|cap| self.thousandths.abs() > cap.saturating_mul(THOUSAND));
        let cap = full.map_or(String::new(), |cap| format!("; together at most {cap}"));
        format!("{counted}, the latest at {latest}{left}{cap}")
    }
}

/// Thousandths as points: `-2.437`.
fn decimal(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let size = thousandths.unsigned_abs();
    let thousand = THOUSAND.unsigned_abs();
    format!("{sign}{}.{:03}", size / thousand, size % thousand)
}

/// The values that a condition looks at, as they were found.
fn found(condition: &Predicate<Lead>, lead: &Stored<Lead>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (field, key) in condition.fields() {
        let part = match key {
            Some(key) => match lead.custom.find(key) {
                Some(value) => format!("custom.{key} is {}", serde_json::to_string(value).unwrap_or_default()),
                None => format!("custom.{key} is empty"),
            },
            None => found_in(field, lead),
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    if parts.is_empty() { "holds for every lead".to_owned() } else { parts.join(", ") }
}

fn found_in(field: Field<Lead>, lead: &Stored<Lead>) -> String {
    let read = (field.read)(lead);
    let name = field.name;
    match read.to_value() {
        Some(Value::Text(text)) => format!("{name} is '{text}'"),
        Some(Value::Integer(number)) => format!("{name} is {number}"),
        Some(Value::Bool(value)) => format!("{name} is {value}"),
        Some(Value::Uuid(id)) => format!("{name} is {id}"),
        Some(Value::Time(at)) => format!("{name} is {at}"),
        Some(Value::Date(day)) => format!("{name} is {day}"),
        None if field == Lead::TAGS.field() && !lead.tags.is_empty() => {
            format!("tags are {}", lead.tags.iter().map(crate::kernel::Tag::as_str).collect::<Vec<_>>().join(", "))
        }
        None => format!("{name} is empty"),
    }
}
