//! The arithmetic of one score.

use std::time::Duration;

use super::office::{DAY, ada, done, each, name, once, rule, stored, who};
use crate::kernel::{Clock, Stored, Timestamp};
use crate::lead::{Lead, NewLead};
use crate::scoring::{
    Criterion, Decay, DecayStart, Group, GroupCaps, NewScoringRule, Scorer, ScoringRule, default_rule,
};
use crate::testing::ManualClock;

fn scorer(rules: Vec<NewScoringRule>) -> Scorer {
    let rules: Vec<_> = (1..).zip(rules).map(|(id, new)| stored(id, ScoringRule::new(new))).collect();
    Scorer::new(&rules)
}

fn with_decay(criteria: Vec<Criterion>, decay: Decay) -> Scorer {
    scorer(vec![NewScoringRule { decay: Some(decay), ..rule(criteria) }])
}

fn lead(new: NewLead) -> Stored<Lead> {
    stored(7, Lead::new(new).unwrap())
}

fn now() -> Timestamp {
    ManualClock::default().now()
}

#[test]
fn a_score_is_the_sum_of_the_criteria_that_hold() {
    let scorer = scorer(vec![rule(vec![
        who("Vice president", 20, Lead::JOB_TITLE.starts_with("VP")),
        who("No address", -5, Lead::EMAIL.is_empty()),
        who("Large company", 15, Lead::EMPLOYEE_COUNT.at_least(500)),
    ])]);
    let score = scorer.score(&lead(ada()), &[], now());
    assert_eq!(score.total, 15);
    let lines: Vec<_> =
        score.contributions().map(|line| (line.criterion.as_str(), line.points, line.why.as_str())).collect();
    assert_eq!(lines, [("Vice president", 20, "job_title is 'VP Sales'"), ("No address", -5, "email is empty")]);
}

#[test]
fn several_rules_add_up_and_inactive_ones_do_not_count() {
    let everyone = |points| vec![who("Everyone", points, crate::kernel::Predicate::everything())];
    let off = NewScoringRule { active: false, ..rule(everyone(100)) };
    let second = NewScoringRule { position: 1, name: name("Second"), ..rule(everyone(2)) };
    let score = scorer(vec![second, off, rule(everyone(1))]).score(&lead(ada()), &[], now());
    assert_eq!(score.total, 3);
    assert_eq!(score.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["Interest", "Second"]);
}

#[test]
fn each_counts_every_engagement_and_once_the_latest_only() {
    let scorer = with_decay(vec![each("page_visited", 4), once("form_submitted", 20)], Decay::default());
    let month_ago = now().minus(DAY * 30);
    let history = [
        done("page_visited", month_ago),
        done("page_visited", now()),
        done("form_submitted", month_ago),
        done("form_submitted", now().minus(DAY)),
        done("meeting_booked", now()),
    ];
    // 4 + 3 for the pages, 20 for the younger form alone; nobody asks for meetings.
    assert_eq!(scorer.total(&lead(ada()), &history, now()), 27);
}

#[test]
fn a_criterion_cap_group_caps_and_bounds_are_contributions_of_their_own() {
    let mut pages = each("page_visited", 10);
    if let crate::scoring::Basis::Behavioural(behaviour) = &mut pages.when {
        behaviour.cap = Some(25);
    }
    let criteria =
        vec![pages, once("form_submitted", 30), who("Vice president", 20, Lead::JOB_TITLE.starts_with("VP"))];
    let new = NewScoringRule {
        group_caps: GroupCaps { behavioural: Some(40), ..GroupCaps::default() },
        highest: Some(50),
        ..rule(criteria)
    };
    let minutes = |count: u32| now().minus(Duration::from_mins(count.into()));
    let history: Vec<_> =
        (0..4).map(|n| done("page_visited", minutes(n))).chain([done("form_submitted", now())]).collect();
    let score = scorer(vec![new]).score(&lead(ada()), &history, now());
    let lines: Vec<_> = score.contributions().map(|line| (line.criterion.as_str(), line.group, line.points)).collect();
    assert_eq!(
        lines,
        [
            ("page_visited", Some(Group::Behavioural), 25),
            ("form_submitted", Some(Group::Behavioural), 30),
            ("Vice president", Some(Group::Demographic), 20),
            ("most behavioural points", Some(Group::Behavioural), -15),
            ("highest total", None, -10),
        ]
    );
    assert_eq!(score.total, 50);

    let floored = NewScoringRule { lowest: Some(0), ..rule(vec![once("email_unsubscribed", -30)]) };
    let score = scorer(vec![floored]).score(&lead(ada()), &[done("email_unsubscribed", now())], now());
    assert_eq!(score.contributions().map(|line| line.points).collect::<Vec<_>>(), [-30, 30]);
    assert_eq!(score.total, 0);
}

