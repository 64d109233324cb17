//! What the checks are written with: an empty store on a bench, records to put in, and comparisons that answer.

use std::fmt::{self, Debug};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::access::{
    Intent, Member, MemberId, NewMember, NewOrganization, Organization, OrganizationId, StandardRole, Team, TeamId,
    TimeZone,
};
use crate::kernel::{Clock, Entity, Id, IdSource, Page, Predicate, Rule, Stored, Timestamp};
use crate::lead::Lead;
use crate::store::{BoxTx, Records, Store, StoreError, StoreResult, Tx};
use crate::testing::{ManualClock, SequentialIds};

/// What a check answers.
pub(super) type Checked<T = ()> = Result<T, Broken>;

/// What a check found.
#[derive(Debug)]
pub(super) struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Self {
        Self(format!("{error} ({error:?})"))
    }
}

/// Checks that something came out as it should.
pub(super) fn same<T: PartialEq + Debug>(what: &str, found: &T, wanted: &T) -> Checked {
    if found == wanted { Ok(()) } else { Err(Broken(format!("{what}: found {found:?}, wanted {wanted:?}"))) }
}

/// Checks that something holds.
pub(super) fn holds(what: &str, holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(Broken(format!("{what} does not hold"))) }
}

/// Checks that something was refused under this code.
pub(super) fn refused<T: Debug>(what: &str, outcome: StoreResult<T>, code: &str) -> Checked {
    match outcome {
        Err(error) if error.code() == code => Ok(()),
        Err(error) => Err(Broken(format!("{what}: refused as {} ({error:?}), wanted {code}", error.code()))),
        Ok(done) => Err(Broken(format!("{what}: done with {done:?}, wanted {code}"))),
    }
}

/// An empty store, a clock and identifiers.
pub(super) struct Bench<'s> {
    pub(super) store: &'s dyn Store,
    pub(super) clock: ManualClock,
    ids: SequentialIds,
}

impl<'s> Bench<'s> {
    pub(super) fn new(store: &'s dyn Store) -> Self {
        Self { store, clock: ManualClock::default(), ids: SequentialIds::new() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn new_id<E>(&self) -> Id<E> {
        Id::new(self.ids.next(self.now()))
    }

    /// A record as it will be stored.
    pub(super) fn row<E>(&self, value: E) -> Stored<E> {
        Stored { id: self.new_id(), version: 1, created_at: self.now(), updated_at: self.now(), value }
    }

    /// The record as its next save leaves it.
    pub(super) fn next<E: Clone>(&self, row: &Stored<E>, change: impl FnOnce(&mut E)) -> Stored<E> {
        let mut next = Stored { version: row.version + 1, updated_at: self.now(), ..row.clone() };
        change(&mut next.value);
        next
    }

    /// An organization with its record.
    pub(super) async fn organization(&self) -> Checked<OrganizationId> {
        let id: OrganizationId = self.new_id();
        let name = format!("org-{}", id.uuid().as_u128() % 1_000_000);
        let row = Stored { id, ..self.row(organization(&name)?) };
        let mut tx = self.store.begin(id, Intent::Write).await?;
        Records::<Organization>::insert(&mut *tx, &[row]).await?;
        tx.commit().await?;
        Ok(id)
    }

    pub(super) async fn write(&self, organization: OrganizationId) -> StoreResult<BoxTx<'s>> {
        self.store.begin(organization, Intent::Write).await
    }

    pub(super) async fn read(&self, organization: OrganizationId) -> StoreResult<BoxTx<'s>> {
        self.store.begin(organization, Intent::Read).await
    }

