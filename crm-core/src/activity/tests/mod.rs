//! Activities, their links, and the feeds that are read from them.

use crate::access::MemberId;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Stored, Timestamp};
use crate::lead::NewLead;
use crate::people::NewContact;
use crate::testing::office::{Office, named};

use super::*;

mod feed;
mod links;
mod states;

/// An activity of which only kind, subject and one record are known.
fn about(kind: ActivityKind, subject: &str, record: RecordRef) -> NewActivity {
    NewActivity::about(kind, subject.parse().unwrap(), vec![record])
}

async fn lead_of(office: &Office, owner: MemberId) -> RecordRef {
    let lead = office.lead(NewLead { owner_id: Some(owner), ..named("Lovelace") }).await;
    RecordRef::new(RecordKind::Lead, lead.id)
}

async fn contact_of(office: &Office, owner: MemberId) -> RecordRef {
    let first_name = Some("Ada".parse().unwrap());
    let new = NewContact { first_name, owner_id: Some(owner), ..NewContact::default() };
    let contact = office.boss().await.contacts().create(new).await.unwrap();
    RecordRef::new(RecordKind::Contact, contact.id)
}

fn stored_links(office: &Office) -> Vec<Stored<ActivityLink>> {
    office.store.dump(office.organization)
}

fn minutes(office: &Office, minutes: u64) -> Timestamp {
    use crate::kernel::Clock;
    office.clock.now().plus(std::time::Duration::from_secs(60 * minutes))
}
