//! Deals on their way: steps, guards, history and rotting.

use proptest::prelude::*;
use serde_json::json;

use super::fixture::{World, eur, name, now};
use crate::custom_field::{CustomType, NewCustomField};
use crate::identity::RecordKind;
use crate::kernel::{CustomKey, Date, Kind, Label, Page, Patch, Predicate, Stored, Timestamp};
use crate::pipeline::{
    Closing, ForecastCategory, Guard, GuardRefusal, Missing, Move, NewOpportunity, NewPipeline, NewStage, Opportunity,
    OpportunityPatch, OpportunityRefusal, OpportunityRole, Outcome, PipelineMove, Probability, RequiredField, Stage,
    StageKind, check_entry, rots, rotting, touch_opportunity,
};

fn percent(percent: i64) -> Probability {
    Probability::try_from(percent).unwrap()
}

fn chance(percent_given: i64) -> OpportunityPatch {
    OpportunityPatch { probability: Some(percent(percent_given)), ..OpportunityPatch::default() }
}

#[test]
fn a_deal_begins_in_the_first_open_stage_with_its_makers_name_on_it() {
    let world = World::new();
    let deal = now(world.session.opportunities().create(NewOpportunity::named(name("Deal")))).unwrap();
    assert_eq!(deal.stage_id, world.stage("New").id);
    assert_eq!((deal.status, deal.probability), (StageKind::Open, percent(10)));
    assert_eq!((deal.owner_id, deal.amount()), (Some(world.owner), eur(0)));
}

#[test]
fn moving_sets_the_stages_probability_unless_the_same_command_sets_one() {
    let world = World::new();
    let deal = world.go(&world.deal(100), "Proposal").unwrap();
    assert_eq!((deal.probability, deal.forecast_category), (percent(50), ForecastCategory::BestCase));
    let deal = now(world.session.opportunities().change(deal.id, deal.version, chance(61))).unwrap();
    let deal = world.go(&deal, "Qualified").unwrap();
    assert_eq!(deal.probability, percent(25), "an earlier wish does not outlive the move");
    let deal = world.go_with(&deal, "Negotiation", chance(62)).unwrap();
    assert_eq!((deal.probability, deal.forecast_category), (percent(62), ForecastCategory::Commit));
}

#[test]
fn editing_a_stages_defaults_touches_no_deal() {
    let world = World::new();
    let deal = world.go(&world.deal(100), "Proposal").unwrap();
    let mut list = world.list();
    list.stages[2].probability = Some(percent(55));
    list.stages[2].forecast_category = Some(ForecastCategory::Commit);
    world.arrange(list).unwrap();
    assert_eq!(world.stage("Proposal").probability, percent(55), "the stage itself did change");
    assert_eq!(now(world.session.opportunities().get(deal.id)).unwrap(), deal);
}

#[test]
fn a_lost_deal_remembers_the_stage_it_was_lost_from_and_reopens_there() {
    let world = World::new();
    let lost = world.lose(&world.go(&world.deal(100), "Negotiation").unwrap()).unwrap();
    assert_eq!((lost.status, lost.probability), (StageKind::Lost, Probability::NEVER));
    assert_eq!(lost.last_open_stage_id, Some(world.stage("Negotiation").id));
    assert_eq!((lost.closed_at, lost.close_reason_id.is_some()), (Some(world.clock_now()), true));

    let again = now(world.session.opportunities().reopen(lost.id, lost.version)).unwrap();
    assert_eq!((again.stage_id, again.probability), (world.stage("Negotiation").id, percent(75)));
    assert_eq!((again.closed_at, again.close_reason_id, again.last_open_stage_id), (None, None, None));
}

#[test]
fn a_deal_is_not_closed_without_an_active_reason_for_that_outcome() {
    let world = World::new();
    let deal = world.deal(100);
    let win = |closing| now(world.session.opportunities().win(deal.id, deal.version, closing)).unwrap_err();

    assert_eq!(win(world.closing(Outcome::Lost)).code(), "opportunity.reason_of_other_kind");

    let reasons = now(world.session.pipelines().reasons()).unwrap();
    let retired = reasons.into_iter().find(|reason| reason.kind == Outcome::Won).unwrap();
    let pipelines = world.session.pipelines();
    now(pipelines.change_reason(retired.id, retired.version, retired.name.clone(), false)).unwrap();
    let refused = win(Closing { reason_id: retired.id, note: None, stage_id: None });
    assert_eq!(refused.code(), "opportunity.reason_inactive");
    assert_eq!(refused.fields()[0].field, "reason_id");

    assert!(serde_json::from_value::<Closing>(json!({"note": "why not"})).is_err(), "a reason is mandatory");
    assert_eq!(now(world.session.opportunities().get(deal.id)).unwrap(), deal);
}

