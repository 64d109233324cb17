//! `/metrics` in the text format of Prometheus. No label names an organization, a member or a record.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Upper bounds of the buckets, in milliseconds.
const BOUNDS: [u64; 10] = [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000];

#[derive(Clone, Debug, Default)]
struct Series {
    count: u64,
    sum_micros: u64,
    buckets: [u64; BOUNDS.len()],
}

/// By method, pattern of the path and status.
type Counts = BTreeMap<(String, String, u16), Series>;

/// What was counted since the process began. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Metrics(Arc<Mutex<Counts>>);

impl Metrics {
    fn count(&self, method: &str, path: &str, status: u16, micros: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let series = all.entry((method.to_owned(), path.to_owned(), status)).or_default();
        series.count += 1;
        series.sum_micros = series.sum_micros.saturating_add(micros);
        for (bucket, bound) in series.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(micros <= bound * 1_000);
        }
    }

    fn text(&self) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::from(
            "# HELP http_request_duration_milliseconds How long requests took.\n\
             # TYPE http_request_duration_milliseconds histogram\n",
        );
        let name = "http_request_duration_milliseconds";
        for ((method, path, status), series) in all {
            let labels = format!("method=\"{method}\",path=\"{path}\",status=\"{status}\"");
            for (bound, count) in BOUNDS.iter().zip(series.buckets) {
                let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", series.count);
            let _ = writeln!(text, "{name}_sum{{{labels}}} {}", series.sum_micros / 1_000);
            let _ = writeln!(text, "{name}_count{{{labels}}} {}", series.count);
        }
        text
    }
}

/// The router, counted, with `/metrics` beside it.
pub(super) fn counted(router: Router) -> Router {
    let metrics = Metrics::default();
    let page = Router::new().route("/metrics", get(show)).with_state(metrics.clone());
    router.layer(from_fn_with_state(metrics, count)).merge(page)
}

async fn show(State(metrics): State<Metrics>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.text()).into_response()
}

async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    // The pattern and not the path: identifiers are no labels.
    let path = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    metrics.count(&method, &path, response.status().as_u16(), micros);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_what_is_at_most_their_bound() {
        let metrics = Metrics::default();
        metrics.count("GET", "/api/leads/{id}", 200, 4_000);
        metrics.count("GET", "/api/leads/{id}", 200, 40_000);
        let text = metrics.text();
        for line in [
            "le=\"2\"} 0",
            "le=\"5\"} 1",
            "le=\"50\"} 2",
            "le=\"+Inf\"} 2",
            "http_request_duration_milliseconds_sum{method=\"GET\",path=\"/api/leads/{id}\",status=\"200\"} 44",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
