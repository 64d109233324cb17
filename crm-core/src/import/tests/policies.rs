//! What becomes of rows: new ones, known ones, and those with something wrong.

use super::*;
use crate::access::StandardRole;
use crate::assignment::{Rotation, RuleDraft, RuleMember, WaitingLead};
use crate::identity::KeyKind;
use crate::intake::{MatchBy, OnMatch};
use crate::kernel::{Label, Page, Predicate};
use crate::lead::LeadStatus;

const KNOWN: &str = "Email,Last Name,City\nada@ex.com,Lovelace,\n";
const AGAIN: &str = "Email,Last Name,City,Company\nada@ex.com,Lovelace,London,Engines\ngrace@ex.com,Hopper,,Navy\n";

fn on(on_match: OnMatch) -> ImportOptions {
    ImportOptions { on_match, match_by: MatchBy::Keys(vec![KeyKind::Email]), ..ImportOptions::default() }
}

async fn again(on_match: OnMatch) -> (Office, ImportReport) {
    let office = Office::open().await;
    let session = office.boss().await;
    leads(&session, KNOWN).await;
    let report = import(&session, ImportKind::Leads, AGAIN, on(on_match)).await.unwrap();
    assert_sums_add_up(&report.import.counts);
    (office, report)
}

#[tokio::test]
async fn skipping_leaves_known_leads_alone() {
    let (office, report) = again(OnMatch::Skip).await;
    assert_eq!((report.import.counts.skipped, report.import.counts.created), (1, 1));
    let leads = stored_leads(&office);
    assert_eq!((leads.len(), leads[1].city.as_ref()), (2, None));
}

#[tokio::test]
async fn filling_touches_empty_fields_only() {
    let office = Office::open().await;
    let session = office.boss().await;
    leads(&session, "Email,City\nada@ex.com,Paris\n").await;
    let report = import(&session, ImportKind::Leads, AGAIN, on(OnMatch::FillEmpty)).await.unwrap();
    assert_eq!((report.import.counts.updated, report.import.counts.created), (1, 1));
    let ada = stored_leads(&office).into_iter().find(|lead| lead.email.is_some() && lead.city.is_some()).unwrap();
    assert_eq!((ada.city.as_deref(), ada.company.as_deref()), (Some("Paris"), Some("Engines")));
}

#[tokio::test]
async fn overwriting_replaces_what_the_row_names_and_nothing_else() {
    let office = Office::open().await;
    let session = office.boss().await;
    leads(&session, "Email,City,Industry\nada@ex.com,Paris,Looms\n").await;
    let report = import(&session, ImportKind::Leads, AGAIN, on(OnMatch::Overwrite)).await.unwrap();
    assert_eq!(report.import.counts.updated, 1);
    let ada = stored_leads(&office).into_iter().find(|lead| lead.industry.is_some()).unwrap();
    assert_eq!((ada.city.as_deref(), ada.industry.as_deref()), (Some("London"), Some("Looms")));
}

#[tokio::test]
async fn creating_makes_a_second_lead_and_flags_it() {
    let (office, report) = again(OnMatch::Create).await;
    assert_eq!((report.import.counts.created, report.import.counts.flagged), (2, 1));
    assert_eq!(stored_leads(&office).len(), 3);
    assert_eq!(told(&report), [(1, "", "import.possible_duplicate")]);
}

#[tokio::test]
async fn doubles_within_a_file_are_known_too() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Email,Last Name\nada@ex.com,Lovelace\nADA@ex.com,King\n";
    let report = import(&session, ImportKind::Leads, text, on(OnMatch::Skip)).await.unwrap();
    assert_eq!((report.import.counts.created, report.import.counts.skipped), (1, 1));
    assert_eq!(stored_leads(&office).len(), 1);
}

#[tokio::test]
async fn the_same_content_is_imported_once() {
    let office = Office::open().await;
    let session = office.boss().await;
    let first = leads(&session, AGAIN).await;
    let second = session.imports().start(planned(&session, ImportKind::Leads, AGAIN).await).await.unwrap();
    assert_eq!(second, Start::AlreadyImported(first.import.clone()));
    assert_eq!(leads(&session, AGAIN).await, first);
    assert_eq!(stored_leads(&office).len(), 2);
    // Other content is another import.
    let other = session.imports().start(planned(&session, ImportKind::Leads, KNOWN).await).await.unwrap();
    assert!(matches!(other, Start::Begun(_)));
}

