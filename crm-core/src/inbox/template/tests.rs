//! Which fillings a template takes.

use super::*;
use crate::inbox::channel::{TemplateCategory, TemplateComponent, TemplateMessage, TemplateParameters, TemplateStatus};
use crate::kernel::Id;

fn template(body: &str) -> MessageTemplate {
    MessageTemplate {
        connection_id: Id::new(uuid::Uuid::nil()),
        external_id: "1".to_owned(),
        name: "order_ready".to_owned(),
        language: "en_US".to_owned(),
        status: TemplateStatus::Approved,
        reason: None,
        category: TemplateCategory::Utility,
        header: None,
        body: body.to_owned(),
        url_buttons: Vec::new(),
    }
}

fn body(values: &[&str]) -> TemplateMessage {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    let components = vec![TemplateComponent::Body(TemplateParameters::Positional(values))];
    TemplateMessage { name: "order_ready".to_owned(), language: "en_US".to_owned(), components }
}

#[test]
fn every_blank_needs_a_value_and_every_value_a_blank() {
    let ready = template("Hi {{1}}, order {{2}} is ready. Bye {{1}}!");
    assert_eq!(check(&ready, &body(&["Ana", "#42"])), Ok(()));
    let unfilled = TemplateRefusal::Unfilled { part: "body", blank: "2".to_owned() };
    assert_eq!(check(&ready, &body(&["Ana"])), Err(unfilled));
    let foreign = TemplateRefusal::NoSuchBlank { part: "body", blank: "3".to_owned() };
    assert_eq!(check(&ready, &body(&["Ana", "#42", "x"])), Err(foreign));
    for bad in ["", "two\nlines", "a     b"] {
        let refused = TemplateRefusal::BadValue { blank: "2".to_owned() };
        assert_eq!(check(&ready, &body(&["Ana", bad])), Err(refused), "{bad:?}");
    }
}

#[test]
fn named_blanks_are_filled_by_name() {
    let mut welcome = template("Welcome {{ first_name }}!");
    let named = |name: &str| {
        let values = vec![(name.to_owned(), "Ana".to_owned())];
        let components = vec![TemplateComponent::Body(TemplateParameters::Named(values))];
        TemplateMessage { components, ..body(&[]) }
    };
    assert_eq!(check(&welcome, &named("first_name")), Ok(()));
    assert!(check(&welcome, &named("last_name")).is_err());
    welcome.url_buttons = vec![0];
    let missing = TemplateRefusal::Unfilled { part: "button", blank: "0".to_owned() };
    assert_eq!(check(&welcome, &named("first_name")), Err(missing));
}

#[test]
fn only_approved_templates_pass() {
    for status in [TemplateStatus::Pending, TemplateStatus::Rejected, TemplateStatus::Paused, TemplateStatus::Disabled]
    {
        let refused = MessageTemplate { status, ..template("Hi") };
        let answer = check(&refused, &body(&[])).unwrap_err();
        assert_eq!(crate::kernel::Rule::code(&answer), "template.not_approved");
    }
}

#[test]
fn what_looks_like_no_blank_is_none() {
    assert_eq!(blanks("{{1}} {{ name }} {{}} {{a b}} {{open"), ["1", "name"]);
}

#[test]
fn words_are_shown_with_the_values_that_were_sent() {
    let ready = template("Hi {{1}}, order {{ 2 }} is {{open. Bye {{1}}!");
    // A value that looks like a blank is a value.
    assert_eq!(filled(&ready, &body(&["{{2}}", "#42"])), "Hi {{2}}, order #42 is {{open. Bye {{2}}!");
    assert_eq!(filled(&ready, &body(&[])), ready.body);
    let values = vec![("first_name".to_owned(), "Ana".to_owned())];
    let components = vec![TemplateComponent::Body(TemplateParameters::Named(values))];
    let named = TemplateMessage { components, ..body(&[]) };
    assert_eq!(filled(&template("{{first_name}}"), &named), "Ana");
    // Those of the header do not fill the body.
    let header = TemplateComponent::HeaderText(TemplateParameters::Positional(vec!["Ana".to_owned()]));
    let with_header = TemplateMessage { components: vec![header], ..body(&[]) };
    assert_eq!(filled(&template("Hi {{1}}"), &with_header), "Hi {{1}}");
}
