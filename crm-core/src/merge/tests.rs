//! What comes of two leads that are one person, and what stays as it was.

use super::*;
use crate::access::StandardRole;
use crate::activity::{ActivityKind, ActivityLink, NewActivity};
use crate::assignment::{RuleDraft, RuleMember, WaitingLead};
use crate::custom_field::{CustomType, CustomUnique, NewCustomField};
use crate::duplicate::{DuplicateFlag, FlagState};
use crate::identity::{MatchKey, RecordKind, RecordRef};
use crate::inbox::Participant;
use crate::intake::{Capture, OnMatch, Submission};
use crate::kernel::{CustomValue, CustomValues, Entity, Error, Page, Result, Stored};
use crate::lead::{Lead, LeadId, LeadStatus, NewLead, Touch, TouchDetails};
use crate::pipeline::{NewOpportunity, Opportunity};
use crate::scoring::{Engagement, NewEngagement, ScoreState};
use crate::store::{MemoryStore, Visitor, visit_entities};
use crate::testing::office::{Office, named};
use crate::testing::social::FrontDesk;

async fn merge(office: &Office, survivor: LeadId, loser: LeadId, choices: &MergeChoices) -> Result<Stored<Lead>> {
    office.boss().await.merges().merge_leads(survivor, loser, choices).await
}

fn choose<const N: usize>(choices: [(&str, Choice); N]) -> MergeChoices {
    let fields = choices.into_iter().map(|(field, choice)| (field.to_owned(), choice)).collect();
    MergeChoices { fields, ..MergeChoices::default() }
}

fn ada() -> NewLead {
    NewLead {
        first_name: Some("Ada".parse().unwrap()),
        email: Some("ada@engine.example".parse().unwrap()),
        company: Some("Engines".parse().unwrap()),
        tags: vec!["vip".parse().unwrap()],
        note: Some("Met at the fair".parse().unwrap()),
        source: Some("fair".parse().unwrap()),
        ..named("Lovelace")
    }
}

fn countess() -> NewLead {
    NewLead {
        email: Some("countess@lovelace.example".parse().unwrap()),
        other_emails: vec!["ADA@engine.example".parse().unwrap()],
        company: Some("Analytical".parse().unwrap()),
        city: Some("London".parse().unwrap()),
        tags: vec!["north".parse().unwrap(), "vip".parse().unwrap()],
        note: Some("Called twice".parse().unwrap()),
        source: Some("web".parse().unwrap()),
        ..named("King")
    }
}

#[tokio::test]
async fn the_survivor_keeps_what_it_has_and_takes_what_it_lacks() {
    let office = Office::open().await;
    let (one, other) = (office.lead(ada()).await, office.lead(countess()).await);
    let lead = merge(&office, one.id, other.id, &MergeChoices::default()).await.unwrap();
    assert_eq!((lead.id, lead.company.as_deref(), lead.city.as_deref()), (one.id, Some("Engines"), Some("London")));
    assert_eq!(
        lead.emails().map(crate::kernel::EmailAddress::as_str).collect::<Vec<_>>(),
        ["ada@engine.example", "countess@lovelace.example"]
    );
    assert_eq!(lead.tags.iter().map(crate::kernel::Tag::as_str).collect::<Vec<_>>(), ["north", "vip"]);
    assert_eq!(lead.note.as_deref(), Some("Met at the fair\n\nFrom King:\nCalled twice"));
    let told = office.events_of(one.id.uuid());
    assert!(told.contains(&"lead.merged".to_owned()), "{told:?}");
    assert_eq!(office.events_of(other.id.uuid()).last().unwrap(), "lead.merged_into");
}

