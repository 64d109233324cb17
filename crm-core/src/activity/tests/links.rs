//! Links: what they need, whom they show, and what a conversion does with them.

use super::*;
use crate::access::{Permission, StandardRole};
use crate::conversion::{ConversionChoices, Target};
use crate::kernel::{Id, Page, Patch, Predicate};
use crate::pipeline::NewOpportunity;

#[tokio::test]
async fn a_link_leads_to_a_record_that_the_caller_sees() {
    let office = Office::open().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let (own, foreign) = (lead_of(&office, rep).await, lead_of(&office, office.owner).await);
    let session = office.session_of(rep).await;
    let activities = session.activities();
    let task = activities.create(about(ActivityKind::Task, "Call back", own)).await.unwrap();
    let nobody = RecordRef { kind: RecordKind::Contact, id: own.id };
    let deal = RecordRef { kind: RecordKind::Opportunity, id: uuid::Uuid::nil() };
    for unseen in [foreign, nobody, deal] {
        let refused = activities.create(about(ActivityKind::Task, "Call back", unseen)).await.unwrap_err();
        assert_eq!(refused.code(), "record.not_found", "{unseen:?}");
        assert_eq!(activities.link(task.id, unseen).await.unwrap_err().code(), "record.not_found", "{unseen:?}");
    }
    assert_eq!(office.store.dump::<Activity>(office.organization).len(), 1);
    assert_eq!(activities.records(task.id).await.unwrap(), [own]);

    let neighbour = office.neighbour("neighbour").await.boss().await;
    let refused = neighbour.activities().create(about(ActivityKind::Task, "Call back", own)).await.unwrap_err();
    assert_eq!(refused.code(), "record.not_found");
    assert_eq!(neighbour.activities().get(task.id).await.unwrap_err().code(), "record.not_found");
}

#[tokio::test]
async fn the_last_link_stays() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let activities = boss.activities();
    let (lead, contact) = (lead_of(&office, office.owner).await, contact_of(&office, office.owner).await);
    let task = activities.create(about(ActivityKind::Task, "Call back", lead)).await.unwrap();
    assert_eq!(activities.unlink(task.id, lead).await.unwrap_err().code(), "activity.unlinked");
    assert_eq!(activities.unlink(task.id, contact).await.unwrap_err().code(), "record.not_found");
    activities.link(task.id, contact).await.unwrap();
    assert_eq!(activities.link(task.id, contact).await.unwrap_err().code(), "activity.already_linked");
    activities.unlink(task.id, lead).await.unwrap();
    assert_eq!(activities.records(task.id).await.unwrap(), [contact]);
    assert_eq!(activities.unlink(task.id, contact).await.unwrap_err().code(), "activity.unlinked");
    let said = ["activity.created", "activity.linked", "activity.unlinked"];
    assert_eq!(office.events_of(task.id.uuid()), said);
}

#[tokio::test]
async fn owner_and_place_of_links_follow_the_activity() {
    let office = Office::open().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let boss = office.boss().await;
    let activities = boss.activities();
    let lead = lead_of(&office, rep).await;
    let task = activities.create(about(ActivityKind::Task, "Call back", lead)).await.unwrap();
    let follows = |activity: &Stored<Activity>| {
        let links: Vec<_> = stored_links(&office).into_iter().map(|link| link.value).collect();
        assert_eq!(links, [ActivityLink::new(activity, lead)]);
    };
    follows(&task);
    let due_at = minutes(&office, 60);
    let patch = ActivityPatch { owner_id: Patch::Set(rep), due_at: Patch::Set(due_at), ..ActivityPatch::default() };
    let task = activities.change(task.id, task.version, patch).await.unwrap();
    follows(&task);
    let seen = office.session_of(rep).await.activities().list(&Predicate::everything(), &Page::first(9)).await;
    assert_eq!(seen.unwrap(), std::slice::from_ref(&task));
    let done = activities.complete(task.id, Completion::default()).await.unwrap();
    follows(&done);
    assert_ne!(done.happens_at(), task.happens_at(), "completing moves it in the feed");
    follows(&activities.reopen(task.id).await.unwrap());
}

