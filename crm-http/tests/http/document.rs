//! The document: complete, sound, and the same as it was.

use std::collections::BTreeSet;
use std::path::Path;

use axum::http::Method;
use crm_http::{Options, document};
use serde_json::Value as Json;

use crate::office::Office;

/// Compares with what is kept in a file; `CRM_SNAPSHOT=write` keeps it anew.
pub(crate) fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/snapshots").join(name);
    if std::env::var("CRM_SNAPSHOT").is_ok_and(|wish| wish == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = kept.lines().zip(text.lines()).enumerate().find(|(_, (kept, now))| kept != now);
    assert!(
        kept == text,
        "{name} has changed at line {difference:?}; if that is meant, run the tests with CRM_SNAPSHOT=write and read the difference",
    );
}

fn api() -> Json {
    let (document, _) = document(&Options::default(), |_| ());
    serde_json::to_value(document).unwrap()
}

#[test]
fn the_document_is_what_it_was() {
    snapshot("openapi.json", &format!("{:#}\n", api()));
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_is_whole() {
    let api = api();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let schemas = api["components"]["schemas"].as_object().unwrap();
    let mut references = BTreeSet::new();
    walk(&api, &mut |json| {
        if let Some(reference) = json["$ref"].as_str() {
            references.insert(reference.trim_start_matches("#/components/schemas/").to_owned());
        }
    });
    assert!(references.len() > 100, "{}", references.len());
    for reference in &references {
        assert!(schemas.contains_key(reference), "{reference} leads nowhere");
    }
    let mut names = BTreeSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at}: the name is taken");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at} says nothing");
            let in_path = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path");
            assert_eq!(in_path.count(), path.matches('{').count(), "{at}: parameters of the path");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{at} never succeeds");
            assert!(responses.contains_key("422"), "{at}");
        }
    }
    assert!(names.len() > 110, "{}", names.len());
}

fn walk(json: &Json, visit: &mut impl FnMut(&Json)) {
    visit(json);
    match json {
        Json::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Json::Object(members) => members.values().for_each(|member| walk(member, visit)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_and_its_page_are_served_from_the_process_itself() {
    let office = Office::open().await;
    let served = office.send_with(Method::GET, "/docs/openapi.json", None, &[]).await;
    assert_eq!(served.json(), api());
    let page = office.send_with(Method::GET, "/docs/", None, &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("swagger-ui"), "{}", page.text());
    assert!(!page.text().contains("https://"), "the page asks nobody else for its parts");
}

/// The answers that the API gives are those that the document promises, as far as members go.
#[tokio::test]
async fn an_answer_has_the_members_that_the_document_promises() {
    let office = Office::open().await;
    let lead = office.lead("Lovelace").await;
    let api = api();
    let schemas = &api["components"]["schemas"];
    let promised: BTreeSet<_> = schemas["Lead"]["properties"].as_object().unwrap().keys().cloned().collect();
    let own: BTreeSet<_> =
        schemas["StoredLead"]["allOf"][0]["properties"].as_object().unwrap().keys().cloned().collect();
    let given: BTreeSet<_> = lead.as_object().unwrap().keys().cloned().collect();
    assert_eq!(given, promised.union(&own).cloned().collect());
}