#[tokio::test]
async fn what_is_chosen_counts_and_what_is_left_out_stands_in_the_event() {
    let office = Office::open().await;
    let (one, other) = (office.lead(ada()).await, office.lead(countess()).await);
    let choices =
        choose([("company", Choice::Take), ("city", Choice::Keep), ("note", Choice::Take), ("email", Choice::Take)]);
    let boss = office.boss().await;
    let plan = boss.merges().plan_leads(one.id, other.id, &choices).await.unwrap();
    let company = plan.fields.iter().find(|field| field.field == "company").unwrap();
    assert_eq!(
        (&company.survivor, &company.loser, &company.merged),
        (&"Engines".into(), &"Analytical".into(), &"Analytical".into())
    );
    assert_eq!(office.store.dump::<Lead>(office.organization).len(), 2, "a plan changes nothing");
    let lead = merge(&office, one.id, other.id, &choices).await.unwrap();
    assert_eq!(Lead { score: lead.score, scored_at: lead.scored_at, ..plan.lead }, lead.value, "the plan was exact");
    assert_eq!((lead.city.as_ref(), lead.note.as_deref()), (None, Some("Called twice")));
    assert_eq!(lead.email.as_ref().map(crate::kernel::EmailAddress::as_str), Some("countess@lovelace.example"));
    assert_eq!(lead.other_emails.len(), 1, "the other address is beside it");
    let history = boss.leads().history(one.id, &Page::first(50)).await.unwrap();
    let event = history.iter().find(|event| event.name == "lead.merged").unwrap();
    assert_eq!(event.data["merged"]["was"]["city"], "London");
    assert!(history.iter().any(|event| event.record_id == other.id.uuid()), "what happened to the other is told too");
}

#[tokio::test]
async fn where_they_came_from_is_told_by_the_older_one_and_the_state_is_the_further_one() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let older = office.lead(countess()).await;
    office.clock.advance(std::time::Duration::from_mins(1));
    let newer = office.lead(ada()).await;
    boss.leads().qualify(older.id).await.unwrap();
    let lead = merge(&office, newer.id, older.id, &MergeChoices::default()).await.unwrap();
    assert_eq!((lead.source.as_deref(), lead.status), (Some("web"), LeadStatus::Qualified));
    assert!(office.events_of(newer.id.uuid()).contains(&"lead.qualified".to_owned()));

    let lost = office.lead(named("Byron")).await;
    boss.leads().disqualify(lost.id, None).await.unwrap();
    let lead = merge(&office, lost.id, lead.id, &MergeChoices::default()).await.unwrap();
    assert_eq!((lead.id, lead.status), (lost.id, LeadStatus::Qualified));
    let kept = office.lead(named("King")).await;
    let refused = merge(&office, lead.id, kept.id, &choose([("status", Choice::Take)])).await.unwrap_err();
    assert_eq!(refused.code(), "lead.step_not_allowed", "the table of states holds");
}

/// Everything of the organization that holds an identifier.
fn named_by(office: &Office, id: LeadId) -> Vec<&'static str> {
    struct Search<'s>(&'s MemoryStore, &'s Office, String, Vec<&'static str>);
    impl Visitor for Search<'_> {
        fn visit<E: Entity>(&mut self) {
            let rows: Vec<Stored<E>> = self.0.dump(self.1.organization);
            let names = |row: &Stored<E>| {
                row.id.to_string() == self.2 || serde_json::to_string(&row.value).unwrap().contains(&self.2)
            };
            if rows.iter().any(names) {
                self.3.push(E::NAME);
            }
        }
    }
    let mut search = Search(&office.store, office, id.to_string(), Vec::new());
    visit_entities(&mut search);
    search.3.sort_unstable();
    search.3
}

