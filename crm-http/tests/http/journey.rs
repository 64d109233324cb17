//! The whole way of a business, through HTTP alone: over sockets, with the built-in sign-in, behind the paywall, and with
//! stand-ins for Stripe and Meta that are asked over HTTP as well. Only the host's own worker loop is turned by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crm_billing_stripe::testing::FakeStripe;
use crm_billing_stripe::{SecretKey, StripeBilling, StripeConfig, StripeWebhook, WebhookSecrets};
use crm_core::billing::{AccessPolicy, Billing, Pages, SubscriptionPaywall, default_prices};
use crm_core::crm::Crm;
use crm_core::inbox::Channels;
use crm_core::kernel::Clock as _;
use crm_core::store::MemoryStore;
use crm_core::testing::{ManualClock, SequentialIds};
use crm_http::identity::mail::FileOutbox;
use crm_http::identity::{Identity, declare};
use crm_http::signing::{Secret, hexadecimal, random};
use crm_http::{Options, Outside, router_with};
use crm_social_meta::testing::{FakeMeta, delivery, sign};
use crm_social_meta::webhook::Webhook;
use crm_social_meta::{Graph, MetaChannels};
use crm_system::{CipherVault, VaultKey};
use serde_json::{Value as Json, json};

use crate::office::{SharedClock, found, generous};

const PASSWORD: &str = "correct horse battery";
const NUMBER: &str = "300400500600701";
const ANA: &str = "12025550123";

/// A host of the CRM on a port of this machine, and what stands outside.
struct World {
    crm: Crm,
    clock: Arc<ManualClock>,
    stripe: FakeStripe,
    meta: FakeMeta,
    outbox: PathBuf,
    client: reqwest::Client,
    address: String,
}

impl World {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-10T09:00:00Z".parse().unwrap()));
        let stripe = FakeStripe::start(clock.now()).await.unwrap();
        for price in default_prices().unwrap() {
            let interval = if price.lookup_key.ends_with("yearly") { "year" } else { "month" };
            let _ = stripe.add_price(&price.lookup_key, interval, price.amount_minor);
        }
        let meta = FakeMeta::start().await.unwrap();

        let store = MemoryStore::new();
        let paywall = Arc::new(SubscriptionPaywall::new(Arc::new(store.clone()), AccessPolicy::default()));
        let secret = Secret::new([7; 32]);
        let graph = Graph::new(meta.config(), SharedClock(Arc::clone(&clock))).unwrap();
        let channels = Channels::default().with(MetaChannels::new(graph.clone()));
        let vault = CipherVault::new(vec![VaultKey::fresh("journey").unwrap()]).unwrap();
        let crm = Crm::new(store, SharedClock(Arc::clone(&clock)), SequentialIds::new())
            .with_paywall(Arc::clone(&paywall))
            .with_channels(channels.with_vault(vault));
        let config = StripeConfig::at(stripe.address(), SecretKey::parse(FakeStripe::KEY).unwrap()).unwrap();
        let desk = found(&crm, "operator").await.0;
        let gateway = Arc::new(StripeBilling::new(config).unwrap());
        let billing = Billing::new(gateway, desk, Pages::default()).with_paywall(paywall);
        let crm = crm.with_job_handlers(billing.job_handlers());
        crm.billing_desk(&billing).fill_catalogue().await.unwrap();

