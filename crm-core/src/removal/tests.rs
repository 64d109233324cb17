//! What a removal leaves: events and captures, and nothing else that names the record.

mod fields;

use serde_json::Value as Json;

use crate::activity::{ActivityKind, NewActivity};
use crate::event::Event;
use crate::identity::{RecordKind, RecordRef};
use crate::intake::{Capture, Submission};
use crate::kernel::{Entity, Stored};
use crate::lead::{Lead, LeadPatch, NewLead, TouchDetails};
use crate::people::NewContact;
use crate::scoring::NewEngagement;
use crate::store::{MemoryStore, Visitor, visit_entities};
use crate::testing::office::{Office, named};

/// Finds an identifier wherever it stands in the records of an organization.
struct Search<'s> {
    store: &'s MemoryStore,
    office: &'s Office,
    id: String,
    found: Vec<&'static str>,
}

impl Visitor for Search<'_> {
    fn visit<E: Entity>(&mut self) {
        for row in self.store.dump::<E>(self.office.organization) {
            let row: Stored<E> = row;
            let json: Json = serde_json::to_value(&row.value).unwrap();
            if row.id.uuid().to_string() == self.id || json.to_string().contains(&self.id) {
                self.found.push(E::NAME);
            }
        }
    }
}

fn named_by(office: &Office, id: uuid::Uuid) -> Vec<&'static str> {
    let mut search = Search { store: &office.store, office, id: id.to_string(), found: Vec::new() };
    visit_entities(&mut search);
    let mut found = search.found;
    found.sort_unstable();
    found.dedup();
    found
}

fn call(records: Vec<RecordRef>) -> NewActivity {
    NewActivity::about(ActivityKind::Call, "Call back".parse().unwrap(), records)
}

/// A lead on which everything hangs that can.
async fn laden(office: &Office) -> Stored<Lead> {
    let boss = office.boss().await;
    let touch = Some(TouchDetails { source: Some("ad".parse().unwrap()), ..TouchDetails::default() });
    let lead = NewLead { email: Some("ada@engine.example".parse().unwrap()), touch, ..named("Lovelace") };
    let flagged = Submission { external_id: Some("1".parse().unwrap()), ..form(lead.clone()) };
    boss.intake().submit(form(NewLead { touch: None, ..lead })).await.unwrap();
    boss.intake().submit(flagged).await.unwrap();
    let lead = office.store.dump::<Lead>(office.organization).remove(1);
    boss.scoring().record_engagement(NewEngagement::of(lead.id, "email_opened".parse().unwrap())).await.unwrap();
    boss.activities().create(call(vec![RecordRef::new(RecordKind::Lead, lead.id)])).await.unwrap();
    let patch = LeadPatch { city: crate::kernel::Patch::Set("Bern".parse().unwrap()), ..LeadPatch::default() };
    let lead = boss.leads().get(lead.id).await.unwrap();
    boss.leads().change(lead.id, lead.version, patch).await.unwrap()
}

fn form(lead: NewLead) -> Submission {
    Submission { on_match: crate::intake::OnMatch::Create, ..Submission::new("form".parse().unwrap(), lead) }
}

#[tokio::test]
async fn a_removed_lead_leaves_its_events_and_captures_only() {
    let office = Office::open().await;
    let lead = Box::pin(laden(&office)).await;
    let before = named_by(&office, lead.id.uuid());
    for part in ["activity_link", "capture", "duplicate_flag", "engagement", "job", "match_key", "touch"] {
        assert!(before.contains(&part), "nothing to remove: {part} is missing in {before:?}");
    }
    office.boss().await.leads().delete(lead.id, lead.version).await.unwrap();
    assert_eq!(named_by(&office, lead.id.uuid()), [Capture::NAME, Event::NAME]);
    assert_eq!(office.crm.run_due("anna", 100).await.unwrap().failed, 0);
}

#[tokio::test]
async fn an_activity_goes_with_the_last_record_that_it_is_about() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = office.lead(named("Lovelace")).await;
    let contact = NewContact { last_name: Some("Babbage".parse().unwrap()), ..NewContact::default() };
    let contact = boss.contacts().create(contact).await.unwrap();
    let [on_lead, on_contact] =
        [RecordRef::new(RecordKind::Lead, lead.id), RecordRef::new(RecordKind::Contact, contact.id)];
    let alone = boss.activities().create(call(vec![on_lead])).await.unwrap();
    let shared = boss.activities().create(call(vec![on_lead, on_contact])).await.unwrap();
    boss.leads().delete(lead.id, lead.version).await.unwrap();
    assert!(boss.activities().get(alone.id).await.is_err());
    assert_eq!(office.events_of(alone.id.uuid()).last().unwrap(), "activity.deleted");
    assert!(boss.activities().get(shared.id).await.is_ok());
    boss.contacts().delete(contact.id, contact.version).await.unwrap();
    assert!(boss.activities().get(shared.id).await.is_err());
    assert_eq!(named_by(&office, contact.id.uuid()), [Event::NAME]);
}
