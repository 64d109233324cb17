//! Which lists of stages a pipeline takes, and what becomes of deals when the list changes.

use serde_json::json;

use super::fixture::{World, name, now};
use crate::event::Event;
use crate::kernel::{Error, Kind};
use crate::pipeline::{
    CloseReason, ForecastCategory, NewPipeline, NewStage, Outcome, Pipeline, PipelinePatch, Probability, RequiredField,
    Stage, StageKind, seed_default,
};

fn half() -> Probability {
    Probability::try_from(50).unwrap()
}

fn codes(error: &Error) -> Vec<&str> {
    error.fields().iter().map(|problem| problem.code.as_str()).collect()
}

fn create(world: &World, stages: Vec<NewStage>) -> Error {
    now(world.session.pipelines().create(NewPipeline { name: name("Other"), stages })).unwrap_err()
}

#[test]
fn every_organization_begins_with_a_pipeline_and_reasons() {
    let world = World::new();
    let told: Vec<_> =
        world.sales.stages.iter().map(|stage| (stage.name.as_str(), stage.kind, stage.probability.percent())).collect();
    let open = StageKind::Open;
    let expected = [
        ("New", open, 10),
        ("Qualified", open, 25),
        ("Proposal", open, 50),
        ("Negotiation", open, 75),
        ("Won", StageKind::Won, 100),
        ("Lost", StageKind::Lost, 0),
    ];
    assert_eq!(told, expected);
    let reasons = world.store.dump::<CloseReason>(world.organization);
    assert!([Outcome::Won, Outcome::Lost].iter().all(|kind| reasons.iter().any(|reason| reason.kind == *kind)));

    let system = world.system();
    let again = async {
        let mut uow = system.begin(crate::access::Permission::PipelineConfigure).await.unwrap();
        seed_default(&mut uow).await.unwrap_err()
    };
    assert_eq!(now(again).code(), "record.duplicate", "a second time it is refused");
}

#[test]
fn a_pipeline_has_one_won_stage_and_at_least_one_lost_and_one_open() {
    let world = World::new();
    let (open, won, lost) = (NewStage::open(name("A"), half()), NewStage::won(name("B")), NewStage::lost(name("C")));
    let refused = create(&world, vec![]);
    let all = ["pipeline.one_won_stage", "pipeline.lost_stage_missing", "pipeline.open_stage_missing"];
    assert_eq!((codes(&refused), refused.kind()), (all.to_vec(), Kind::Invalid));
    assert_eq!(codes(&create(&world, vec![won.clone(), lost.clone()])), [all[2]]);
    assert_eq!(codes(&create(&world, vec![open.clone(), won.clone()])), [all[1]]);
    let second = NewStage::won(name("D"));
    assert_eq!(codes(&create(&world, vec![open.clone(), won.clone(), second, lost.clone()])), [all[0]]);
    let sound = NewPipeline { name: name("Other"), stages: vec![open, won, lost] };
    assert!(now(world.session.pipelines().create(sound)).is_ok());
    assert_eq!(world.store.dump::<Pipeline>(world.organization).len(), 2, "what was refused left nothing");
}

