//! What must be unique within the organization is.

use super::Check;
use super::bench::{Bench, Checked, aborted, kept, member, refused, same, team};
use crate::access::{Member, Team, TeamMember};
use crate::agenda::Job;
use crate::store::{Records, Store};

pub(super) const CHECKS: &[Check] = &[
    Check::new("a_taken_key_is_refused", |store| Box::pin(a_taken_key_is_refused(store))),
    Check::new("a_key_of_two_columns_is_taken_as_a_whole", |store| {
        Box::pin(a_key_of_two_columns_is_taken_as_a_whole(store))
    }),
    Check::new("a_record_may_keep_its_key", |store| Box::pin(a_record_may_keep_its_key(store))),
    Check::new("a_key_is_free_when_its_record_goes", |store| Box::pin(a_key_is_free_when_its_record_goes(store))),
    Check::new("a_key_is_free_when_its_record_changes_it", |store| {
        Box::pin(a_key_is_free_when_its_record_changes_it(store))
    }),
    Check::new("an_absent_key_collides_with_nothing", |store| Box::pin(an_absent_key_collides_with_nothing(store))),
];

async fn a_taken_key_is_refused(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let first = bench.put_one(organization, team("first", None)?).await?;
    let second = bench.put_one(organization, team("second", None)?).await?;

    let mut tx = bench.write(organization).await?;
    let row = bench.row(team("first", None)?);
    let outcome = Records::<Team>::insert(&mut *tx, std::slice::from_ref(&row)).await;
    refused("a new record with the key of another", kept(tx, outcome).await, "record.duplicate")?;

    let mut tx = bench.write(organization).await?;
    let row = bench.next(&second, |team| team.name.clone_from(&first.name));
    let outcome = Records::<Team>::update(&mut *tx, &row).await;
    refused("a change to the key of another", outcome, "record.duplicate")?;
    aborted(tx).await?;

    let mut tx = bench.write(organization).await?;
    let (one, other) = (bench.row(team("third", None)?), bench.row(team("third", None)?));
    Records::<Team>::insert(&mut *tx, &[one]).await?;
    let outcome = Records::<Team>::insert(&mut *tx, &[other]).await;
    refused("the key of a record of the same transaction", kept(tx, outcome).await, "record.duplicate")?;

    // Keys are exact: letters' case is for the value to settle.
    bench.put_one(organization, team("First", None)?).await?;
    same("how many teams there are", &bench.all::<Team>(organization).await?.len(), &3)
}

async fn a_key_of_two_columns_is_taken_as_a_whole(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (red, blue) = (
        bench.put_one(organization, team("red", None)?).await?,
        bench.put_one(organization, team("blue", None)?).await?,
    );
    let ada = bench.put_one(organization, member("ada@example.com")?).await?;
    let bob = bench.put_one(organization, member("bob@example.com")?).await?;
    let pairs = [(red.id, ada.id), (red.id, bob.id), (blue.id, ada.id)];
    let pairs = pairs.map(|(team_id, member_id)| bench.row(TeamMember { team_id, member_id }));
    bench.put(organization, &pairs).await?;
    let again = bench.put_one(organization, TeamMember { team_id: red.id, member_id: bob.id }).await;
    refused("the same pair", again, "record.duplicate")
}

async fn a_record_may_keep_its_key(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let row = bench.put_one(organization, member("ada@example.com")?).await?;
    let row = bench.next(&row, |member| member.active = false);
    bench.save(organization, &row).await?;
    same("the member", &bench.find(organization, row.id).await?, &Some(row))
}

async fn a_key_is_free_when_its_record_goes(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let row = bench.put_one(organization, member("ada@example.com")?).await?;
    let next = bench.row(member("ada@example.com")?);
    let mut tx = bench.write(organization).await?;
    Records::<Member>::delete(&mut *tx, row.id, row.version).await?;
    Records::<Member>::insert(&mut *tx, std::slice::from_ref(&next)).await?;
    tx.commit().await?;
    same("the members", &bench.all(organization).await?, &vec![next.clone()])?;
    // And once more across transactions.
    bench.remove(organization, &next).await?;
    let last = bench.put_one(organization, member("ada@example.com")?).await?;
    same("the members at last", &bench.all(organization).await?, &vec![last])
}

async fn a_key_is_free_when_its_record_changes_it(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let one = bench.put_one(organization, team("one", None)?).await?;
    let other = bench.put_one(organization, team("other", None)?).await?;
    // They change names, by way of a third one.
    let aside = bench.next(&one, |team| team.name = other.name.clone());
    let mut tx = bench.write(organization).await?;
    let third = team("third", None)?.name;
    let moved = bench.next(&one, |team| team.name = third);
    Records::<Team>::update(&mut *tx, &moved).await?;
    let other_now = bench.next(&other, |team| team.name.clone_from(&one.name));
    Records::<Team>::update(&mut *tx, &other_now).await?;
    let one_now = bench.next(&moved, |team| team.name = aside.value.name);
    Records::<Team>::update(&mut *tx, &one_now).await?;
    tx.commit().await?;
    same("the teams", &bench.all(organization).await?, &vec![one_now, other_now])
}

async fn an_absent_key_collides_with_nothing(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let job = Job::at(bench.now(), "lead.score", serde_json::Value::Null);
    let keyless = [bench.row(job.clone()), bench.row(job.clone())];
    bench.put(organization, &keyless).await?;
    let keyed = bench.put_one(organization, job.clone().unique("k")).await?;
    refused("the same key", bench.put_one(organization, job.unique("k")).await, "record.duplicate")?;
    let [first, second] = keyless;
    same("the jobs", &bench.all(organization).await?, &vec![first, second, keyed])
}
