//! From connecting an account to a template after the window, against a false Meta over real HTTP.

use std::sync::Arc;
use std::time::Duration;

use crm_core::access::Caller;
use crm_core::crm::Crm;
use crm_core::inbox::channel::{
    AuthorisationGrant, Channels, OutboundContent, Platform, TemplateComponent, TemplateMessage, TemplateParameters,
};
use crm_core::inbox::connection::{ConnectionSettings, LeadPolicy};
use crm_core::inbox::window::Verdict;
use crm_core::inbox::{Conversation, NewMessage};
use crm_core::kernel::{Clock, Predicate, Secret, Stored, Timestamp};
use crm_core::store::{MemoryStore, Session, Store};
use crm_core::testing::office::found;
use crm_core::testing::social::PlaceVault;
use crm_core::testing::{ManualClock, SequentialIds};
use crm_social_meta::MetaChannels;
use crm_social_meta::webhook::Webhook;
use serde_json::{Value as Json, json};

use crate::database;
use crate::false_meta::{FalseMeta, Mood, host, post, sign};
use crate::server::{graph_at, run};
use crm_social_meta::testing as wire;

struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A host with one organization, its webhook served, its channels at the false Meta.
struct World {
    crm: Crm,
    session: Session,
    clock: Arc<ManualClock>,
    meta: FalseMeta,
    webhook: String,
}

const NUMBER: &str = "300400500600701";
const PAGE: &str = "100200300400501";
const ANA: &str = "12025550123";

impl World {
    async fn on(store: impl Store + 'static) -> Self {
        let clock = Arc::new(ManualClock::new("2026-09-10T12:00:00Z".parse().unwrap()));
        let meta = FalseMeta::start().await;
        let graph = graph_at(&meta.base, |_| {});
        let webhook = Webhook::new(graph.config());
        let channels = Channels::default().with(MetaChannels::new(graph)).with_vault(PlaceVault);
        let crm = Crm::new(store, Hands(Arc::clone(&clock)), SequentialIds::new()).with_channels(channels);
        let (organization, owner) = found(&crm, "acme").await;
        let session = crm.session(crm.caller(organization, owner).await.unwrap());
        let webhook = host(crm.clone(), webhook).await;
        Self { crm, session, clock, meta, webhook }
    }

    /// Connects the first account that the grant gives, and has those who write become leads.
    async fn connect(&self, platform: &Platform, grant: &AuthorisationGrant) {
        let inbox = self.session.inbox(self.crm.channels());
        let accounts = inbox.connections().accounts(platform, grant).await.unwrap();
        let row = inbox.connections().connect(&accounts[0]).await.unwrap();
        let settings = ConnectionSettings { leads: LeadPolicy::Create, ..ConnectionSettings::default() };
        inbox.connections().configure(row.id, row.version, settings).await.unwrap();
    }

    async fn work(&self) {
        while self.crm.run_due("test", 100).await.unwrap().done > 0 {}
    }

    /// Tells an event twice, and lets it be applied.
    async fn told(&self, event: &Json) {
        assert_eq!(self.meta.tell(&self.webhook, event, 2).await, 200);
        self.work().await;
    }

    async fn only_thread(&self) -> Stored<Conversation> {
        let inbox = self.session.inbox(self.crm.channels());
        let mut threads = inbox.latest(&Predicate::everything(), 10).await.unwrap();
        assert_eq!(threads.len(), 1);
        threads.remove(0)
    }

    /// The messages of the only thread: what is said, and how far it has come.
    async fn messages(&self) -> Vec<(Option<String>, Option<String>)> {
        let thread = self.only_thread().await;
        let messages = self.session.inbox(self.crm.channels()).messages(thread.id, None, 50).await.unwrap();
        let shown = |message: &Json| {
            let text = |name: &str| message[name].as_str().map(str::to_owned);
            (text("text"), text("status"))
        };
        messages.iter().map(|message| shown(&serde_json::to_value(&message.value).unwrap())).collect()
    }