#[test]
fn points_fade_at_the_end_of_each_period_and_are_truncated_once_for_each_criterion() {
    let scorer = with_decay(vec![each("page_visited", 5)], Decay::default());
    let start = now();
    let history = [done("page_visited", start), done("page_visited", start)];
    let total = |after: Duration| scorer.total(&lead(ada()), &history, start.plus(after));
    let micro = Duration::from_micros(1);
    assert_eq!(total((DAY * 30).saturating_sub(micro)), 10);
    // Twice 3.75 is 7.5: seven points, not twice three.
    assert_eq!(total(DAY * 30), 7);
    assert_eq!(total((DAY * 60).saturating_sub(micro)), 7);
    assert_eq!(total(DAY * 60), 5);
    assert_eq!(scorer.total(&lead(ada()), &history, start.minus(micro)), 0, "it had not happened yet");
}

#[test]
fn points_that_fade_while_a_lead_is_silent_wait_for_the_latest_engagement() {
    let silent = Decay { since: DecayStart::LatestEngagement, ..Decay::default() };
    let scorer = with_decay(vec![each("page_visited", 100)], silent);
    let start = now();
    let mut history = vec![done("page_visited", start)];
    let total = |history: &[_], days: u32| scorer.total(&lead(ada()), history, start.plus(DAY * days));
    assert_eq!(total(&history, 29), 100);
    assert_eq!(total(&history, 45), 75);
    history.push(done("page_visited", start.plus(DAY * 45)));
    assert_eq!(total(&history, 45), 200, "the silence is over");
    assert_eq!(total(&history, 75), 150);
    history.push(done("email_opened", start.plus(DAY * 74)));
    assert_eq!(total(&history, 75), 150, "a kind that the rule does not count breaks no silence");
}

#[test]
fn an_explanation_has_the_total_the_rules_and_the_contributions() {
    let scorer = with_decay(vec![each("page_visited", 5)], Decay::default());
    let history = [done("page_visited", now()), done("page_visited", now().minus(DAY * 30))];
    let explanation = scorer.score(&lead(ada()), &history, now()).explanation();
    assert_eq!(
        explanation.to_string(),
        "score at 2026-03-02T09:00:00.000000Z (+8)\n  Interest (+8)\n    page_visited: 2 × page_visited at 5 points \
         each, the latest at 2026-03-02T09:00:00.000000Z; 8.750 points are left (+8)"
    );
}

#[test]
fn the_default_rule_tells_leads_apart() {
    let scorer = scorer(vec![default_rule().unwrap()]);
    let cold = NewLead { last_name: Some(name("Nobody")), source: Some(name("Cold Call")), ..NewLead::default() };
    let warm = NewLead {
        email: Some("grace@navy.example".parse().unwrap()),
        company: Some(name("Navy")),
        website: Some("https://navy.example".parse().unwrap()),
        job_title: Some(name("Director of Computing")),
        employee_count: Some(4_000),
        source: Some(name("Referral")),
        ..NewLead::default()
    };
    assert_eq!(scorer.total(&lead(cold), &[], now()), 0);
    assert_eq!(scorer.total(&lead(warm.clone()), &[], now()), 62);
    let busy: Vec<_> = ["form_submitted", "meeting_booked", "page_visited"].map(|kind| done(kind, now())).into();
    assert_eq!(scorer.total(&lead(warm), &busy, now()), 100, "62 and 39 are capped");
}