        let outbox = std::env::temp_dir().join(format!("crm-http-journey-{}", hexadecimal(&random::<8>().unwrap())));
        let mailer = FileOutbox::new(outbox.clone());
        let identity = Identity::new(crm.clone(), secret, mailer, "https://crm.example/".to_owned()).unwrap();
        let outside = Outside::default()
            .with_billing(billing)
            .with_billing_webhook(StripeWebhook::new(WebhookSecrets::new([FakeStripe::WEBHOOK_SECRET]).unwrap()))
            .with_social_webhook(Webhook::new(graph.config()))
            .with_permission_pages(graph);
        let options = Options { rates: generous(), outside, ..Options::default() };
        let router = router_with(crm.clone(), identity.clone(), options, |api| declare(api, &identity)).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/api", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { crm, clock, stripe, meta, outbox, client: reqwest::Client::new(), address }
    }

    /// The host's worker loop, until nothing is due.
    async fn work(&self) {
        while self.crm.run_due("worker", 100).await.unwrap().tried() > 0 {}
    }

    /// A request; answers status and body.
    async fn ask(&self, who: &str, method: &str, path: &str, body: Option<Json>) -> (u16, Json) {
        let method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.address));
        if !who.is_empty() {
            request = request.bearer_auth(who);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        answered(request).await
    }
    async fn get(&self, who: &str, path: &str) -> Json {
        expect(200, self.ask(who, "GET", path, None).await)
    }
    async fn post(&self, who: &str, path: &str, body: Json) -> Json {
        let (status, body) = self.ask(who, "POST", path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        body
    }
    async fn patch(&self, who: &str, path: &str, body: Json) -> Json {
        expect(200, self.ask(who, "PATCH", path, Some(body)).await)
    }

    /// The token in the only mail to this address.
    fn mailed(&self, to: &str) -> String {
        let mails = std::fs::read_dir(&self.outbox).unwrap().map(|mail| mail.unwrap().path());
        let texts = mails.map(|path| std::fs::read_to_string(path).unwrap());
        let text = texts.filter(|text| text.starts_with(&format!("To: {to}\n"))).last().unwrap();
        text.split_once('=').unwrap().1.split_whitespace().next().unwrap().to_owned()
    }

    /// The customer goes through a checkout, and Stripe tells of it: twice, and with a forgery among it.
    async fn pays(&self, session: &str) {
        self.stripe.complete_checkout(session);
        let waiting = self.stripe.deliveries();
        assert!(!waiting.is_empty(), "Stripe has something to say");
        for delivery in waiting {
            let tell = async |signature: &str| {
                let request = self.client.post(format!("{}/webhooks/stripe", self.address));
                answered(request.header("stripe-signature", signature).body(delivery.body.clone())).await.0
            };
            assert_eq!(tell("t=1,v1=00").await, 400, "{}", delivery.kind);
            assert_eq!([tell(&delivery.signature).await, tell(&delivery.signature).await], [200, 200]);
            self.stripe.delivered(&delivery.id);
        }
        self.work().await;
    }

    /// Meta tells of an event: once forged, then twice.
    async fn told(&self, event: &Json) {
        let body = delivery(event).unwrap().to_string();
        let tell = async |signature: String| {
            let request = self.client.post(format!("{}/webhooks/whatsapp", self.address));
            answered(request.header("x-hub-signature-256", signature).body(body.clone())).await.0
        };
        assert_eq!(tell(sign(body.as_bytes(), "another secret")).await, 401);
        for _ in 0..2 {
            assert_eq!(tell(sign(body.as_bytes(), FakeMeta::APP_SECRET)).await, 200);
        }
        self.work().await;
    }

    fn time(&self) -> String {
        self.clock.now().to_chrono().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.outbox);
    }
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, Json) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Json::String(text)))
}

#[track_caller]
fn expect(status: u16, answer: (u16, Json)) -> Json {
    assert_eq!(answer.0, status, "{}", answer.1);
    answer.1
}

fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}"))
}

/// The owner registers and invites; who is invited signs in. Answers both tokens and the identifier of who was invited.
async fn begin(world: &World) -> (String, String, String) {
    let organization =
        json!({ "slug": "acme", "name": "Acme", "default_currency": "EUR", "time_zone": "UTC", "region": "DE" });
    let owner =
        json!({ "organization": organization, "name": "Olivia", "email": "olivia@acme.example", "password": PASSWORD });
    let owner = text(&world.post("", "/auth/register", owner).await, "access_token").to_owned();
    world.post(&owner, "/invitations", json!({ "email": "rita@acme.example", "role": "sales_rep" })).await;
    let accept = json!({ "token": world.mailed("rita@acme.example"), "name": "Rita", "password": PASSWORD });
    let rita = text(&world.post("", "/auth/invitations/accept", accept).await, "access_token").to_owned();
    let me = world.get(&rita, "/me").await;
    (owner, rita, text(&me["member"], "id").to_owned())
}

/// A file comes in; the lead in it is scored and given to Rita, who makes a deal of it and wins it.
async fn sell(world: &World, owner: &str, rita: &str, member: &str) {
    let file = "First Name,Last Name,E-Mail,Company\nAda,Lovelace,ada@engines.example,Engines\n,,broken,\n";
    let request = world.client.post(format!("{}/imports?source=fair", world.address)).bearer_auth(owner);
    let import = expect(200, answered(request.header("content-type", "text/csv").body(file)).await);
    assert_eq!(import["report"]["import"]["counts"]["created"], 1, "{import}");
    let lead = world.get(owner, "/leads").await["items"][0].clone();
    let lead = text(&lead, "id");

    let scored = world.post(owner, &format!("/scoring/calculate/{lead}"), json!({})).await;
    assert!(scored.is_object(), "{scored}");

    assert_eq!(world.ask(rita, "GET", &format!("/leads/{lead}"), None).await.0, 404, "it is not hers yet");
    world.post(owner, &format!("/leads/{lead}/assign"), json!({ "owner_id": member })).await;
    assert_eq!(world.get(rita, &format!("/leads/{lead}")).await["owner_id"], member);
    world.post(rita, &format!("/leads/{lead}/contact"), json!({})).await;
    world.post(rita, &format!("/leads/{lead}/qualify"), json!({})).await;
    let deal = json!({ "name": "First order", "amount": { "minor": 500_000, "currency": "EUR" } });
    let conversion =
        world.post(rita, &format!("/leads/{lead}/convert"), json!({ "opportunity": "new", "deal": deal })).await;
    let deal = text(&conversion, "opportunity_id").to_owned();

    let stages = world.get(rita, "/pipeline/stages").await;
    let open: Vec<&Json> = stages.as_array().unwrap().iter().filter(|stage| stage["kind"] == "open").collect();
    let moved = world.patch(rita, &format!("/opportunities/{deal}/stage"), json!({ "stage_id": open[1]["id"] })).await;
    assert_eq!(moved["stage_id"], open[1]["id"]);
    let reasons = world.get(rita, "/close-reasons").await;
    let won = reasons.as_array().unwrap().iter().find(|reason| reason["kind"] == "won").unwrap();
    let closed = world.post(rita, &format!("/opportunities/{deal}/win"), json!({ "reason_id": won["id"] })).await;
    assert_eq!((&closed["close_reason_id"], &closed["forecast_category"]), (&won["id"], &json!("closed")), "{closed}");
}

