//! Leads that nobody could take.

use std::ops::Deref;
use std::time::Duration;

use super::office::{Office, equal, in_country, lead, name};
use crate::access::StandardRole;
use crate::agenda::Job;
use crate::assignment::{AvailabilityChange, DRAIN, RuleDraft, WaitingLead};
use crate::kernel::{Clock, Page, Patch, Timestamp};
use crate::lead::{LeadId, NewLead};

const MINUTE: Duration = Duration::from_mins(1);

fn waiting(office: &Office) -> Vec<LeadId> {
    office.store.dump::<WaitingLead>(office.organization).iter().map(|row| row.lead_id).collect()
}

fn drains(office: &Office) -> Vec<Timestamp> {
    let jobs = office.store.dump::<Job>(office.organization);
    jobs.iter().filter(|job| job.kind == DRAIN).map(|job| job.due_at).collect()
}

async fn run_due(office: &Office) -> u32 {
    office.crm.run_due("test", 100).await.unwrap().done
}

#[tokio::test]
async fn a_lead_waits_when_nobody_can_take_it_and_is_given_away_when_someone_returns() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.share(&[(staff[0], 1)]).await;
    let back = office.clock.now().plus(MINUTE * 5);
    office.away(staff[0], Some(back)).await;
    let (leads, assignments) = office.add_leads(vec![lead("Lovelace")]).await;
    assert_eq!(leads[0].owner_id, None);
    assert!(assignments[0].waits_for().is_some());
    assert_eq!(office.told(leads[0].id)[0].name, "lead.assignment_waiting");
    assert!(office.told(leads[0].id)[0].data["waiting"]["why"].to_string().contains("away until"));
    assert_eq!(waiting(&office), [leads[0].id]);
    assert_eq!(drains(&office), [back]);

    office.clock.set(back);
    assert_eq!(run_due(&office).await, 1);
    assert_eq!(office.owned().get(&staff[0]), Some(&1));
    assert!(waiting(&office).is_empty() && drains(&office).is_empty());
    let names: Vec<_> = office.told(leads[0].id).into_iter().map(|event| event.value.name).collect();
    assert_eq!(names, ["lead.assignment_waiting", "lead.assigned"]);
}

#[tokio::test]
async fn the_oldest_is_served_first() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.share(&[(staff[0], 1)]).await;
    office.away(staff[0], Some(Timestamp::MAX)).await;
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(office.add_lead().await.id);
        office.clock.advance(MINUTE);
    }
    let listed = office.assignment().waiting(&Page::first(10)).await.unwrap();
    assert_eq!(listed.len(), 3);
    office.away(staff[0], None).await;
    assert_eq!(office.assignment().drain_waiting(2).await.unwrap(), 2);
    assert_eq!(waiting(&office), order[2..]);
}

#[tokio::test]
async fn leads_that_are_stuck_do_not_hold_up_others() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    let rules = vec![
        RuleDraft::when(name("France"), in_country("France"), equal(&staff[..1])),
        RuleDraft::catch_all(name("Others"), equal(&staff[1..])),
    ];
    office.assignment().set_rules(rules).await.unwrap();
    office.away(staff[0], Some(Timestamp::MAX)).await;
    office.away(staff[1], Some(Timestamp::MAX)).await;
    let french = NewLead { country: Some(name("France")), ..lead("Curie") };
    let (stuck, _) = office.add_leads(vec![french.clone(), french.clone(), french]).await;
    office.clock.advance(MINUTE);
    office.add_lead().await;
    office.away(staff[1], None).await;
    assert_eq!(office.assignment().drain_waiting(1).await.unwrap(), 1);
    assert_eq!(office.owned().get(&staff[1]), Some(&1));

    // Other rules: the French wait for nobody any more.
    let rules = vec![RuleDraft::catch_all(name("All"), equal(&staff))];
    office.assignment().set_rules(rules).await.unwrap();
    assert_eq!(drains(&office), [office.clock.now()]);
    run_due(&office).await;
    assert_eq!(office.owned().get(&staff[1]), Some(&4));
    assert_eq!(stuck.len(), 3);
    assert!(waiting(&office).is_empty());
}

