//! The stream of events, over a socket: what one may see, in order, and from where one stopped.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::Method;
use crm_core::access::MemberId;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::office::{Office, id};

/// Serves the office's router on a port of its own.
async fn served(office: &Office) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = office.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// A stream of events that somebody listens to.
struct Stream {
    socket: TcpStream,
    heard: String,
}

/// An event as it came.
#[derive(Debug)]
struct Message {
    id: String,
    event: String,
    data: Json,
}

impl Stream {
    async fn open(address: SocketAddr, token: &str, last: Option<&str>) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let last = last.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        let request = format!(
            "GET /api/events HTTP/1.1\r\nHost: crm\r\nAccept: text/event-stream\r\nAuthorization: {token}\r\n{last}\r\n"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut stream = Self { socket, heard: String::new() };
        while !stream.heard.contains("\r\n\r\n") {
            stream.listen().await;
        }
        let (head, rest) = stream.heard.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.to_lowercase().contains("content-type: text/event-stream"), "{head}");
        stream.heard = rest.to_owned();
        stream
    }

    async fn listen(&mut self) {
        let mut bytes = vec![0; 1 << 16];
        let count = tokio::time::timeout(Duration::from_mins(1), self.socket.read(&mut bytes));
        let count = count.await.unwrap_or_else(|_| panic!("the stream says nothing")).unwrap();
        assert!(count > 0, "the stream ended");
        self.heard.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }

    /// Everything up to the event of this name on this record.
    async fn until(&mut self, event: &str, record: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            while let Some(message) = self.take() {
                let is_last = message.event == event && message.data["record_id"] == record;
                messages.push(message);
                if is_last {
                    return messages;
                }
            }
            self.listen().await;
        }
    }

    /// The next message that has come whole. Chunks of the transfer are lines of their own.
    fn take(&mut self) -> Option<Message> {
        let (block, rest) = self.heard.split_once("\n\n")?;
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let message = field("id:").map(|id| Message {
            id: id.to_owned(),
            event: field("event:").unwrap_or_default().to_owned(),
            data: serde_json::from_str(field("data:").unwrap_or_default()).unwrap(),
        });
        self.heard = rest.to_owned();
        message.or_else(|| self.take())
    }
}

/// A member with a role of their own.
async fn member_with(office: &Office, name: &str, permissions: &[&str], reach: &str) -> MemberId {
    let role = json!({ "name": format!("Role of {name}"), "permissions": permissions, "reach": reach });
    let role = id(&office.post("/api/roles", role).await.expect(201));
    let email = format!("{name}@office.example");
    let member = json!({ "name": name, "email": email, "role": "viewer", "custom_role_id": role });
    id(&office.post("/api/members", member).await.expect(201)).parse().unwrap()
}

async fn lead_of(office: &Office, name: &str, owner: MemberId) -> String {
    let body = json!({ "lead": { "last_name": name, "owner_id": owner }, "confirmed": true });
    id(&office.post("/api/leads", body).await.expect(201))
}

/// Lets the events of before be told: a stream waits for those that began earlier.
fn settle(office: &Office) {
    office.clock.advance(Duration::from_secs(5));
}

fn records(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.data["record_id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_tells_what_its_caller_may_see_and_nothing_of_others() {
    let office = Office::open().await;
    let neighbour = office.neighbour().await;
    let rita = member_with(&office, "rita", &["lead_read", "event_read"], "own").await;
    let address = served(&office).await;
    // What was before a stream is opened is not told.
    office.clock.advance(Duration::from_secs(1));
    let mut owners = Stream::open(address, &office.token(office.owner), None).await;
    let mut ritas = Stream::open(address, &office.token(rita), None).await;
    let mut neighbours = Stream::open(address, &neighbour.token(neighbour.owner), None).await;

    office.clock.advance(Duration::from_secs(1));
    let of_owner = lead_of(&office, "Owned", office.owner).await;
    let foreign = lead_of(&neighbour, "Foreign", neighbour.owner).await;
    let of_rita = lead_of(&office, "Ritas", rita).await;
    settle(&office);

    let heard = owners.until("lead.created", &of_rita).await;
    assert!(records(&heard).contains(&of_owner.as_str()), "{heard:?}");
    assert!(!records(&heard).contains(&foreign.as_str()), "{heard:?}");
    let mut ids: Vec<_> = heard.iter().map(|message| message.id.clone()).collect();
    ids.dedup();
    assert!(ids.is_sorted() && ids.len() == heard.len(), "in order, each once: {ids:?}");

    let heard = ritas.until("lead.created", &of_rita).await;
    assert!(heard.iter().all(|message| message.data["record_id"] == of_rita.as_str()), "{heard:?}");

    let heard = neighbours.until("lead.created", &foreign).await;
    assert!(heard.iter().all(|message| message.data["record_id"] == foreign.as_str()), "{heard:?}");
    // Nothing of the office comes later either.
    let last = lead_of(&neighbour, "Last", neighbour.owner).await;
    lead_of(&office, "Unseen", office.owner).await;
    settle(&office);
    let heard = neighbours.until("lead.created", &last).await;
    assert!(heard.iter().all(|message| message.data["record_id"] == last.as_str()), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_goes_on_behind_the_event_that_was_heard_last() {
    let office = Office::open().await;
    let neighbour = office.neighbour().await;
    let address = served(&office).await;
    let token = office.token(office.owner);
    let mut stream = Stream::open(address, &token, None).await;
    office.clock.advance(Duration::from_secs(1));
    let first = lead_of(&office, "First", office.owner).await;
    let foreign = lead_of(&neighbour, "Foreign", neighbour.owner).await;
    settle(&office);
    let before = stream.until("lead.created", &first).await;
    let last_heard = before.last().unwrap().id.clone();
    drop(stream);

    let second = lead_of(&office, "Second", office.owner).await;
    let third = lead_of(&office, "Third", office.owner).await;
    settle(&office);
    let mut resumed = Stream::open(address, &token, Some(&last_heard)).await;
    let missed = resumed.until("lead.created", &third).await;
    assert!(records(&missed).contains(&second.as_str()), "{missed:?}");
    assert!(missed.iter().all(|message| message.id > last_heard), "none twice: {missed:?}");
    assert!(!records(&missed).contains(&first.as_str()) && !records(&missed).contains(&foreign.as_str()));

    // The place of a foreign event is a place in one's own events, and tells nothing of it.
    let mut neighbours = Stream::open(address, &neighbour.token(neighbour.owner), Some(&last_heard)).await;
    let theirs = lead_of(&neighbour, "Theirs", neighbour.owner).await;
    settle(&office);
    let heard = neighbours.until("lead.created", &theirs).await;
    assert!(
        heard
            .iter()
            .all(|message| [foreign.as_str(), theirs.as_str()].contains(&message.data["record_id"].as_str().unwrap())),
        "{heard:?}"
    );
}

#[tokio::test]
async fn who_may_not_read_events_hears_none() {
    let office = Office::open().await;
    let nobody = office.send_with(Method::GET, "/api/events", None, &[]).await;
    assert_eq!((nobody.status.as_u16(), nobody.json()["code"].clone()), (401, json!("token.refused")));
    let blind = member_with(&office, "bert", &["lead_read"], "all").await;
    let token = office.token(blind);
    let refused = office.send_with(Method::GET, "/api/events", None, &[("authorization", &token)]).await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].clone()), (403, json!("permission.missing")));
}
