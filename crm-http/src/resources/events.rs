//! `/events`: what happens, as it happens, to what the caller may see (server-sent events).
//!
//! A stream that broke goes on behind `Last-Event-ID`. Events are shown once they are a moment old, so that a
//! transaction which began earlier and ends later is not passed over.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing;
use crm_core::access::{Caller, Permission, Reach};
use crm_core::activity::ActivityId;
use crm_core::event::{Event, EventId};
use crm_core::kernel::{Cursor, Kind, Page, Result, Stored, Value};
use crm_core::lead::LeadId;
use crm_core::people::{AccountId, ContactId};
use crm_core::pipeline::OpportunityId;
use crm_core::store::{Session, UnitOfWork};
use futures_util::StreamExt as _;
use tokio::sync::watch;

use crate::api::{Api, Record, get};
use crate::facade::Facade;
use crate::problem::Problem;
use crate::text;

/// How long an event waits for those that began before it.
const SETTLING: Duration = Duration::from_secs(2);
/// How long a stream waits when there is nothing new.
const PAUSE: Duration = Duration::from_millis(500);
/// Events that are read at once.
const BATCH: u32 = 100;

/// How often it is asked whether the caller may still hear: who is signed out hears no more than so long.
const BETWEEN_CHECKS: Duration = Duration::from_secs(10);

/// Puts the stream into the document; [`router`] serves it.
pub(super) fn declare(api: &mut Api) {
    api.document.tag("events", "What happens, as it happens");
    let endpoint = get("/events").tag("events").says("Tells what happens to records that one may see");
    let endpoint = endpoint.needs(Permission::EventRead).explains(
        "Server-sent events: each has the identifier, the name and, as its data, the event. Send the identifier of the last \
         one as `Last-Event-ID` to go on behind it. An event is told once it is some seconds old.",
    );
    api.tell_of_stream::<Record<Event>>(&endpoint);
}

pub(crate) fn router(facade: Facade) -> Router {
    Router::new().route("/events", routing::get(stream)).with_state(facade)
}

async fn stream(State(facade): State<Facade>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let caller = match facade.authenticator().authenticate(&parts).await {
        Ok(caller) => caller,
        Err(error) => return Problem::from(error).into_response(),
    };
    if let Err(problem) = facade.limits().check_caller(&caller) {
        return problem.into_response();
    }
    if let Err(refused) = caller.check(Permission::EventRead) {
        return Problem::from(crm_core::kernel::Error::from(refused)).into_response();
    }
    let session = facade.crm().session(caller.clone());
    let last = text::head(&parts.headers, "last-event-id").and_then(|id| id.parse::<EventId>().ok());
    let place = last.map_or_else(|| Place::Now(session.ports().clock.now()), Place::Behind);
    let door = Door { facade, head: parts, caller, checked: Instant::now() };
    let ended = ended(door.facade.options().ending.clone());
    let reader = Reader { door, session, place, waiting: VecDeque::new() };
    let messages = futures_util::stream::unfold(reader, |mut reader| async move {
        let message = reader.next().await?;
        Some((Ok::<_, Infallible>(message), reader))
    });
    Sse::new(messages.take_until(ended)).keep_alive(KeepAlive::default()).into_response()
}

/// Comes when the server ends: a listener would never hang up by itself.
async fn ended(ending: Option<watch::Receiver<bool>>) {
    match ending {
        // A server that is gone without a word has ended, too.
        Some(mut ending) => drop(ending.wait_for(|ended| *ended).await),
        None => std::future::pending().await,
    }
}

/// From where on events are shown.
#[derive(Clone, Copy, Debug)]
enum Place {
    Now(crm_core::kernel::Timestamp),
    Behind(EventId),
}

/// Who listens, and whether they still may.
struct Door {
    facade: Facade,
    head: Parts,
    caller: Caller,
    checked: Instant,
}

impl Door {
    /// Whether whoever sent the request is still the same caller, with the same permissions and reach.
    async fn is_open(&mut self) -> bool {
        if self.checked.elapsed() < BETWEEN_CHECKS {
            return true;
        }
        self.checked = Instant::now();
        match self.facade.authenticator().authenticate(&self.head).await {
            Ok(caller) => caller == self.caller,
            // A store that is away for a moment has signed nobody out; reading will tell.
            Err(error) => error.kind() == Kind::Unavailable,
        }
    }
}

struct Reader {
    door: Door,
    session: Session,
    place: Place,
    waiting: VecDeque<Stored<Event>>,
}

impl Reader {
    /// The next event, whenever it comes; nothing when the caller may not read any more.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.place = Place::Behind(event.id);
                let id = event.id.to_string();
                let message = Message::default().id(id).event(event.name.clone());
                return message.json_data(Record(event)).ok();
            }
            if !self.door.is_open().await {
                return None;
            }
            match self.read().await {
                Ok(()) if self.waiting.is_empty() => tokio::time::sleep(PAUSE).await,
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(cause = %error, "a stream of events ended");
                    return None;
                }
            }
        }
    }

    async fn read(&mut self) -> Result<()> {
        let mut uow = self.session.begin(Permission::EventRead).await?;
        let settled = uow.now().minus(SETTLING);
        let (filter, page) = match self.place {
            Place::Now(begun) => {
                (Event::OCCURRED_AT.at_least(begun).and(Event::OCCURRED_AT.at_most(settled)), Page::first(BATCH))
            }
            Place::Behind(id) => {
                let behind = Cursor { value: Value::Uuid(id.uuid()), id: id.uuid() };
                (Event::OCCURRED_AT.at_most(settled), Page::first(BATCH).after(behind)?)
            }
        };
        let events = uow.list(&filter, &page).await?;
        for event in events {
            if sees(&mut uow, &event).await? {
                self.waiting.push_back(event);
            } else if self.waiting.is_empty() {
                self.place = Place::Behind(event.id);
            }
        }
        Ok(())
    }
}

/// Whether the record that it happened to is within the caller's reach.
async fn sees(uow: &mut UnitOfWork<'_>, event: &Event) -> Result<bool> {
    if *uow.caller().reach() == Reach::All {
        return Ok(true);
    }
    let id = event.record_id;
    Ok(match event.entity.as_str() {
        "lead" => uow.find::<crm_core::lead::Lead>(LeadId::new(id)).await?.is_some(),
        "contact" => uow.find::<crm_core::people::Contact>(ContactId::new(id)).await?.is_some(),
        "account" => uow.find::<crm_core::people::Account>(AccountId::new(id)).await?.is_some(),
        "opportunity" => uow.find::<crm_core::pipeline::Opportunity>(OpportunityId::new(id)).await?.is_some(),
        "activity" => uow.find::<crm_core::activity::Activity>(ActivityId::new(id)).await?.is_some(),
        "pipeline" | "close_reason" | "team" | "organization" => true,
        _ => false,
    })
}
