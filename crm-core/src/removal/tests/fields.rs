//! What the removal of a custom field is refused for, and what it leaves in records for a while.

use crate::access::Permission;
use crate::assignment::RuleDraft;
use crate::conversion::MappingRule;
use crate::custom_field::{CustomField, CustomType, CustomUnique, NewCustomField, Schema};
use crate::identity::RecordKind;
use crate::import::{ImportKind, Mapping, Target};
use crate::kernel::{CustomKey, CustomValue, CustomValues, Predicate, Result, Stored, Test, Value};
use crate::lead::{Lead, LeadDraft, LeadPatch, NewLead, insert_leads};
use crate::pipeline::{NewStage, RequiredField, Stage, StageKind, StageList};
use crate::scoring::{Basis, Criterion, NewScoringRule};
use crate::testing::office::{Office, named};

fn key(key: &str) -> CustomKey {
    key.parse().unwrap()
}

fn values<const N: usize>(values: [(&str, &str); N]) -> CustomValues {
    values.into_iter().map(|(name, value)| (key(name), CustomValue::Text(value.parse().unwrap()))).collect()
}

async fn field(office: &Office, record_kind: RecordKind, name: &str, unique: bool) -> Stored<CustomField> {
    let (label, holds) = (name.parse().unwrap(), CustomType::Text);
    let new = NewCustomField { record_kind, key: key(name), label, holds, required: false, unique, filterable: true };
    office.boss().await.custom_fields().create(new).await.unwrap()
}

async fn leads(office: &Office, of: impl IntoIterator<Item = CustomValues>) -> Result<Vec<Stored<Lead>>> {
    let boss = office.boss().await;
    let mut uow = boss.begin(Permission::LeadCreate).await?;
    let schema = Schema::load(&mut uow, RecordKind::Lead).await?;
    let lead = |custom| Lead::new(NewLead { custom, ..named("Lovelace") }).unwrap();
    let drafts = of.into_iter().map(|custom| LeadDraft { id: uow.new_id(), lead: lead(custom), touch: None });
    let drafts = drafts.collect();
    let leads = insert_leads(&mut uow, &schema, drafts).await?;
    uow.commit().await?;
    Ok(leads)
}

fn as_it_is(stage: &Stored<Stage>) -> NewStage {
    NewStage {
        id: Some(stage.id),
        name: stage.name.clone(),
        kind: stage.kind,
        probability: (stage.kind == StageKind::Open).then_some(stage.probability),
        forecast_category: (stage.kind == StageKind::Open).then_some(stage.forecast_category),
        rot_after_days: stage.rot_after_days,
        guard: stage.guard.clone(),
    }
}

fn holding(office: &Office, name: &str) -> usize {
    let leads = office.store.dump::<Lead>(office.organization);
    leads.iter().filter(|lead| lead.custom.get(&key(name)).is_some()).count()
}

#[tokio::test]
async fn a_field_that_something_names_stays_and_the_refusal_lists_what() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let plan = field(&office, RecordKind::Lead, "plan", false).await;
    let taken = field(&office, RecordKind::Contact, "plan", false).await;
    let gold: Predicate<Lead> = Lead::CUSTOM.value("plan", Test::Equals(Value::Text("gold".to_owned())));
    let when = Basis::Demographic(gold.clone());
    let criterion = Criterion { name: "Gold".parse().unwrap(), points: 5, when };
    let new = NewScoringRule {
        name: "Fit".parse().unwrap(),
        active: true,
        position: 0,
        criteria: vec![criterion],
        group_caps: crate::scoring::GroupCaps::default(),
        lowest: None,
        highest: None,
        decay: None,
        threshold: None,
    };
    let rule = boss.scoring().create_rule(new.clone()).await.unwrap();
    let all = RuleDraft::catch_all("All".parse().unwrap(), vec![crate::assignment::RuleMember::equal(office.owner)]);
    let some = RuleDraft::when("Golden".parse().unwrap(), gold, all.members.clone());
    boss.assignment().set_rules(vec![some, all.clone()]).await.unwrap();
    let mapped = MappingRule { from: key("plan"), to_kind: RecordKind::Contact, to: key("plan") };
    boss.conversions().set_mapping(vec![mapped]).await.unwrap();
    let columns = Mapping::new([("Plan", Target::Custom(key("plan")))]);
    let saved = boss.imports().save_mapping("Fair".parse().unwrap(), ImportKind::Leads, columns).await.unwrap();

    let refused = boss.custom_fields().delete(plan.id, plan.version).await.unwrap_err();
    assert_eq!(refused.code(), "custom_field.in_use");
    for user in
        ["scoring rule 'Fit'", "assignment rule 'Golden'", "the mapping of conversions", "import mapping 'Fair'"]
    {
        assert!(refused.to_string().contains(user), "{user} is missing in: {refused}");
    }
    let refused = boss.custom_fields().delete(taken.id, taken.version).await.unwrap_err();
    assert!(refused.to_string().contains("is used by the mapping of conversions;"), "{refused}");

    boss.scoring().change_rule(rule.id, rule.version, NewScoringRule { active: false, ..new }).await.unwrap();
    boss.assignment().set_rules(vec![all]).await.unwrap();
    boss.conversions().set_mapping(Vec::new()).await.unwrap();
    boss.imports().delete_mapping(saved.id, saved.version).await.unwrap();
    boss.custom_fields().delete(plan.id, plan.version).await.unwrap();
    assert_eq!(office.events_of(plan.id.uuid()), ["custom_field.created", "custom_field.deleted"]);
}