    fn time(&self) -> String {
        self.clock.now().to_chrono().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    fn ana_writes(&self, id: &str, text: &str) -> Json {
        json!({ "kind": "message", "connection_id": NUMBER, "participant_id": ANA, "external_message_id": id,
                "message_type": "text", "text": text, "timestamp": self.time(), "extra": { "profile_name": "Ana Example" } })
    }

    fn status(&self, id: &str, status: &str) -> Json {
        json!({ "kind": "status", "connection_id": NUMBER, "participant_id": ANA, "external_message_id": id,
                "status": status, "timestamp": self.time(), "extra": {} })
    }
}

fn grant() -> AuthorisationGrant {
    AuthorisationGrant {
        code: Secret::new("code"),
        redirect_uri: Some("https://crm.example.test/cb".into()),
        login: None,
        parent_id: Some("200300400500601".into()),
        external_id: Some(NUMBER.into()),
        pin: Some(Secret::new("123456")),
    }
}

async fn whole_journey(store: impl Store + 'static) {
    let world = World::on(store).await;
    world.connect(&Platform::WHATSAPP, &grant()).await;
    let inbox = world.session.inbox(world.crm.channels());

    // She writes; the delivery comes twice, and once with a wrong signature.
    let hello = world.ana_writes("wamid.in1", "Do you open on Sunday?");
    let forged = wire::delivery(&world.ana_writes("wamid.in0", "forged")).unwrap().to_string();
    assert_eq!(post(&world.webhook, &forged, &sign(&forged, "another secret")).await, 401);
    world.told(&hello).await;
    assert_eq!(world.messages().await, [(Some("Do you open on Sunday?".into()), None)]);
    let thread = world.only_thread().await;
    assert_eq!(thread.unread, 1);
    let leads = world.session.leads().list(&Predicate::everything(), &crm_core::kernel::Page::first(10)).await.unwrap();
    assert_eq!(leads.len(), 1, "she has become a lead");
    assert_eq!(inbox.participant(thread.participant_id).await.unwrap().lead_id, Some(leads[0].id));

    // An agent answers; the receipts come late, twice, and the wrong way round.
    inbox.send(thread.id, NewMessage::text("We do.")).await.unwrap();
    world.work().await;
    let (id, taken) = world.meta.taken().remove(0);
    assert_eq!(taken["body"]["text"]["body"], "We do.");
    assert_eq!(taken["path"], format!("/graph.facebook.com/v25.0/{NUMBER}/messages"));
    world.clock.advance(Duration::from_mins(1));
    world.told(&world.status(&id, "delivered")).await;
    assert_eq!(world.messages().await[1], (Some("We do.".into()), Some("delivered".into())));
    world.told(&world.status(&id, "read")).await;
    world.told(&world.status(&id, "sent")).await;
    world.told(&world.status(&id, "delivered")).await;
    assert_eq!(world.messages().await[1], (Some("We do.".into()), Some("read".into())));

    // A day later words may not be sent, a template may.
    inbox.refresh_templates(thread.connection_id).await.unwrap();
    world.clock.advance(Duration::from_hours(24));
    let words = OutboundContent::text("Still there?");
    assert_eq!(inbox.can_send(thread.id, &words).await.unwrap().verdict, Verdict::TemplateOnly);
    let refused = inbox.send(thread.id, NewMessage::of(words)).await.unwrap_err();
    assert_eq!(refused.code(), "window.template_only");
    let template = OutboundContent::Template(TemplateMessage {
        name: "still_there".into(),
        language: "en".into(),
        components: vec![TemplateComponent::Body(TemplateParameters::Positional(vec!["Ana".into()]))],
    });
    inbox.send(thread.id, NewMessage::of(template)).await.unwrap();
    world.work().await;
    let taken = world.meta.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[1].1["body"]["template"]["name"], "still_there");
}

#[test]
fn an_account_is_connected_and_a_customer_served_until_the_window_closes() {
    run(whole_journey(MemoryStore::new()));
}

#[test]
fn the_same_on_postgresql() {
    run(async {
        if let Some(store) = database::store("journey").await {
            whole_journey(store).await;
        }
    });
}