#[tokio::test]
async fn while_leads_wait_they_are_looked_at_again_and_again() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.share(&[(staff[0], 1)]).await;
    office.session.members().deactivate(staff[0]).await.unwrap();
    let lead = office.add_lead().await;
    assert_eq!(drains(&office), [office.clock.now().plus(MINUTE * 10)]);
    office.clock.advance(MINUTE * 10);
    run_due(&office).await;
    assert_eq!(drains(&office), [office.clock.now().plus(MINUTE * 10)]);
    assert_eq!(office.told(lead.id).len(), 1, "it is told of once that it waits");
    office.session.members().activate(staff[0]).await.unwrap();
    office.clock.advance(MINUTE * 10);
    run_due(&office).await;
    assert_eq!(office.owned().get(&staff[0]), Some(&1));
}

#[tokio::test]
async fn a_full_member_takes_waiting_leads_up_to_the_cap() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.share(&[(staff[0], 1)]).await;
    let cap = |cap| AvailabilityChange { open_lead_cap: Patch::Set(cap), ..AvailabilityChange::default() };
    office.assignment().set_availability(staff[0], cap(1)).await.unwrap();
    office.add_leads((0..5).map(|_| lead("Lovelace")).collect()).await;
    assert_eq!(waiting(&office).len(), 4);
    office.assignment().set_availability(staff[0], cap(3)).await.unwrap();
    run_due(&office).await;
    assert_eq!(office.owned().get(&staff[0]), Some(&3));
    assert_eq!(waiting(&office).len(), 2);
    let error = office.assignment().set_availability(staff[0], cap(0)).await.unwrap_err();
    assert_eq!(error.fields()[0].field, "open_lead_cap");
}

#[tokio::test]
async fn a_lead_that_was_assigned_by_hand_or_removed_waits_no_longer() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.share(&[(staff[0], 1)]).await;
    office.away(staff[0], Some(Timestamp::MAX)).await;
    let (by_hand, removed) = (office.add_lead().await, office.add_lead().await);
    office.assignment().assign(by_hand.id, Some(staff[0]), None).await.unwrap();
    assert_eq!(waiting(&office), [removed.id]);
    office.session.leads().delete(removed.id, removed.version).await.unwrap();
    assert!(waiting(&office).is_empty());
    office.away(staff[0], None).await;
    assert_eq!(office.assignment().drain_waiting(10).await.unwrap(), 0);
    assert_eq!(office.owned().values().sum::<usize>(), 1);
}

#[tokio::test]
async fn after_a_change_of_the_rules_waiting_leads_are_matched_some_at_a_time() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.share(&[(staff[0], 1)]).await;
    office.away(staff[0], Some(Timestamp::MAX)).await;
    office.add_leads((0..250).map(|_| lead("Lovelace")).collect()).await;
    let waits_for = |rule| {
        let rows = office.store.dump::<WaitingLead>(office.organization);
        rows.iter().filter(|row| row.rule_id == rule).count()
    };
    let others = RuleDraft::catch_all(name("Others"), equal(&staff));
    let rule = office.assignment().set_rules(vec![others]).await.unwrap().rules.remove(0).id;
    assert_eq!((waits_for(rule), waiting(&office).len()), (100, 250));
    assert_eq!(office.crm.run_due("test", 1).await.unwrap().done, 1);
    assert_eq!(waits_for(rule), 200);
    while run_due(&office).await > 0 {}
    assert_eq!(waits_for(rule), 250);

    office.away(staff[0], None).await;
    while run_due(&office).await > 0 {}
    assert_eq!((office.owned().get(&staff[0]), waiting(&office).len()), (Some(&250), 0));
}

#[tokio::test]
async fn what_waits_is_told_to_who_sees_it_or_gives_it_away() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    let manager = office.deref().hire("mina", StandardRole::Manager).await;
    office.share(&[(staff[0], 1)]).await;
    office.away(staff[0], Some(Timestamp::MAX)).await;
    office.add_lead().await;
    for (member, told) in [(staff[0], 0), (manager, 1), (office.owner, 1)] {
        let session = office.session_of(member).await;
        assert_eq!(session.assignment().waiting(&Page::first(10)).await.unwrap().len(), told);
    }
}
