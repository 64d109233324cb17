//! Guessing and checking which column becomes which field.

use super::*;
use crate::custom_field::Schema;
use crate::kernel::Page;

async fn guessed(kind: ImportKind, headers: &[&str]) -> Vec<String> {
    let office = Office::open().await;
    let session = office.boss().await;
    field(&session, "region", CustomType::Text, false).await;
    let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
    let mapping = session.imports().guess(kind, &headers).await.unwrap();
    mapping.check(kind, &headers, &session.custom_fields().schema(kind.record()).await.unwrap()).unwrap();
    mapping.columns.iter().map(|column| column.target.to_string()).collect()
}

#[tokio::test]
async fn common_headers_are_recognised_and_nothing_is_taken_twice() {
    let headers = [
        "Index",
        "Account Id",
        "Lead Owner",
        "First Name",
        "Last Name",
        "Company",
        "Phone 1",
        "Phone 2",
        "Email 1",
        "Email 2",
        "Website",
        "Source",
        "Deal Stage",
        "Notes",
        "Region",
        "Mobile",
        "E-Mail",
    ];
    let expected = [
        "ignore",
        "ignore",
        "owner",
        "first_name",
        "last_name",
        "company",
        "phone",
        "phone_2",
        "email",
        "email_2",
        "website",
        "source",
        "ignore",
        "note",
        "custom.region",
        "phone_3",
        "email_3",
    ];
    assert_eq!(guessed(ImportKind::Leads, &headers).await, expected);
}

#[tokio::test]
async fn headers_in_other_languages_are_recognised() {
    assert_eq!(
        guessed(ImportKind::Leads, &["Vorname", "Nachname", "Firma", "E-Mail-Adresse", "Telefonnummer", "Ort", "Land"])
            .await,
        ["first_name", "last_name", "company", "email", "phone", "city", "country"]
    );
    assert_eq!(
        guessed(ImportKind::Leads, &["Nombre", "Apellidos", "Empresa", "Correo electrónico", "Teléfono", "País"]).await,
        ["first_name", "last_name", "company", "email", "phone", "country"]
    );
    assert_eq!(
        guessed(ImportKind::Leads, &["Prénom", "Nom de famille", "Société", "Courriel", "Téléphone", "Ville"]).await,
        ["first_name", "last_name", "company", "email", "phone", "city"]
    );
}

#[tokio::test]
async fn headers_of_organizations_are_recognised() {
    let headers = [
        "Index",
        "Organization Id",
        "Name",
        "Website",
        "Country",
        "Description",
        "Founded",
        "Industry",
        "Number of employees",
        "UpdatedAt",
    ];
    let expected =
        ["ignore", "ignore", "name", "website", "country", "note", "ignore", "industry", "employee_count", "ignore"];
    assert_eq!(guessed(ImportKind::Accounts, &headers).await, expected);
}

#[test]
fn every_mistake_in_a_mapping_is_named() {
    let headers = ["a", "b", "c"].map(str::to_owned);
    let target = |text: &str| text.parse::<Target>().unwrap();
    let mapping = Mapping::new([
        ("z", target("email")),
        ("a", target("email")),
        ("a", target("city")),
        ("b", target("custom.nowhere")),
        ("c", target("annual_revenue")),
    ]);
    let refused = mapping.check(ImportKind::Leads, &headers, &Schema::default()).unwrap_err();
    let codes: Vec<_> = refused.0.iter().map(|problem| (problem.field.as_str(), problem.code.as_str())).collect();
    assert_eq!(
        codes,
        [
            ("mapping[0].header", "import.unknown_column"),
            ("mapping[1].target", "import.target_twice"),
            ("mapping[2].header", "import.column_twice"),
            ("mapping[3].target", "import.unknown_custom_field"),
            ("mapping[4].target", "import.unknown_target"),
        ]
    );
    let nothing = Mapping::new([("a", Target::Ignore)]).check(ImportKind::Leads, &headers, &Schema::default());
    assert_eq!(nothing.unwrap_err().0[0].code, "import.nothing_mapped");
    assert!(Mapping::new([("a", target("email"))]).check(ImportKind::Leads, &headers, &Schema::default()).is_ok());
}

#[test]
fn targets_are_written_as_they_are_read() {
    for name in ImportKind::Leads.targets().chain(ImportKind::Accounts.targets()) {
        assert_eq!(name.parse::<Target>().unwrap().to_string(), name);
    }
    for name in ["email_2", "phone_20", "custom.region"] {
        assert_eq!(name.parse::<Target>().unwrap().to_string(), name);
    }
    for name in ["", "mail", "email_0", "email_21", "email_x", "custom.", "custom.No", "city_2"] {
        assert_eq!(name.parse::<Target>(), Err(ImportRefusal::UnknownTarget(name.to_owned())));
    }
}

#[tokio::test]
async fn a_mapping_is_kept_under_its_name_and_replaced_by_the_next() {
    let office = Office::open().await;
    let session = office.boss().await;
    let one = Mapping::new([("Mail", Target::Email(1))]);
    let two = Mapping::new([("Mail", Target::Email(1)), ("Ort", Target::City)]);
    let name = || "weekly".parse().unwrap();
    session.imports().save_mapping(name(), ImportKind::Leads, one).await.unwrap();
    let kept = session.imports().save_mapping(name(), ImportKind::Leads, two.clone()).await.unwrap();
    assert_eq!(session.imports().mappings().await.unwrap(), std::slice::from_ref(&kept));
    assert_eq!(kept.columns, two);
    session.imports().delete_mapping(kept.id, kept.version).await.unwrap();
    assert!(session.imports().mappings().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_import_with_a_wrong_mapping_is_not_begun() {
    let office = Office::open().await;
    let session = office.boss().await;
    let mut new = planned(&session, ImportKind::Leads, "Name\nAda\n").await;
    new.mapping = Mapping::new([("Nobody", Target::City)]);
    let refused = session.imports().start(new).await.unwrap_err();
    assert_eq!(refused.fields()[0].code, "import.unknown_column");
    assert!(session.imports().list(&crate::kernel::Predicate::everything(), &Page::first(5)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_header_tells_people_from_companies() {
    let office = Office::open().await;
    let session = office.boss().await;
    let companies: [&[&str]; 2] = [
        &["Index", "Organization Id", "Name", "Website", "Country", "Founded", "Industry", "Number of employees"],
        &["Name", "Annual revenue"],
    ];
    let people: [&[&str]; 4] = [
        &["Name", "Phone"],
        &["Name", "Company", "Website"],
        &["First name", "Industry"],
        &["Name", "Email", "Industry"],
    ];
    for (headers, kind) in companies
        .map(|headers| (headers, ImportKind::Accounts))
        .into_iter()
        .chain(people.map(|headers| (headers, ImportKind::Leads)))
    {
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        assert_eq!(session.imports().guess_kind(&headers).await.unwrap(), kind, "{headers:?}");
    }
}