    /// Adds records in a transaction of their own.
    pub(super) async fn put<E: Entity>(&self, organization: OrganizationId, rows: &[Stored<E>]) -> StoreResult<()>
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        let mut tx = self.write(organization).await?;
        Records::<E>::insert(&mut *tx, rows).await?;
        tx.commit().await
    }

    /// Adds a record in a transaction of its own.
    pub(super) async fn put_one<E: Entity>(&self, organization: OrganizationId, value: E) -> StoreResult<Stored<E>>
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        let row = self.row(value);
        self.put(organization, std::slice::from_ref(&row)).await?;
        Ok(row)
    }

    /// Saves a record in a transaction of its own.
    pub(super) async fn save<E: Entity>(&self, organization: OrganizationId, row: &Stored<E>) -> StoreResult<()>
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        let mut tx = self.write(organization).await?;
        Records::<E>::update(&mut *tx, row).await?;
        tx.commit().await
    }

    /// Removes a record in a transaction of its own.
    pub(super) async fn remove<E: Entity>(&self, organization: OrganizationId, row: &Stored<E>) -> StoreResult<()>
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        let mut tx = self.write(organization).await?;
        Records::<E>::delete(&mut *tx, row.id, row.version).await?;
        tx.commit().await
    }

    /// A record as a transaction of its own sees it.
    pub(super) async fn find<E: Entity>(
        &self,
        organization: OrganizationId,
        id: Id<E>,
    ) -> StoreResult<Option<Stored<E>>>
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        let mut tx = self.read(organization).await?;
        Records::<E>::find(&mut *tx, id).await
    }

    /// The first thousand records of a kind as a transaction of its own sees them, by identifier.
    pub(super) async fn all<E: Entity>(&self, organization: OrganizationId) -> StoreResult<Vec<Stored<E>>>
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        let mut tx = self.read(organization).await?;
        Records::<E>::list(&mut *tx, &Predicate::everything(), &Page::first(1_000)).await
    }
}

pub(super) fn organization(slug: &str) -> Checked<Organization> {
    let new: NewOrganization = serde_json::from_value(json!({
        "slug": slug, "name": "Acme", "default_currency": "EUR", "time_zone": TimeZone::utc(), "region": null,
    }))?;
    Ok(Organization {
        slug: new.slug,
        name: new.name,
        default_currency: new.default_currency,
        time_zone: new.time_zone,
        region: new.region,
    })
}

pub(super) fn team(name: &str, parent: Option<TeamId>) -> Checked<Team> {
    Ok(Team { name: name.parse()?, parent_id: parent })
}

pub(super) fn member(address: &str) -> Checked<Member> {
    let new =
        NewMember { name: "Ada".parse()?, email: address.parse()?, role: StandardRole::SalesRep, custom_role_id: None };
    Ok(Member::new(new))
}

/// A lead with this score, the rest empty.
pub(super) fn lead(score: i64, owner: Option<MemberId>) -> Checked<Lead> {
    Ok(serde_json::from_value(json!({
        "first_name": null, "last_name": "Lovelace", "company": null, "job_title": null, "email": null,
        "other_emails": [], "phone": null, "other_phones": [], "website": null, "industry": null,
        "employee_count": null, "city": null, "country": null, "source": null, "campaign": null, "status": "new",
        "status_label": null, "unqualified_reason": null, "owner_id": owner, "score": score, "scored_at": null,
        "tags": [], "custom": {}, "note": null, "converted_at": null,
    }))?)
}

/// The next value of a strategy.
pub(super) fn drawn<T: Debug>(strategy: &impl Strategy<Value = T>, runner: &mut TestRunner) -> Checked<T> {
    Ok(strategy.new_tree(runner).map_err(|reason| std::io::Error::other(reason.to_string()))?.current())
}

/// Checks that a transaction that was refused something is of no use any more, and that it leaves nothing.
pub(super) async fn aborted(mut tx: BoxTx<'_>) -> Checked {
    let next = Records::<Team>::find(&mut *tx, Id::new(uuid::Uuid::nil())).await;
    refused("a read after a refusal", next, "store.fault")?;
    refused("the commit after a refusal", tx.commit().await, "store.fault")
}

/// What became of an insert, which the store may say as late as of the commit.
pub(super) async fn kept(tx: BoxTx<'_>, outcome: StoreResult<()>) -> StoreResult<()> {
    match outcome {
        Ok(()) => tx.commit().await,
        refused => refused,
    }
}

/// Whether the error is what the slower of two writers gets: it lost, whichever way its store finds out.
pub(super) fn lost_a_race(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. }
            | StoreError::Duplicate { .. }
            | StoreError::MissingReference { .. }
            | StoreError::StillReferenced { .. }
    )
}