#[test]
fn an_answer_that_was_lost_is_settled_by_the_echo_and_never_sent_again() {
    run(async {
        let world = World::on(MemoryStore::new()).await;
        world.connect(&Platform::MESSENGER, &grant()).await;
        let message = |id: &str, text: &str| {
            json!({ "kind": "message", "connection_id": PAGE, "participant_id": "7", "external_message_id": id,
                    "text": text, "timestamp": world.time() })
        };
        world.told(&message("m_in1", "Hello")).await;
        let thread = world.only_thread().await;
        world.meta.next(Mood::LosesTheAnswer);
        let inbox = world.session.inbox(world.crm.channels());
        inbox.send(thread.id, NewMessage::text("Hi!")).await.unwrap();
        world.work().await;
        assert_eq!(world.messages().await[1].1.as_deref(), Some("unknown"));
        world.clock.advance(Duration::from_hours(1));
        world.work().await;
        assert_eq!(world.meta.taken().len(), 1, "it was not sent again");
        let (id, taken) = world.meta.taken().remove(0);
        let echo = |id: &str, text: &str, metadata: &Json| {
            json!({ "kind": "echo", "connection_id": PAGE, "participant_id": "7", "external_message_id": id, "text": text,
                    "timestamp": world.time(), "extra": { "metadata": metadata } })
        };
        world.told(&echo(&id, "Hi!", &taken["body"]["message"]["metadata"])).await;
        world.told(&echo("m_elsewhere", "From the phone", &Json::Null)).await;
        let messages = world.messages().await;
        let texts: Vec<_> = messages.iter().map(|(text, _)| text.as_deref().unwrap()).collect();
        assert_eq!(texts, ["Hello", "Hi!", "From the phone"]);
        assert_eq!(messages[1].1.as_deref(), Some("sent"));
    });
}

#[test]
fn a_lost_token_stops_sending_and_not_receiving() {
    run(async {
        let world = World::on(MemoryStore::new()).await;
        world.connect(&Platform::WHATSAPP, &grant()).await;
        world.told(&world.ana_writes("wamid.in1", "Hello")).await;
        let thread = world.only_thread().await;
        let inbox = world.session.inbox(world.crm.channels());
        world
            .meta
            .next(Mood::Refuses(400, json!({ "code": 190, "error_subcode": 463, "message": "Session has expired" })));
        inbox.send(thread.id, NewMessage::text("Hi!")).await.unwrap();
        world.work().await;
        assert!(world.meta.taken().is_empty());
        assert!(inbox.send(thread.id, NewMessage::text("Again")).await.is_err(), "the connection has expired");
        world.told(&world.ana_writes("wamid.in2", "Anybody there?")).await;
        let texts: Vec<_> = world.messages().await.into_iter().map(|(text, _)| text.unwrap()).collect();
        assert!(texts.contains(&"Anybody there?".to_owned()), "what they write is kept: {texts:?}");
        // Connecting again keeps the thread.
        world.connect(&Platform::WHATSAPP, &grant()).await;
        inbox.send(thread.id, NewMessage::text("Here I am")).await.unwrap();
        world.work().await;
        assert_eq!(world.meta.taken().last().unwrap().1["body"]["text"]["body"], "Here I am");
        assert_eq!(world.only_thread().await.id, thread.id);
    });
}

#[test]
fn a_refusal_because_of_the_window_closes_our_view_of_it() {
    run(async {
        let world = World::on(MemoryStore::new()).await;
        world.connect(&Platform::WHATSAPP, &grant()).await;
        world.told(&world.ana_writes("wamid.in1", "Hello")).await;
        let thread = world.only_thread().await;
        let inbox = world.session.inbox(world.crm.channels());
        let words = OutboundContent::text("x");
        assert!(inbox.can_send(thread.id, &words).await.unwrap().is_open());
        world.meta.next(Mood::Refuses(400, json!({ "code": 131_047, "message": "Re-engagement message" })));
        inbox.send(thread.id, NewMessage::text("Hi!")).await.unwrap();
        world.work().await;
        assert_eq!(world.messages().await[1].1.as_deref(), Some("failed"));
        assert!(!inbox.can_send(thread.id, &words).await.unwrap().is_open(), "Meta knows better");
    });
}