#[tokio::test]
async fn the_identifier_of_another_system_can_be_the_key() {
    let office = Office::open().await;
    let session = office.boss().await;
    leads(&session, "Id,Last Name,City\nA1,Lovelace,Paris\n").await;
    let text = "Id,Last Name,City\nA1,Lovelace,London\nB2,Hopper,\n";
    let options = ImportOptions {
        on_match: OnMatch::Overwrite,
        match_by: MatchBy::Keys(vec![KeyKind::External]),
        ..ImportOptions::default()
    };
    let report = import(&session, ImportKind::Leads, text, options).await.unwrap();
    assert_eq!((report.import.counts.updated, report.import.counts.created), (1, 1));
    let cities: Vec<_> = stored_leads(&office).iter().map(|lead| lead.city.clone()).collect();
    assert_eq!(cities, [None, Some("London".parse().unwrap())]);
    // Where it is no key, the same identifier is the same row.
    let again = leads(&session, "Id,Last Name,City\nA1,Lovelace,Rome\n").await;
    assert_eq!(again.import.counts.repeated, 1);
}

#[tokio::test]
async fn every_bad_cell_of_a_row_is_named_and_the_other_rows_come_in() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Name,Email,Phone,Website,Employees\nAda King,ada@ex.com,,,12\nBad One,not-mail,12,ftp://x,many\n";
    let report = leads(&session, text).await;
    assert_eq!((report.import.counts.created, report.import.counts.refused), (1, 1));
    assert_eq!(
        told(&report),
        [
            (2, "Email", "email.no_at_sign"),
            (2, "Phone", "phone.too_few_digits"),
            (2, "Website", "website.other_scheme"),
            (2, "Employees", "cell.not_whole"),
        ]
    );
    let issue = &report.issues[0];
    assert_eq!((issue.line_number, issue.value.as_deref(), issue.kind), (3, Some("not-mail"), IssueKind::Error));
    assert!(issue.message.contains("write one such as"), "{}", issue.message);
    let ada = &stored_leads(&office)[0];
    assert_eq!((ada.first_name.as_deref(), ada.last_name.as_deref()), (Some("Ada"), Some("King")));
}

#[tokio::test]
async fn bad_values_can_be_dropped_with_a_note() {
    let office = Office::open().await;
    let session = office.boss().await;
    let options = ImportOptions { bad_values: BadValues::DropAndNote, ..ImportOptions::default() };
    let text = "Last Name,Email\nKing,not-mail\n,not-mail\n";
    let report = import(&session, ImportKind::Leads, text, options).await.unwrap();
    assert_eq!((report.import.counts.created, report.import.counts.refused), (1, 1));
    let kinds: Vec<_> = report.issues.iter().map(|issue| (issue.row_number, issue.kind)).collect();
    assert_eq!(kinds, [(1, IssueKind::Note), (2, IssueKind::Note), (2, IssueKind::Error)]);
    assert_eq!(report.issues[2].code, "lead.anonymous");
    assert!(stored_leads(&office)[0].email.is_none());
}

#[tokio::test]
async fn owners_are_found_by_address_and_by_name() {
    let office = Office::open().await;
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let session = office.boss().await;
    let text = "Last Name,Owner\nA,RITA@office.example\nB,Rita\nC,nobody@ex.com\n";
    let report = leads(&session, text).await;
    let owners: Vec<_> = stored_leads(&office).iter().map(|lead| lead.owner_id).collect();
    assert_eq!(owners, [Some(rita), Some(rita), None]);
    assert_eq!(told(&report), [(3, "Owner", "import.unknown_owner")]);
    let options = ImportOptions { unknown_owner: UnknownOwner::BadValue, ..ImportOptions::default() };
    let report = import(&session, ImportKind::Leads, "Last Name,Owner\nD,nobody@ex.com\n", options).await.unwrap();
    assert_eq!(report.import.counts.refused, 1);
}