#[test]
fn closed_deals_take_no_step_but_reopening_and_keep_what_they_were_closed_with() {
    let world = World::new();
    let won = world.win(&world.deal(100)).unwrap();
    for refused in [world.go(&won, "Proposal"), world.win(&won), world.lose(&won)] {
        assert_eq!(refused.unwrap_err().code(), "opportunity.step_not_allowed");
    }
    let patch = OpportunityPatch { amount: Some(eur(1)), ..OpportunityPatch::default() };
    let refused = now(world.session.opportunities().change(won.id, won.version, patch)).unwrap_err();
    assert_eq!((refused.code(), refused.fields()[0].field.as_str()), ("opportunity.frozen", "amount"));
    let patch = OpportunityPatch { next_step: Patch::Set(name("Send flowers")), ..OpportunityPatch::default() };
    assert!(now(world.session.opportunities().change(won.id, won.version, patch)).is_ok());

    let open = world.deal(100);
    assert_eq!(world.go(&open, "Won").unwrap_err().code(), "opportunity.not_an_open_stage");
    let reopened = now(world.session.opportunities().reopen(open.id, open.version)).unwrap_err();
    assert_eq!(reopened.code(), "opportunity.step_not_allowed");
}

#[test]
fn a_step_from_a_version_that_has_moved_on_is_refused() {
    let world = World::new();
    let seen = world.deal(100);
    world.go(&seen, "Qualified").unwrap();
    assert_eq!(world.go(&seen, "Proposal").unwrap_err().code(), "record.stale_version");
    assert_eq!(world.lose(&seen).unwrap_err().code(), "record.stale_version");
}

fn guarded(world: &World) {
    let condition = json!({"all": [
        {"field": "amount_minor", "at_least": 50_000},
        {"any": [{"field": "source", "equals": "fair"}, {"field": "tags", "has": "vip"}]},
        {"field": "custom.seats", "above": 3},
    ]});
    let mut list = world.list();
    list.stages[0].guard.next = vec![name("Qualified")];
    list.stages[2].guard = Guard {
        required_fields: ["amount_minor", "expected_close", "custom.budget"]
            .map(|field| RequiredField::try_from(field.to_owned()).unwrap())
            .to_vec(),
        condition: Some(Predicate::from_json(&condition).unwrap()),
        checklist: vec![Label::parse("Offer checked").unwrap(), Label::parse("Terms agreed").unwrap()],
        next: Vec::new(),
    };
    for key in ["seats", "budget"] {
        let new = NewCustomField {
            record_kind: RecordKind::Opportunity,
            key: key.parse().unwrap(),
            label: Label::parse(key).unwrap(),
            holds: CustomType::Number,
            required: false,
            unique: false,
            filterable: true,
        };
        now(world.session.custom_fields().create(new)).unwrap();
    }
    world.arrange(list).unwrap();
}

#[test]
fn a_guard_lists_every_missing_item_at_once() {
    let world = World::new();
    guarded(&world);
    let deal = world.deal(0);
    let refused = world.go(&deal, "Proposal").unwrap_err();

    assert_eq!((refused.code(), refused.kind()), ("opportunity.guarded", Kind::Conflict));
    let named: Vec<_> =
        refused.fields().iter().map(|problem| (problem.field.as_str(), problem.code.as_str())).collect();
    let expected = [
        ("amount_minor", "guard.field_empty"),
        ("expected_close", "guard.field_empty"),
        ("custom.budget", "guard.field_empty"),
        ("amount_minor", "guard.condition_failed"),
        ("condition", "guard.condition_failed"),
        ("custom.seats", "guard.condition_failed"),
        ("ticked", "guard.item_not_ticked"),
        ("ticked", "guard.item_not_ticked"),
        ("stage_id", "guard.way_closed"),
    ];
    assert_eq!(named, expected);
    assert_eq!(refused.explanation().unwrap().because.len(), expected.len());
    assert!(refused.to_string().contains("amount_minor at least 50000"), "{refused}");
    assert_eq!(now(world.session.opportunities().get(deal.id)).unwrap(), deal, "nothing was written");
}

