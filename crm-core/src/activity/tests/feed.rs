//! The feed of a record: complete, ordered, the same in pages of any size, and no more than the caller may see.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::access::{Permission, PermissionSet, RoleReach, StandardRole};
use crate::event::Event;
use crate::kernel::Id;
use crate::pipeline::NewOpportunity;
use crate::store::Session;
use crate::testing::office::run;

async fn feed(session: &Session, record: RecordRef, linked: &[RecordRef]) -> Vec<TimelineEntry> {
    session.activities().timeline(record, linked, None, 1_000).await.unwrap()
}

/// The feed in words: subjects of activities, names of events.
fn told(entries: &[TimelineEntry]) -> Vec<String> {
    let word = |entry: &TimelineEntry| match &entry.item {
        TimelineItem::Activity(activity) => activity.subject.to_string(),
        TimelineItem::Event(event) => event.name.clone(),
    };
    entries.iter().map(word).collect()
}

#[tokio::test]
async fn a_feed_tells_the_newest_first_with_what_is_planned_on_top() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let activities = boss.activities();
    let lead = lead_of(&office, office.owner).await;
    let later = minutes(&office, 600);
    office.clock.set(minutes(&office, 10));
    let call = activities.create(about(ActivityKind::Call, "first call", lead)).await.unwrap();
    office.clock.set(minutes(&office, 10));
    boss.leads().qualify(crate::kernel::Id::new(lead.id)).await.unwrap();
    activities
        .create(NewActivity { due_at: Some(later), ..about(ActivityKind::Task, "send offer", lead) })
        .await
        .unwrap();
    activities.create(about(ActivityKind::Note, "likes tea", lead)).await.unwrap();
    assert_eq!(
        told(&feed(&boss, lead, &[]).await),
        ["send offer", "likes tea", "lead.qualified", "first call", "lead.created"]
    );
    office.clock.set(minutes(&office, 10));
    activities.complete(call.id, Completion::default()).await.unwrap();
    assert_eq!(
        told(&feed(&boss, lead, &[]).await),
        ["send offer", "first call", "likes tea", "lead.qualified", "lead.created"]
    );
}

#[tokio::test]
async fn the_feed_of_a_contact_tells_that_of_its_lead_too_and_nothing_twice() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = lead_of(&office, office.owner).await;
    office.clock.set(minutes(&office, 1));
    boss.activities().create(about(ActivityKind::Note, "before", lead)).await.unwrap();
    office.clock.set(minutes(&office, 1));
    let contact = contact_of(&office, office.owner).await;
    assert_eq!(told(&feed(&boss, contact, &[]).await), ["contact.created"]);
    let mut uow = boss.begin(Permission::LeadConvert).await.unwrap();
    let links = links_about(&mut uow, lead).await.unwrap();
    copy_links(&mut uow, &links, &[contact]).await.unwrap();
    uow.commit().await.unwrap();
    assert_eq!(told(&feed(&boss, contact, &[]).await), ["contact.created", "before"]);
    let both = ["contact.created", "before", "lead.created"];
    assert_eq!(told(&feed(&boss, contact, &[lead]).await), both);
    assert_eq!(told(&feed(&boss, contact, &[lead, contact, lead]).await), both);
    assert_eq!(told(&feed(&boss, lead, &[contact]).await), both);
}

#[tokio::test]
async fn a_feed_shows_no_more_than_the_caller_may_see() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let (own, foreign) = (lead_of(&office, rep).await, lead_of(&office, office.owner).await);
    let both = NewActivity { records: vec![own, foreign], ..about(ActivityKind::Note, "for the boss", own) };
    let both = boss.activities().create(both).await.unwrap();
    let secret = boss.activities().create(about(ActivityKind::Note, "secret", foreign)).await.unwrap();
    let session = office.session_of(rep).await;
    session.activities().create(about(ActivityKind::Note, "by the rep", own)).await.unwrap();
    let all = ["by the rep", "for the boss", "lead.created"];
    assert_eq!(told(&feed(&session, own, &[foreign]).await), all, "who sees a lead sees its whole history");
    assert_eq!(told(&feed(&boss, own, &[]).await), all);
    assert_eq!(session.activities().get(both.id).await.unwrap(), both);
    assert_eq!(session.activities().get(secret.id).await.unwrap_err().code(), "record.not_found");
    let hidden = session.activities().timeline(foreign, &[own], None, 9).await.unwrap_err();
    assert_eq!(hidden.code(), "record.not_found");

    let permissions: PermissionSet = [Permission::ActivityRead, Permission::ContactRead].into_iter().collect();
    let role = boss.roles().create("Assistant".parse().unwrap(), permissions, RoleReach::All).await.unwrap();
    boss.members().change_role(rep, StandardRole::Viewer, Some(role.id)).await.unwrap();
    let session = office.session_of(rep).await;
    let contact = contact_of(&office, office.owner).await;
    assert_eq!(told(&feed(&session, contact, &[own]).await), ["contact.created"]);
    let refused = session.activities().timeline(own, &[], None, 9).await.unwrap_err();
    assert_eq!(refused.code(), "permission.missing");

    let neighbour = office.neighbour("neighbour").await.boss().await;
    let refused = neighbour.activities().timeline(own, &[], None, 9).await.unwrap_err();
    assert_eq!(refused.code(), "record.not_found");
}

