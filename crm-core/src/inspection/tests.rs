//! Sound organizations pass, and each planted defect is found where it was planted.

use super::*;
use crate::access::{Intent, StandardRole};
use crate::activity::{Activity, ActivityKind, ActivityLink, NewActivity};
use crate::billing::usage::record_usage;
use crate::billing::{Meter, UsageCounter};
use crate::conversion::{Conversion, ConversionChoices, NewDeal};
use crate::event::Event;
use crate::identity::{MatchKey, RecordKind, RecordRef};
use crate::import::{Import, ImportCounts};
use crate::inbox::conversation::ConversationState;
use crate::inbox::{Conversation, Message, NewMessage};
use crate::kernel::Stored;
use crate::lead::Lead;
use crate::pipeline::{NewPipeline, NewStage, Opportunity, Stage, StageKind};
use crate::scoring::NewEngagement;
use crate::store::{Records, Store, Tx};
use crate::testing::office::{Office, named};
use crate::testing::social::FrontDesk;

/// An office that has been at work, so that every rule has something to look at.
async fn at_work() -> Office {
    let office = Office::open().await;
    let boss = office.boss().await;
    office.hire("rita", StandardRole::SalesRep).await;
    let waiting = office.lead(named("Byron")).await;
    boss.scoring().record_engagement(engagement(&waiting)).await.unwrap();
    boss.scoring().score(waiting.id).await.unwrap();
    let lead = office.lead(named("Lovelace")).await;
    let about = vec![RecordRef::new(RecordKind::Lead, lead.id)];
    let call = NewActivity::about(ActivityKind::Call, "First call".parse().unwrap(), about);
    boss.activities().create(call).await.unwrap();
    boss.leads().qualify(lead.id).await.unwrap();
    let mut choices = ConversionChoices::with_deal(NewDeal::default());
    choices.owner_id = Some(office.owner);
    boss.conversions().convert(lead.id, &choices, None).await.unwrap();
    let stages = serde_json::json!([{ "name": "Open", "kind": "open", "probability": 10 },
        { "name": "Won", "kind": "won" }, { "name": "Lost", "kind": "lost" }]);
    let stages: Vec<NewStage> = serde_json::from_value(stages).unwrap();
    boss.pipelines().create(NewPipeline { name: "Other".parse().unwrap(), stages }).await.unwrap();
    let mut uow = boss.begin(Permission::OrganizationConfigure).await.unwrap();
    let now = uow.now();
    record_usage(&mut uow, Meter::Messages, "one", 3, now).await.unwrap();
    record_usage(&mut uow, Meter::Messages, "two", 4, now).await.unwrap();
    uow.commit().await.unwrap();
    office
}

fn engagement(lead: &Stored<Lead>) -> NewEngagement {
    let json = serde_json::json!({ "lead_id": lead.id, "kind": "email_clicked" });
    serde_json::from_value(json).unwrap()
}

async fn findings(office: &Office) -> Vec<(&'static str, &'static str, Uuid)> {
    let findings = office.boss().await.inspection().run().await.unwrap().findings;
    findings.into_iter().map(|finding| (finding.rule, finding.entity, finding.id)).collect()
}

/// The only record of a kind that is like this.
fn only<E: Entity>(office: &Office, like: impl Fn(&E) -> bool) -> Stored<E> {
    let mut rows = office.store.dump::<E>(office.organization);
    rows.retain(|row| like(&row.value));
    assert_eq!(rows.len(), 1, "{}", E::NAME);
    rows.remove(0)
}

