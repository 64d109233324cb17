//! What a tenant's own fields take, and who may have a value that stands once.

use super::*;
use crate::access::{Permission, StandardRole};
use crate::identity::RecordKind;
use crate::kernel::{
    CustomKey, CustomValue, CustomValues, FieldProblem, Label, Number, Predicate, Result, Stored, Test, Value,
};
use crate::lead::{Lead, LeadDraft, LeadPatch, NewLead, insert_leads};
use crate::people::NewAccount;
use crate::testing::office::{Office, named};

fn key(key: &str) -> CustomKey {
    key.parse().unwrap()
}

fn labels(labels: &[&str]) -> Vec<Label> {
    labels.iter().map(|label| label.parse().unwrap()).collect()
}

fn text(value: &str) -> CustomValue {
    CustomValue::Text(value.parse().unwrap())
}

fn values<const N: usize>(values: [(&str, CustomValue); N]) -> CustomValues {
    values.into_iter().map(|(name, value)| (key(name), value)).collect()
}

fn of_lead(name: &str, holds: CustomType) -> NewCustomField {
    let label = name.parse().unwrap();
    let (required, unique, filterable) = (false, false, false);
    NewCustomField { record_kind: RecordKind::Lead, key: key(name), label, holds, required, unique, filterable }
}

/// An office whose leads have a customer number that stands once.
async fn numbered() -> Office {
    let office = Office::open().await;
    let number = NewCustomField { unique: true, ..of_lead("number", CustomType::Text) };
    office.boss().await.custom_fields().create(number).await.unwrap();
    office
}

async fn add(office: &Office, name: &str, custom: CustomValues) -> Result<Stored<Lead>> {
    let boss = office.boss().await;
    let mut uow = boss.begin(Permission::LeadCreate).await?;
    let schema = Schema::load(&mut uow, RecordKind::Lead).await?;
    let lead = Lead::new(NewLead { custom, ..named(name) })?;
    let draft = LeadDraft { id: uow.new_id(), lead, touch: None };
    let mut added = insert_leads(&mut uow, &schema, vec![draft]).await?;
    uow.commit().await?;
    Ok(added.remove(0))
}

async fn change(office: &Office, lead: &Stored<Lead>, custom: CustomValues) -> Result<Stored<Lead>> {
    let patch = LeadPatch { custom: Some(custom), ..LeadPatch::default() };
    office.boss().await.leads().change(lead.id, lead.version, patch).await
}

#[tokio::test]
async fn every_value_that_does_not_fit_is_named() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let fields = [
        NewCustomField { required: true, ..of_lead("budget", CustomType::Number) },
        of_lead("start", CustomType::Date),
        of_lead("plan", CustomType::Choice(labels(&["Basic", "Pro"]))),
        of_lead("extras", CustomType::MultiChoice(labels(&["Phone", "Mail"]))),
        NewCustomField { required: true, ..of_lead("regions", CustomType::MultiChoice(labels(&["North", "South"]))) },
    ];
    for field in fields {
        boss.custom_fields().create(field).await.unwrap();
    }
    let wrong = values([
        ("start", text("soon")),
        ("plan", CustomValue::Choice("Gold".parse().unwrap())),
        ("extras", CustomValue::Choices(labels(&["Mail", "Fax"]).into_iter().collect())),
        ("regions", CustomValue::Choices([].into())),
        ("shoe_size", text("44")),
    ]);
    let refused = add(&office, "Lovelace", wrong).await.unwrap_err();
    let problems =
        refused.fields().iter().map(|problem: &FieldProblem| (problem.field.as_str(), problem.code.as_str()));
    let mut problems: Vec<_> = problems.collect();
    problems.sort_unstable();
    assert_eq!(
        problems,
        [
            ("custom.budget", "custom_field.required"),
            ("custom.extras", "custom_field.invalid_value"),
            ("custom.plan", "custom_field.invalid_value"),
            ("custom.regions", "custom_field.required"),
            ("custom.shoe_size", "custom_field.invalid_value"),
            ("custom.start", "custom_field.invalid_value"),
        ]
    );
    for part in ["expected a day", "'Gold' is not offered; choose one of Basic, Pro", "'Fax' is not offered"] {
        assert!(refused.to_string().contains(part), "{part} is missing in {refused}");
    }
    assert!(office.store.dump::<Lead>(office.organization).is_empty());

    let right = values([
        ("budget", CustomValue::Number(Number::from_millionths(1))),
        ("regions", CustomValue::Choices(labels(&["South"]).into_iter().collect())),
    ]);
    assert!(add(&office, "Lovelace", right).await.is_ok());
}

#[tokio::test]
async fn a_field_that_becomes_required_is_asked_for_at_the_next_change_of_custom_values() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let field = boss.custom_fields().create(of_lead("budget", CustomType::Text)).await.unwrap();
    let lead = add(&office, "Lovelace", values([("budget", text("small"))])).await.unwrap();
    let required = boss.custom_fields().change(field.id, 1, "Budget".parse().unwrap(), true, false).await.unwrap();
    assert!(required.required && required.label.as_str() == "Budget");
    let refused = change(&office, &lead, CustomValues::default()).await.unwrap_err();
    assert_eq!(refused.fields()[0].code, "custom_field.required");
    let stale = boss.custom_fields().change(field.id, 1, "Money".parse().unwrap(), true, false).await.unwrap_err();
    assert_eq!(stale.code(), "record.stale_version");
}