#[tokio::test]
async fn new_leads_get_the_state_that_their_row_names() {
    let office = Office::open().await;
    let session = office.boss().await;
    let mut rule = crate::scoring::default_rule().unwrap();
    rule.name = "Interest".parse().unwrap();
    rule.criteria[0].when = crate::scoring::Basis::Demographic(Lead::STATUS.is("qualified"));
    session.scoring().create_rule(rule).await.unwrap();
    session.leads().create_label("In talks".parse().unwrap(), LeadStatus::Contacted).await.unwrap();
    let text = "Last Name,Status\nA,new\nB,Qualified\nC,in talks\nD,asleep\nE,converted\n";
    let report = leads(&session, text).await;
    let states: Vec<_> = stored_leads(&office)
        .iter()
        .map(|lead| (lead.status, lead.status_label.as_ref().map(Label::to_string)))
        .collect();
    let expected =
        [(LeadStatus::New, None), (LeadStatus::Qualified, None), (LeadStatus::Contacted, Some("In talks".to_owned()))];
    assert_eq!(states, expected);
    assert_eq!(told(&report), [(4, "Status", "import.unknown_status"), (5, "Status", "import.unknown_status")]);
    for lead in stored_leads(&office) {
        assert_eq!(lead.score, session.scoring().score(lead.id).await.unwrap().total, "{:?}", lead.status);
    }
    assert!(stored_leads(&office)[1].score > stored_leads(&office)[0].score, "control: the state counts");
    let last = office.events_of(stored_leads(&office)[2].id.uuid());
    assert!(last.ends_with(&["lead.contacted".to_owned(), "lead.changed".to_owned()]), "{last:?}");
}

#[tokio::test]
async fn custom_values_are_read_by_their_types() {
    let office = Office::open().await;
    let session = office.boss().await;
    field(&session, "budget", CustomType::Money, false).await;
    field(&session, "since", CustomType::Date, false).await;
    let text = "Last Name;Budget;Since\nA;1.234,50;21.11.2026\nB;12;31/02/2026\nC;;3/4/2026\n";
    let options = ImportOptions { decimal: DecimalMark::Comma, ..ImportOptions::default() };
    let report = import(&session, ImportKind::Leads, text, options).await.unwrap();
    assert_eq!(told(&report), [(2, "Since", "cell.not_a_date"), (3, "Since", "cell.ambiguous_date")]);
    let custom = serde_json::to_value(&stored_leads(&office)[0].custom).unwrap();
    let expected = serde_json::json!({
        "budget": { "money": { "minor": 123_450, "currency": "EUR" } },
        "since": { "date": "2026-11-21" },
    });
    assert_eq!(custom, expected);
}

