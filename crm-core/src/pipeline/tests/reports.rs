//! Board and forecast: whose deals, which currency, which category.

use proptest::prelude::*;

use super::fixture::{World, eur, name, now};
use crate::access::{MemberId, StandardRole};
use crate::event::Event;
use crate::kernel::{Currency, Date, Money, MoneyError, Predicate, Rounding, Stored};
use crate::pipeline::{
    Board, ForecastCategory, ForecastScope, ForecastSum, ForecastTotal, Month, NewForecastOverride, NewOpportunity,
    Opportunity, OpportunityPatch, Outcome, Probability, Total,
};
use crate::store::Session;

fn month(text: &str) -> Month {
    Month::try_from(text.parse::<Date>().unwrap()).unwrap()
}

fn scope(from: &str, to: &str) -> ForecastScope {
    ForecastScope { from: month(from), to: month(to), undated: false, pipeline_id: None }
}

fn sell(world: &World, amount: Money, owner: MemberId, expected: &str) -> Stored<Opportunity> {
    let new = NewOpportunity {
        amount: Some(amount),
        owner_id: Some(owner),
        expected_close: Some(expected.parse().unwrap()),
        ..NewOpportunity::named(name("Deal"))
    };
    now(world.session.opportunities().create(new)).unwrap()
}

fn seen_board(world: &World, session: &Session) -> Board {
    now(session.pipelines().board(world.sales.pipeline.id, Predicate::everything())).unwrap()
}

fn total(count: i64, amount: Money, weighted: Money) -> Total {
    Total { count, amount, weighted }
}

#[test]
fn the_board_never_mixes_currencies() {
    let world = World::new();
    let usd = |minor| Money::new(minor, Currency::USD);
    for amount in [eur(1_000), usd(500), eur(2_000)] {
        sell(&world, amount, world.owner, "2026-05-01");
    }
    let board = seen_board(&world, &world.session);
    let expected = vec![total(2, eur(3_000), eur(300)), total(1, usd(500), usd(50))];
    assert_eq!((board.columns[0].count, &board.columns[0].totals), (3, &expected));
    assert_eq!(board.open, expected);
    assert!(board.columns[1..].iter().all(|column| column.count == 0 && column.totals.is_empty()));
    let mut sum = ForecastSum::nothing(Currency::EUR);
    assert!(matches!(sum.add(&ForecastSum::nothing(Currency::USD)), Err(MoneyError::CurrencyMismatch { .. })));
}

#[test]
fn weighted_amounts_are_rounded_deal_by_deal_half_to_even() {
    let world = World::new();
    for minor in [5, 5, 5, 15] {
        let deal = world.go(&world.deal(minor), "Proposal").unwrap();
        assert_eq!(deal.weighted(), eur(if minor == 5 { 2 } else { 8 }), "50 % of {minor}");
    }
    let board = seen_board(&world, &world.session);
    assert_eq!(board.open, [total(4, eur(30), eur(14))], "2 + 2 + 2 + 8, as the cards show, and not half of 30");
    let most = Opportunity { amount_minor: i64::MAX, probability: Probability::CERTAIN, ..world.deal(1).value };
    assert_eq!(most.weighted(), eur(i64::MAX));
}

#[test]
fn closed_deals_stand_in_their_columns_and_not_among_the_open() {
    let world = World::new();
    world.win(&world.deal(1_000)).unwrap();
    world.lose(&world.deal(2_000)).unwrap();
    let board = seen_board(&world, &world.session);
    assert_eq!(board.columns[4].totals, [total(1, eur(1_000), eur(1_000))]);
    assert_eq!(board.columns[5].totals, [total(1, eur(2_000), eur(0))], "lost deals weigh nothing");
    assert_eq!(board.open, []);
}

#[test]
fn board_and_forecast_show_what_lists_show() {
    let world = World::new();
    let (ann, ann_session) = world.hire("ann", StandardRole::SalesRep);
    let (bob, bob_session) = world.hire("bob", StandardRole::SalesRep);
    for (amount, owner) in [(100, ann), (1_000, bob), (10_000, world.owner)] {
        sell(&world, eur(amount), owner, "2026-05-01");
    }
    let everyone = (world.owner, &world.session, 11_100);
    for (owner, session, amount) in [(ann, &ann_session, 100), (bob, &bob_session, 1_000), everyone] {
        assert_eq!(seen_board(&world, session).open[0].amount, eur(amount));
        let forecast = now(session.pipelines().forecast(scope("2026-05-01", "2026-05-01"))).unwrap();
        let by_month = forecast.by_month().unwrap();
        assert_eq!(by_month[&(Some(month("2026-05-01")), Currency::EUR)].pipeline, eur(amount));
        assert!(forecast.rows.iter().any(|row| row.owner_id == Some(owner)));
    }
    let filter = Opportunity::OWNER_ID.is(bob);
    let spied = now(ann_session.pipelines().board(world.sales.pipeline.id, filter)).unwrap();
    assert_eq!(spied.open, [], "a filter does not widen what a caller sees");
}

