//! What stands outside in most tests: a provider that keeps its books in memory, and a channel that does as it is told.

use std::sync::{Arc, LazyLock};

use axum::http::Method;
use crm_billing_stripe::testing::FakeStripe;
use crm_billing_stripe::{StripeWebhook, WebhookSecrets};
use crm_core::access::OrganizationId;
use crm_core::billing::{Billing, BillingGateway, Pages, PriceTruth, ServicePrice, default_prices};
use crm_core::crm::Crm;
use crm_core::inbox::channel::{
    Account, Channels, ConnectedAccount, FailureClass, FailureScope, Inbound, TemplateCategory, TemplateListing,
    TemplateStatus, WHATSAPP,
};
use crm_core::inbox::{Platform, receive};
use crm_core::kernel::{Clock, Secret};
use crm_core::testing::ManualClock;
use crm_core::testing::books::FakeBooks;
use crm_core::testing::social::{PlaceVault, ScriptedChannel};
use crm_http::Outside;
use crm_social_meta::webhook::Webhook;
use crm_social_meta::{AppCredentials, Graph, MetaConfig};
use serde_json::{Value as Json, json};

use crate::bodies::Talk;
use crate::office::{Office, id};

/// What stands outside. Clones share it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) books: FakeBooks,
    pub(crate) channel: ScriptedChannel,
    gateway: Arc<dyn BillingGateway>,
}

fn price_of(entry: &ServicePrice) -> PriceTruth {
    PriceTruth {
        id: format!("price_{}", entry.lookup_key).parse().unwrap(),
        lookup_key: Some(entry.lookup_key.clone()),
        product: None,
        service: None,
        unit_amount: Some(entry.amount()),
        interval: Some(entry.interval),
        interval_count: 1,
        metered: false,
        active: true,
    }
}

impl World {
    pub(crate) fn new(clock: impl Clock + 'static) -> Self {
        let prices = default_prices().unwrap().iter().map(price_of).collect();
        let books = FakeBooks::new(Arc::new(clock), prices);
        let channel = ScriptedChannel::new(vec![(Platform::WHATSAPP, WHATSAPP)]);
        let listed = |external_id: &str, name: &str, body: &str| TemplateListing {
            external_id: external_id.to_owned(),
            name: name.to_owned(),
            language: "en".to_owned(),
            status: TemplateStatus::Approved,
            category: TemplateCategory::Utility,
            header: None,
            body: body.to_owned(),
            url_buttons: Vec::new(),
        };
        channel.set_templates(vec![
            listed("1", "still_there", "Are you still there?"),
            listed("2", "order_ready", "Dear {{1}}, your order {{2}} is ready."),
        ]);
        Self { gateway: Arc::new(books.clone()), books, channel }
    }

    /// The same with another billing provider than the books in memory.
    pub(crate) fn with_gateway(self, gateway: impl BillingGateway + 'static) -> Self {
        Self { gateway: Arc::new(gateway), ..self }
    }

    pub(crate) fn channels(&self) -> Channels {
        Channels::default().with(self.channel.clone()).with_vault(PlaceVault)
    }

    pub(crate) fn billing(&self, desk: OrganizationId) -> Billing {
        let page = |name: &str| format!("https://host.example/{name}");
        let pages = Pages { checkout_done: page("done"), checkout_left: page("left"), portal_left: page("billing") };
        Billing::new(Arc::clone(&self.gateway), desk, pages)
    }
}

/// The number of an organization.
fn number(organization: OrganizationId) -> String {
    format!("number-{organization}")
}

impl Office {
    /// Does everything that is due.
    pub(crate) async fn work(&self) {
        while self.crm.run_due("tests", 100).await.unwrap().tried() > 0 {}
    }

    /// Connects the organization's number, and answers the connection.
    pub(crate) async fn connect_number(&self) -> String {
        let session = self.crm.session(self.crm.caller(self.organization, self.owner).await.unwrap());
        let account = Account {
            platform: Platform::WHATSAPP,
            external_id: number(self.organization),
            parent_id: None,
            login: None,
            token: Secret::new("token-canary"),
        };
        let name = "Front desk".to_owned();
        let connected = ConnectedAccount { account, name, handle: None, scopes: Vec::new(), token_expires_at: None };
        session.inbox(self.crm.channels()).connections().connect(&connected).await.unwrap().id.to_string()
    }

