//! What a record refers to exists, for as long as the record does.

use super::Check;
use super::bench::{Bench, Checked, aborted, kept, lead, member, refused, same, team};
use crate::access::{Member, Team, TeamMember};
use crate::kernel::Stored;
use crate::lead::Lead;
use crate::store::{Records, Store};

pub(super) const CHECKS: &[Check] = &[
    Check::new("a_missing_reference_is_refused", |store| Box::pin(a_missing_reference_is_refused(store))),
    Check::new("a_record_that_is_referred_to_stays", |store| Box::pin(a_record_that_is_referred_to_stays(store))),
    Check::new("a_record_may_go_with_those_that_refer_to_it", |store| {
        Box::pin(a_record_may_go_with_those_that_refer_to_it(store))
    }),
    Check::new("a_record_may_refer_to_itself", |store| Box::pin(a_record_may_refer_to_itself(store))),
    Check::new("a_record_may_refer_within_its_transaction", |store| {
        Box::pin(a_record_may_refer_within_its_transaction(store))
    }),
    Check::new("a_reference_that_moves_frees_what_it_left", |store| {
        Box::pin(a_reference_that_moves_frees_what_it_left(store))
    }),
];

async fn a_missing_reference_is_refused(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let ada = bench.put_one(organization, member("ada@example.com")?).await?;
    let owned = bench.put_one(organization, lead(1, Some(ada.id))?).await?;

    let mut tx = bench.write(organization).await?;
    let row = bench.row(lead(2, Some(bench.new_id()))?);
    let outcome = Records::<Lead>::insert(&mut *tx, std::slice::from_ref(&row)).await;
    refused("an owner who does not exist", kept(tx, outcome).await, "record.missing_reference")?;

    let mut tx = bench.write(organization).await?;
    let row = bench.next(&owned, |lead| lead.owner_id = Some(bench.new_id()));
    let outcome = Records::<Lead>::update(&mut *tx, &row).await;
    refused("a change to an owner who does not exist", outcome, "record.missing_reference")?;
    aborted(tx).await?;

    // The identifier of another kind of record is no member's.
    let other_kind = bench.put_one(organization, lead(3, Some(crate::kernel::Id::new(owned.id.uuid())))?).await;
    refused("a lead as the owner", other_kind, "record.missing_reference")?;
    // One of two is not enough.
    let half = TeamMember { team_id: bench.new_id(), member_id: ada.id };
    refused("a team that does not exist", bench.put_one(organization, half).await, "record.missing_reference")?;
    // Removed in the same transaction is missing too.
    let free = bench.put_one(organization, member("bob@example.com")?).await?;
    let mut tx = bench.write(organization).await?;
    Records::<Member>::delete(&mut *tx, free.id, free.version).await?;
    let row = bench.row(lead(4, Some(free.id))?);
    let outcome = Records::<Lead>::insert(&mut *tx, std::slice::from_ref(&row)).await;
    refused("an owner who was just removed", kept(tx, outcome).await, "record.missing_reference")?;
    same("the leads", &bench.all(organization).await?, &vec![owned])
}

async fn a_record_that_is_referred_to_stays(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let ada = bench.put_one(organization, member("ada@example.com")?).await?;
    let owned = bench.put_one(organization, lead(1, Some(ada.id))?).await?;
    let mut tx = bench.write(organization).await?;
    let outcome = Records::<Member>::delete(&mut *tx, ada.id, ada.version).await;
    refused("the removal of an owner", outcome, "record.still_referenced")?;
    aborted(tx).await?;
    // A reference of the same transaction counts as well.
    let bob = bench.put_one(organization, member("bob@example.com")?).await?;
    let mut tx = bench.write(organization).await?;
    let row = bench.row(lead(2, Some(bob.id))?);
    Records::<Lead>::insert(&mut *tx, std::slice::from_ref(&row)).await?;
    let outcome = Records::<Member>::delete(&mut *tx, bob.id, bob.version).await;
    refused("the removal of a new owner", outcome, "record.still_referenced")?;
    drop(tx);
    same("the members", &bench.all(organization).await?, &vec![ada, bob])?;
    same("the leads", &bench.all(organization).await?, &vec![owned])
}

async fn a_record_may_go_with_those_that_refer_to_it(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let ada = bench.put_one(organization, member("ada@example.com")?).await?;
    let owned = [bench.row(lead(1, Some(ada.id))?), bench.row(lead(2, Some(ada.id))?)];
    bench.put(organization, &owned).await?;
    let mut tx = bench.write(organization).await?;
    for row in &owned {
        Records::<Lead>::delete(&mut *tx, row.id, row.version).await?;
    }
    Records::<Member>::delete(&mut *tx, ada.id, ada.version).await?;
    tx.commit().await?;
    same("the members", &bench.all::<Member>(organization).await?, &Vec::new())?;
    same("the leads", &bench.all::<Lead>(organization).await?, &Vec::new())
}

async fn a_record_may_refer_to_itself(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut row = bench.row(team("its own parent", None)?);
    row.value.parent_id = Some(row.id);
    bench.put(organization, std::slice::from_ref(&row)).await?;
    let row = bench.next(&row, |_| ());
    bench.save(organization, &row).await?;
    same("the team", &bench.all(organization).await?, &vec![row.clone()])?;
    bench.remove(organization, &row).await?;
    same("the teams at last", &bench.all::<Team>(organization).await?, &Vec::new())
}

async fn a_record_may_refer_within_its_transaction(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let above = bench.row(team("above", None)?);
    let below = bench.row(team("below", Some(above.id))?);
    let further = bench.row(team("further below", Some(below.id))?);
    let ada = bench.row(member("ada@example.com")?);
    let pair = bench.row(TeamMember { team_id: further.id, member_id: ada.id });
    let mut tx = bench.write(organization).await?;
    Records::<Team>::insert(&mut *tx, &[above.clone(), below.clone()]).await?;
    Records::<Team>::insert(&mut *tx, std::slice::from_ref(&further)).await?;
    Records::<Member>::insert(&mut *tx, std::slice::from_ref(&ada)).await?;
    Records::<TeamMember>::insert(&mut *tx, std::slice::from_ref(&pair)).await?;
    tx.commit().await?;
    same("the teams", &bench.all(organization).await?, &vec![above, below, further])?;
    same("the pair", &bench.all(organization).await?, &vec![pair])
}

async fn a_reference_that_moves_frees_what_it_left(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (ada, bob) = (bench.row(member("ada@example.com")?), bench.row(member("bob@example.com")?));
    bench.put(organization, &[ada.clone(), bob.clone()]).await?;
    let row = bench.put_one(organization, lead(1, Some(ada.id))?).await?;
    let row: Stored<Lead> = bench.next(&row, |lead| lead.owner_id = Some(bob.id));
    let mut tx = bench.write(organization).await?;
    Records::<Lead>::update(&mut *tx, &row).await?;
    Records::<Member>::delete(&mut *tx, ada.id, ada.version).await?;
    tx.commit().await?;
    refused("the removal of the new owner", bench.remove(organization, &bob).await, "record.still_referenced")?;
    let row = bench.next(&row, |lead| lead.owner_id = None);
    bench.save(organization, &row).await?;
    bench.remove(organization, &bob).await?;
    same("the members", &bench.all::<Member>(organization).await?, &Vec::new())
}
