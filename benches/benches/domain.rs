//! What the domain costs by itself: conditions, scores, matches, and the capture of a lead in memory and in SQLite.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use crm_benches::{founded, lead};
use crm_core::crm::Crm;
use crm_core::duplicate::{Profile, score};
use crm_core::intake::Submission;
use crm_core::kernel::{Clock, Id, IdSource, Name, Predicate, Stored};
use crm_core::lead::Lead;
use crm_core::scoring::{Basis, Criterion as ScoringCriterion, GroupCaps, NewScoringRule, Scorer, ScoringRule};
use crm_core::store::MemoryStore;
use crm_core::testing::{ManualClock, SequentialIds};
use crm_store_sqlite::SqliteStore;
use tokio::runtime::Runtime;

fn stored(number: u64) -> Stored<Lead> {
    let now = ManualClock::default().now();
    let value = lead(number).and_then(|new| Ok(Lead::new(new)?));
    let value = value.unwrap_or_else(|error| panic!("{error}"));
    Stored { id: Id::new(SequentialIds::new().next(now)), version: 1, created_at: now, updated_at: now, value }
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
        name: format!("criterion {number}").parse().unwrap_or_else(|error| panic!("{error}")),
        points: 5,
        when: if number % 2 == 0 {
            Basis::Demographic(Lead::JOB_TITLE.starts_with("Chief"))
        } else {
            Basis::Firmographic(Lead::EMPLOYEE_COUNT.at_least(10 * number))
        },
    });
    let name = Name::try_from("Bench".to_owned()).unwrap_or_else(|error| panic!("{error}"));
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

fn pure(bench: &mut Criterion) {
    let (row, condition, scorer) = (stored(1), five_terms(), twenty_criteria());
    let now = ManualClock::default().now();
    bench.bench_function("condition of 5 terms, plain Rust (floor)", |run| run.iter(|| plain(black_box(&row))));
    bench.bench_function("condition of 5 terms", |run| run.iter(|| black_box(&condition).matches(black_box(&row))));
    bench.bench_function("score of 20 criteria", |run| run.iter(|| scorer.total(black_box(&row), &[], now)));
    let (one, other) = (Profile::of_lead(&row.value), Profile::of_lead(&stored(2).value));
    bench.bench_function("judgement on two profiles", |run| run.iter(|| score(black_box(&one), black_box(&other))));
}

fn capture(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("{error}"));
    let memory = Crm::new(MemoryStore::new(), ManualClock::default(), SequentialIds::new());
    let file = std::env::temp_dir().join(format!("crm-bench-{}.db", std::process::id()));
    let sqlite = runtime.block_on(SqliteStore::open(&file)).unwrap_or_else(|error| panic!("{error}"));
    let sqlite = Crm::new(sqlite, ManualClock::default(), SequentialIds::new());
    for (name, crm) in [("memory", memory), ("sqlite", sqlite)] {
        let session = runtime.block_on(founded(&crm, "bench")).unwrap_or_else(|error| panic!("{error}"));
        let mut number = 0;
        bench.bench_function(&format!("capture of a lead, {name}"), |run| {
            run.iter(|| {
                number += 1;
                let lead = lead(number).unwrap_or_else(|error| panic!("{error}"));
                let source = Name::try_from("bench".to_owned()).unwrap_or_else(|error| panic!("{error}"));
                let outcome = runtime.block_on(session.intake().submit(Submission::new(source, lead)));
                outcome.unwrap_or_else(|error| panic!("{error}"))
            });
        });
    }
    for ending in ["", "-wal", "-shm"] {
        // Left behind files are in the temporary folder and do no harm.
        let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
    }
}

criterion_group!(benches, pure, capture);
criterion_main!(benches);