#[tokio::test]
async fn a_field_of_deals_stays_while_a_stage_asks_for_it() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let budget = field(&office, RecordKind::Opportunity, "budget", false).await;
    let pipeline = boss.pipelines().list().await.unwrap().remove(0);
    let sales = boss.pipelines().get(pipeline.id).await.unwrap();
    let mut stages: Vec<_> = sales.stages.iter().map(as_it_is).collect();
    stages[1].guard.required_fields = vec![RequiredField::try_from("custom.budget".to_owned()).unwrap()];
    let list = StageList { stages, moves: std::collections::BTreeMap::new() };
    boss.pipelines().arrange(pipeline.id, pipeline.version, list).await.unwrap();
    let refused = boss.custom_fields().delete(budget.id, budget.version).await.unwrap_err();
    let stage = format!("stage '{}' of pipeline '{}'", sales.stages[1].name, pipeline.name);
    assert!(refused.to_string().contains(&stage), "{refused}");
}

#[tokio::test]
async fn the_values_of_a_removed_field_go_some_at_a_time_and_its_key_is_free_then() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let number = field(&office, RecordKind::Lead, "number", true).await;
    let other = field(&office, RecordKind::Lead, "plan", true).await;
    let numbers: Vec<_> = (0..450).map(|number| number.to_string()).collect();
    let held = numbers.iter().map(|number| values([("number", number), ("plan", number)]));
    leads(&office, held).await.unwrap();

    boss.custom_fields().delete(number.id, number.version).await.unwrap();
    assert_eq!(holding(&office, "number"), 450, "nothing is done in the command itself");
    let again = || NewCustomField {
        record_kind: RecordKind::Lead,
        key: key("number"),
        label: "Number".parse().unwrap(),
        holds: CustomType::Bool,
        required: false,
        unique: false,
        filterable: false,
    };
    let refused = boss.custom_fields().create(again()).await.unwrap_err();
    assert_eq!((refused.code(), refused.fields()[0].field.as_str()), ("custom_field.still_going", "key"));

    for left in [250, 50, 0] {
        let run = office.crm.run_due("anna", 1).await.unwrap();
        assert_eq!((run.done, run.failed, holding(&office, "number")), (1, 0, left));
    }
    let claims = office.store.dump::<CustomUnique>(office.organization);
    assert_eq!((claims.len(), holding(&office, "plan")), (450, 450), "the other field is left alone");
    assert!(claims.iter().all(|claim| claim.key == other.key));
    boss.custom_fields().create(again()).await.unwrap();
    let lead = office.store.dump::<Lead>(office.organization).remove(0);
    assert_eq!(office.events_of(lead.id.uuid()), ["lead.created", "lead.changed"]);
}

#[tokio::test]
async fn what_a_record_still_holds_of_a_removed_field_stands_in_nobodys_way() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let number = field(&office, RecordKind::Lead, "number", true).await;
    field(&office, RecordKind::Lead, "plan", false).await;
    let lead = leads(&office, [values([("number", "1"), ("plan", "gold")])]).await.unwrap().remove(0);
    boss.custom_fields().delete(number.id, number.version).await.unwrap();
    let change = async |version, custom| {
        boss.leads().change(lead.id, version, LeadPatch { custom: Some(custom), ..LeadPatch::default() }).await
    };
    let changed = change(lead.version, values([("number", "1"), ("plan", "lead")])).await.unwrap();
    let refused = change(changed.version, values([("number", "2"), ("plan", "lead")])).await.unwrap_err();
    assert_eq!(refused.fields()[0].field, "custom.number");
    assert!(leads(&office, [values([("number", "3")])]).await.is_err(), "nothing new is taken for it");
    change(changed.version, values([("plan", "lead")])).await.unwrap();
    office.crm.run_due("anna", 10).await.unwrap();
    assert!(office.store.dump::<CustomUnique>(office.organization).is_empty());
}
