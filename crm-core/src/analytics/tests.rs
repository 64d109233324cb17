//! Figures against records that were made by hand.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::access::{MemberId, OrganizationId, StandardRole};
use crate::activity::{ActivityKind, Completion, NewActivity};
use crate::conversion::ConversionChoices;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Clock, Currency, Money};
use crate::lead::NewLead;
use crate::paywall::{AccessReason, Entitlements, Paywall, ServiceModule, module_of};
use crate::pipeline::{Closing, NewOpportunity, Outcome};
use crate::testing::office::{Office, named};

const HOUR: Duration = Duration::from_hours(1);

/// From now on for ten hours.
fn ten_hours(office: &Office) -> Period {
    let now = office.clock.now();
    Period::new(now, now.plus(10 * HOUR)).unwrap()
}

async fn lead(office: &Office, name: &str, source: Option<&str>, owner: Option<MemberId>) -> crate::lead::LeadId {
    let source = source.map(|source| source.parse().unwrap());
    office.lead(NewLead { source, owner_id: owner, ..named(name) }).await.id
}

#[tokio::test]
async fn leads_of_a_period_are_counted_as_they_stand_now() {
    let office = Office::open().await;
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let boss = office.boss().await;
    lead(&office, "Before", Some("fair"), None).await;
    office.clock.advance(HOUR);
    let period = ten_hours(&office);
    let one = lead(&office, "One", Some("fair"), Some(rita)).await;
    let two = lead(&office, "Two", Some("fair"), Some(rita)).await;
    lead(&office, "Three", Some("web"), Some(office.owner)).await;
    lead(&office, "Four", None, None).await;
    boss.leads().qualify(one).await.unwrap();
    boss.leads().qualify(two).await.unwrap();
    let choices: ConversionChoices = serde_json::from_value(json!({ "opportunity": "nothing" })).unwrap();
    boss.conversions().convert(two, &choices, None).await.unwrap();
    office.clock.advance(10 * HOUR);
    lead(&office, "After", Some("web"), None).await;

    let figures = boss.analytics().leads(period).await.unwrap();
    let shown = serde_json::to_value(&figures).unwrap();
    let expected = json!({
        "created": 4, "qualified": 2, "converted": 1,
        "qualification_basis_points": 5_000, "conversion_basis_points": 2_500,
        "by_status": [{ "status": "new", "count": 2 }, { "status": "qualified", "count": 1 },
            { "status": "converted", "count": 1 }],
        "by_source": [
            { "source": "fair", "created": 2, "converted": 1, "conversion_basis_points": 5_000 },
            { "source": "web", "created": 1, "converted": 0, "conversion_basis_points": 0 },
            { "source": null, "created": 1, "converted": 0, "conversion_basis_points": 0 }],
        "by_owner": [
            { "owner_id": rita, "created": 2, "converted": 1, "conversion_basis_points": 5_000 },
            { "owner_id": office.owner, "created": 1, "converted": 0, "conversion_basis_points": 0 },
            { "owner_id": null, "created": 1, "converted": 0, "conversion_basis_points": 0 }],
    });
    assert_eq!(shown, expected);
    // Rita sees her own.
    let hers = office.session_of(rita).await.analytics().leads(period).await.unwrap();
    assert_eq!((hers.created, hers.converted, hers.by_owner.len(), hers.by_source.len()), (2, 1, 1, 1));
}