#[tokio::test]
async fn a_unique_value_stands_once_whatever_its_case() {
    let office = numbered().await;
    let first = add(&office, "Lovelace", values([("number", text("A-17"))])).await.unwrap();
    let refused = add(&office, "Byron", values([("number", text("a-17"))])).await.unwrap_err();
    assert_eq!(refused.code(), "custom_field.taken");
    assert_eq!(refused.fields()[0].field, "custom.number");
    let second = add(&office, "Byron", values([("number", text("A-18"))])).await.unwrap();
    assert_eq!(
        change(&office, &second, values([("number", text("A-17"))])).await.unwrap_err().code(),
        "custom_field.taken"
    );
    let kept = change(&office, &first, values([("number", text("a-17"))])).await.unwrap();
    assert_eq!(kept.custom, values([("number", text("a-17"))]), "a record may write its own value otherwise");
}

#[tokio::test]
async fn a_unique_value_is_free_after_a_change_and_after_the_record_went() {
    let office = numbered().await;
    let first = add(&office, "Lovelace", values([("number", text("A-17"))])).await.unwrap();
    let first = change(&office, &first, values([("number", text("A-20"))])).await.unwrap();
    let second = add(&office, "Byron", values([("number", text("A-17"))])).await.unwrap();
    change(&office, &second, CustomValues::default()).await.unwrap();
    let third = add(&office, "King", values([("number", text("A-17"))])).await.unwrap();
    office.boss().await.leads().delete(third.id, third.version).await.unwrap();
    office.boss().await.leads().delete(first.id, first.version).await.unwrap();
    assert!(office.store.dump::<CustomUnique>(office.organization).is_empty());
    assert!(add(&office, "Gordon", values([("number", text("A-17"))])).await.is_ok());
    assert!(add(&office, "Noel", values([("number", text("A-20"))])).await.is_ok());
}

#[tokio::test]
async fn a_unique_value_is_held_against_records_that_the_caller_does_not_see() {
    let office = numbered().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    add(&office, "Lovelace", values([("number", text("A-17"))])).await.unwrap();
    let own = office.lead(NewLead { owner_id: Some(rep), ..named("Byron") }).await;
    let patch = LeadPatch { custom: Some(values([("number", text("A-17"))])), ..LeadPatch::default() };
    let refused = office.session_of(rep).await.leads().change(own.id, own.version, patch).await.unwrap_err();
    assert_eq!(refused.code(), "custom_field.taken");
}

#[tokio::test]
async fn another_kind_and_another_organization_may_have_the_same_value() {
    let office = numbered().await;
    let boss = office.boss().await;
    let of_account =
        NewCustomField { record_kind: RecordKind::Account, unique: true, ..of_lead("number", CustomType::Text) };
    boss.custom_fields().create(of_account.clone()).await.unwrap();
    assert_eq!(boss.custom_fields().create(of_account).await.unwrap_err().code(), "record.duplicate");
    let custom = values([("number", text("A-17"))]);
    add(&office, "Lovelace", custom.clone()).await.unwrap();
    let account = NewAccount { custom: custom.clone(), ..NewAccount::named("Analytical".parse().unwrap()) };
    assert!(boss.accounts().create(account).await.is_ok());
    let neighbour = office.neighbour("neighbour").await;
    let number = NewCustomField { unique: true, ..of_lead("number", CustomType::Text) };
    neighbour.boss().await.custom_fields().create(number).await.unwrap();
    assert!(add(&neighbour, "Lovelace", custom).await.is_ok());
}

#[test]
fn definitions_that_make_no_sense_are_refused() {
    let choice = |choices: &[&str]| CustomField::new(of_lead("plan", CustomType::Choice(labels(choices))));
    assert_eq!(choice(&[]), Err(CustomFieldRefusal::NoChoices));
    assert_eq!(choice(&["A", "A"]), Err(CustomFieldRefusal::NoChoices));
    assert!(choice(&["A", "B"]).is_ok());
    let unique = |holds| CustomField::new(NewCustomField { unique: true, ..of_lead("plan", holds) });
    assert_eq!(unique(CustomType::Bool), Err(CustomFieldRefusal::NeverUnique("yes or no")));
    assert!(unique(CustomType::MultiChoice(labels(&["A"]))).is_err());
    assert!(unique(CustomType::Number).is_ok());
}

#[tokio::test]
async fn further_choices_are_offered_once_each() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let fields = boss.custom_fields();
    let plan = fields.create(of_lead("plan", CustomType::Choice(labels(&["Basic"])))).await.unwrap();
    let plan = fields.offer(plan.id, plan.version, labels(&["Pro", "Basic", "Pro"])).await.unwrap();
    assert_eq!(plan.holds, CustomType::Choice(labels(&["Basic", "Pro"])));
    let number = fields.create(of_lead("number", CustomType::Number)).await.unwrap();
    let refused = fields.offer(number.id, number.version, labels(&["Pro"])).await.unwrap_err();
    assert_eq!(refused.code(), "custom_field.no_choices");
}

#[tokio::test]
async fn conditions_use_filterable_fields_only() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let plan = NewCustomField { filterable: true, ..of_lead("plan", CustomType::Text) };
    boss.custom_fields().create(plan).await.unwrap();
    boss.custom_fields().create(of_lead("remark", CustomType::Text)).await.unwrap();
    let schema = boss.custom_fields().schema(RecordKind::Lead).await.unwrap();
    let on = |name: &str| -> Predicate<Lead> { Lead::CUSTOM.value(name, Test::Equals(Value::Text("pro".into()))) };
    assert_eq!(schema.check_condition(&on("plan")), Ok(()));
    for name in ["remark", "nowhere"] {
        let refused = schema.check_condition(&on("plan").and(on(name).negated())).unwrap_err();
        assert_eq!(refused, CustomFieldRefusal::NotFilterable(name.to_owned()));
    }
}
