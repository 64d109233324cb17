//! The floor of the HTTP benchmark: axum and sqlx, and nothing else. No sign-in, no tenants, no checks, no events.
//!
//! One table of leads with twelve columns and four indexes, and what conversion and a change of stage write. It stands in
//! a database of its own with as many rows and the same identifiers.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, PgPool, Row};
use uuid::Uuid;

use crate::{Database, Fault};

/// The tables, and rows whose identifiers are those of the stock.
const TABLES: &str = "
create table public.lead (
    id uuid primary key, org uuid not null, first_name text not null, last_name text not null, email text not null,
    company text not null, job_title text, city text, status text not null, score bigint not null,
    created_at timestamptz not null, updated_at timestamptz not null);
insert into public.lead
select l.id, l.organization_id, 'Fa' || n, 'La' || n, 'p' || n || '@c' || n || '.example', 'Co' || n, 'Chief Executive',
    'London', 'qualified', n % 100, l.created_at + n * interval '1 microsecond', l.updated_at
from (select id, organization_id, created_at, updated_at, row_number() over (order by id) as n from crm.lead) l;
create unique index on public.lead (org, lower(email));
create index on public.lead (org, created_at desc, id desc);
create index on public.lead (org, status, created_at desc);
create table public.account (id uuid primary key, org uuid not null, name text not null, created_at timestamptz not null);
create table public.contact (id uuid primary key, org uuid not null, account_id uuid not null, last_name text not null,
    created_at timestamptz not null);
create table public.deal (id uuid primary key, org uuid not null, name text not null, stage_id uuid not null,
    account_id uuid, contact_id uuid, lead_id uuid, amount bigint not null, version bigint not null);
insert into public.deal
select id, organization_id, 'Deal', stage_id, null, null, null, 100, 1 from crm.opportunity;
create table public.stage_change (id uuid primary key, deal_id uuid not null, stage_id uuid not null,
    changed_at timestamptz not null);
create index on public.stage_change (deal_id, changed_at);
grant all on all tables in schema public to crm_app;
analyze public.lead; analyze public.deal;";

const COLUMNS: &str = "id, org, first_name, last_name, email, company, job_title, city, status, score, created_at::text, updated_at::text";

/// What goes wrong is the end of the benchmark.
struct Failed(sqlx::Error);

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

type Answer = Result<Json<Value>, Failed>;

/// What a bare server is asked to keep as a lead.
#[derive(Deserialize)]
struct NewLead {
    first_name: String,
    last_name: String,
    email: String,
    company: String,
}

#[derive(Deserialize)]
struct NewStage {
    stage_id: Uuid,
}

#[derive(Deserialize)]
struct Place {
    after: Option<Uuid>,
}

/// Makes the tables in a database that has the stock, and a router on them with so many connections.
///
/// # Errors
/// Those of the server.
pub async fn bare_router(database: &Database, connections: u32) -> Result<Router, Fault> {
    database.admin(TABLES).await?;
    let pool = PgPoolOptions::new().max_connections(connections).connect(&database.app_url()?).await?;
    Ok(Router::new()
        .route("/leads", post(create).get(list))
        .route("/leads/{id}", get(show))
        .route("/leads/{id}/convert", post(convert))
        .route("/deals/{id}/stage", patch(move_deal))
        .with_state(pool))
}

fn lead(row: &PgRow) -> Result<Value, sqlx::Error> {
    Ok(json!({
        "id": row.try_get::<Uuid, _>(0)?, "org": row.try_get::<Uuid, _>(1)?,
        "first_name": row.try_get::<String, _>(2)?, "last_name": row.try_get::<String, _>(3)?,
        "email": row.try_get::<String, _>(4)?, "company": row.try_get::<String, _>(5)?,
        "job_title": row.try_get::<Option<String>, _>(6)?, "city": row.try_get::<Option<String>, _>(7)?,
        "status": row.try_get::<String, _>(8)?, "score": row.try_get::<i64, _>(9)?,
        "created_at": row.try_get::<String, _>(10)?, "updated_at": row.try_get::<String, _>(11)?,
    }))
}

async fn create(State(pool): State<PgPool>, Json(new): Json<NewLead>) -> Result<(StatusCode, Json<Value>), Failed> {
    let sql = format!(
        "insert into public.lead values (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', $1, $2, $3, $4, \
         null, null, 'new', 0, now(), now()) returning {COLUMNS}"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(new.first_name).bind(new.last_name).bind(new.email);
    let row = query.bind(new.company).fetch_one(&pool).await?;
    Ok((StatusCode::CREATED, Json(lead(&row)?)))
}

async fn show(State(pool): State<PgPool>, Path(id): Path<Uuid>) -> Answer {
    let sql = format!("select {COLUMNS} from public.lead where id = $1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_one(&pool).await?;
    Ok(Json(lead(&row)?))
}

async fn list(State(pool): State<PgPool>, Query(place): Query<Place>) -> Answer {
    let sql = format!("select {COLUMNS} from public.lead where id > $1 order by id limit 50");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(place.after.unwrap_or(Uuid::nil()));
    let rows = query.fetch_all(&pool).await?;
    let items: Vec<Value> = rows.iter().map(lead).collect::<Result<_, _>>()?;
    Ok(Json(json!({ "items": items })))
}

/// Begin, hold the lead, make three records, change the lead, commit: seven trips.
async fn convert(State(pool): State<PgPool>, Path(id): Path<Uuid>) -> Answer {
    let mut transaction = pool.begin().await?;
    let held = sqlx::query("select org, company, last_name from public.lead where id = $1 for update");
    let held = held.bind(id).fetch_one(&mut *transaction).await?;
    let (org, company, last_name): (Uuid, String, String) = (held.try_get(0)?, held.try_get(1)?, held.try_get(2)?);
    let account: Uuid =
        sqlx::query_scalar("insert into public.account values (gen_random_uuid(), $1, $2, now()) returning id")
            .bind(org)
            .bind(&company)
            .fetch_one(&mut *transaction)
            .await?;
    let contact: Uuid =
        sqlx::query_scalar("insert into public.contact values (gen_random_uuid(), $1, $2, $3, now()) returning id")
            .bind(org)
            .bind(account)
            .bind(last_name)
            .fetch_one(&mut *transaction)
            .await?;
    let deal: Uuid = sqlx::query_scalar(
        "insert into public.deal values (gen_random_uuid(), $1, $2, gen_random_uuid(), $3, $4, $5, 100, 1) returning id",
    )
    .bind(org)
    .bind(company)
    .bind(account)
    .bind(contact)
    .bind(id)
    .fetch_one(&mut *transaction)
    .await?;
    let converted = sqlx::query("update public.lead set status = 'converted', updated_at = now() where id = $1");
    converted.bind(id).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "account_id": account, "contact_id": contact, "opportunity_id": deal })))
}

/// Begin, change the deal, write down the change, commit.
async fn move_deal(State(pool): State<PgPool>, Path(id): Path<Uuid>, Json(wish): Json<NewStage>) -> Answer {
    let mut transaction = pool.begin().await?;
    let sql = "update public.deal set stage_id = $2, version = version + 1 where id = $1 returning version";
    let version: i64 = sqlx::query_scalar(sql).bind(id).bind(wish.stage_id).fetch_one(&mut *transaction).await?;
    let change = sqlx::query("insert into public.stage_change values (gen_random_uuid(), $1, $2, now())");
    change.bind(id).bind(wish.stage_id).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "id": id, "stage_id": wish.stage_id, "version": version })))
}