#[tokio::test]
async fn deals_of_a_period_are_won_and_lost_by_currency() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let period = ten_hours(&office);
    let reasons = boss.pipelines().reasons().await.unwrap();
    let reason = |kind| reasons.iter().find(|reason| reason.kind == kind).unwrap().id;
    let deal = async |name: &str, minor: i64, currency| {
        let amount = Some(Money::new(minor, currency));
        let new = NewOpportunity { amount, ..NewOpportunity::named(name.parse().unwrap()) };
        boss.opportunities().create(new).await.unwrap()
    };
    let close = |kind| Closing { reason_id: reason(kind), note: None, stage_id: None };
    for (name, minor, currency) in [("a", 1_000, Currency::EUR), ("b", 2_001, Currency::EUR), ("c", 500, Currency::USD)]
    {
        let deal = deal(name, minor, currency).await;
        boss.opportunities().win(deal.id, deal.version, close(Outcome::Won)).await.unwrap();
    }
    let lost = deal("d", 9_000, Currency::EUR).await;
    boss.opportunities().lose(lost.id, lost.version, close(Outcome::Lost)).await.unwrap();
    let open = deal("e", 300, Currency::EUR).await;
    office.clock.advance(10 * HOUR);
    let late = deal("f", 700, Currency::EUR).await;
    boss.opportunities().win(late.id, late.version, close(Outcome::Won)).await.unwrap();

    let figures = boss.analytics().deals(period, None).await.unwrap();
    let shown = |totals: &[crate::pipeline::Total]| {
        totals.iter().map(|total| (total.count, total.amount.minor(), total.amount.currency())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&figures.won), [(2, 3_001, Currency::EUR), (1, 500, Currency::USD)]);
    assert_eq!(shown(&figures.lost), [(1, 9_000, Currency::EUR)]);
    assert_eq!(shown(&figures.created), [(4, 12_301, Currency::EUR), (1, 500, Currency::USD)]);
    assert_eq!(shown(&figures.open), [(1, 300, Currency::EUR)]);
    assert_eq!(figures.win_basis_points, Some(7_500));
    let averages = [Money::new(1_501, Currency::EUR), Money::new(500, Currency::USD)];
    assert_eq!(figures.average_won, averages, "half up");
    let stages: Vec<_> = figures.stages.iter().map(|stage| (stage.stage_id, stage.count)).collect();
    assert_eq!(stages, [(open.stage_id, 1)]);
    let elsewhere = PipelineId::new(uuid::Uuid::from_u128(1));
    let figures = boss.analytics().deals(period, Some(elsewhere)).await.unwrap();
    assert!(figures.won.is_empty() && figures.open.is_empty() && figures.win_basis_points.is_none());
}

#[tokio::test]
async fn activities_of_a_period_are_done_due_and_overdue() {
    let office = Office::open().await;
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let boss = office.boss().await;
    let about = vec![RecordRef::new(RecordKind::Lead, lead(&office, "Lovelace", None, Some(rita)).await)];
    let (now, period) = (office.clock.now(), ten_hours(&office));
    let plan = async |kind, due: Option<u32>, owner| {
        let due_at = due.map(|hours| now.plus(hours * HOUR));
        let new = NewActivity {
            due_at,
            owner_id: Some(owner),
            ..NewActivity::about(kind, "Something".parse().unwrap(), about.clone())
        };
        boss.activities().create(new).await.unwrap().id
    };
    let call = plan(ActivityKind::Call, Some(1), rita).await;
    plan(ActivityKind::Task, Some(2), rita).await;
    plan(ActivityKind::Task, Some(3), office.owner).await;
    plan(ActivityKind::Meeting, Some(9), office.owner).await;
    plan(ActivityKind::Task, Some(11), office.owner).await;
    let never = plan(ActivityKind::Task, Some(4), rita).await;
    plan(ActivityKind::Call, None, rita).await;
    boss.activities().complete(call, Completion::default()).await.unwrap();
    boss.activities().cancel(never).await.unwrap();
    office.clock.advance(5 * HOUR);

    let shown = serde_json::to_value(boss.analytics().activities(period).await.unwrap()).unwrap();
    let expected = json!({
        "created": [{ "kind": "call", "count": 2 }, { "kind": "meeting", "count": 1 }, { "kind": "task", "count": 4 }],
        "done": [{ "kind": "call", "count": 1 }],
        "done_by_owner": [{ "owner_id": rita, "count": 1 }],
        "due": { "open": 3, "done": 1, "cancelled": 1, "completion_basis_points": 2_500 },
        "overdue": [{ "kind": "task", "count": 2 }],
        "overdue_by_owner": shown["overdue_by_owner"],
    });
    assert_eq!(shown, expected);
    let mut late: Vec<_> = shown["overdue_by_owner"].as_array().unwrap().iter().map(|one| &one["owner_id"]).collect();
    late.sort_by_key(std::string::ToString::to_string);
    let mut both = [json!(rita), json!(office.owner)];
    both.sort_by_key(ToString::to_string);
    assert_eq!(late, both.iter().collect::<Vec<_>>());

    let dashboard = boss.analytics().dashboard().await.unwrap();
    let waiting = OpenActivities { open: 5, overdue: 2, due_next_day: 2 };
    assert_eq!(dashboard.activities, Some(waiting));
    assert_eq!(dashboard.leads.unwrap().len(), 1);
    assert_eq!(dashboard.deals, Some(OpenDeals { count: 0, totals: Vec::new() }));
    let hers = office.session_of(rita).await.analytics().dashboard().await.unwrap();
    assert_eq!(hers.activities, Some(OpenActivities { open: 2, overdue: 1, due_next_day: 0 }));
}