#[test]
fn categories_add_up_singly_and_cumulated_and_lost_deals_count_for_nothing() {
    let world = World::new();
    let (ann, _) = world.hire("ann", StandardRole::SalesRep);
    let deal = |amount| sell(&world, eur(amount), ann, "2026-03-20");
    deal(1);
    world.go(&deal(10), "Proposal").unwrap();
    world.go(&deal(100), "Negotiation").unwrap();
    world.win(&deal(1_000)).unwrap();
    world.lose(&deal(10_000)).unwrap();
    let omit = OpportunityPatch { forecast_category: Some(ForecastCategory::Omitted), ..OpportunityPatch::default() };
    let omitted = deal(100_000);
    now(world.session.opportunities().change(omitted.id, omitted.version, omit)).unwrap();
    sell(&world, eur(1_000_000), ann, "2026-04-01");

    let forecast = now(world.session.pipelines().forecast(scope("2026-03-01", "2026-03-01"))).unwrap();
    assert_eq!(forecast.rows.len(), 1);
    let row = &forecast.rows[0];
    assert_eq!((row.period, row.owner_id), (Some(month("2026-03-01")), Some(ann)));
    let sum = row.computed;
    let single = ForecastCategory::ALL.iter().map(|category| sum.single(*category).minor());
    assert_eq!(single.collect::<Vec<_>>(), [1, 10, 100, 1_000, 100_000]);
    let cumulated = ForecastCategory::ALL.iter().map(|category| sum.cumulative(*category).unwrap().minor());
    assert_eq!(cumulated.collect::<Vec<_>>(), [1_111, 1_110, 1_100, 1_000, 100_000]);
    assert_eq!(sum.weighted, eur(5 + 75 + 1_000), "10 % of 1, 50 % of 10, 75 % of 100, all of 1000");
    assert_eq!(sum.count, 5);
}

#[test]
fn won_deals_count_in_the_month_in_which_they_were_won() {
    let world = World::new();
    let early = sell(&world, eur(700), world.owner, "2026-09-15");
    world.win(&early).unwrap();
    let undated = world.deal(30);
    let forecast = |scope| now(world.session.pipelines().forecast(scope)).unwrap();
    assert_eq!(forecast(scope("2026-09-01", "2026-09-01")).rows, []);
    let march = scope("2026-03-01", "2026-03-01");
    assert_eq!(forecast(march).rows[0].computed.closed, eur(700));
    let with_undated = forecast(ForecastScope { undated: true, ..march });
    assert_eq!((with_undated.rows[0].period, with_undated.rows[0].computed.pipeline), (None, undated.amount()));
}

#[test]
fn an_override_stands_beside_the_computed_figures_and_is_audited() {
    let world = World::new();
    let (ann, ann_session) = world.hire("ann", StandardRole::SalesRep);
    sell(&world, eur(100), ann, "2026-05-09");
    let wish = |amount| NewForecastOverride {
        owner_id: ann,
        period: month("2026-05-01"),
        category: ForecastCategory::Commit,
        amount,
        note: None,
    };
    let may = scope("2026-05-01", "2026-05-01");
    let before = now(world.session.pipelines().forecast(may)).unwrap();
    now(world.session.pipelines().override_forecast(wish(eur(900)))).unwrap();
    let set = now(world.session.pipelines().override_forecast(wish(eur(950)))).unwrap();
    now(world.session.pipelines().override_forecast(wish(Money::new(7, Currency::USD)))).unwrap();

    let after = now(world.session.pipelines().forecast(may)).unwrap();
    assert_eq!(after.rows.len(), 2, "an override without deals has a row of its own");
    let euros = after.rows.iter().find(|row| row.currency == Currency::EUR).unwrap();
    assert_eq!(euros.computed, before.rows[0].computed);
    assert_eq!(euros.overrides, std::slice::from_ref(&set));
    assert_eq!(set.amount(), eur(950));
    let owners = after.by_owner().unwrap();
    assert_eq!(owners[&(Some(ann), Currency::EUR)].commit, eur(0), "never mixed into sums");

    now(world.session.pipelines().remove_override(set.id, set.version)).unwrap();
    let events = world.store.dump::<Event>(world.organization);
    let told: Vec<_> = events.iter().filter(|e| e.record_id == set.id.uuid()).map(|e| e.name.as_str()).collect();
    assert_eq!(told, ["forecast_override.set", "forecast_override.changed", "forecast_override.removed"]);
    assert_eq!(
        events.iter().find(|e| e.name == "forecast_override.changed").unwrap().data["changed"]["changes"][0]["before"],
        900
    );

    let refused = now(ann_session.pipelines().override_forecast(wish(eur(1)))).unwrap_err();
    assert_eq!(refused.code(), "permission.missing");
    let (_, manager) = world.hire("max", StandardRole::Manager);
    let refused = now(manager.pipelines().override_forecast(wish(eur(1)))).unwrap_err();
    assert_eq!(refused.code(), "record.not_found", "ann is in no team of his");
    let negative = now(world.session.pipelines().override_forecast(wish(eur(-1)))).unwrap_err();
    assert_eq!(negative.code(), "forecast_override.negative_amount");
}

