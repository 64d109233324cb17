//! The list of rules.

use super::office::{Office, equal, in_country, lead, name, weighted};
use crate::assignment::{AssignmentRule, Rotation, RuleDraft, RuleVersion};
use crate::kernel::{Id, Kind};
use crate::lead::{Lead, NewLead};

#[tokio::test]
async fn the_first_rule_that_matches_wins() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    let rules = vec![
        RuleDraft::when(name("France"), in_country("France"), equal(&staff[..1])),
        RuleDraft::catch_all(name("Others"), equal(&staff[1..])),
    ];
    let saved = office.assignment().set_rules(rules).await.unwrap();
    assert_eq!(saved.warnings, []);
    let french = NewLead { country: Some(name("France")), ..lead("Curie") };
    let (leads, assignments) = office.add_leads(vec![french, lead("Turing")]).await;
    assert_eq!(leads.iter().map(|lead| lead.owner_id).collect::<Vec<_>>(), [Some(staff[0]), Some(staff[1])]);
    assert_eq!(assignments[0].rule_id, Some(saved.rules[0].id));
}

#[tokio::test]
async fn a_list_without_a_catch_all_at_its_end_is_refused_whole() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.share(&[(staff[0], 1)]).await;
    let only_france = vec![RuleDraft::when(name("France"), in_country("France"), equal(&staff))];
    let error = office.assignment().set_rules(only_france.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Invalid, "assignment_rule.no_catch_all"));
    let switched_off = RuleDraft { active: false, ..RuleDraft::catch_all(name("All"), equal(&staff)) };
    let error = office.assignment().set_rules([only_france, vec![switched_off]].concat()).await.unwrap_err();
    assert_eq!(error.code(), "assignment_rule.no_catch_all");
    assert_eq!(office.assignment().rules().await.unwrap()[0].name, name("All"), "the old list stands");
}

#[tokio::test]
async fn every_problem_of_a_list_is_named_at_its_place() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    let stranger = Id::new(uuid::Uuid::nil());
    let gold = crate::kernel::Test::Equals(crate::kernel::Value::Text("gold".to_owned()));
    let rules = vec![
        RuleDraft::when(name("All"), Lead::CUSTOM.value("tier", gold), weighted(&[(staff[0], 0), (stranger, 1_001)])),
        RuleDraft::catch_all(name("All"), weighted(&[(staff[0], 1), (staff[0], 2)])),
        RuleDraft::catch_all(name("Nobody"), Vec::new()),
    ];
    let error = office.assignment().set_rules(rules).await.unwrap_err();
    assert_eq!(
        error.fields().iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(),
        [
            "rules[0].condition",
            "rules[0].members[0].weight",
            "rules[0].members[1].weight",
            "rules[0].members[1].member_id",
            "rules[1].name",
            "rules[1].members[1].member_id",
            "rules[2].members",
        ]
    );
}

#[tokio::test]
async fn rules_that_can_never_win_are_warned_of() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    let france = |rule: &str| RuleDraft::when(name(rule), in_country("France"), equal(&staff));
    let rules = vec![
        france("France"),
        RuleDraft { active: false, ..france("Asleep") },
        france("France again"),
        RuleDraft::catch_all(name("All"), equal(&staff)),
        RuleDraft::catch_all(name("Never"), equal(&staff)),
    ];
    let warnings = office.assignment().set_rules(rules).await.unwrap().warnings;
    assert_eq!(
        warnings.iter().map(|warning| (warning.position, warning.problem.as_str())).collect::<Vec<_>>(),
        [(2, "'France' before it has the same condition"), (4, "'All' before it matches every lead")]
    );
}

#[tokio::test]
async fn a_replaced_rule_keeps_its_rotation_and_one_that_is_left_out_goes_with_it() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1)]).await;
    assert_eq!(office.add_lead().await.owner_id, Some(staff[0]));
    let old = office.assignment().rules().await.unwrap().remove(0);
    let seen = RuleVersion { id: old.id, version: old.version };
    let renamed = RuleDraft { replaces: Some(seen), ..RuleDraft::catch_all(name("Everyone"), equal(&staff)) };
    let saved = office.assignment().set_rules(vec![renamed.clone()]).await.unwrap();
    assert_eq!((saved.rules[0].id, saved.rules[0].version), (old.id, 2));
    assert_eq!(office.add_lead().await.owner_id, Some(staff[1]), "the turns go on");

    let error = office.assignment().set_rules(vec![renamed]).await.unwrap_err();
    assert_eq!(error.code(), "record.stale_version");
    office.assignment().set_rules(vec![RuleDraft::catch_all(name("New"), equal(&staff))]).await.unwrap();
    assert_eq!(office.store.dump::<Rotation>(office.organization).len(), 1);
    assert_eq!(office.store.dump::<AssignmentRule>(office.organization).len(), 1);
    assert_eq!(office.add_lead().await.owner_id, Some(staff[0]), "a new rule begins anew");
}

#[test]
fn a_rule_reads_back_from_its_json() {
    let json = serde_json::json!({
        "name": "France",
        "condition": {"field": "country", "equals": "France"},
        "members": [{"member_id": "018f4e5a-0000-7000-8000-000000000000", "weight": 3}]
    });
    let draft: RuleDraft = serde_json::from_value(json).unwrap();
    assert!(draft.active);
    assert_eq!(draft.condition, Some(in_country("France")));
    assert_eq!(serde_json::from_value::<RuleDraft>(serde_json::to_value(&draft).unwrap()).unwrap(), draft);
    let misspelt = serde_json::json!({"name": "France", "conditon": null, "members": []});
    assert!(serde_json::from_value::<RuleDraft>(misspelt).unwrap_err().to_string().contains("conditon"));
}