#[tokio::test]
async fn what_a_caller_may_not_read_is_absent_from_the_dashboard_and_refused_elsewhere() {
    let office = Office::open().await;
    let period = ten_hours(&office);
    let limited = async |permissions: &[Permission]| {
        let session = office.boss().await;
        let caller = session.caller().clone().limited_to(permissions.iter().copied().collect());
        office.crm.session(caller)
    };
    let session = limited(&[Permission::ActivityRead, Permission::AnalyticsRead]).await;
    let dashboard = session.analytics().dashboard().await.unwrap();
    assert!(dashboard.leads.is_none() && dashboard.deals.is_none() && dashboard.activities.is_some());
    assert!(session.analytics().activities(period).await.is_ok());
    assert_eq!(session.analytics().leads(period).await.unwrap_err().code(), "permission.missing");
    assert_eq!(session.analytics().deals(period, None).await.unwrap_err().code(), "permission.missing");
    let session = limited(&[Permission::LeadRead]).await;
    assert_eq!(session.analytics().leads(period).await.unwrap_err().code(), "permission.missing");
    let session = limited(&[Permission::MemberRead]).await;
    assert_eq!(session.analytics().dashboard().await.unwrap_err().code(), "permission.missing");
}

/// Nothing is paid for.
struct Closed;

#[async_trait::async_trait]
impl Paywall for Closed {
    fn known(&self, _: OrganizationId, now: Timestamp) -> Option<Arc<Entitlements>> {
        Some(Arc::new(Entitlements::closed(AccessReason::NotSubscribed, now)))
    }
    async fn entitlements(&self, organization: OrganizationId, now: Timestamp) -> Arc<Entitlements> {
        self.known(organization, now).unwrap()
    }
}

#[tokio::test]
async fn the_dashboard_is_free_and_figures_are_sold() {
    assert_eq!(module_of(Permission::AnalyticsRead), ServiceModule::AdvancedAnalytics);
    let office = Office::open().await;
    let period = ten_hours(&office);
    let crm = office.crm.clone().with_paywall(Closed);
    let boss = crm.session(crm.caller(office.organization, office.owner).await.unwrap());
    assert!(boss.analytics().dashboard().await.is_ok());
    for refused in [
        boss.analytics().leads(period).await.map(drop),
        boss.analytics().deals(period, None).await.map(drop),
        boss.analytics().activities(period).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().code(), "subscription.required");
    }
}

#[test]
fn a_period_has_a_length_and_shares_of_nothing_are_nothing() {
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
    assert!(Period::new(at(1), at(2)).is_ok());
    for to in [0, 1] {
        assert_eq!(Period::new(at(1), at(to)).unwrap_err().code(), "period.ends_before_it_begins");
    }
    let cases =
        [((0, 0), None), ((0, 3), Some(0)), ((1, 3), Some(3_333)), ((2, 3), Some(6_667)), ((3, 3), Some(10_000))];
    for ((part, whole), share) in cases {
        assert_eq!(counting::basis_points(part, whole), share);
    }
    assert_eq!(counting::basis_points(i64::MAX, i64::MAX), Some(10_000));
}
