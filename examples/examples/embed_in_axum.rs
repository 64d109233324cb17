//! The CRM inside a host's own axum app: beside the host's routes, under the host's prefix, with the host's sign-in.
//!
//! `cargo run --example embed_in_axum` asks itself a few questions over HTTP and prints the answers; with an address,
//! `cargo run --example embed_in_axum -- 127.0.0.1:3000`, it serves until Ctrl-C.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::request::Parts;
use axum::routing::get;
use crm_core::access::{Caller, MemberId, NewMember, NewOrganization, OrganizationId, StandardRole, TimeZone};
use crm_core::crm::Crm;
use crm_core::kernel::{Currency, Result};
use crm_http::Authenticator;
use crm_http::authenticator::Unauthenticated;
use crm_store_sqlite::SqliteStore;
use crm_system::{RandomIds, SystemClock};
use tower::ServiceExt;

/// The host's sessions: which of its users is which member. Here it is one header and one user.
struct HostSignIn {
    crm: Crm,
    organization: OrganizationId,
    olivia: MemberId,
}

#[async_trait]
impl Authenticator for HostSignIn {
    async fn authenticate(&self, head: &Parts) -> Result<Caller> {
        match head.headers.get("x-host-user").and_then(|user| user.to_str().ok()) {
            Some("olivia") => self.crm.caller(self.organization, self.olivia).await,
            _ => Err(Unauthenticated.into()),
        }
    }
}

async fn app() -> std::result::Result<Router, Box<dyn Error>> {
    let crm = Crm::new(SqliteStore::in_memory().await?, SystemClock, RandomIds::new());
    let organization = NewOrganization {
        slug: "host".to_owned().try_into()?,
        name: "The host's only customer".parse()?,
        default_currency: Currency::EUR,
        time_zone: TimeZone::utc(),
        region: None,
    };
    let (name, email) = ("Olivia".parse()?, "olivia@host.example".parse()?);
    let owner = NewMember { name, email, role: StandardRole::Owner, custom_role_id: None };
    let (organization, olivia) = crm.found(organization, owner).await?;
    let sign_in = HostSignIn { crm: crm.clone(), organization: organization.id, olivia: olivia.id };
    let crm = crm_http::router(crm, Arc::new(sign_in))?;
    Ok(Router::new().route("/", get(|| async { "the host's own page" })).nest("/crm", crm))
}

async fn ask(app: &Router, request: Request<Body>) -> std::result::Result<(), Box<dyn Error>> {
    let asked = format!("{} {}", request.method(), request.uri());
    let response = app.clone().oneshot(request).await?;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await?;
    println!("{asked}\n  {status}\n  {}", String::from_utf8_lossy(&body));
    Ok(())
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let app = app().await?;
    if let Some(address) = std::env::args().nth(1) {
        println!("http://{address}/ is the host's, http://{address}/crm/docs/ the CRM's");
        axum::serve(tokio::net::TcpListener::bind(address).await?, app).await?;
        return Ok(());
    }
    let lead = r#"{"lead":{"first_name":"Ada","last_name":"Lovelace","email":"ada@engines.example"}}"#;
    let as_olivia =
        |method: &str, path: &str| Request::builder().method(method).uri(path).header("x-host-user", "olivia");
    ask(&app, Request::get("/").body(Body::empty())?).await?;
    ask(&app, Request::get("/crm/api/leads").body(Body::empty())?).await?;
    let post = as_olivia("POST", "/crm/api/leads").header("content-type", "application/json");
    ask(&app, post.body(Body::from(lead))?).await?;
    ask(&app, as_olivia("GET", "/crm/api/leads?status=new").body(Body::empty())?).await?;
    Ok(())
}