    /// Somebody writes to the organization's number; answers the conversation.
    pub(crate) async fn hear(&self, from: &str, text: &str) -> Json {
        let event = json!({
            "kind": "message", "direction": "inbound", "connection_id": number(self.organization),
            "participant_id": from, "sender_id": from, "external_message_id": format!("in-{from}-{text}"),
            "message_type": "text", "text": text,
            "timestamp": self.clock.now().to_chrono().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "extra": { "profile_name": "Ana" },
        });
        let inbound = Inbound { event: serde_json::from_value(event.clone()).unwrap(), raw: event };
        let digest = format!("{}-{from}-{text}", self.organization);
        let received = receive(self.crm.ports(), &Platform::WHATSAPP, &digest, vec![inbound]).await.unwrap();
        assert_eq!(received.kept, 1);
        self.work().await;
        self.get("/api/social/conversations?sort=-last_message_at").await.expect(200)["items"][0].clone()
    }

    /// Subscribes to a price through the API, and answers the subscription as the overview shows it.
    pub(crate) async fn subscribe(&self, price: &str) -> Json {
        let page = self.post("/api/billing/checkout", json!({ "prices": [price] })).await.expect(200);
        let session = id(&page);
        self.world.books.complete_checkout(&session.parse().unwrap()).unwrap();
        let done = self.post(&format!("/api/billing/checkout/{session}/complete"), json!({})).await.expect(200);
        done["subscriptions"].as_array().unwrap().last().unwrap().clone()
    }
}

/// The secret of the app at Meta.
pub(crate) const APP_SECRET: &str = "app-secret-canary";
/// What Meta must know in the handshake.
pub(crate) const VERIFY_TOKEN: &str = "verify-canary";

/// Permission pages as Meta has them; nothing is sent there.
static META: LazyLock<Graph> = LazyLock::new(|| {
    let app = AppCredentials { id: "app-1".to_owned(), secret: APP_SECRET.into() };
    Graph::new(MetaConfig::new(app, VERIFY_TOKEN.into()), ManualClock::default()).unwrap()
});

/// A conversation, and at least one record of everything that helps with it.
pub(crate) async fn talking(office: &Office) -> Talk {
    let connection = office.connect_number().await;
    office.post(&format!("/api/social/connections/{connection}/templates/refresh"), json!({})).await.expect(200);
    let conversation = id(&office.hear("12025550123", "Do you open on Sunday?").await);
    let thread = format!("/api/social/conversations/{conversation}");
    office.world.channel.next_refusal(FailureClass::Permanent, FailureScope::Message);
    let words = json!({ "content": { "text": { "text": "We do." } } });
    let message = id(&office.post(&format!("{thread}/messages"), words).await.expect(201));
    office.work().await;
    let reply = json!({ "shortcut": "hello", "text": "Hello {{participant.name}}" });
    let reply = office.send(Method::PUT, "/api/social/canned-replies", Some(reply)).await.expect(200);
    let hours = json!({ "name": "Hours", "time_zone": "UTC", "days_off": [],
        "week": [{ "weekday": 1, "from": "09:00", "to": "17:00" }] });
    let calendar = office.send(Method::PUT, "/api/social/calendars", Some(hours)).await.expect(200);
    let bulk = json!({ "name": "News", "connection_id": connection,
        "template": { "name": "still_there", "language": "en" } });
    let bulk_send = id(&office.post("/api/social/bulk-sends", bulk).await.expect(201));
    let recipients =
        json!({ "recipients": { "numbers": ["+1 202 555 0199"] }, "consented_at": "2026-01-01T00:00:00Z" });
    office.post(&format!("/api/social/bulk-sends/{bulk_send}/recipients"), recipients).await.expect(200);
    Talk { connection, conversation, message, canned_reply: id(&reply), calendar: id(&calendar), bulk_send }
}

/// Receivers of webhooks and permission pages, beside this billing.
pub(crate) fn outside(billing: Billing) -> Outside {
    let stripe = StripeWebhook::new(WebhookSecrets::new([FakeStripe::WEBHOOK_SECRET]).unwrap());
    Outside::default()
        .with_billing(billing)
        .with_billing_webhook(stripe)
        .with_social_webhook(Webhook::new(META.config()))
        .with_permission_pages(META.clone())
}

/// A CRM with everything that stands outside, and the billing of it.
pub(crate) async fn with_outside(crm: Crm, world: &World, desk: OrganizationId) -> (Crm, Billing) {
    let billing = world.billing(desk);
    let crm = crm.with_channels(world.channels()).with_job_handlers(billing.job_handlers());
    crm.billing_desk(&billing).fill_catalogue().await.unwrap();
    (crm, billing)
}