/// Writes past the door, which nothing tells of.
async fn write<E: Entity>(office: &Office, mut row: Stored<E>, change: impl FnOnce(&mut E))
where
    for<'a> dyn Tx + 'a: Records<E>,
{
    change(&mut row.value);
    row.version += 1;
    let mut tx = office.store.begin(office.organization, Intent::Write).await.unwrap();
    Records::<E>::update(&mut *tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

/// The findings besides the gap that [`write`] leaves in the trail.
async fn besides_the_trail(office: &Office) -> Vec<(&'static str, &'static str, Uuid)> {
    let mut findings = findings(office).await;
    findings.retain(|(rule, _, _)| *rule != "trail");
    findings
}

async fn remove<E: Entity>(office: &Office, row: Stored<E>)
where
    for<'a> dyn Tx + 'a: Records<E>,
{
    let mut tx = office.store.begin(office.organization, Intent::Write).await.unwrap();
    Records::<E>::delete(&mut *tx, row.id, row.version).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_office_at_work_fits_together() {
    let office = at_work().await;
    let inspected = office.boss().await.inspection().run().await.unwrap();
    assert_eq!(inspected.findings, []);
    assert!(inspected.looked_at > 30, "{}", inspected.looked_at);
}

#[tokio::test]
async fn who_may_not_configure_the_organization_may_not_inspect_it() {
    let office = Office::open().await;
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let refused = office.session_of(rita).await.inspection().run().await.unwrap_err();
    assert_eq!(refused.code(), "permission.missing");
}

#[tokio::test]
async fn a_change_past_the_door_leaves_a_gap_in_the_trail() {
    let office = at_work().await;
    let mut lead = only::<Lead>(&office, |lead| lead.last_name.as_ref().is_some_and(|name| name.as_str() == "Byron"));
    lead.version += 1;
    let mut tx = office.store.begin(office.organization, Intent::Write).await.unwrap();
    Records::<Lead>::update(&mut *tx, &lead).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(findings(&office).await, [("trail", "lead", lead.id.uuid())]);
}

#[tokio::test]
async fn an_event_that_is_gone_leaves_a_gap_in_the_trail() {
    let office = at_work().await;
    let event = only::<Event>(&office, |event| event.name == "lead.qualified");
    let lead = event.record_id;
    remove(&office, event).await;
    assert_eq!(findings(&office).await, [("trail", "lead", lead)]);
}

#[tokio::test]
async fn a_lead_that_is_converted_into_nothing_is_found() {
    let office = at_work().await;
    let conversion = only::<Conversion>(&office, |_| true);
    let lead = conversion.lead_id;
    remove(&office, conversion).await;
    assert_eq!(findings(&office).await, [("conversion", "lead", lead.uuid())]);
}

#[tokio::test]
async fn a_deal_in_a_stage_of_another_pipeline_is_found() {
    let office = at_work().await;
    let deal = only::<Opportunity>(&office, |_| true);
    let elsewhere =
        only::<Stage>(&office, |stage| stage.kind == StageKind::Open && stage.pipeline_id != deal.pipeline_id);
    let id = deal.id.uuid();
    write(&office, deal, |deal| deal.stage_id = elsewhere.id).await;
    assert_eq!(besides_the_trail(&office).await, [("stage", "opportunity", id)]);
}

#[tokio::test]
async fn a_deal_whose_state_is_not_that_of_its_stage_is_found() {
    let office = at_work().await;
    let deal = only::<Opportunity>(&office, |_| true);
    let id = deal.id.uuid();
    write(&office, deal, |deal| deal.status = StageKind::Won).await;
    assert_eq!(besides_the_trail(&office).await, [("stage", "opportunity", id)]);
}

#[tokio::test]
async fn a_key_of_a_record_that_is_not_there_is_found() {
    let office = at_work().await;
    let key = office.store.dump::<MatchKey>(office.organization).remove(0);
    let id = key.id.uuid();
    write(&office, key, |key| key.record_id = Uuid::nil()).await;
    assert_eq!(besides_the_trail(&office).await, [("link", "match_key", id)]);
}

#[tokio::test]
async fn a_link_that_does_not_follow_its_activity_is_found() {
    let office = at_work().await;
    let link = office.store.dump::<ActivityLink>(office.organization).remove(0);
    assert!(only::<Activity>(&office, |_| true).owner_id.is_some());
    let id = link.id.uuid();
    write(&office, link, |link| link.owner_id = None).await;
    assert_eq!(besides_the_trail(&office).await, [("link", "activity_link", id)]);
}

#[tokio::test]
async fn a_score_that_nobody_told_is_found_and_so_are_reasons_that_do_not_add_up() {
    let office = at_work().await;
    let scored = only::<Event>(&office, |event| event.name == crate::lead::SCORED);
    let lead = only::<Lead>(&office, |lead| lead.last_name.as_ref().is_some_and(|name| name.as_str() == "Byron"));
    let id = lead.id.uuid();
    assert_eq!(scored.record_id, id);
    let score = lead.score;
    write(&office, lead.clone(), |lead| lead.score += 1).await;
    assert_eq!(besides_the_trail(&office).await, [("score", "lead", id)]);
    let lead = only::<Lead>(&office, |lead| lead.score == score + 1);
    write(&office, lead, |lead| lead.score -= 1).await;
    assert_eq!(besides_the_trail(&office).await, []);
    write(&office, scored, |event| event.data["scored"]["why"]["because"][0]["weight"] = 1_000.into()).await;
    assert_eq!(besides_the_trail(&office).await, [("score", "lead", id)]);
}

#[tokio::test]
async fn counters_that_are_not_what_they_count_are_found() {
    let office = at_work().await;
    let counter = only::<UsageCounter>(&office, |_| true);
    let id = counter.id.uuid();
    write(&office, counter, |counter| counter.used += 1).await;
    assert_eq!(besides_the_trail(&office).await, [("usage", "usage_counter", id)]);
}

#[tokio::test]
async fn an_import_that_counts_rows_which_are_not_there_is_found() {
    let office = at_work().await;
    let json = serde_json::json!({ "kind": "leads", "source": "fair", "file_name": "x.csv",
        "fingerprint": crate::import::fingerprint(&b"x"[..]).unwrap(), "headers": ["Last Name"], "mapping": [] });
    let boss = office.boss().await;
    let mut new: crate::import::NewImport = serde_json::from_value(json).unwrap();
    new.mapping = boss.imports().guess(new.kind, &new.headers).await.unwrap();
    boss.imports().start(new).await.unwrap();
    assert_eq!(besides_the_trail(&office).await, []);
    let import = only::<Import>(&office, |_| true);
    let id = import.id.uuid();
    write(&office, import, |import| import.counts = ImportCounts { read: 1, created: 1, ..ImportCounts::default() })
        .await;
    assert_eq!(besides_the_trail(&office).await, [("import", "import", id)]);
}

#[tokio::test]
async fn an_organization_without_an_active_owner_is_found() {
    let office = at_work().await;
    let session = office.crm.session(crate::access::Caller::system(office.organization, "test"));
    let owner = only::<Member>(&office, |member| member.role == StandardRole::Owner);
    write(&office, owner, |member| member.active = false).await;
    let found = session.inspection().run().await.unwrap().findings;
    let found: Vec<_> =
        found.iter().map(|finding| (finding.rule, finding.id)).filter(|(rule, _)| *rule != "trail").collect();
    assert_eq!(found, [("ownership", office.organization.uuid())]);
}

#[tokio::test]
async fn what_a_conversation_shows_in_lists_is_held_against_its_messages_and_events() {
    let desk = FrontDesk::open().await.unwrap();
    let office = &desk.office;
    let boss = office.boss().await;
    let inbox = boss.inbox(office.crm.channels());
    inbox.read(desk.conversation).await.unwrap();
    desk.hear("w2", "Hello?").await.unwrap();
    let answer = inbox.send(desk.conversation, NewMessage::text("We do.")).await.unwrap();
    desk.work().await.unwrap();
    office.clock.advance(std::time::Duration::from_mins(1));
    desk.hear("w3", "Until when?").await.unwrap();
    desk.hear("w4", "And on Monday?").await.unwrap();
    assert_eq!(findings(office).await, []);

    let thread = only::<Conversation>(office, |_| true);
    assert_eq!(thread.unread, 2);
    let found = [("conversation", "conversation", thread.id.uuid())];
    let defects: [fn(&mut Conversation); 6] = [
        |thread| thread.unread = 1,
        |thread| thread.unread = 4,
        |thread| thread.last_message_at = thread.last_message_at.minus(std::time::Duration::from_secs(1)),
        |thread| thread.preview_direction = None,
        |thread| thread.snoozed_until = Some(thread.last_message_at),
        |thread| thread.state = ConversationState::Closed,
    ];
    for defect in defects {
        let sound = only::<Conversation>(office, |_| true);
        let before = sound.value.clone();
        write(office, sound, defect).await;
        assert_eq!(findings(office).await, found);
        write(office, only::<Conversation>(office, |_| true), |thread| *thread = before).await;
        assert_eq!(findings(office).await, []);
    }
    // One that lists show as the last, and that is gone.
    let last = only::<Message>(office, |message| message.external_id.as_deref() == Some("w4"));
    write(office, last, |message| message.at = answer.at).await;
    let before_last = only::<Message>(office, |message| message.external_id.as_deref() == Some("w3"));
    write(office, before_last, |message| message.at = answer.at).await;
    assert_eq!(findings(office).await, found);
}
