//! Several at once: no update is lost, no key is taken twice, no reference is left hanging.

use super::Check;
use super::bench::{Bench, Checked, holds, lead, lost_a_race, member, same, team};
use super::together::{Task, together};
use crate::access::{Member, OrganizationId, Team};
use crate::kernel::{Id, Stored};
use crate::lead::{Lead, LeadId};
use crate::store::{Records, Store, StoreError, StoreResult};
use crate::testing::give_way;

pub(super) const CHECKS: &[Check] = &[
    Check::new("no_update_is_lost_under_a_lock", |store| Box::pin(no_update_is_lost(store, true))),
    Check::new("no_update_is_lost_by_versions_alone", |store| Box::pin(no_update_is_lost(store, false))),
    Check::new("racing_for_a_key_has_one_winner", |store| Box::pin(racing_for_a_key_has_one_winner(store))),
    Check::new("racing_removal_leaves_no_reference_hanging", |store| {
        Box::pin(racing_removal_leaves_no_reference_hanging(store))
    }),
    Check::new("nobody_sees_half_a_transaction", |store| Box::pin(nobody_sees_half_a_transaction(store))),
];

const TASKS: i64 = 4;
const ROUNDS: i64 = 5;

/// Raises the score by one; when somebody was quicker, again.
async fn raise(bench: &Bench<'_>, organization: OrganizationId, id: LeadId, lock: bool) -> StoreResult<()> {
    loop {
        let mut tx = bench.write(organization).await?;
        let found =
            if lock { Records::<Lead>::lock(&mut *tx, id).await } else { Records::<Lead>::find(&mut *tx, id).await };
        let Some(row) = found? else { return Err(StoreError::Conflict { entity: "lead" }) };
        give_way().await;
        let outcome = Records::<Lead>::update(&mut *tx, &bench.next(&row, |lead| lead.score += 1)).await;
        give_way().await;
        let outcome = match outcome {
            Ok(()) => tx.commit().await,
            refused => refused,
        };
        match outcome {
            Err(StoreError::Conflict { .. }) => give_way().await,
            other => return other,
        }
    }
}

async fn no_update_is_lost(store: &dyn Store, lock: bool) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let row = bench.put_one(organization, lead(0, None)?).await?;
    let (bench, id) = (&bench, row.id);
    let tasks = (0..TASKS).map(|_| -> Task<'_, StoreResult<()>> {
        Box::pin(async move {
            for _ in 0..ROUNDS {
                raise(bench, organization, id, lock).await?;
            }
            Ok(())
        })
    });
    together(tasks.collect()).await.into_iter().collect::<StoreResult<()>>()?;
    let row = bench.find(organization, id).await?;
    same("score and version", &row.map(|row| (row.score, row.version)), &Some((TASKS * ROUNDS, TASKS * ROUNDS + 1)))
}

async fn racing_for_a_key_has_one_winner(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let wanted = team("the only one", None)?;
    let (bench, wanted) = (&bench, &wanted);
    let tasks = (0..TASKS).map(|_| -> Task<'_, StoreResult<()>> {
        Box::pin(async move {
            let mut tx = bench.write(organization).await?;
            give_way().await;
            Records::<Team>::insert(&mut *tx, &[bench.row(wanted.clone())]).await?;
            give_way().await;
            tx.commit().await
        })
    });
    let outcomes = together(tasks.collect()).await;
    same("how many won", &outcomes.iter().filter(|outcome| outcome.is_ok()).count(), &1)?;
    for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        holds(&format!("that {error:?} tells of the loss"), lost_a_race(error))?;
    }
    same("how many teams there are", &bench.all::<Team>(organization).await?.len(), &1)
}

async fn racing_removal_leaves_no_reference_hanging(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    for round in 0..4 {
        let holder = bench.put_one(organization, member(&format!("ada{round}@example.com"))?).await?;
        let row = bench.row(lead(1, Some(holder.id))?);
        let (bench, holder, row) = (&bench, &holder, &row);
        let refer: Task<'_, StoreResult<()>> = Box::pin(async move {
            let mut tx = bench.write(organization).await?;
            Records::<Lead>::insert(&mut *tx, std::slice::from_ref(row)).await?;
            give_way().await;
            tx.commit().await
        });
        let remove: Task<'_, StoreResult<()>> = Box::pin(async move {
            if round % 2 == 0 {
                give_way().await;
            }
            let mut tx = bench.write(organization).await?;
            Records::<Member>::delete(&mut *tx, holder.id, holder.version).await?;
            give_way().await;
            tx.commit().await
        });
        let tasks = if round < 2 { vec![refer, remove] } else { vec![remove, refer] };
        let outcomes = together(tasks).await;
        same("how many of the two were done", &outcomes.iter().filter(|outcome| outcome.is_ok()).count(), &1)?;
        for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            holds(&format!("that {error:?} tells of the loss"), lost_a_race(error))?;
        }
        let holder = bench.find(organization, holder.id).await?;
        let row = bench.find(organization, row.id).await?;
        same("whether the lead and its owner are there", &row.is_some(), &holder.is_some())?;
    }
    Ok(())
}

async fn nobody_sees_half_a_transaction(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (one, other) = (bench.row(team("one", None)?), bench.row(team("other", None)?));
    let (bench, one, other) = (&bench, &one, &other);
    let write: Task<'_, Checked> = Box::pin(async move {
        let mut tx = bench.write(organization).await?;
        Records::<Team>::insert(&mut *tx, std::slice::from_ref(one)).await?;
        for _ in 0..20 {
            give_way().await;
        }
        Records::<Team>::insert(&mut *tx, std::slice::from_ref(other)).await?;
        give_way().await;
        Ok(tx.commit().await?)
    });
    let read: Task<'_, Checked> = Box::pin(async move {
        for _ in 0..40 {
            same("half a transaction", &how_many(bench, organization, [one.id, other.id]).await?.eq(&1), &false)?;
            give_way().await;
        }
        Ok(())
    });
    together(vec![write, read]).await.into_iter().collect::<Checked>()?;
    same("what is there at last", &how_many(bench, organization, [one.id, other.id]).await?, &2)
}

/// How many of the teams one list holds.
async fn how_many(bench: &Bench<'_>, organization: OrganizationId, ids: [Id<Team>; 2]) -> StoreResult<usize> {
    let teams: Vec<Stored<Team>> = bench.all(organization).await?;
    Ok(teams.iter().filter(|team| ids.contains(&team.id)).count())
}