#[tokio::test]
async fn whatever_named_the_loser_names_the_survivor_then() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let form = |id: &str, lead| Submission {
        external_id: Some(id.parse().unwrap()),
        on_match: OnMatch::Create,
        ..Submission::new("form".parse().unwrap(), lead)
    };
    let touch = Some(TouchDetails { source: Some("ad".parse().unwrap()), ..TouchDetails::default() });
    boss.intake().submit(form("1", ada())).await.unwrap();
    boss.intake().submit(form("2", NewLead { touch, ..ada() })).await.unwrap();
    boss.intake().submit(form("3", ada())).await.unwrap();
    let leads = office.store.dump::<Lead>(office.organization);
    let (survivor, loser, third) = (leads[0].id, leads[1].id, leads[2].id);
    let record = |lead| RecordRef::new(RecordKind::Lead, lead);
    let call = |records| NewActivity::about(ActivityKind::Call, "Call".parse().unwrap(), records);
    let alone = boss.activities().create(call(vec![record(loser)])).await.unwrap();
    let both = boss.activities().create(call(vec![record(loser), record(survivor)])).await.unwrap();
    for lead in [survivor, loser] {
        boss.scoring().record_engagement(NewEngagement::of(lead, "email_opened".parse().unwrap())).await.unwrap();
    }
    let deal = NewOpportunity { lead_id: Some(loser), ..NewOpportunity::named("Ten engines".parse().unwrap()) };
    boss.opportunities().create(deal).await.unwrap();
    for part in ["activity_link", "capture", "duplicate_flag", "engagement", "match_key", "opportunity", "touch"] {
        assert!(named_by(&office, loser).contains(&part), "nothing to move: {part}");
    }

    merge(&office, survivor, loser, &MergeChoices::default()).await.unwrap();
    assert_eq!(named_by(&office, loser), ["duplicate_flag", "event", "redirect"]);
    let links = office.store.dump::<ActivityLink>(office.organization);
    for activity in [alone.id, both.id] {
        let about: Vec<_> =
            links.iter().filter(|link| link.activity_id == activity).map(|link| link.record()).collect();
        assert_eq!(about, [record(survivor)], "once each");
    }
    assert!(office.store.dump::<Engagement>(office.organization).iter().all(|one| one.lead_id == survivor));
    assert!(office.store.dump::<ScoreState>(office.organization).iter().all(|one| one.lead_id != loser));
    assert!(office.store.dump::<Touch>(office.organization).iter().any(|touch| touch.record_id == survivor.uuid()));
    assert_eq!(office.store.dump::<Opportunity>(office.organization)[0].lead_id, Some(survivor));
    assert!(office.store.dump::<MatchKey>(office.organization).iter().all(|key| key.record_id != loser.uuid()));
    let captures = office.store.dump::<Capture>(office.organization);
    assert_eq!(captures.iter().filter(|capture| capture.record_id == survivor.uuid()).count(), 2);
    let flags = office.store.dump::<DuplicateFlag>(office.organization);
    let state = |one: LeadId, other: LeadId| {
        let pair = [record(one), record(other)];
        let flag = flags.iter().find(|flag| pair.iter().all(|record| flag.records().contains(record)));
        flag.map(|flag| flag.state())
    };
    assert_eq!((state(survivor, loser), state(survivor, third)), (Some(FlagState::Merged), Some(FlagState::Open)));
    assert_eq!(state(loser, third), None);
    assert!(boss.inspection().run().await.unwrap().findings.is_empty(), "what is stored fits together");
    assert_eq!(office.crm.run_due("anna", 100).await.unwrap().failed, 0);
}

#[tokio::test]
async fn an_old_identifier_leads_on_for_good_and_the_same_merge_again_answers_the_same() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let (one, two, three) = (office.lead(ada()).await, office.lead(countess()).await, office.lead(named("King")).await);
    let merged = merge(&office, two.id, one.id, &MergeChoices::default()).await.unwrap();
    assert_eq!(merge(&office, two.id, one.id, &MergeChoices::default()).await.unwrap(), merged);
    merge(&office, three.id, two.id, &MergeChoices::default()).await.unwrap();
    for old in [one.id, two.id, three.id] {
        assert_eq!(boss.leads().get(old).await.unwrap().id, three.id);
    }
    let rep = office.session_of(office.hire("rita", StandardRole::SalesRep).await).await;
    let unseen = rep.leads().get(one.id).await.unwrap_err();
    assert!(unseen.to_string().contains(&one.id.to_string()), "it does not tell where to: {unseen}");
    let neighbour = office.neighbour("neighbour").await.boss().await;
    assert_eq!(neighbour.leads().get(one.id).await.unwrap_err().code(), "record.not_found");
}