#[tokio::test]
async fn the_ledger_tells_of_every_row() {
    let office = Office::open().await;
    let session = office.boss().await;
    let report = leads(&session, "Last Name,Email,Tags\nA,a@ex.com,vip; Fair\nB,bad,\n").await;
    let id = report.import.id;
    let rows = session.imports().rows(id, Predicate::everything(), &Page::first(9)).await.unwrap();
    let lead = &stored_leads(&office)[0];
    assert_eq!(rows[0].record().unwrap().id, lead.id.uuid());
    assert_eq!((rows[0].outcome, rows[0].cells.clone()), (RowOutcome::Created, None));
    assert_eq!((rows[1].outcome, rows[1].record()), (RowOutcome::Refused, None));
    assert_eq!(rows[1].cells.clone().unwrap(), ["B", "bad", ""]);
    assert_eq!(lead.tags.iter().map(crate::kernel::tag::Tag::as_str).collect::<Vec<_>>(), ["fair", "vip"]);
    assert_eq!(lead.source.as_deref(), Some("trade-fair"));
    assert_eq!(office.events_of(id.uuid()), ["import.started", "import.advanced", "import.finished"]);
    assert_eq!(session.imports().issues(id, &Page::first(9)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_those_with_the_permission_import_and_nobody_sees_a_neighbours_import() {
    let office = Office::open().await;
    let rep = office.session_of(office.hire("rita", StandardRole::SalesRep).await).await;
    let marketing = office.session_of(office.hire("mona", StandardRole::Marketing).await).await;
    let boss = office.boss().await;
    let new = planned(&boss, ImportKind::Leads, KNOWN).await;
    assert_eq!(rep.imports().start(new.clone()).await.unwrap_err().code(), "permission.missing");
    let import = marketing.imports().start(new.clone()).await.unwrap().import().id;
    let run = rep.imports().run(import, &mut file(KNOWN), &mut |_| {}).await;
    assert_eq!(run.unwrap_err().code(), "permission.missing");
    let dry = rep.imports().dry_run(new.clone(), &mut file(KNOWN), &mut |_| {}).await;
    assert_eq!(dry.unwrap_err().code(), "permission.missing");
    let accounts = NewImport { mapping: Mapping::new([("Email", Target::Name)]), kind: ImportKind::Accounts, ..new };
    assert_eq!(marketing.imports().start(accounts).await.unwrap_err().code(), "permission.missing");
    let neighbour = office.neighbour("neighbour").await.boss().await;
    let run = neighbour.imports().run(import, &mut file(KNOWN), &mut |_| {}).await;
    assert_eq!(run.unwrap_err().code(), "record.not_found");
    assert!(stored_leads(&office).is_empty());
}

#[tokio::test]
async fn a_file_of_which_nothing_was_kept_can_be_tried_again() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Person,Contact\nLovelace,ada@ex.com\nHopper,grace@ex.com\n";
    let targets = |one, other| Mapping::new([("Person", one), ("Contact", other)]);
    let wrong = NewImport {
        mapping: targets(Target::Email(1), Target::Ignore),
        ..planned(&session, ImportKind::Leads, text).await
    };
    let first = finish(&session, wrong.clone(), text).await.unwrap();
    assert_eq!((first.import.counts.refused, first.import.state), (2, ImportState::Finished));
    let right = NewImport { mapping: targets(Target::LastName, Target::Email(1)), ..wrong };
    let dry = session.imports().dry_run(right.clone(), &mut file(text), &mut |_| {}).await.unwrap();
    assert_eq!((dry.import.counts.created, dry.import.attempt), (2, 2));
    let second = finish(&session, right.clone(), text).await.unwrap();
    assert_eq!((second.import.counts, second.import.attempt), (dry.import.counts, 2));
    assert_ne!(second.import.id, first.import.id, "what became of the first attempt stays told");
    assert_eq!(stored_leads(&office).len(), 2);
    // The control: once rows were kept, the same content is imported.
    let third = session.imports().start(right).await.unwrap();
    assert_eq!(third, Start::AlreadyImported(second.import));
}

#[tokio::test]
async fn the_cells_of_an_import_are_shown_within_the_reach_of_the_caller() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let mina = office.hire("mina", StandardRole::Manager).await;
    let mina = office.session_of(mina).await;
    let text = "Email\nnot-mail\n";
    let theirs = leads(&boss, text).await.import.id;
    let own = leads(&mina, "Email\nneither-this\n").await.import.id;
    for (id, shown) in [(theirs, false), (own, true)] {
        let page = Page::first(10);
        let everything = Predicate::everything;
        let outcomes = [
            mina.imports().report(id).await.map(drop),
            mina.imports().issues(id, &page).await.map(drop),
            mina.imports().rows(id, everything(), &Page::first(10)).await.map(drop),
            mina.imports().write_error_file(id, Vec::new()).await.map(drop),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.map_err(|error| error.code()), if shown { Ok(()) } else { Err("record.not_found") });
        }
        assert!(boss.imports().report(id).await.is_ok(), "control: who sees everything sees them");
    }
}

#[tokio::test]
async fn an_unqualified_row_takes_nobodys_turn_and_waits_for_nobody() {
    let office = Office::open().await;
    let session = office.boss().await;
    let all = RuleDraft::catch_all("All".parse().unwrap(), vec![RuleMember::equal(office.owner)]);
    session.assignment().set_rules(vec![all]).await.unwrap();
    session.leads().create_label("Too small".parse().unwrap(), LeadStatus::Unqualified).await.unwrap();
    leads(&session, "Last Name,Status\nA,unqualified\nB,new\nC,too small\n").await;
    let owners: Vec<_> = stored_leads(&office).iter().map(|lead| lead.owner_id).collect();
    assert_eq!(owners, [None, Some(office.owner), None]);
    let rotation = office.store.dump::<Rotation>(office.organization).remove(0);
    assert_eq!(rotation.turns().iter().map(|turn| turn.count).sum::<i64>(), 1);
    assert!(office.store.dump::<WaitingLead>(office.organization).is_empty());
    let told = office.events_of(stored_leads(&office)[2].id.uuid());
    assert!(told.ends_with(&["lead.disqualified".to_owned(), "lead.changed".to_owned()]), "{told:?}");
}
