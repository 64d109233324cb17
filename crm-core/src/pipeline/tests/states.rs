//! Whatever is tried in whatever order, a deal never leaves the table of states.

use proptest::prelude::*;

use super::fixture::{World, eur, now};
use crate::kernel::Stored;
use crate::pipeline::{
    ForecastCategory, Move, Opportunity, OpportunityPatch, Outcome, Probability, Stage, StageKind, stage_visits,
};

#[derive(Clone, Debug)]
enum Attempt {
    Go(usize),
    GoWith(usize, i64),
    Win,
    Lose,
    LoseInto(usize),
    Reopen,
    Change(i64),
    Amount(i64),
    Stale,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let one = prop_oneof![
        4 => (0..6_usize).prop_map(Attempt::Go),
        2 => (0..6_usize, 0..=100_i64).prop_map(|(stage, percent)| Attempt::GoWith(stage, percent)),
        2 => Just(Attempt::Win),
        2 => Just(Attempt::Lose),
        1 => (0..6_usize).prop_map(Attempt::LoseInto),
        3 => Just(Attempt::Reopen),
        2 => (0..=100_i64).prop_map(Attempt::Change),
        1 => (-5..5_i64).prop_map(Attempt::Amount),
        1 => Just(Attempt::Stale),
    ];
    prop::collection::vec(one, 1..25)
}

fn percent(percent: i64) -> OpportunityPatch {
    OpportunityPatch { probability: Some(Probability::try_from(percent).unwrap()), ..OpportunityPatch::default() }
}

fn attempt(
    world: &World,
    deal: &Stored<Opportunity>,
    attempt: &Attempt,
) -> Result<Stored<Opportunity>, crate::kernel::Error> {
    let deals = world.session.opportunities();
    let stage = |index: usize| world.sales.stages[index].id;
    match attempt {
        Attempt::Go(to) => {
            let wish = Move { stage_id: stage(*to), change: OpportunityPatch::default() };
            now(deals.move_to(deal.id, deal.version, wish))
        }
        Attempt::GoWith(to, chance) => {
            let wish = Move { stage_id: stage(*to), change: percent(*chance) };
            now(deals.move_to(deal.id, deal.version, wish))
        }
        Attempt::Win => world.win(deal),
        Attempt::Lose => world.lose(deal),
        Attempt::LoseInto(to) => {
            let mut closing = world.closing(Outcome::Lost);
            closing.stage_id = Some(stage(*to));
            now(deals.lose(deal.id, deal.version, closing))
        }
        Attempt::Reopen => now(deals.reopen(deal.id, deal.version)),
        Attempt::Change(chance) => now(deals.change(deal.id, deal.version, percent(*chance))),
        Attempt::Amount(minor) => {
            let patch = OpportunityPatch { amount: Some(eur(*minor)), ..OpportunityPatch::default() };
            now(deals.change(deal.id, deal.version, patch))
        }
        Attempt::Stale => now(deals.reopen(deal.id, deal.version - 1)),
    }
}

/// What the table says of an attempt from this state.
fn allowed(status: StageKind, here: usize, attempt: &Attempt) -> bool {
    let open = status == StageKind::Open;
    match attempt {
        Attempt::Go(to) | Attempt::GoWith(to, _) => open && *to < 4 && *to != here,
        Attempt::Win | Attempt::Lose | Attempt::Change(_) => open,
        Attempt::LoseInto(to) => open && *to == 5,
        Attempt::Reopen => !open,
        Attempt::Amount(minor) => open && *minor >= 0,
        Attempt::Stale => false,
    }
}

fn check(deal: &Opportunity, stage: &Stage) -> Result<(), TestCaseError> {
    let closed = deal.status != StageKind::Open;
    prop_assert_eq!((deal.status, deal.pipeline_id), (stage.kind, stage.pipeline_id));
    prop_assert_eq!(deal.closed_at.is_some(), closed);
    prop_assert_eq!(deal.close_reason_id.is_some(), closed);
    prop_assert_eq!(deal.last_open_stage_id.is_some(), closed);
    prop_assert!(deal.amount_minor >= 0);
    match deal.status {
        StageKind::Open => prop_assert_ne!(deal.forecast_category, ForecastCategory::Closed),
        StageKind::Won => {
            prop_assert_eq!(
                (deal.probability, deal.forecast_category),
                (Probability::CERTAIN, ForecastCategory::Closed)
            );
        }
        StageKind::Lost => {
            prop_assert_eq!(
                (deal.probability, deal.forecast_category),
                (Probability::NEVER, ForecastCategory::Omitted)
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_sequence_of_commands_leaves_the_table_of_states(attempts in attempts()) {
        let world = World::new();
        let mut deal = world.deal(1_000);
        let mut stays = vec![deal.stage_id];
        for wish in &attempts {
            world.minutes(1);
            let here = world.sales.stages.iter().position(|stage| stage.id == deal.stage_id).unwrap();
            let outcome = attempt(&world, &deal, wish);
            prop_assert_eq!(outcome.is_ok(), allowed(deal.status, here, wish), "{:?} from {:?}", wish, deal.status);
            let kept = now(world.session.opportunities().get(deal.id)).unwrap();
            let next = outcome.unwrap_or_else(|_| deal.clone());
            prop_assert_eq!(&kept, &next, "what is refused changes nothing");
            if next.stage_id != deal.stage_id {
                stays.push(next.stage_id);
                prop_assert_eq!(next.stage_entered_at, world.clock_now());
            }
            deal = next;
            let stage = world.sales.stages.iter().find(|stage| stage.id == deal.stage_id).unwrap();
            check(&deal, stage)?;
        }
        let events = world.store.dump::<crate::event::Event>(world.organization);
        let events: Vec<_> = events.into_iter().filter(|event| event.record_id == deal.id.uuid()).collect();
        let visits = stage_visits(&events, world.clock_now());
        prop_assert_eq!(visits.iter().map(|visit| visit.stage.id).collect::<Vec<_>>(), stays);
        let spent: std::time::Duration = visits.iter().map(|visit| visit.duration).sum();
        prop_assert_eq!(spent, world.clock_now().since(deal.created_at), "every minute was spent in one stage");
    }
}