#[tokio::test]
async fn a_value_that_stands_once_goes_over_and_one_of_a_third_lead_stays_there() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let field = NewCustomField {
        record_kind: RecordKind::Lead,
        key: "number".parse().unwrap(),
        label: "Number".parse().unwrap(),
        holds: CustomType::Text,
        required: false,
        unique: true,
        filterable: false,
    };
    boss.custom_fields().create(field).await.unwrap();
    let number = |value: &str| -> CustomValues {
        [("number".parse().unwrap(), CustomValue::Text(value.parse().unwrap()))].into_iter().collect()
    };
    let (one, other) = (office.lead(ada()).await, office.lead(NewLead { custom: number("A-1"), ..countess() }).await);
    let lead = merge(&office, one.id, other.id, &MergeChoices::default()).await.unwrap();
    assert_eq!(lead.custom, number("A-1"));
    let claims = office.store.dump::<CustomUnique>(office.organization);
    assert_eq!((claims.len(), claims[0].record_id), (1, one.id.uuid()));
}

#[tokio::test]
async fn what_cannot_be_merged_stays_as_it_is() {
    let office = Office::open().await;
    let (one, other) = (office.lead(ada()).await, office.lead(countess()).await);
    let code = |outcome: Result<Stored<Lead>>| outcome.map_err(|error: Error| error.code().to_owned()).unwrap_err();
    let none = MergeChoices::default();
    assert_eq!(code(merge(&office, one.id, one.id, &none).await), "merge.same_record");
    let unknown = choose([("score", Choice::Take)]);
    assert_eq!(code(merge(&office, one.id, other.id, &unknown).await), "merge.unknown_field");
    let stale = MergeChoices { loser_version: Some(7), ..MergeChoices::default() };
    assert_eq!(code(merge(&office, one.id, other.id, &stale).await), "record.stale_version");
    let many = |from: usize| NewLead {
        other_emails: (from..from + 12).map(|n| format!("a{n}@engine.example").parse().unwrap()).collect(),
        ..named("Lovelace")
    };
    let (some, more) = (office.lead(many(0)).await, office.lead(many(20)).await);
    assert_eq!(code(merge(&office, some.id, more.id, &none).await), "lead.too_many_addresses");
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let rep = office.session_of(rep).await;
    assert_eq!(code(rep.merges().merge_leads(one.id, other.id, &none).await), "permission.missing");
    assert_eq!(office.store.dump::<Lead>(office.organization).len(), 4);
}

#[tokio::test]
async fn a_lead_that_waited_for_an_owner_waits_no_longer_once_it_is_merged() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let owner = office.hire("rita", StandardRole::SalesRep).await;
    let all = RuleDraft::catch_all("All".parse().unwrap(), vec![RuleMember::equal(owner)]);
    boss.assignment().set_rules(vec![all]).await.unwrap();
    boss.members().deactivate(owner).await.unwrap();
    boss.intake().submit(Submission::new("form".parse().unwrap(), ada())).await.unwrap();
    let waiting = office.store.dump::<WaitingLead>(office.organization).remove(0).lead_id;
    let other = office.lead(NewLead { owner_id: Some(office.owner), ..named("King") }).await;
    let lead = merge(&office, waiting, other.id, &MergeChoices::default()).await.unwrap();
    assert_eq!(lead.owner_id, Some(office.owner));
    assert!(office.store.dump::<WaitingLead>(office.organization).is_empty());
}

#[tokio::test]
async fn whoever_wrote_to_the_inbox_as_the_loser_is_the_survivor_then() {
    let desk = FrontDesk::open().await.unwrap();
    let boss = desk.office.boss().await;
    let inbox = boss.inbox(desk.office.crm.channels());
    let loser = inbox.make_lead(desk.conversation).await.unwrap();
    let survivor = desk.office.lead(named("Example")).await.id;
    merge(&desk.office, survivor, loser, &MergeChoices::default()).await.unwrap();
    desk.hear("w2", "And on Monday?").await.unwrap();
    let participants = desk.office.store.dump::<Participant>(desk.office.organization);
    assert_eq!(participants.iter().map(|one| one.lead_id).collect::<Vec<_>>(), [Some(survivor)]);
}
