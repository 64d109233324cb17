//! What the domain costs by itself: conditions, scores, matches, plans. No store, no transaction.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use crm_benches::{Goal, Report, Round, measured, must, stored_lead};
use crm_core::conversion::{ConversionChoices, Facts, Mapping, NewDeal, plan};
use crm_core::custom_field::Schema;
use crm_core::duplicate::{Profile, Unwritten, score};
use crm_core::identity::{RecordKind, RecordRef};
use crm_core::kernel::{Clock, Id, IdSource, Name, Predicate, Stored};
use crm_core::lead::Lead;
use crm_core::scoring::{Basis, Criterion as ScoringCriterion, GroupCaps, NewScoringRule, Scorer, ScoringRule};
use crm_core::testing::{ManualClock, SequentialIds};

fn stored(number: u64) -> Stored<Lead> {
    must(stored_lead(number, ManualClock::default().now()))
}

fn five_terms() -> Predicate<Lead> {
    Lead::STATUS
        .is("new")
        .and(Lead::EMPLOYEE_COUNT.at_least(100))
        .and(Lead::JOB_TITLE.starts_with("Chief"))
        .and(Lead::SOURCE.is_empty())
        .and(Lead::SCORE.below(50))
}

fn twenty_criteria() -> Scorer {
    let criteria = (0..20).map(|number| ScoringCriterion {
        name: must(format!("criterion {number}").parse()),
        points: 5,
        when: if number % 2 == 0 {
            Basis::Demographic(Lead::JOB_TITLE.starts_with("Chief"))
        } else {
            Basis::Firmographic(Lead::EMPLOYEE_COUNT.at_least(10 * number))
        },
    });
    let name = must(Name::try_from("Bench".to_owned()));
    let new = NewScoringRule {
        name,
        active: true,
        position: 1,
        criteria: criteria.collect(),
        group_caps: GroupCaps::default(),
        lowest: None,
        highest: None,
        decay: None,
        threshold: None,
    };
    let now = ManualClock::default().now();
    let id = Id::new(SequentialIds::new().next(now));
    Scorer::new(&[Stored { id, version: 1, created_at: now, updated_at: now, value: ScoringRule::new(new) }])
}

fn plain(row: &Stored<Lead>) -> bool {
    row.status.as_str() == "new"
        && row.employee_count.is_some_and(|count| count >= 100)
        && row.job_title.as_ref().is_some_and(|title| title.starts_with("Chief"))
        && row.source.is_none()
        && row.score < 50
}

/// Calls of one turn are timed together, for a clock is too coarse for one.
const TOGETHER: u32 = 200;

fn repeated(count: u64, mut work: impl FnMut()) -> Vec<Duration> {
    let times = (0..count).map(|_| {
        let begin = Instant::now();
        for _ in 0..TOGETHER {
            work();
        }
        begin.elapsed() / TOGETHER
    });
    times.collect()
}

fn conditions(criterion: &mut Criterion, report: &mut Report) {
    // The second term of five is the first that fails on some of them.
    let rows: Vec<_> = (0..64).map(stored).collect();
    let mut places = rows.iter().cycle();
    let mut next = move || places.next().unwrap_or_else(|| panic!("there are rows"));
    let condition = five_terms();
    let round = measured(criterion, "condition of 5 terms", 1, |count| Round {
        ours: repeated(count, || {
            black_box(black_box(&condition).matches(black_box(next())));
        }),
        floor: repeated(count, || {
            black_box(plain(black_box(next())));
        }),
        ..Round::default()
    });
    report.add("condition of 5 terms, binding included", &round, "plain Rust", Goal::Median(Duration::from_nanos(350)));
    let (scorer, now) = (twenty_criteria(), ManualClock::default().now());
    let round = measured(criterion, "score of 20 criteria", 1, |count| Round {
        ours: repeated(count, || {
            black_box(scorer.total(black_box(next()), &[], now));
        }),
        ..Round::default()
    });
    report.add("score a lead by 20 criteria", &round, "", Goal::Rate(1_000_000.0));
}

fn duplicates(criterion: &mut Criterion, report: &mut Report) {
    let (one, other) = (Profile::of_lead(&stored(1)), Profile::of_lead(&stored(2)));
    let round = measured(criterion, "judgement on two profiles", 1, |count| Round {
        ours: repeated(count, || {
            black_box(score(black_box(&one), black_box(&other)));
        }),
        ..Round::default()
    });
    report.add("judge whether two profiles are one", &round, "", Goal::None);
    let mut known = Unwritten::default();
    for number in 0..100_000 {
        let lead = stored(number);
        known.add(RecordRef::new(RecordKind::Lead, lead.id), &Profile::of_lead(&lead));
    }
    let mut numbers = (0..100_000).step_by(997).cycle();
    let profiles: Vec<_> = numbers.by_ref().take(100).map(|number| Profile::of_lead(&stored(number))).collect();
    let mut profiles = profiles.iter().cycle();
    let round = measured(criterion, "match a lead against 100 k by keys", 1, |count| Round {
        ours: repeated(count, || {
            let found = profiles.next().map_or_else(Vec::new, |profile| known.candidates(profile));
            assert_eq!(found.len(), 1, "the lead itself is among them, and nobody else is like it");
        }),
        ..Round::default()
    });
    report.add("match a lead against 100 k by keys, in process", &round, "", Goal::None);
}

fn conversion(criterion: &mut Criterion, report: &mut Report) {
    let facts = Facts {
        lead: stored(4),
        account: None,
        account_match: None,
        contact: None,
        contact_match: None,
        opportunity: None,
        deal_start: None,
        domain_holders: Vec::new(),
        taken: Vec::new(),
        mapping: Mapping { source: RecordKind::Lead, rules: Vec::new() },
        contact_schema: Schema::default(),
        account_schema: Schema::default(),
        opportunity_schema: Schema::default(),
    };
    let mut choices = ConversionChoices::with_deal(NewDeal::default());
    choices.owner_id = Some(Id::new(SequentialIds::new().next(ManualClock::default().now())));
    assert!(plan(&facts, &choices).violations.is_empty(), "nothing stands in the way of this one");
    let round = measured(criterion, "plan a conversion", 1, |count| Round {
        ours: repeated(count, || {
            black_box(plan(black_box(&facts), black_box(&choices)));
        }),
        ..Round::default()
    });
    report.add("plan a conversion", &round, "", Goal::None);
}

fn main() {
    let (mut criterion, mut report) = (Criterion::default().configure_from_args(), Report::default());
    conditions(&mut criterion, &mut report);
    duplicates(&mut criterion, &mut report);
    conversion(&mut criterion, &mut report);
    report.print();
}
