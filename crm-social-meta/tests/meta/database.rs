//! A database of this run on the server that `CRM_TEST_POSTGRES` names; `bash .ci/test` starts one and sets it.

use crm_store_postgres::{PgOptions, PgStore};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// A store on a database of its own; `None`, with a printed line, without a server.
pub(crate) async fn store(purpose: &str) -> Option<PgStore> {
    let Ok(server) = std::env::var("CRM_TEST_POSTGRES") else {
        println!("skipped: CRM_TEST_POSTGRES is not set; `bash .ci/test -p crm-social-meta` sets it");
        return None;
    };
    let name = format!("crm_test_{}_{purpose}", std::process::id());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("create database {name}"))).await.unwrap();
    let mut admin = reqwest::Url::parse(&server).unwrap();
    admin.set_path(&name);
    PgStore::migrate(admin.as_str()).await.unwrap();
    let mut app = admin.clone();
    app.set_username("crm_app").unwrap();
    if let Some(password) = admin.password() {
        connection.execute(AssertSqlSafe(format!("alter role crm_app password '{password}'"))).await.unwrap();
    }
    let options = PgOptions { max_connections: 8, ..PgOptions::default() };
    Some(PgStore::connect_with(app.as_str(), &options).await.unwrap())
}