/// The organization's number is connected through the permission page.
async fn connect(world: &World, owner: &str) {
    let departure = json!({ "redirect_uri": "https://crm.example/connected" });
    let begun = world.post(owner, "/social/connections/whatsapp/connect", departure).await;
    assert!(text(&begun, "url").contains("client_id=app-1"));
    let back = json!({ "state": begun["state"], "code": "code", "redirect_uri": "https://crm.example/connected",
        "parent_id": "200300400500601", "external_id": NUMBER, "pin": "123456" });
    let accounts = world.post(owner, "/social/connections/whatsapp/accounts", back).await;
    assert_eq!(accounts[0]["external_id"], NUMBER);
    assert!(!accounts.to_string().contains("issued"), "the token is sealed");
    let chosen = json!({ "choice": accounts[0]["choice"] });
    let connection = world.post(owner, "/social/connections", chosen).await;
    assert_eq!(connection["status"], "active");
}

/// Ana writes, Rita answers, and the answer is delivered.
async fn talk(world: &World, owner: &str, rita: &str, member: &str) {
    world
        .told(&json!({ "kind": "message", "connection_id": NUMBER, "participant_id": ANA, "message_type": "text",
            "external_message_id": "wamid.in1", "text": "Do you open on Sunday?", "timestamp": world.time(),
            "extra": { "profile_name": "Ana" } }))
        .await;
    let threads = world.get(owner, "/social/conversations").await;
    assert_eq!(threads["items"].as_array().unwrap().len(), 1, "told twice, heard once");
    let at = format!("/social/conversations/{}", text(&threads["items"][0], "id"));
    world.patch(owner, &format!("{at}/assign"), json!({ "owner_id": member })).await;
    assert_eq!(world.get(rita, &format!("{at}/can-send")).await["verdict"], "permitted");
    let reply = json!({ "content": { "text": { "text": "We do." } } });
    world.post(rita, &format!("{at}/messages"), reply).await;
    world.work().await;
    let taken = world.meta.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].1["body"]["text"]["body"], "We do.");

    world.clock.advance(Duration::from_secs(5));
    world
        .told(&json!({ "kind": "status", "connection_id": NUMBER, "participant_id": ANA, "status": "delivered",
            "external_message_id": taken[0].0, "timestamp": world.time(), "extra": {} }))
        .await;
    let messages = world.get(rita, &format!("{at}/messages")).await;
    let told: Vec<_> = messages.as_array().unwrap().iter().map(|one| (&one["text"], &one["status"])).collect();
    let (asked, answered) = (json!("Do you open on Sunday?"), json!("We do."));
    assert_eq!(told, [(&asked, &Json::Null), (&answered, &json!("delivered"))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_registration_to_a_delivered_reply() {
    let world = World::open().await;
    let (owner, rita, member) = begin(&world).await;

    let offers = world.get("", "/billing/services").await;
    assert_eq!(offers.as_array().unwrap().len(), 6);
    let (status, locked) = world.ask(&owner, "GET", "/scoring/rules", None).await;
    assert_eq!(
        (status, &locked["error"], &locked["service"]),
        (403, &json!("subscription_required"), &json!("LeadGeneration"))
    );
    let trial = world.post(&owner, "/billing/checkout", json!({ "prices": ["leadgen_monthly"], "trial": true })).await;
    world.pays(text(&trial, "id")).await;
    sell(&world, &owner, &rita, &member).await;

    let (status, locked) = world.ask(&owner, "GET", "/social/conversations", None).await;
    assert_eq!((status, &locked["service"]), (403, &json!("SocialInbox")));
    let (status, _) =
        world.ask(&rita, "POST", "/billing/checkout", Some(json!({ "prices": ["social_monthly"] }))).await;
    assert_eq!(status, 403, "a sales representative buys nothing");
    let page = world.post(&owner, "/billing/checkout", json!({ "prices": ["social_monthly"] })).await;
    assert!(text(&page, "url").starts_with("https://"), "{page}");
    world.pays(text(&page, "id")).await;
    assert_eq!(world.get(&owner, "/social/conversations").await["items"], json!([]), "the locked module is open");
    let access = world.get(&owner, "/billing/access").await;
    let social = access.as_array().unwrap().iter().find(|one| one["service"] == "social_inbox").unwrap();
    assert_eq!((&social["level"], &social["reason"]), (&json!("full"), &json!("paid")));

    connect(&world, &owner).await;
    talk(&world, &owner, &rita, &member).await;
}