#[test]
fn the_dry_run_answers_what_the_move_does_and_one_command_can_bring_all_that_is_missing() {
    let world = World::new();
    guarded(&world);
    let deal = world.go(&world.deal(60_000), "Qualified").unwrap();
    let custom = json!({"seats": {"number": "4"}, "budget": {"number": "1.5"}});
    let full = OpportunityPatch {
        expected_close: Patch::Set("2026-06-30".parse().unwrap()),
        source: Patch::Set(name("fair")),
        ticked: Some(vec![Label::parse("Terms agreed").unwrap(), Label::parse("Offer checked").unwrap()]),
        custom: Some(serde_json::from_value(custom).unwrap()),
        ..OpportunityPatch::default()
    };
    let lacking = OpportunityPatch { ticked: Some(vec![Label::parse("Terms agreed").unwrap()]), ..full.clone() };
    let check = |change: &OpportunityPatch| {
        let wish = Move { stage_id: world.stage("Proposal").id, change: change.clone() };
        now(world.session.opportunities().check_move(deal.id, wish)).unwrap()
    };

    let missing = check(&lacking).unwrap();
    assert_eq!(missing.missing, [Missing::Unticked(Label::parse("Offer checked").unwrap())]);
    let refused = world.go_with(&deal, "Proposal", lacking).unwrap_err();
    let guard = refused.downcast_ref::<OpportunityRefusal>().unwrap();
    assert_eq!(guard, &OpportunityRefusal::Guarded(missing));

    assert_eq!(check(&full), None);
    assert_eq!(now(world.session.opportunities().get(deal.id)).unwrap(), deal, "a dry run writes nothing");
    let moved = world.go_with(&deal, "Proposal", full).unwrap();
    assert_eq!(moved.stage_id, world.stage("Proposal").id);
    assert!(moved.custom.get(&"seats".parse::<CustomKey>().unwrap()).is_some());
}

#[test]
fn a_deal_can_be_lost_from_a_stage_that_leads_elsewhere_only() {
    let world = World::new();
    guarded(&world);
    assert_eq!(world.win(&world.deal(100)).unwrap_err().code(), "opportunity.guarded");
    assert!(world.lose(&world.deal(100)).is_ok());
}

#[test]
fn a_deal_goes_to_another_pipeline_by_a_map_of_stages_of_one_kind() {
    let world = World::new();
    let stages = vec![
        NewStage::open(name("Talk"), percent(30)),
        NewStage::won(name("Renewed")),
        NewStage::lost(name("Cancelled")),
    ];
    let renewals = NewPipeline { name: name("Renewals"), stages };
    let renewals = now(world.session.pipelines().create(renewals)).unwrap();
    let [talk, renewed, cancelled] = [0, 1, 2].map(|index| renewals.stages[index].id);
    let send = |deal: &Stored<Opportunity>, map: &[(&str, _)]| {
        let stages = map.iter().map(|(from, to)| (world.stage(from).id, *to)).collect();
        let wish = PipelineMove { pipeline_id: renewals.pipeline.id, stages };
        now(world.session.opportunities().move_to_pipeline(deal.id, deal.version, wish))
    };
    let open = world.deal(100);
    assert_eq!(send(&open, &[("Proposal", talk)]).unwrap_err().fields()[0].code, "opportunity.stage_not_mapped");
    assert_eq!(send(&open, &[("New", renewed)]).unwrap_err().code(), "opportunity.stage_of_other_kind");
    let moved = send(&open, &[("New", talk)]).unwrap();
    assert_eq!((moved.pipeline_id, moved.stage_id, moved.probability), (renewals.pipeline.id, talk, percent(30)));
    assert_eq!(world.go(&moved, "Proposal").unwrap_err().code(), "opportunity.stage_of_other_pipeline");

    let lost = world.lose(&world.deal(100)).unwrap();
    let refused = send(&lost, &[("Lost", cancelled)]).unwrap_err();
    assert_eq!(refused.fields()[0].field, format!("stages.{}", world.stage("New").id), "its last open stage too");
    let moved = send(&lost, &[("Lost", cancelled), ("New", talk)]).unwrap();
    assert_eq!((moved.stage_id, moved.last_open_stage_id, moved.closed_at), (cancelled, Some(talk), lost.closed_at));
    let again = now(world.session.opportunities().reopen(moved.id, moved.version)).unwrap();
    assert_eq!((again.stage_id, again.status), (talk, StageKind::Open));
}

#[test]
fn the_history_counts_each_stay_for_itself() {
    let world = World::new();
    let deal = world.deal(100);
    world.minutes(10);
    let deal = world.go(&deal, "Proposal").unwrap();
    world.minutes(20);
    let deal = now(world.session.opportunities().change(deal.id, deal.version, chance(44))).unwrap();
    let deal = world.go(&deal, "New").unwrap();
    world.minutes(40);
    let deal = world.lose(&deal).unwrap();
    world.minutes(5);
    let visits = now(world.session.opportunities().stage_history(deal.id)).unwrap();
    let told: Vec<_> =
        visits.iter().map(|visit| (visit.stage.name.as_str(), visit.visit, visit.duration.as_secs() / 60)).collect();
    assert_eq!(told, [("New", 1, 10), ("Proposal", 1, 20), ("New", 2, 40), ("Lost", 1, 5)]);
    assert!(visits.windows(2).all(|pair| pair[0].left_at == Some(pair[1].entered_at)));
    assert!(visits.iter().all(|visit| visit.entered_by == *world.session.caller().actor()));
    assert_eq!((visits[3].left_at, visits[3].left_by.as_ref()), (None, None));
}

