//! A stand-in for Stripe on this machine, over real HTTP. Behind the feature `testing`.
//!
//! [`FakeStripe`] keeps customers, prices, checkouts, subscriptions and invoices, has a clock that is turned by hand, and
//! says what happens in signed webhooks that are delivered when, and as often as, the test likes. It can be slow to
//! trust: it can be down, answer HTML, limit requests, or do what it is asked and fail while answering.
//!
//! It is Stripe as far as this crate asks it, and simpler: months have 30 days, cards work or do not, nothing is taxed.

mod answer;
mod books;
mod checkout;
mod parameters;
mod server;
mod time;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crm_core::kernel::Timestamp;
use serde_json::Value as Json;

use crate::reading::{seconds, time as instant};
use crate::webhook::signature_header;
use books::Books;

/// A webhook as Stripe would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event's identifier.
    pub id: String,
    /// What happened, such as `invoice.paid`.
    pub kind: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// The `Stripe-Signature` header.
    pub signature: String,
}

/// What is wrong with the stand-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// It answers 503.
    Down,
    /// It answers 429.
    RateLimited,
    /// A proxy answers in its place, with a page.
    Html,
    /// It does what it is asked and answers a minute later.
    Slow,
    /// It does what it is asked and answers 500.
    FailsAfterCommit,
}

/// A stand-in for Stripe that runs until it is dropped.
#[derive(Debug)]
pub struct FakeStripe {
    address: String,
    books: Arc<Mutex<Books>>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeStripe {
    /// The secret that its webhooks are signed with.
    pub const WEBHOOK_SECRET: &str = "whsec_fake";
    /// A key that it accepts, as it does any.
    pub const KEY: &str = "sk_test_fake";

    /// Starts one whose clock shows `now`.
    ///
    /// # Errors
    /// When no port of this machine can be had.
    pub async fn start(now: Timestamp) -> std::io::Result<Self> {
        let books = Arc::new(Mutex::new(Books::new(seconds(now))));
        let (address, task) = server::start(Arc::clone(&books)).await?;
        Ok(Self { address, books, task })
    }

    /// Where it listens: give it to [`crate::StripeConfig::at`].
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        instant(self.books().now)
    }

    /// Turns its clock forwards: trials end, periods are renewed or fail, and what was to end ends.
    pub fn advance_to(&self, now: Timestamp) {
        self.books().advance_to(seconds(now));
    }

    /// Adds a price and answers its identifier. `interval` is `month` or `year`, the amount in Stripe's smallest units.
    #[must_use]
    pub fn add_price(&self, lookup_key: &str, interval: &str, amount: i64) -> String {
        self.books().add_price(lookup_key, interval, amount)
    }

    /// The customer goes through a checkout with a card.
    pub fn complete_checkout(&self, session: &str) {
        self.books().complete_checkout(session);
    }

    /// Says whether the customer's card works from now on. One that works pays what is open.
    pub fn set_card(&self, customer: &str, works: bool) {
        self.books().set_card(customer, works);
    }

    /// Puts an object as it is to be answered from now on, in place of the one with its identifier. Nothing is said of it.
    pub fn put(&self, object: Json) {
        self.books().put(object);
    }

    /// An object as it is now.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Json> {
        self.books().objects.get(id).cloned()
    }

    /// What is wrong with it from now on, for so many requests.
    pub fn trouble(&self, trouble: Trouble, requests: u32) {
        self.books().trouble = (trouble, requests);
    }

    /// How many requests it has been asked.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.books().requests
    }

    /// What it has to say and has not been told was received, the earliest first; signed anew each time.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        let books = self.books();
        let now = instant(books.now);
        let waiting = books.events.iter().filter(|event| !event.delivered);
        waiting.map(|event| delivery(&event.event, now)).collect()
    }

    /// Says something that did not happen here; it waits to be delivered like everything else.
    pub fn say(&self, event: Json) {
        self.books().events.push(books::Happened { event, delivered: false });
    }

    /// Takes note that a webhook was answered with success.
    pub fn delivered(&self, event: &str) {
        for known in &mut self.books().events {
            known.delivered |= known.event["id"] == event;
        }
    }

    /// Any event, signed now.
    #[must_use]
    pub fn signed(&self, event: &Json) -> Delivery {
        delivery(event, self.now())
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn delivery(event: &Json, now: Timestamp) -> Delivery {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let body = event.to_string().into_bytes();
    let signature = signature_header(FakeStripe::WEBHOOK_SECRET, &body, now);
    Delivery { id: text("id"), kind: text("type"), body, signature }
}