#[test]
fn a_month_is_its_first_day() {
    assert_eq!(Month::of("2024-02-29".parse().unwrap()), month("2024-02-01"));
    assert_eq!(month("2025-12-01").next().unwrap(), month("2026-01-01"));
    assert_eq!(month("2026-01-01").next().unwrap(), month("2026-02-01"));
    assert!(month("9999-12-01").next().is_err());
    assert!(serde_json::from_str::<Month>("\"2026-05-02\"").is_err());
    assert_eq!(serde_json::to_string(&month("2026-05-01")).unwrap(), "\"2026-05-01\"");
}

#[test]
fn a_total_beyond_money_is_refused_and_not_wrapped() {
    let total = ForecastTotal {
        period: None,
        owner_id: None,
        category: ForecastCategory::Commit,
        currency: Currency::EUR,
        count: 2,
        amount_minor: i128::from(i64::MAX) + 1,
        weighted_minor: 0,
    };
    assert_eq!(crate::pipeline::Forecast::new(&[total], Vec::new()), Err(MoneyError::Overflow));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn totals_are_the_sums_of_what_is_shown_of_each_deal(
        deals in prop::collection::vec((0..2_000_i64, 0..=100_i64, 0..4_usize, any::<bool>(), 0..3_u8), 1..12),
    ) {
        let world = World::new();
        for (minor, percent, stage, euros, end) in deals {
            let amount = Money::new(minor, if euros { Currency::EUR } else { Currency::JPY });
            let deal = sell(&world, amount, world.owner, "2026-03-20");
            let own = OpportunityPatch {
                probability: Some(Probability::try_from(percent).unwrap()),
                ..OpportunityPatch::default()
            };
            let deal = match stage {
                0 => now(world.session.opportunities().change(deal.id, deal.version, own)).unwrap(),
                other => world.go_with(&deal, world.sales.stages[other].name.as_str(), own).unwrap(),
            };
            match end {
                0 => drop(world.win(&deal).unwrap()),
                1 => drop(world.lose(&deal).unwrap()),
                _ => {}
            }
        }
        let rows = world.store.dump::<Opportunity>(world.organization);
        let board = seen_board(&world, &world.session);
        let open: Vec<_> = world.sales.stages.iter().take(4).map(|stage| stage.id).collect();
        for currency in [Currency::EUR, Currency::JPY] {
            let sums = |of: &dyn Fn(&Opportunity) -> bool| {
                let rows: Vec<_> = rows.iter().filter(|row| row.currency == currency && of(row)).collect();
                let amount = Money::sum(currency, rows.iter().map(|row| row.amount())).unwrap();
                let weighted = rows.iter().map(|row| row.amount().ratio(row.probability.percent(), 100, Rounding::HalfEven).unwrap());
                let weighted = Money::sum(currency, weighted).unwrap();
                (!rows.is_empty()).then(|| total(i64::try_from(rows.len()).unwrap(), amount, weighted))
            };
            let of = |totals: &[Total]| totals.iter().find(|total| total.amount.currency() == currency).copied();
            for column in &board.columns {
                prop_assert_eq!(of(&column.totals), sums(&|row| row.stage_id == column.stage.id));
            }
            prop_assert_eq!(of(&board.open), sums(&|row| open.contains(&row.stage_id)));
            let forecast = now(world.session.pipelines().forecast(scope("2026-03-01", "2026-03-01"))).unwrap();
            let sum = forecast.by_month().unwrap().get(&(Some(month("2026-03-01")), currency)).copied();
            let counted = sums(&|row| row.closing_is_not(Outcome::Lost));
            prop_assert_eq!(sum.map(|sum| (sum.count, sum.weighted)), counted.map(|sum| (sum.count, sum.weighted)));
            let all = sum.map(|sum| sum.cumulative(ForecastCategory::Pipeline).unwrap());
            prop_assert_eq!(all, counted.map(|sum| sum.amount));
        }
    }
}

impl Opportunity {
    fn closing_is_not(&self, outcome: Outcome) -> bool {
        self.status != outcome.stage_kind()
    }
}