#[test]
fn a_deal_rots_from_the_later_of_entry_and_touch_and_waits_for_its_next_step() {
    let world = World::new();
    let deal = world.deal(100);
    let rotten = || {
        let rows = now(world.session.opportunities().rotting(&Page::first(10))).unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    world.days(7);
    assert_eq!(rotten(), [], "seven days are allowed");
    world.minutes(1);
    assert_eq!(rotten(), [deal.id]);

    let system = world.system();
    let touch = async || {
        let mut uow = system.begin(crate::access::Permission::OpportunityUpdate).await.unwrap();
        let at = uow.now();
        touch_opportunity(&mut uow, deal.id, at).await.unwrap();
        uow.commit().await.unwrap();
    };
    now(touch());
    assert_eq!(rotten(), []);
    world.days(8);
    assert_eq!(rotten(), [deal.id]);

    let row = now(world.session.opportunities().get(deal.id)).unwrap();
    let later = Date::from_days(world.clock_now().date().days() + 1).unwrap();
    let plan = OpportunityPatch { next_step_on: Patch::Set(later), ..OpportunityPatch::default() };
    let row = now(world.session.opportunities().change(row.id, row.version, plan)).unwrap();
    assert_eq!(rotten(), []);
    world.days(1);
    assert_eq!(rotten(), [deal.id], "the day of the next step is here");
    world.lose(&row).unwrap();
    assert_eq!(rotten(), []);
}

#[test]
fn contacts_have_one_part_each_in_a_deal() {
    let world = World::new();
    let new = serde_json::from_value(json!({"first_name": "Ada"})).unwrap();
    let ada = now(world.session.contacts().create(new)).unwrap();
    let deal = world.deal(100);
    let deals = world.session.opportunities();
    now(deals.add_contact(deal.id, ada.id, OpportunityRole::User)).unwrap();
    now(deals.add_contact(deal.id, ada.id, OpportunityRole::Champion)).unwrap();
    let parts = now(deals.contacts(deal.id)).unwrap();
    assert_eq!(parts.iter().map(|part| part.role).collect::<Vec<_>>(), [OpportunityRole::Champion]);
    now(deals.remove_contact(deal.id, ada.id)).unwrap();
    assert_eq!(now(deals.remove_contact(deal.id, ada.id)).unwrap_err().code(), "record.not_found");
    let row = now(deals.get(deal.id)).unwrap();
    now(deals.delete(row.id, row.version)).unwrap();
    assert_eq!(now(deals.get(deal.id)).unwrap_err().code(), "record.not_found");
}

fn instants() -> impl Strategy<Value = Timestamp> {
    (0..40_i64)
        .prop_map(|half_days| Timestamp::from_micros(1_772_442_000_000_000 + half_days * 43_200_000_000).unwrap())
}

proptest! {
    #[test]
    fn the_list_of_rotting_deals_agrees_with_the_judgement(
        entered in instants(), touched in prop::option::of(instants()), present in instants(),
        next in prop::option::of(instants()), limit in prop::option::of(1..10_i64), closed in any::<bool>(),
    ) {
        let world = World::new();
        let mut stage: Stored<Stage> = world.stage("New");
        stage.value.rot_after_days = limit;
        let mut deal = world.deal(100);
        deal.value.stage_entered_at = entered;
        deal.value.last_touch_at = touched;
        deal.value.next_step_on = next.map(Timestamp::date);
        if closed {
            deal.value.status = StageKind::Lost;
        }
        let listed = rots([&stage], present).matches(&deal);
        prop_assert_eq!(rotting(&deal, &stage, present).is_some(), listed);
    }

    #[test]
    fn a_guard_passes_exactly_when_nothing_is_missing(
        amount in 0..2_i64, ticked in any::<bool>(), source in any::<bool>(), least in 0..2_i64,
    ) {
        let world = World::new();
        let mut deal = world.deal(amount);
        let item = Label::parse("done").unwrap();
        deal.value.source = source.then(|| name("fair"));
        deal.value.ticked = ticked.then(|| item.clone()).into_iter().collect();
        let mut stage = world.stage("Proposal");
        stage.value.guard = Guard {
            required_fields: vec![RequiredField::try_from("source".to_owned()).unwrap()],
            condition: Some(Opportunity::AMOUNT.at_least(least)),
            checklist: vec![item],
            next: Vec::new(),
        };
        let missing = [!source, amount < least, !ticked].into_iter().filter(|missing| *missing).count();
        let found = check_entry(&deal, None, &stage).map_or_else(|GuardRefusal { missing, .. }| missing.len(), |()| 0);
        prop_assert_eq!(found, missing);
    }
}
