//! Who becomes a lead, who is linked, and that a name never does it.

use crate::identity::{RecordKind, RecordRef};
use crate::inbox::connection::{ConnectionSettings, LeadPolicy};
use crate::inbox::participant::Participant;
use crate::inbox::send::tests::Counter;
use crate::kernel::PhoneNumber;
use crate::kernel::{DigitsOnly, PhoneNumbers};
use crate::lead::{Lead, NewLead};

fn participant(counter: &Counter) -> Participant {
    counter.office.store.dump::<Participant>(counter.office.organization).remove(0).value
}

fn leads(counter: &Counter) -> usize {
    counter.office.store.dump::<Lead>(counter.office.organization).len()
}

fn number(text: &str) -> PhoneNumber {
    DigitsOnly.parse(text, None).unwrap()
}

async fn make_leads(counter: &Counter) {
    counter.configure(ConnectionSettings { leads: LeadPolicy::Create, ..ConnectionSettings::default() }).await;
}

#[tokio::test]
async fn by_policy_whoever_writes_becomes_a_lead_once() {
    let counter = Counter::open("whatsapp").await;
    make_leads(&counter).await;
    for text in ["hi", "hi again"] {
        counter.hear(text).await;
        counter.work().await;
    }
    assert_eq!(leads(&counter), 1);
    let lead = counter.office.store.dump::<Lead>(counter.office.organization).remove(0);
    assert_eq!(participant(&counter).lead_id, Some(lead.id));
    assert_eq!(lead.phone.as_ref().map(PhoneNumber::key), Some(number("+12025550123").key()));
    assert_eq!(lead.source.as_deref(), Some("whatsapp"));
    let boss = counter.boss().await;
    let back = boss.inbox(&counter.channels).of_record(RecordRef::new(RecordKind::Lead, lead.id)).await.unwrap();
    assert_eq!(back[0].id, counter.thread);
}

#[tokio::test]
async fn a_number_links_to_the_lead_that_has_it() {
    let counter = Counter::open("whatsapp").await;
    let known = NewLead { phone: Some(number("+1 202 555 0123")), ..crate::testing::office::named("Example") };
    let known = counter.office.lead(known).await;
    make_leads(&counter).await;
    counter.hear("hi").await;
    counter.work().await;
    assert_eq!((leads(&counter), participant(&counter).lead_id), (1, Some(known.id)));
}

#[tokio::test]
async fn a_number_that_the_platform_writes_otherwise_links_too() {
    // WhatsApp leaves out the ninth digit of Brazil, and adds a 1 in Mexico.
    for (typed, named) in [("+55 11 98765-4321", "551187654321"), ("+52 55 1234 5678", "5215512345678")] {
        let counter = Counter::open("whatsapp").await;
        let known = NewLead { phone: Some(number(typed)), ..crate::testing::office::named("Example") };
        let known = counter.office.lead(known).await;
        make_leads(&counter).await;
        let event = crate::inbox::channel::InboundEvent {
            kind: crate::inbox::channel::EventKind::Message,
            participant_id: Some(named.to_owned()),
            ..counter.event()
        };
        counter.tell(event).await;
        counter.work().await;
        let people = counter.office.store.dump::<Participant>(counter.office.organization);
        let one = people.iter().find(|one| one.address == named).unwrap();
        assert_eq!(one.lead_id, Some(known.id), "{typed}");
    }
}

#[tokio::test]
async fn a_person_makes_a_contact_of_whoever_writes() {
    let counter = Counter::open("whatsapp").await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let contact = inbox.make_contact(counter.thread).await.unwrap();
    assert_eq!(participant(&counter).contact_id, Some(contact));
    let made = boss.contacts().get(contact).await.unwrap();
    assert_eq!((made.full_name(), made.source.as_deref()), ("12025550123".to_owned(), Some("whatsapp")));
    let points = boss.contacts().points(contact).await.unwrap();
    assert_eq!(points[0].value.value.key(), number("+12025550123").key());
    let back = inbox.of_record(RecordRef::new(RecordKind::Contact, contact)).await.unwrap();
    assert_eq!(back[0].id, counter.thread);
}

#[tokio::test]
async fn a_name_alone_links_nobody() {
    let counter = Counter::open("messenger").await;
    let ana = NewLead { first_name: Some("Ana".parse().unwrap()), ..crate::testing::office::named("Example") };
    let ana = counter.office.lead(ana).await;
    make_leads(&counter).await;
    let mut event = counter.event();
    event.kind = crate::inbox::channel::EventKind::Message;
    event.extra.profile_name = Some("Ana Example".to_owned());
    counter.tell(event).await;
    counter.work().await;
    assert_eq!(leads(&counter), 2, "another lead of the same name");
    assert_ne!(participant(&counter).lead_id, Some(ana.id));
    // What may be the same is shown to a person, who decides.
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let linked = inbox.link(counter.thread, Some(RecordRef::new(RecordKind::Lead, ana.id))).await.unwrap();
    assert_eq!(linked.lead_id, Some(ana.id));
    let nobody = RecordRef { kind: RecordKind::Lead, id: uuid::Uuid::nil() };
    assert_eq!(inbox.link(counter.thread, Some(nobody)).await.unwrap_err().code(), "record.not_found");
}

#[tokio::test]
async fn by_default_nothing_is_made_and_a_person_makes_the_lead() {
    let counter = Counter::open("whatsapp").await;
    let known = NewLead { phone: Some(number("+1 202 555 0123")), ..crate::testing::office::named("Example") };
    let known = counter.office.lead(known).await;
    counter.work().await;
    assert_eq!((leads(&counter), participant(&counter).lead_id), (1, None));
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let hits = inbox.suggestions(counter.thread).await.unwrap();
    assert_eq!(hits[0].record, Some(RecordRef::new(RecordKind::Lead, known.id)));
    let made = inbox.make_lead(counter.thread).await.unwrap();
    assert_eq!((leads(&counter), participant(&counter).lead_id), (2, Some(made)));
}
