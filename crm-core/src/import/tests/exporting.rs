//! Leads as a file, and back.

use proptest::prelude::*;

use super::*;
use crate::access::StandardRole;
use crate::event::Event;
use crate::kernel::Predicate;
use crate::testing::office::{named, run};

async fn exported(session: &Session, filter: &Predicate<Lead>) -> (u64, String) {
    let mut written = Vec::new();
    let count = export_leads(session, filter, &mut written).await.unwrap();
    (count, String::from_utf8(written).unwrap())
}

#[tokio::test]
async fn an_export_is_written_down_and_shows_what_the_caller_sees() {
    let office = Office::open().await;
    let mina = office.hire("mina", StandardRole::Manager).await;
    office.lead(crate::lead::NewLead { owner_id: Some(mina), ..named("Hers") }).await;
    office.lead(named("=cmd()")).await;
    let (count, all) = exported(&office.boss().await, &Predicate::everything()).await;
    assert_eq!(count, 2);
    assert!(all.contains(",'=cmd(),") && all.contains("mina@office.example"), "{all}");
    let manager = office.session_of(mina).await;
    let (count, hers) = exported(&manager, &Predicate::everything()).await;
    assert_eq!((count, hers.contains("=cmd()")), (1, false));
    assert_eq!(exported(&manager, &Lead::LAST_NAME.is("Nobody")).await.0, 0);
    let events = office.store.dump::<Event>(office.organization);
    let said: Vec<_> = events.iter().filter(|event| event.value.name == "lead.exported").collect();
    let last = said.last().unwrap();
    assert_eq!(last.record_id, office.organization.uuid());
    let filter = Lead::LAST_NAME.is("Nobody").to_json();
    assert_eq!(last.data, serde_json::json!({ "exported": { "count": 0, "filter": filter } }));
    assert_eq!(said.len(), 3);
}

#[tokio::test]
async fn an_export_that_breaks_off_is_written_down_too() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let office = Office::open().await;
    let refused = export_leads(&office.boss().await, &Predicate::everything(), Full).await.unwrap_err();
    assert_eq!(refused.code(), "import.unwritable");
    assert_eq!(office.events_of(office.organization.uuid()), ["organization.created", "lead.export_begun"]);
}

#[tokio::test]
async fn only_those_with_the_permission_export() {
    let office = Office::open().await;
    let rep = office.session_of(office.hire("rita", StandardRole::SalesRep).await).await;
    let mut written = Vec::new();
    let refused = export_leads(&rep, &Predicate::everything(), &mut written).await.unwrap_err();
    assert_eq!(refused.code(), "permission.missing");
    assert!(written.is_empty());
}

/// Text that a spreadsheet, a CSV reader or a careless splitter might trip over.
fn tricky() -> impl Strategy<Value = String> {
    "[=+@'\",;|\\-a-zA-Zü0-9 ]{0,12}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_exported_can_be_imported_as_it_is(
        people in prop::collection::vec((tricky(), tricky(), tricky(), tricky(), 0..3_usize, any::<Option<u16>>()), 1..12),
    ) {
        run(async {
            let (office, other) = (Office::open().await, Office::open().await);
            let (one, two) = (office.boss().await, other.boss().await);
            for session in [&one, &two] {
                field(session, "size", CustomType::Number, false).await;
                field(session, "memo", CustomType::Text, false).await;
            }
            let rows = people.iter().enumerate().map(|(number, (last, company, city, memo, emails, count))| {
                let addresses: Vec<_> = (0..*emails).map(|copy| format!("p{number}-{copy}@ex{number}.com")).collect();
                let count = count.map_or_else(String::new, |count| count.to_string());
                [format!("N{number}"), last.clone(), company.clone(), city.clone(), memo.clone(), addresses.join(";"), count.clone(),
                    format!("-{number}.5")]
            });
            let mut writer = crate::csv::CsvWriter::new(Vec::new());
            let headers = ["first name", "last name", "company", "city", "memo", "other emails", "employees", "size"];
            writer.write(headers.map(crate::csv::Cell::Text)).unwrap();
            for row in rows {
                writer.write(row.iter().map(|cell| crate::csv::Cell::Text(cell))).unwrap();
            }
            let text = writer.finish().unwrap();
            let made = leads(&one, &text).await;
            let (count, first) = exported(&one, &Predicate::everything()).await;
            assert_eq!(count, made.import.counts.created);
            let options = ImportOptions { on_match: crate::intake::OnMatch::Create, ..ImportOptions::default() };
            let back = import(&two, ImportKind::Leads, &first, options).await.unwrap();
            assert_eq!((back.import.counts.created, back.import.counts.refused), (count, 0), "{:?}\n{first}", back.issues);
            let values = |office: &Office| office.store.dump::<Lead>(office.organization).into_iter().map(|lead| lead.value).collect::<Vec<_>>();
            assert_eq!(values(&office), values(&other));
        });
    }
}
