//! One organization never sees, touches or refers to another's records, and the same checks notice a missing policy.

use std::time::Duration;

use crm_core::access::{OrganizationId, Team};
use crm_core::kernel::{Page, Predicate, Stored};
use crm_core::store::{Records, StoreError};
use crm_store_postgres::{PgOptions, PgStore};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::database::{Database, added, commit, founded, fresh_id, next, organization, read, write};
use crate::records::team;

struct Two {
    ours: OrganizationId,
    theirs: OrganizationId,
    their_team: Stored<Team>,
}

async fn two(store: &PgStore) -> Two {
    let (ours, theirs) = (organization(store).await, organization(store).await);
    let their_team = team("theirs");
    let mut tx = write(store, theirs).await;
    tx.insert(std::slice::from_ref(&their_team)).await.unwrap();
    commit(tx).await;
    Two { ours, theirs, their_team }
}

#[tokio::test]
async fn a_foreign_record_is_as_good_as_none() {
    let (_database, store, _) = founded().await;
    let Two { ours, their_team, .. } = two(&store).await;
    let mut tx = write(&store, ours).await;
    assert_eq!(Records::<Team>::find(&mut tx, their_team.id).await.unwrap(), None);
    assert_eq!(Records::<Team>::lock(&mut tx, their_team.id).await.unwrap(), None);
    assert!(tx.list(&Predicate::<Team>::everything(), &Page::first(10)).await.unwrap().is_empty());
    let update = tx.update(&next(&their_team, |team| team.name = "ours".try_into().unwrap())).await;
    assert!(matches!(update, Err(StoreError::Conflict { .. })), "{update:?}");
    let mut tx = write(&store, ours).await;
    let delete = Records::<Team>::delete(&mut tx, their_team.id, 1).await;
    assert!(matches!(delete, Err(StoreError::Conflict { .. })), "{delete:?}");
    let mut tx = write(&store, ours).await;
    // The same key and the same identifier are free in every organization.
    tx.insert(std::slice::from_ref(&their_team)).await.unwrap();
    commit(tx).await;
}

#[tokio::test]
async fn a_reference_to_a_foreign_record_is_refused_like_one_to_none() {
    let (_database, store, _) = founded().await;
    let Two { ours, their_team, .. } = two(&store).await;
    let mut answers = Vec::new();
    for parent in [their_team.id, fresh_id()] {
        let mut child = team("child");
        child.value.parent_id = Some(parent);
        let tx = write(&store, ours).await;
        let refused = added(tx, &[child]).await.unwrap_err();
        assert!(matches!(refused, StoreError::MissingReference { column: "parent_id", .. }), "{refused:?}");
        answers.push(refused.to_string());
    }
    assert_eq!(answers[0], answers[1]);
}

/// Whether row security alone keeps the organizations apart: statements that forgot to name one.
async fn policies_hold(database: &Database, two: &Two) -> Result<(), String> {
    let mut connection = PgConnection::connect(&database.app_url).await.unwrap();
    let opening = format!("begin; set local app.org_id = '{}'", two.ours);
    let mut tx = connection.begin_with(AssertSqlSafe(opening)).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from crm.team").fetch_one(&mut *tx).await.unwrap();
    let changed = tx.execute("update crm.team set version = version + 1").await.unwrap().rows_affected();
    let removed = tx.execute("delete from crm.team").await.unwrap().rows_affected();
    let insert = format!(
        "insert into crm.team (organization_id, id, version, created_at, updated_at, name) \
         values ('{}', '{}', 1, now(), now(), 'smuggled')",
        two.theirs,
        fresh_id::<Team>()
    );
    let smuggled = tx.execute(AssertSqlSafe(insert)).await.is_ok();
    drop(tx);
    let found = format!("seen {seen}, changed {changed}, removed {removed}, smuggled {smuggled}");
    if found == "seen 0, changed 0, removed 0, smuggled false" { Ok(()) } else { Err(found) }
}

#[tokio::test]
async fn policies_hold_where_statements_forget_and_their_loss_is_noticed() {
    let (database, store, _) = founded().await;
    let two = two(&store).await;
    assert_eq!(policies_hold(&database, &two).await, Ok(()));
    database
        .admin("drop policy team_of_organization on crm.team; create policy p on crm.team to crm_app using (true)")
        .await;
    assert_eq!(
        policies_hold(&database, &two).await,
        Err("seen 1, changed 1, removed 1, smuggled true".to_owned()),
        "the harness must see what the policy prevented"
    );
}

#[tokio::test]
async fn without_an_organization_nothing_can_be_read() {
    let database = Database::fresh().await;
    let mut connection = PgConnection::connect(&database.app_url).await.unwrap();
    for table in ["organization", "team", "job", "event", "term"] {
        let read = connection
            .execute(AssertSqlSafe(format!("select * from crm.{table} where organization_id is not null")))
            .await;
        // An empty table has no row to compare with; the organizations' own are never empty in use.
        let code = read.err().and_then(|error| error.as_database_error().and_then(|e| e.code().map(|c| c.to_string())));
        assert!(code.is_none() || code.as_deref() == Some("42704"), "{table}: {code:?}");
    }
    for forbidden in ["select payload from crm.job", "select * from crm.team", "delete from crm.job"] {
        let mut tx = connection.begin_with("begin; set local role crm_worker").await.unwrap();
        let refused = tx.execute(AssertSqlSafe(forbidden)).await;
        let refused = refused.unwrap_err().as_database_error().and_then(|e| e.code().map(|c| c.to_string()));
        assert_eq!(refused.as_deref(), Some("42501"), "{forbidden}");
    }
}

#[tokio::test]
async fn a_pooled_connection_goes_back_clean() {
    let database = Database::fresh().await;
    let options = PgOptions { max_connections: 1, ..PgOptions::default() };
    let store = PgStore::connect_with(&database.app_url, &options).await.unwrap();
    let (one, other) = (organization(&store).await, organization(&store).await);
    for end in ["commit", "drop", "refusal", "cancelled"] {
        let mut tx = write(&store, one).await;
        match end {
            "commit" => commit(tx).await,
            "drop" => drop(tx),
            "cancelled" => {
                let (all, page) = (Predicate::<Team>::everything(), Page::first(10));
                let _ = tokio::time::timeout(Duration::ZERO, tx.list(&all, &page)).await;
                drop(tx);
            }
            _ => {
                tx.insert(&[team("a")]).await.unwrap();
                tx.insert(&[team("a")]).await.unwrap();
                assert!(tx.find(fresh_id::<Team>()).await.is_err());
                drop(tx);
            }
        }
        let mut tx = read(&store, other).await;
        assert!(tx.list(&Predicate::<Team>::everything(), &Page::first(10)).await.unwrap().is_empty(), "{end}");
    }
}