#[test]
fn a_failure_that_is_told_later_is_noted_once() {
    run(async {
        let world = World::on(MemoryStore::new()).await;
        world.connect(&Platform::WHATSAPP, &grant()).await;
        world.told(&world.ana_writes("wamid.in1", "Hello")).await;
        let thread = world.only_thread().await;
        world.session.inbox(world.crm.channels()).send(thread.id, NewMessage::text("Hi!")).await.unwrap();
        world.work().await;
        let (id, _) = world.meta.taken().remove(0);
        let mut failed = world.status(&id, "failed");
        failed["error_code"] = json!(131_026);
        world.told(&failed).await;
        world.told(&world.status(&id, "sent")).await;
        assert_eq!(world.messages().await[1].1.as_deref(), Some("failed"), "a late receipt undoes nothing");
        assert_eq!(world.meta.taken().len(), 1);
    });
}

#[test]
fn a_failure_that_is_told_later_has_its_consequences() {
    run(async {
        // The window, the person, the whole account: by the number alone.
        for (code, closes, rests) in [(131_047, true, false), (131_026, false, false), (131_031, false, true)] {
            let world = World::on(MemoryStore::new()).await;
            world.connect(&Platform::WHATSAPP, &grant()).await;
            world.told(&world.ana_writes("wamid.in1", "Hello")).await;
            let thread = world.only_thread().await;
            let inbox = world.session.inbox(world.crm.channels());
            inbox.send(thread.id, NewMessage::text("Hi!")).await.unwrap();
            world.work().await;
            world.clock.advance(Duration::from_secs(5));
            let mut failed = world.status(&world.meta.taken().remove(0).0, "failed");
            failed["error_code"] = json!(code);
            world.told(&failed).await;
            let gate = inbox.can_send(thread.id, &OutboundContent::text("x")).await.unwrap();
            assert_eq!(gate.is_open(), !closes, "{code}");
            let connection = inbox.connections().get(thread.connection_id).await.unwrap();
            assert_eq!(connection.paused_until.is_some(), rests, "{code}");
            let participant = inbox.participant(thread.participant_id).await.unwrap();
            assert_eq!(participant.unreachable.is_some(), code == 131_026, "{code}");
        }
    });
}

#[test]
fn one_delivery_with_two_organizations_reaches_each_its_own_and_nobody_else() {
    run(async {
        let world = World::on(MemoryStore::new()).await;
        world.connect(&Platform::WHATSAPP, &grant()).await;
        let (other, _) = found(&world.crm, "other").await;
        let theirs = world.crm.session(Caller::system(other, "test"));
        let inbox = theirs.inbox(world.crm.channels());
        let number = AuthorisationGrant {
            external_id: Some("300400500600702".into()),
            parent_id: Some("200300400500602".into()),
            ..grant()
        };
        let accounts = inbox.connections().accounts(&Platform::WHATSAPP, &number).await.unwrap();
        inbox.connections().connect(&accounts[0]).await.unwrap();
        assert!(
            inbox.connections().connect(&world_account(&world).await).await.is_err(),
            "an account belongs to one organization"
        );

        let mut delivery = wire::delivery(&world.ana_writes("wamid.ours", "for acme")).unwrap();
        for (number, text) in [("300400500600702", "for other"), ("999", "for nobody")] {
            let mut event = world.ana_writes("wamid.theirs", text);
            event["connection_id"] = json!(number);
            let entry = wire::delivery(&event).unwrap()["entry"][0].clone();
            delivery["entry"].as_array_mut().unwrap().push(entry);
        }
        let body = delivery.to_string();
        for _ in 0..2 {
            assert_eq!(post(&world.webhook, &body, &sign(&body, "app-secret-canary")).await, 200);
        }
        world.work().await;
        assert_eq!(world.messages().await, [(Some("for acme".into()), None)]);
        let threads = inbox.latest(&Predicate::everything(), 10).await.unwrap();
        assert_eq!(threads.len(), 1);
        let messages = inbox.messages(threads[0].id, None, 10).await.unwrap();
        assert_eq!(messages.iter().map(|message| message.text.as_deref()).collect::<Vec<_>>(), [Some("for other")]);
    });
}

/// The account of the world's own organization.
async fn world_account(world: &World) -> crm_core::inbox::channel::ConnectedAccount {
    let inbox = world.session.inbox(world.crm.channels());
    inbox.connections().accounts(&Platform::WHATSAPP, &grant()).await.unwrap().remove(0)
}