#[tokio::test]
async fn a_place_in_a_feed_survives_its_way_through_json() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = lead_of(&office, office.owner).await;
    boss.activities().create(about(ActivityKind::Note, "likes tea", lead)).await.unwrap();
    for entry in feed(&boss, lead, &[]).await {
        let json = serde_json::to_string(&entry.cursor()).unwrap();
        assert_eq!(serde_json::from_str::<TimelineCursor>(&json).unwrap(), entry.cursor(), "{json}");
    }
}

/// One thing that is done in an office: something about the lead, the contact or both, at one of few instants.
#[derive(Clone, Copy, Debug)]
struct Deed {
    about: u8,
    minute: u64,
    due: Option<u64>,
    by_rep: bool,
    step: bool,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = (0..3_u8, 0..3_u64, prop::option::of(0..5_u64), any::<bool>(), prop::bool::weighted(0.3))
        .prop_map(|(about, minute, due, by_rep, step)| Deed { about, minute, due, by_rep, step });
    prop::collection::vec(deed, 0..14)
}

async fn act(office: &Office, deeds: Vec<Deed>, rep: MemberId, [lead, contact]: [RecordRef; 2]) {
    let start = minutes(office, 1);
    let after = |minute: u64| start.plus(std::time::Duration::from_secs(60 * minute));
    let boss = office.boss().await;
    for (number, deed) in deeds.into_iter().enumerate() {
        office.clock.set(after(deed.minute));
        if deed.step {
            // Every other one is refused by the table of states; what counts are the events of the others.
            let id = crate::kernel::Id::new(lead.id);
            let _ = boss.leads().contact(id).await;
            let _ = boss.leads().qualify(id).await;
        }
        let records = match deed.about {
            0 => vec![lead],
            1 => vec![contact],
            _ => vec![lead, contact],
        };
        let kind = if deed.due.is_some() { ActivityKind::Task } else { ActivityKind::Note };
        let new = NewActivity {
            records,
            due_at: deed.due.map(after),
            owner_id: deed.by_rep.then_some(rep),
            ..about(kind, &format!("deed {number}"), lead)
        };
        boss.activities().create(new).await.unwrap();
    }
}

/// The feed as it must be, found by looking at everything that is stored.
fn expected(office: &Office, records: &[RecordRef]) -> Vec<TimelineEntry> {
    let links = stored_links(office);
    let mut entries = Vec::new();
    for activity in office.store.dump::<Activity>(office.organization) {
        let linked = links.iter().any(|link| link.activity_id == activity.id && records.contains(&link.record()));
        if linked {
            let at = activity.happens_at().unwrap_or(activity.created_at);
            entries.push(TimelineEntry { at, item: TimelineItem::Activity(Box::new(activity)) });
        }
    }
    for event in office.store.dump::<Event>(office.organization) {
        if records.iter().any(|record| record.id == event.record_id) {
            entries.push(TimelineEntry { at: event.occurred_at, item: TimelineItem::Event(Box::new(event)) });
        }
    }
    let key = |entry: &TimelineEntry| match &entry.item {
        TimelineItem::Activity(row) => (entry.at, 1, row.id.uuid()),
        TimelineItem::Event(row) => (entry.at, 0, row.id.uuid()),
    };
    entries.sort_by_key(|entry| std::cmp::Reverse(key(entry)));
    entries
}

async fn in_pages(
    session: &Session,
    record: RecordRef,
    linked: &[RecordRef],
    limit: u32,
) -> Result<Vec<TimelineEntry>, TestCaseError> {
    let mut all: Vec<TimelineEntry> = Vec::new();
    loop {
        let after = all.last().map(TimelineEntry::cursor);
        let page = session.activities().timeline(record, linked, after.as_ref(), limit).await.unwrap();
        let count = u32::try_from(page.len()).unwrap();
        prop_assert!(count <= limit);
        all.extend(page);
        if count < limit {
            return Ok(all);
        }
        prop_assert!(all.len() < 200, "the feed does not end");
    }
}

#[tokio::test]
async fn the_feed_of_a_deal_begins_with_that_of_its_lead() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = lead_of(&office, office.owner).await;
    boss.activities().create(about(ActivityKind::Note, "before", lead)).await.unwrap();
    let mut new = NewOpportunity::named("Ten engines".parse().unwrap());
    new.lead_id = Some(Id::new(lead.id));
    let deal = boss.opportunities().create(new).await.unwrap();
    let deal = RecordRef::new(RecordKind::Opportunity, deal.id);
    assert_eq!(told(&feed(&boss, deal, &[]).await), ["before", "opportunity.created", "lead.created"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn pages_of_any_size_tell_the_whole_feed_once(deeds in deeds(), limit in 1..6_u32) {
        run(async {
            let office = Office::open().await;
            let rep = office.hire("rita", StandardRole::SalesRep).await;
            let (lead, contact) = (lead_of(&office, rep).await, contact_of(&office, rep).await);
            act(&office, deeds, rep, [lead, contact]).await;
            for session in [office.boss().await, office.session_of(rep).await] {
                for (record, linked) in [(lead, vec![]), (contact, vec![lead])] {
                    let wanted = expected(&office, &[vec![record], linked.clone()].concat());
                    let paged = in_pages(&session, record, &linked, limit).await?;
                    prop_assert_eq!(told(&paged), told(&wanted));
                    prop_assert_eq!(paged, wanted);
                }
            }
            Ok(())
        })?;
    }
}
