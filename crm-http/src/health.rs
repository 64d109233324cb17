//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use crm_core::access::Slug;

use crate::facade::Facade;
use crate::problem::Problem;

pub(crate) fn router(facade: Facade) -> Router {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready)).with_state(facade)
}

/// The process answers.
async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "live" }))
}

/// The store answers too.
async fn ready(State(facade): State<Facade>) -> Response {
    let Ok(slug) = Slug::try_from("health-check".to_owned()) else { return StatusCode::OK.into_response() };
    match facade.crm().organization_by_slug(&slug).await {
        Ok(_) => Json(serde_json::json!({ "status": "ready" })).into_response(),
        Err(error) => {
            tracing::warn!(cause = %error, "not ready");
            let detail = "the database cannot be reached now";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store.unavailable", detail).into_response()
        }
    }
}