#[tokio::test]
async fn a_conversion_adds_links_and_copies_nothing() {
    let office = Office::open().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let boss = office.boss().await;
    let activities = boss.activities();
    let (lead, contact) = (lead_of(&office, rep).await, contact_of(&office, rep).await);
    let other = lead_of(&office, rep).await;
    let task = activities.create(about(ActivityKind::Task, "Call back", lead)).await.unwrap();
    let both = NewActivity { records: vec![lead, contact], ..about(ActivityKind::Note, "Met at the fair", lead) };
    let note = activities.create(both).await.unwrap();
    activities.create(about(ActivityKind::Task, "Elsewhere", other)).await.unwrap();
    let before = office.store.dump::<Activity>(office.organization);
    assert_eq!(before.len(), 3);

    // The one who converts does not see the boss's activities, and they follow all the same.
    let session = office.session_of(rep).await;
    let choices = ConversionChoices {
        account: Target::Nothing,
        contact: Target::Existing(Id::new(contact.id)),
        ..ConversionChoices::without_deal()
    };
    session.conversions().convert(Id::new(lead.id), &choices, None).await.unwrap();

    assert_eq!(activities.records(task.id).await.unwrap(), [lead, contact]);
    assert_eq!(activities.records(note.id).await.unwrap(), [lead, contact]);
    assert_eq!(activities.get(note.id).await.unwrap(), note, "what is done keeps its owner");
    assert_eq!(activities.get(task.id).await.unwrap().owner_id, Some(rep));
    assert_eq!(office.store.dump::<Activity>(office.organization).len(), 3);
    let of_task = stored_links(&office).into_iter().filter(|link| link.activity_id == task.id);
    assert!(of_task.into_iter().all(|link| link.owner_id == Some(rep)));
    let mut uow = session.begin(Permission::LeadConvert).await.unwrap();
    let links = links_about(&mut uow, lead).await.unwrap();
    assert!(!links.is_empty());
    assert_eq!(copy_links(&mut uow, &links, &[contact]).await.unwrap(), 0, "all are linked already");
    assert_eq!(copy_links(&mut uow, &links, &[]).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_done_about_a_deal_touches_it() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let activities = boss.activities();
    let new = NewOpportunity::named("Engine".parse().unwrap());
    let deal = boss.opportunities().create(new).await.unwrap();
    let record = RecordRef::new(RecordKind::Opportunity, deal.id);
    let touched = async || boss.opportunities().get(deal.id).await.unwrap().last_touch_at;
    let call = activities.create(about(ActivityKind::Call, "Call back", record)).await.unwrap();
    assert_eq!(touched().await, None, "what is planned is no touch");
    office.clock.advance(std::time::Duration::from_mins(5));
    let call = activities.complete(call.id, Completion::default()).await.unwrap();
    assert_eq!(touched().await, call.done_at);
    assert!(call.done_at.is_some());

    office.clock.advance(std::time::Duration::from_mins(5));
    let logged = NewActivity { done: Some(Completion::default()), ..about(ActivityKind::Meeting, "Met", record) };
    let logged = activities.create(logged).await.unwrap();
    assert_eq!(touched().await, logged.done_at);
    let earlier = Completion { at: call.done_at, ..Completion::default() };
    let earlier = NewActivity { done: Some(earlier), ..about(ActivityKind::Call, "Earlier", record) };
    activities.create(earlier).await.unwrap();
    assert_eq!(touched().await, logged.done_at, "the latest counts");

    office.clock.advance(std::time::Duration::from_mins(5));
    let lead = lead_of(&office, office.owner).await;
    let note = activities.create(about(ActivityKind::Note, "likes tea", lead)).await.unwrap();
    activities.link(note.id, record).await.unwrap();
    assert_eq!(touched().await, note.done_at, "what was done before it was linked counts too");
}

#[tokio::test]
async fn of_two_who_take_the_last_two_links_one_is_refused() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let (lead, contact) = (lead_of(&office, office.owner).await, contact_of(&office, office.owner).await);
    let both = NewActivity { records: vec![lead, contact], ..about(ActivityKind::Task, "Call back", lead) };
    let task = boss.activities().create(both).await.unwrap();
    let mut first = boss.begin(Permission::ActivityUpdate).await.unwrap();
    let mut row = first.get(task.id).await.unwrap();
    row.value.subject = "Write back".parse().unwrap();
    first.save(row, ActivityEvent::Unlinked(lead)).await.unwrap();
    boss.activities().unlink(task.id, contact).await.unwrap();
    assert_eq!(first.commit().await.unwrap_err().code(), "record.changed_meanwhile");
}

#[tokio::test]
async fn deals_have_activities_and_a_feed_too() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let deal = boss.opportunities().create(NewOpportunity::named("Engine".parse().unwrap())).await.unwrap();
    let deal = RecordRef::new(RecordKind::Opportunity, deal.id);
    let note = boss.activities().create(about(ActivityKind::Note, "likes tea", deal)).await.unwrap();
    let feed = boss.activities().timeline(deal, &[], None, 9).await.unwrap();
    let told: Vec<_> = feed
        .iter()
        .map(|entry| match &entry.item {
            TimelineItem::Activity(activity) => activity.subject.as_str(),
            TimelineItem::Event(event) => event.name.as_str(),
        })
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    for part in [note.subject.as_str(), "opportunity.created", "opportunity.touched"] {
        assert!(told.contains(&part), "{part} is not in {told:?}");
    }

    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let session = office.session_of(rep).await;
    let refused = session.activities().create(about(ActivityKind::Note, "mine", deal)).await.unwrap_err();
    assert_eq!(refused.code(), "record.not_found");
}

#[tokio::test]
async fn an_activity_names_the_records_that_the_caller_sees_and_no_others() {
    let office = Office::open().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let (own, foreign) = (lead_of(&office, rep).await, lead_of(&office, office.owner).await);
    let session = office.session_of(rep).await;
    let call = session.activities().create(about(ActivityKind::Call, "Call back", own)).await.unwrap();
    let boss = office.boss().await;
    boss.activities().link(call.id, foreign).await.unwrap();
    assert_eq!(session.activities().records(call.id).await.unwrap(), [own]);
    let mut all = boss.activities().records(call.id).await.unwrap();
    all.sort();
    assert_eq!(all.len(), 2, "{all:?}");
}
