//! Importing accounts, matched by domain or by exact name.

use super::*;
use crate::access::StandardRole;
use crate::identity::KeyKind;
use crate::intake::{MatchBy, OnMatch};
use crate::people::{Account, AccountDomain};

async fn accounts(session: &Session, text: &str, on_match: OnMatch) -> ImportReport {
    let options = ImportOptions { on_match, ..ImportOptions::default() };
    let report = import(session, ImportKind::Accounts, text, options).await.unwrap();
    assert_sums_add_up(&report.import.counts);
    report
}

fn stored(office: &Office) -> Vec<Stored<Account>> {
    let mut accounts = office.store.dump::<Account>(office.organization);
    accounts.sort_by_key(|account| account.id);
    accounts
}

#[tokio::test]
async fn accounts_are_known_by_domain_and_else_by_name() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Name,Website,Country\nGross Inc,https://johns.com/,\nOther,http://www.johns.com/about,Peru\n\
                Plain,,\nPlain,,Chile\nGross Inc,https://gross.example.com,\n";
    let report = accounts(&session, text, OnMatch::Policy).await;
    assert_eq!((report.import.counts.created, report.import.counts.updated), (3, 2));
    let stored = stored(&office);
    let told: Vec<_> = stored.iter().map(|one| (one.name.as_str(), one.country.as_deref())).collect();
    assert_eq!(told, [("Gross Inc", Some("Peru")), ("Plain", Some("Chile")), ("Gross Inc", None)]);
}

#[tokio::test]
async fn each_policy_does_what_it_says() {
    let known = "Name,Website,City,Industry\nGross,https://johns.com/,Lima,Looms\n";
    let text = "Name,Website,City,Country,Tags\nNew Name,johns.com,Cusco,Peru,big\n";
    for (on_match, counts, name, city, country) in [
        (OnMatch::Skip, [0, 0, 1], "Gross", "Lima", None),
        (OnMatch::FillEmpty, [0, 1, 0], "Gross", "Lima", Some("Peru")),
        (OnMatch::Overwrite, [0, 1, 0], "New Name", "Cusco", Some("Peru")),
        (OnMatch::Create, [1, 0, 0], "Gross", "Lima", None),
    ] {
        let office = Office::open().await;
        let session = office.boss().await;
        accounts(&session, known, OnMatch::Policy).await;
        let report = accounts(&session, text, on_match).await;
        let sums = report.import.counts;
        assert_eq!([sums.created, sums.updated, sums.skipped], counts, "{on_match:?}");
        let first = &stored(&office)[0];
        assert_eq!((first.name.as_str(), first.city.as_deref(), first.country.as_deref()), (name, Some(city), country));
        assert_eq!(first.industry.as_deref(), Some("Looms"));
        assert_eq!(office.store.dump::<AccountDomain>(office.organization).len(), 1);
        assert_eq!(sums.flagged, u64::from(on_match == OnMatch::Create));
    }
}

#[tokio::test]
async fn nothing_new_links_and_only_chosen_keys_count() {
    let office = Office::open().await;
    let session = office.boss().await;
    let known = "Name,Website\nGross,https://johns.com/\n";
    accounts(&session, known, OnMatch::Policy).await;
    let again = accounts(&session, "Name,Website\nGross,johns.com\n\n", OnMatch::FillEmpty).await;
    assert_eq!(again.import.counts.linked, 1);
    let options = ImportOptions { match_by: MatchBy::Keys(vec![KeyKind::Domain]), ..ImportOptions::default() };
    let report = import(&session, ImportKind::Accounts, "Name\nGross\n", options).await.unwrap();
    assert_eq!(report.import.counts.created, 1);
    let options = ImportOptions { match_by: MatchBy::Keys(vec![KeyKind::Email]), ..ImportOptions::default() };
    let refused = import(&session, ImportKind::Accounts, "Name\nX\n", options).await.unwrap_err();
    assert_eq!(refused.code(), "import.key_not_usable");
}

#[tokio::test]
async fn an_account_needs_a_name_and_sound_cells() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text =
        "Name,Website,Status,Revenue,Number of employees\nA,a.com,active,1234.5,10\n,b.com,,,\nC,,asleep,much,-5\n";
    let report = accounts(&session, text, OnMatch::Policy).await;
    assert_eq!(
        told(&report),
        [
            (2, "", "account.anonymous"),
            (3, "Number of employees", "cell.negative"),
            (3, "Revenue", "cell.not_a_number"),
            (3, "Status", "import.unknown_status"),
        ]
    );
    let account = &stored(&office)[0];
    assert_eq!(account.annual_revenue_minor, Some(123_450));
    assert_eq!((account.status.as_str(), account.source.as_deref()), ("active", Some("trade-fair")));
}

#[tokio::test]
async fn accounts_out_of_reach_are_known_and_left_alone() {
    let office = Office::open().await;
    let session = office.boss().await;
    accounts(&session, "Name,Website,Owner\nGross,johns.com,olivia\n", OnMatch::Policy).await;
    let manager = office.session_of(office.hire("mina", StandardRole::Manager).await).await;
    let report = accounts(&manager, "Name,Website,City\nGross,johns.com,Lima\n", OnMatch::Overwrite).await;
    assert_eq!(report.import.counts.skipped, 1);
    assert_eq!(stored(&office)[0].city, None);

    let made = accounts(&manager, "Name,City\nGross,Lima\n", OnMatch::Create).await;
    assert_eq!(made.import.counts.flagged, 1, "{:?}", made.import.counts);
    let told = &made.issues[0];
    assert!(told.message.contains("a record that you cannot see"), "{told:?}");
    let of_boss = accounts(&session, "Name,City\nGross,Bern\n", OnMatch::Create).await;
    assert!(of_boss.issues[0].message.contains("account "), "{:?}", of_boss.issues[0]);
}

#[tokio::test]
async fn a_dry_run_of_accounts_predicts_exactly() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Name,Website\nA,a.com\nB,a.com\nA,\n,c.com\nA,d.com\n";
    let new = planned(&session, ImportKind::Accounts, text).await;
    let dry = session.imports().dry_run(new.clone(), &mut file(text), &mut |_| {}).await.unwrap();
    assert!(stored(&office).is_empty());
    let real = finish(&session, new, text).await.unwrap();
    assert_eq!(dry.import.counts, real.import.counts);
    assert_eq!((real.import.counts.created, real.import.counts.refused), (2, 1));
}
