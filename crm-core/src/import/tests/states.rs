//! The states of an import: running while rows are to come, failed when its source breaks off, finished for good.

use proptest::prelude::*;

use super::*;
use crate::import::ImportState;
use crate::testing::office::run;

const ROWS: u64 = 7;

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    DryRun,
    /// Over a source that breaks off when so many rows were asked for; a sound one has them all.
    Run(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![1 => Just(Step::Start), 1 => Just(Step::DryRun), 4 => (1..ROWS + 4).prop_map(Step::Run)];
    prop::collection::vec(step, 1..12)
}

/// Whether a step may lead from one state to the other.
fn allowed(step: Step, from: ImportState, to: ImportState) -> bool {
    use ImportState::{Failed, Finished, Running};
    match (from, step) {
        (Finished, _) => to == Finished,
        (_, Step::DryRun) => to == from,
        (_, Step::Start) => to == Running,
        (_, Step::Run(_)) => matches!(to, Failed | Finished),
    }
}

struct Torn(CsvReader<Cursor<Vec<u8>>>, u64);

impl RowSource for Torn {
    fn headers(&self) -> &[String] {
        self.0.headers()
    }
    fn next_row(&mut self) -> std::result::Result<Option<SourceRow>, SourceFault> {
        self.1 -= 1;
        if self.1 == 0 {
            return Err(SourceFault::Fatal(ImportRefusal::Unwritable("torn".to_owned()).into()));
        }
        self.0.next_row()
    }
    fn skip_to(&mut self, row: u64) -> Result<()> {
        RowSource::skip_to(&mut self.0, row)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sequence_of_runs_leaves_the_table_of_states(steps in steps()) {
        run(async {
            let office = Office::open().await;
            let session = office.boss().await;
            let rows: Vec<_> = (0..ROWS).map(|row| format!("Person{row},p{row}@example{row}.com")).collect();
            let text = format!("last name,email\n{}\n", rows.join("\n"));
            let new = planned(&session, ImportKind::Leads, &text).await;
            let id = session.imports().start(new.clone()).await.unwrap().import().id;
            let (mut state, mut kept) = (ImportState::Running, 0);
            for step in steps {
                match step {
                    Step::Start => drop(session.imports().start(new.clone()).await.unwrap()),
                    Step::DryRun => {
                        drop(session.imports().dry_run(new.clone(), &mut file(&text), &mut |_| {}).await.unwrap());
                    }
                    Step::Run(rows) => {
                        drop(session.imports().run(id, &mut Torn(file(&text), rows), &mut |_| {}).await);
                    }
                }
                let import = session.imports().report(id).await.unwrap().import;
                assert!(allowed(step, state, import.state), "{step:?} led from {state:?} to {:?}", import.state);
                assert_eq!(import.finished_at.is_some(), import.state == ImportState::Finished, "{step:?}");
                assert_eq!(import.failure.is_some(), import.state == ImportState::Failed, "{step:?}");
                assert!(import.counts.read >= kept, "what was kept stays");
                assert_eq!(usize::try_from(import.counts.created).unwrap(), stored_leads(&office).len(), "{step:?}");
                (state, kept) = (import.state, import.counts.read);
            }
        });
    }
}

#[test]
fn the_table_forbids_what_it_should() {
    use ImportState::{Failed, Finished, Running};
    assert!(!allowed(Step::Start, Finished, Running));
    assert!(!allowed(Step::DryRun, Failed, Running));
    assert!(!allowed(Step::Run(1), Failed, Running));
}
