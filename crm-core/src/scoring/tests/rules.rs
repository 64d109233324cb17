//! Rules as they are written, checked and kept.

use serde_json::json;

use super::office::{Office, each, rule, who};
use crate::custom_field::{CustomType, NewCustomField, Schema};
use crate::identity::RecordKind;
use crate::kernel::{CustomKey, Field, Kind, Predicate, Test, Value};
use crate::lead::Lead;
use crate::scoring::{Decay, NewScoringRule, ScoringRule, Threshold, default_rule};

#[test]
fn a_rule_reads_back_from_its_json() {
    let new = default_rule().unwrap();
    let json = serde_json::to_value(&new).unwrap();
    assert_eq!(serde_json::from_value::<NewScoringRule>(json.clone()).unwrap(), new);
    assert_eq!(json["criteria"][0]["when"], json!({"demographic": {"not": {"field": "email", "is_empty": true}}}));
    let entity = ScoringRule::new(new);
    assert_eq!(serde_json::from_value::<ScoringRule>(serde_json::to_value(&entity).unwrap()).unwrap(), entity);
}

#[test]
fn json_with_unknown_fields_names_or_kinds_is_refused() {
    let written = |when: serde_json::Value| {
        let criterion = json!({"name": "One", "points": 5, "when": when});
        serde_json::from_value::<NewScoringRule>(json!({"name": "Rule", "criteria": [criterion]}))
    };
    assert!(written(json!({"behavioural": {"kind": "email_opened", "counts": "each"}})).is_ok());
    let refused = [
        (json!({"behavioural": {"kind": "E-mail opened", "counts": "each"}}), "cannot name a kind"),
        (json!({"behavioural": {"kind": "email_opened", "counts": "twice"}}), "twice"),
        (json!({"behavioural": {"kind": "email_opened", "counts": "each", "max": 3}}), "max"),
        (json!({"demographic": {"field": "shoe_size", "at_least": 3}}), "shoe_size"),
        (json!({"demographic": {"field": "score", "at_least": "x"}}), "a whole number"),
    ];
    for (when, expected) in refused {
        let error = written(when).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_default_rule_is_sound() {
    assert_eq!(ScoringRule::new(default_rule().unwrap()).check(&Schema::default()), Ok(()));
}

#[test]
fn numbers_at_the_end_of_their_range_are_refused_like_others() {
    for extreme in [i64::MIN, i64::MAX] {
        let mut new = rule(vec![each("email_opened", extreme)]);
        new.lowest = Some(extreme);
        new.highest = Some(extreme);
        new.threshold = Some(Threshold { at: extreme, release: i64::MIN });
        let problems = ScoringRule::new(new).check(&Schema::default()).unwrap_err().0;
        let named = |field: &str| problems.iter().any(|problem| problem.field == field);
        for field in ["criteria[0].points", "lowest", "highest", "threshold"] {
            assert!(named(field), "{field} {extreme}");
        }
    }
}

#[test]
fn every_problem_of_a_rule_is_named_at_its_place() {
    let mut new = rule(vec![
        each("email_opened", 0),
        who("email_opened", 1_001, Lead::CUSTOM.value("tier", Test::Equals(Value::Text("gold".to_owned())))),
    ]);
    new.group_caps.behavioural = Some(-1);
    new.lowest = Some(10);
    new.highest = Some(5);
    new.decay = Some(Decay { basis_points: 99, period_days: 0, ..Decay::default() });
    new.threshold = Some(Threshold { at: 50, release: 50 });
    let problems = ScoringRule::new(new).check(&Schema::default()).unwrap_err().0;
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "criteria[0].points",
            "criteria[1].name",
            "criteria[1].points",
            "criteria[1].when",
            "group_caps.behavioural",
            "highest",
            "decay.basis_points",
            "decay.period_days",
            "threshold.release",
        ]
    );
    assert!(ScoringRule::new(rule(Vec::new())).check(&Schema::default()).is_err(), "a rule without criteria");
}

#[test]
fn a_rule_does_not_test_what_follows_from_the_score() {
    let problems = |condition| ScoringRule::new(rule(vec![who("One", 5, condition)])).check(&Schema::default());
    let stale = [
        Lead::SCORE.at_least(10),
        Lead::CITY.is("Bern").and(Lead::SCORED_AT.is_empty().negated()),
        Predicate::Test(Field::UPDATED_AT, Test::IsEmpty),
    ];
    for condition in stale {
        let problem = problems(condition).unwrap_err().0.remove(0);
        assert_eq!((problem.field.as_str(), problem.code.as_str()), ("criteria[0].when", "scoring_rule.derived_field"));
    }
    assert_eq!(problems(Lead::CITY.is("Bern")), Ok(()), "control");
}

#[tokio::test]
async fn a_rule_may_use_filterable_custom_fields_only() {
    let office = Office::open().await;
    let gold = Test::Equals(Value::Text("gold".to_owned()));
    let new = rule(vec![who("Gold", 5, Lead::CUSTOM.value("tier", gold))]);
    let error = office.scoring().create_rule(new.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.fields()[0].field.as_str()), (Kind::Invalid, "criteria[0].when"));
    let key: CustomKey = "tier".parse().unwrap();
    let field = NewCustomField {
        record_kind: RecordKind::Lead,
        key,
        label: "Tier".parse().unwrap(),
        holds: CustomType::Text,
        required: false,
        unique: false,
        filterable: true,
    };
    office.session.custom_fields().create(field).await.unwrap();
    assert_eq!(office.scoring().create_rule(new.clone()).await.unwrap().criteria, new.criteria);
    assert_eq!(office.scoring().create_rule(new).await.unwrap_err().code(), "record.duplicate");
}
