//! What holds for every rule, every history and every instant.

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::office::{DAY, done, kind, name, rule, stored};
use crate::kernel::{Clock, Predicate, Stored, Timestamp};
use crate::lead::{Lead, NewLead};
use crate::scoring::{
    Basis, Behaviour, Counting, Criterion, Decay, DecayStart, Engagement, GroupCaps, NewScoringRule, Score, Scorer,
    ScoringRule, Threshold,
};
use crate::testing::ManualClock;

const KINDS: [&str; 3] = ["email_opened", "page_visited", "form_submitted"];

fn basis() -> impl Strategy<Value = Basis> {
    let conditions: Vec<Predicate<Lead>> = vec![
        Lead::JOB_TITLE.starts_with("VP"),
        Lead::COMPANY.is_empty(),
        Lead::EMPLOYEE_COUNT.at_least(100),
        Lead::EMPLOYEE_COUNT.below(50).or(Lead::SOURCE.is("Referral")),
    ];
    let behaviour = (0..KINDS.len(), any::<bool>(), option::of(1_i64..60)).prop_map(|(index, each, cap)| {
        let counts = if each { Counting::Each } else { Counting::Once };
        Basis::Behavioural(Behaviour { kind: kind(KINDS[index]), counts, cap })
    });
    let condition = (proptest::sample::select(conditions), any::<bool>()).prop_map(|(condition, person)| {
        if person { Basis::Demographic(condition) } else { Basis::Firmographic(condition) }
    });
    prop_oneof![2 => behaviour, 1 => condition]
}

fn decay() -> impl Strategy<Value = Decay> {
    (100_i64..=10_000, 1_i64..90, any::<bool>()).prop_map(|(basis_points, period_days, silent)| {
        let since = if silent { DecayStart::LatestEngagement } else { DecayStart::Engagement };
        Decay { basis_points, period_days, since }
    })
}

prop_compose! {
    fn rules()(
        criteria in vec((basis(), -40_i64..60), 1..8),
        caps in (option::of(0_i64..80), option::of(0_i64..80), option::of(0_i64..80)),
        lowest in option::of(-50_i64..0),
        highest in option::of(1_i64..120),
        decay in option::of(decay()),
        at in 10_i64..80,
    ) -> NewScoringRule {
        let criteria = criteria.into_iter().enumerate().map(|(index, (when, points))| {
            Criterion { name: format!("{index}").parse().unwrap(), points, when }
        });
        let (demographic, firmographic, behavioural) = caps;
        NewScoringRule {
            group_caps: GroupCaps { demographic, firmographic, behavioural },
            lowest,
            highest,
            decay,
            threshold: Some(Threshold { at, release: at - 5 }),
            ..rule(criteria.collect())
        }
    }
}

fn start() -> Timestamp {
    ManualClock::default().now()
}

fn history() -> impl Strategy<Value = Vec<Stored<Engagement>>> {
    let hour = Duration::from_hours(1);
    vec((0..KINDS.len(), 0_u32..24 * 400), 0..12).prop_map(move |acts| {
        acts.into_iter().map(|(index, hours)| done(KINDS[index], start().plus(hour * hours))).collect()
    })
}

fn leads() -> impl Strategy<Value = Stored<Lead>> {
    (any::<bool>(), any::<bool>(), option::of(0_i64..200)).prop_map(|(vice, company, employee_count)| {
        let new = NewLead {
            last_name: Some(name("Test")),
            job_title: vice.then(|| name("VP Sales")),
            company: company.then(|| name("Acme")),
            employee_count,
            ..NewLead::default()
        };
        stored(7, Lead::new(new).unwrap())
    })
}

fn scorer(new: NewScoringRule) -> Scorer {
    Scorer::new(&[stored(1, ScoringRule::new(new))])
}

fn adds_up(score: &Score) -> bool {
    score.contributions().map(|line| line.points).sum::<i64>() == score.total
        && score.explanation().weight == Some(score.total)
}

