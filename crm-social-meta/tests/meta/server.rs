//! A server on this machine in the place of Meta's: it records what it is asked and answers what it is told.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use crm_core::testing::ManualClock;
use crm_social_meta::{AppCredentials, BaseUrls, Graph, MetaConfig};
use serde_json::{Value as Json, json};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Host and path as Meta would see them: `graph.facebook.com/v25.0/me`.
    pub(crate) place: String,
    /// The query, decoded and sorted.
    pub(crate) query: Vec<(String, String)>,
    /// Header names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or(Json::Null)
    }
}

/// What the server answers with.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Json) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string().into_bytes() }
    }
}

#[derive(Default)]
struct Script {
    received: Vec<Received>,
    next: VecDeque<Answer>,
}

/// The server, for one test.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) base: String,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        Self { base: serve(router).await, script }
    }

    /// Answers the next request like this; without such a wish everything is taken.
    pub(crate) fn answer(&self, answer: Answer) {
        self.script.lock().unwrap().next.push_back(answer);
    }

    /// What has arrived since the last look.
    pub(crate) fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.script.lock().unwrap().received)
    }

    /// The only request since the last look.
    pub(crate) fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0)
    }

    pub(crate) fn graph(&self, adjust: impl FnOnce(&mut MetaConfig)) -> Graph {
        graph_at(&self.base, adjust)
    }
}

/// Serves a router on a free port until the test's runtime ends.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base
}

/// A client whose every host is a folder of the server at `base`.
pub(crate) fn graph_at(base: &str, adjust: impl FnOnce(&mut MetaConfig)) -> Graph {
    let app = |id: &str, secret: &str| AppCredentials { id: id.into(), secret: secret.into() };
    let mut config = MetaConfig::new(app("app-1", "app-secret-canary"), "vt".into());
    config.instagram_app = Some(app("ig-app-1", "ig-secret-canary"));
    let host = |host: &str| format!("{base}/{host}").parse().unwrap();
    config.base_urls = BaseUrls {
        graph: host("graph.facebook.com"),
        instagram_graph: host("graph.instagram.com"),
        instagram_api: host("api.instagram.com"),
        facebook_dialog: host("www.facebook.com"),
        instagram_dialog: host("www.instagram.com"),
    };
    config.media_hosts = vec![base.to_owned()];
    adjust(&mut config);
    Graph::new(config, ManualClock::default()).unwrap()
}

/// Runs a test that talks to a server.
pub(crate) fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// What Meta answers when it is content; each caller finds its part.
fn content() -> Json {
    json!({
        "id": "1", "message_id": "m_accepted", "attachment_id": "a_1", "success": true, "data": [],
        "messages": [{"id": "wamid.accepted"}], "contacts": [{"wa_id": "12025550123"}],
        "access_token": "issued-canary", "expires_in": 3600, "url": "https://elsewhere.example.test/x",
    })
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let address = reqwest::Url::parse(&format!("http://host{}", parts.uri)).unwrap();
    let mut query: Vec<_> =
        address.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    query.sort();
    let headers =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").to_owned()));
    let received = Received {
        method: parts.method.to_string(),
        place: parts.uri.path().trim_start_matches('/').to_owned(),
        query,
        headers: headers.collect(),
        body,
    };
    let answer = {
        let mut script = script.lock().unwrap();
        script.received.push(received);
        script.next.pop_front()
    };
    let answer = answer.unwrap_or_else(|| Answer::json(200, &content()));
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}