#[test]
fn everything_wrong_with_a_list_is_named_at_once() {
    let world = World::new();
    let mut unsure = NewStage::open(name("A"), half());
    unsure.probability = None;
    unsure.forecast_category = Some(ForecastCategory::Closed);
    unsure.rot_after_days = Some(0);
    unsure.guard.next = vec![name("Nowhere")];
    unsure.guard.required_fields = vec![RequiredField::try_from("custom.absent".to_owned()).unwrap()];
    let mut won = NewStage::won(name("A"));
    won.id = Some(world.stage("Won").id);
    won.probability = Some(half());
    won.rot_after_days = Some(3);
    let refused = create(&world, vec![unsure, won, NewStage::lost(name("C"))]);
    let mut found: Vec<_> = refused.fields().iter().map(|p| (p.field.as_str(), p.code.as_str())).collect();
    found.sort_unstable();
    let expected = [
        ("stages[0].forecast_category", "stage.forecast_category_fixed"),
        ("stages[0].guard.next[0]", "stage.unknown_next"),
        ("stages[0].guard.required_fields", "guard.unknown_field"),
        ("stages[0].probability", "stage.probability_missing"),
        ("stages[0].rot_after_days", "stage.rot_limit"),
        ("stages[1].id", "stage.unknown"),
        ("stages[1].name", "stage.name_twice"),
        ("stages[1].probability", "stage.probability_fixed"),
        ("stages[1].rot_after_days", "stage.never_rots"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn fields_that_are_never_empty_and_probabilities_beyond_a_hundred_are_refused_when_read() {
    for field in ["", "nope", "name", "status", "probability", "custom", "custom.", "custom.Not A Key", "id"] {
        assert!(RequiredField::try_from(field.to_owned()).is_err(), "{field}");
    }
    for field in ["amount_minor", "owner_id", "tags", "custom.seats", "next_step_on"] {
        assert!(RequiredField::try_from(field.to_owned()).is_ok(), "{field}");
    }
    assert!(serde_json::from_value::<Probability>(json!(100)).is_ok());
    assert!(serde_json::from_value::<Probability>(json!(101)).is_err());
    assert!(serde_json::from_value::<Probability>(json!(-1)).is_err());
    let guard = json!({"condition": {"field": "color", "equals": "red"}});
    assert!(serde_json::from_value::<super::super::Guard>(guard).is_err());
}

#[test]
fn a_stage_in_use_goes_only_when_it_is_said_where_its_deals_go() {
    let world = World::new();
    let standing = world.go(&world.deal(100), "Proposal").unwrap();
    let lost = world.lose(&world.go(&world.deal(100), "Proposal").unwrap()).unwrap();
    let elsewhere = world.deal(100);
    let gone = world.stage("Proposal").id;
    let mut wanted = world.list();
    wanted.stages.retain(|stage| stage.id != Some(gone));

    let refused = world.arrange(wanted.clone()).unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("pipeline.stages_in_use", Kind::Conflict));
    assert_eq!(refused.fields()[0].field, format!("moves.{gone}"));

    wanted.moves.insert(gone, name("Won"));
    assert_eq!(codes(&world.arrange(wanted.clone()).unwrap_err()), ["stage.invalid_move"], "not of the same kind");

    wanted.stages.insert(2, NewStage::open(name("Offer"), Probability::try_from(60).unwrap()));
    wanted.moves.insert(gone, name("Offer"));
    let arranged = world.arrange(wanted).unwrap();
    let names: Vec<_> = arranged.stages.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["New", "Qualified", "Offer", "Negotiation", "Won", "Lost"]);

    let offer = world.stage("Offer").id;
    let deals = world.session.opportunities();
    let moved = now(deals.get(standing.id)).unwrap();
    assert_eq!((moved.stage_id, moved.probability.percent()), (offer, 60));
    let moved = now(deals.get(lost.id)).unwrap();
    assert_eq!((moved.stage_id, moved.last_open_stage_id), (lost.stage_id, Some(offer)));
    assert_eq!(
        (moved.closed_at, moved.probability, moved.stage_entered_at),
        (lost.closed_at, lost.probability, lost.stage_entered_at)
    );
    assert_eq!(now(deals.get(elsewhere.id)).unwrap(), elsewhere);
    let stays = now(deals.stage_history(standing.id)).unwrap();
    assert_eq!(stays.iter().map(|stay| stay.stage.name.as_str()).collect::<Vec<_>>(), ["New", "Proposal", "Offer"]);
    let stays = now(deals.stage_history(lost.id)).unwrap();
    assert_eq!(stays.last().unwrap().stage.name.as_str(), "Lost", "it stayed where it was");
    assert_eq!(stays.len(), 3);
}

#[test]
fn two_stages_may_swap_names_and_a_new_one_may_take_the_name_of_one_that_goes() {
    let world = World::new();
    let (first, second) = (world.stage("New").id, world.stage("Qualified").id);
    let gone = world.stage("Proposal").id;
    let mut list = world.list();
    list.stages[0].name = name("Qualified");
    list.stages[1].name = name("New");
    list.stages[2].id = None;
    world.arrange(list).unwrap();
    assert_eq!((world.stage("Qualified").id, world.stage("New").id), (first, second));
    assert_ne!(world.stage("Proposal").id, gone);
    assert_eq!(world.store.dump::<Stage>(world.organization).len(), 6);
}

#[test]
fn a_stage_keeps_its_kind_and_a_stale_list_is_refused() {
    let world = World::new();
    let mut list = world.list();
    list.stages[4].kind = StageKind::Lost;
    list.stages[4].probability = None;
    list.stages[4].forecast_category = None;
    assert_eq!(codes(&world.arrange(list).unwrap_err()), ["pipeline.one_won_stage", "stage.kind_fixed"]);

    let seen = world.pipeline();
    world.arrange(world.list()).unwrap();
    let stale = now(world.session.pipelines().arrange(seen.id, seen.version, world.list())).unwrap_err();
    assert_eq!(stale.code(), "record.stale_version");
}

#[test]
fn the_event_of_a_new_list_tells_what_changed() {
    let world = World::new();
    let mut list = world.list();
    list.stages[0].probability = Some(half());
    world.arrange(list).unwrap();
    let events = world.store.dump::<Event>(world.organization);
    let told: Vec<_> = events.iter().filter(|event| event.name == "pipeline.arranged").collect();
    assert_eq!(told.len(), 1);
    let changes = &told[0].data["arranged"]["changes"];
    let stage = world.stage("New").id.to_string();
    assert_eq!(changes, &json!({stage: [{"field": "probability", "before": 10, "after": 50}]}));
}

#[test]
fn a_closed_pipeline_takes_no_deals_and_one_with_deals_is_not_removed() {
    let world = World::new();
    world.deal(100);
    let row = world.pipeline();
    let pipelines = world.session.pipelines();
    let patch = PipelinePatch { active: Some(false), ..PipelinePatch::default() };
    let row = now(pipelines.change(row.id, row.version, patch)).unwrap();
    let new = crate::pipeline::NewOpportunity::named(name("Deal"));
    let refused = now(world.session.opportunities().create(new.clone())).unwrap_err();
    assert_eq!(refused.code(), "pipeline.none_active");
    let named = crate::pipeline::NewOpportunity { pipeline_id: Some(row.id), ..new };
    assert_eq!(now(world.session.opportunities().create(named)).unwrap_err().code(), "pipeline.inactive");
    assert_eq!(now(pipelines.delete(row.id, row.version)).unwrap_err().code(), "record.still_referenced");

    let stages = vec![NewStage::open(name("A"), half()), NewStage::won(name("B")), NewStage::lost(name("C"))];
    let other = now(pipelines.create(NewPipeline { name: name("Other"), stages })).unwrap();
    now(pipelines.delete(other.pipeline.id, other.pipeline.version)).unwrap();
    assert_eq!(world.store.dump::<Stage>(world.organization).len(), 6);
}

#[test]
fn a_stage_goes_with_more_deals_than_are_moved_at_once() {
    let world = World::new();
    let moved: Vec<_> = (0..430).map(|_| world.go(&world.deal(100), "Proposal").unwrap()).collect();
    let gone = world.stage("Proposal").id;
    let mut wanted = world.list();
    wanted.stages.retain(|stage| stage.id != Some(gone));
    wanted.moves.insert(gone, name("Negotiation"));
    world.arrange(wanted).unwrap();
    let goal = world.stage("Negotiation").id;
    for deal in moved {
        let deal = now(world.session.opportunities().get(deal.id)).unwrap();
        assert_eq!((deal.stage_id, deal.version), (goal, 3), "moved, and once only");
    }
}