proptest! {
    #[test]
    fn a_total_is_the_sum_of_its_contributions_at_every_instant(
        new in rules(), lead in leads(), history in history(), days in vec(0_u32..800, 1..10)
    ) {
        let scorer = scorer(new);
        for days in days {
            let now = start().plus(DAY * days);
            let score = scorer.score(&lead, &history, now);
            prop_assert!(adds_up(&score), "{score:?}");
            prop_assert_eq!(scorer.total(&lead, &history, now), score.total);
            prop_assert!(score.contributions().all(|line| line.points != 0));
        }
    }

    #[test]
    fn the_order_in_which_engagements_are_read_does_not_matter(
        new in rules(), lead in leads(), history in history(), days in 0_u32..800
    ) {
        let (scorer, now) = (scorer(new), start().plus(DAY * days));
        let mut backwards = history.clone();
        backwards.reverse();
        prop_assert_eq!(scorer.total(&lead, &history, now), scorer.total(&lead, &backwards, now));
    }

    #[test]
    fn a_score_stays_until_its_next_change_and_for_ever_when_there_is_none(
        new in rules(), lead in leads(), history in history(), days in 0_u32..800, share in 0_u64..1_000
    ) {
        let (scorer, now) = (scorer(new), start().plus(DAY * days));
        let score = scorer.score(&lead, &history, now);
        let later = match score.next_change_at {
            Some(next) => {
                prop_assert!(next > now);
                let length = u64::try_from(next.since(now).as_micros()).unwrap();
                now.plus(Duration::from_micros((length - 1) / 1_000 * share))
            }
            None => now.plus(DAY * 100_000),
        };
        prop_assert_eq!(scorer.total(&lead, &history, later), score.total);
        if let Some(next) = score.next_change_at {
            let last = next.minus(Duration::from_micros(1));
            prop_assert_eq!(scorer.total(&lead, &history, last), score.total);
        }
    }

    #[test]
    fn the_next_crossing_is_the_first_one_that_a_walk_over_time_meets(
        new in rules(), lead in leads(), history in history(), days in 0_u32..800
    ) {
        let (threshold, scorer, now) = (new.threshold.unwrap(), scorer(new), start().plus(DAY * days));
        let above = scorer.total(&lead, &history, now) >= threshold.at;
        let (sheet, _) = scorer.watched().next().unwrap();
        let expected = sheet.next_crossing_at(threshold, above, &lead, &history, now);

        // Everything happens on full hours.
        let crosses = |hour: &u32| {
            let total = scorer.total(&lead, &history, now.plus(Duration::from_hours(1) * *hour));
            threshold.crossed(above, total).is_some()
        };
        let walked = (1..24 * 900).find(crosses).map(|hour| now.plus(Duration::from_hours(1) * hour));
        match (walked, expected) {
            (Some(walked), Some(expected)) => prop_assert!(expected <= walked, "{} {}", expected, walked),
            (Some(walked), None) => prop_assert!(false, "missed {}", walked),
            (None, _) => {}
        }
        if let Some(expected) = expected.filter(|expected| *expected < now.plus(DAY * 899)) {
            let crossed = threshold.crossed(above, scorer.total(&lead, &history, expected)).is_some();
            prop_assert!(crossed || history.len() > 1, "an early look is for long histories only");
        }
    }

    #[test]
    fn points_that_were_earned_only_ever_fade(history in history(), decay in decay(), steps in vec(0_u32..90, 1..20)) {
        let earned = KINDS.map(|name| {
            let behaviour = Behaviour { kind: kind(name), counts: Counting::Each, cap: None };
            Criterion { name: name.parse().unwrap(), points: 50, when: Basis::Behavioural(behaviour) }
        });
        let scorer = scorer(NewScoringRule { decay: Some(decay), ..rule(earned.into()) });
        let lead = stored(7, Lead::new(NewLead { last_name: Some(name("Test")), ..NewLead::default() }).unwrap());
        let mut now = start().plus(DAY * 400);
        let mut before = scorer.total(&lead, &history, now);
        for days in steps {
            now = now.plus(DAY * days);
            let total = scorer.total(&lead, &history, now);
            prop_assert!((0..=before).contains(&total));
            before = total;
        }
    }
}

/// Negative control: a score that keeps quiet about a cap is caught by the check of the first property.
#[test]
fn a_score_that_hides_a_cap_does_not_add_up() {
    let criterion = |name: &str| Criterion {
        name: name.parse().unwrap(),
        points: 50,
        when: Basis::Demographic(Predicate::everything()),
    };
    let new = NewScoringRule { highest: Some(70), ..rule(vec![criterion("one"), criterion("other")]) };
    let lead = stored(7, Lead::new(NewLead { last_name: Some(name("Test")), ..NewLead::default() }).unwrap());
    let mut score = scorer(new).score(&lead, &[], start());
    assert!(adds_up(&score));
    score.rules[0].contributions.pop();
    assert!(!adds_up(&score));
}
