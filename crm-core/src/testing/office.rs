//! An organization at work on a store in memory, for tests and examples: `Office::open().await`, then its sessions.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::access::{MemberId, NewMember, NewOrganization, OrganizationId, StandardRole, TeamId, TimeZone};
use crate::crm::Crm;
use crate::custom_field::Schema;
use crate::event::Event;
use crate::identity::{MatchKey, RecordKind, RecordRef};
use crate::kernel::{Clock, Currency, Result, Stored, Timestamp};
use crate::lead::{Lead, LeadDraft, NewLead, insert_leads};
use crate::store::{MemoryStore, Session, Store};
use crate::testing::{ManualClock, SequentialIds};

/// A clock that the test and the CRM look at together.
pub(crate) struct SharedClock(pub(crate) Arc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// An organization with its first owner.
pub struct Office {
    /// What remembers.
    pub store: MemoryStore,
    /// The time, which the test turns.
    pub clock: Arc<ManualClock>,
    /// What a host holds.
    pub crm: Crm,
    /// The organization.
    pub organization: OrganizationId,
    /// Its first owner.
    pub owner: MemberId,
}

impl Office {
    /// Founds an organization on a store of its own.
    pub async fn open() -> Self {
        Self::behind(MemoryStore::clone).await
    }

    /// Founds an organization on a store of its own, which the CRM sees through what `cover` makes of it.
    pub async fn behind<S: Store + 'static>(cover: impl FnOnce(&MemoryStore) -> S) -> Self {
        let (store, clock) = (MemoryStore::new(), Arc::new(ManualClock::default()));
        let crm = Crm::new(cover(&store), SharedClock(Arc::clone(&clock)), SequentialIds::new());
        Self::on(store, clock, crm, "office").await
    }

    /// Founds another organization on the same store.
    pub async fn neighbour(&self, slug: &str) -> Self {
        Self::on(self.store.clone(), Arc::clone(&self.clock), self.crm.clone(), slug).await
    }

    async fn on(store: MemoryStore, clock: Arc<ManualClock>, crm: Crm, slug: &str) -> Self {
        let (organization, owner) = found(&crm, slug).await;
        Self { store, clock, crm, organization, owner }
    }

    /// The session of the first owner.
    pub async fn boss(&self) -> Session {
        self.session_of(self.owner).await
    }

    /// The session of a member.
    pub async fn session_of(&self, member: MemberId) -> Session {
        self.crm.session(self.crm.caller(self.organization, member).await.unwrap())
    }

    /// Adds a member whose address is made of the name.
    pub async fn hire(&self, name: &str, role: StandardRole) -> MemberId {
        self.boss().await.members().add(person(name, role)).await.unwrap().id
    }

    /// Makes a team with these members.
    pub async fn team(&self, name: &str, parent: Option<TeamId>, members: &[MemberId]) -> TeamId {
        let boss = self.boss().await;
        let team = boss.teams().create(name.parse().unwrap(), parent).await.unwrap().id;
        for member in members {
            boss.teams().join(team, *member).await.unwrap();
        }
        team
    }

    /// Adds a lead, as intake does once it has judged.
    pub async fn lead(&self, new: NewLead) -> Stored<Lead> {
        let boss = self.boss().await;
        let mut uow = boss.begin(crate::access::Permission::LeadCreate).await.unwrap();
        let schema = Schema::load(&mut uow, RecordKind::Lead).await.unwrap();
        let touch = new.touch.clone();
        let draft = LeadDraft { id: uow.new_id(), lead: Lead::new(new).unwrap(), touch };
        let lead = insert_leads(&mut uow, &schema, vec![draft]).await.unwrap().remove(0);
        uow.commit().await.unwrap();
        lead
    }

    /// The keys under which a record is filed, sorted.
    #[must_use]
    pub fn keys_of(&self, record: RecordRef) -> Vec<String> {
        let filed = self.store.dump::<MatchKey>(self.organization);
        let mut keys: Vec<_> =
            filed.into_iter().filter(|key| key.record() == record).map(|key| key.value.key).collect();
        keys.sort();
        keys
    }

    /// The names of the events of a record, the earliest first.
    #[must_use]
    pub fn events_of(&self, record: uuid::Uuid) -> Vec<String> {
        let events = self.store.dump::<Event>(self.organization);
        events.into_iter().filter(|event| event.record_id == record).map(|event| event.value.name).collect()
    }
}

/// Founds an organization that is called as its slug, in euros and UTC; answers it and its owner, who is called Olivia.
pub async fn found(crm: &Crm, slug: &str) -> (OrganizationId, MemberId) {
    let new = NewOrganization {
        slug: slug.to_owned().try_into().unwrap(),
        name: slug.parse().unwrap(),
        default_currency: Currency::EUR,
        time_zone: TimeZone::utc(),
        region: None,
    };
    let (organization, owner) = crm.found(new, person("olivia", StandardRole::Owner)).await.unwrap();
    (organization.id, owner.id)
}

/// What it takes to add a member whose address is made of the name.
#[must_use]
pub fn person(name: &str, role: StandardRole) -> NewMember {
    let email = format!("{name}@office.example").parse().unwrap();
    NewMember { name: name.parse().unwrap(), email, role, custom_role_id: None }
}

/// A lead of which only a name is known.
#[must_use]
pub fn named(name: &str) -> NewLead {
    NewLead { last_name: Some(name.parse().unwrap()), ..NewLead::default() }
}

/// Runs a future to its end, for properties, which are not async themselves.
#[cfg(test)]
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Plays a story with a new office and the session of its owner, for the examples in the documentation.
///
/// # Panics
/// When a step of the story is refused: then the example shows what does not work.
pub fn example(story: impl AsyncFnOnce(&Office, Session) -> Result<()>) {
    play(async {
        let office = Office::open().await;
        let boss = office.boss().await;
        story(&office, boss).await
    });
}

/// Plays a story to its end.
pub(crate) fn play(story: impl Future<Output = Result<()>>) {
    let (mut story, mut context) = (pin!(story), Context::from_waker(Waker::noop()));
    loop {
        // A store in memory never waits long.
        if let Poll::Ready(outcome) = story.as_mut().poll(&mut context) {
            return outcome.unwrap();
        }
    }
}
