//! The server as it is started: from a file of settings to its end in order, in this process and as a process of its own.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser as _;
use crm_billing_stripe::testing::FakeStripe;
use crm_core::access::{OrganizationId, Slug};
use crm_core::billing::{Billing, Pages, ServiceGrant, default_prices};
use crm_core::crm::Crm;
use crm_core::kernel::Clock;
use crm_core::paywall::ServiceModule;
use crm_core::testing::ManualClock;
use crm_core::testing::books::FakeBooks;
use crm_http::server::{CommandLine, Config, Ended, start};
use crm_http::signing::{hexadecimal, random};
use crm_social_meta::testing::{FakeMeta, delivery, sign};
use crm_system::{RandomIds, SystemClock, VaultKey};
use serde_json::{Value as Json, json};

use crate::database::Database;
use crate::office::SharedClock;

const PASSWORD: &str = "correct horse battery canary";
const NUMBER: &str = "300400500600701";
const WORDS: &str = "Do you open on canary Sunday?";
/// Nothing here takes as long, unless it never comes.
const EVER: Duration = Duration::from_mins(1);

/// A folder with the settings of a server, and stand-ins for the providers in them.
struct Installation {
    folder: PathBuf,
    stripe: FakeStripe,
    meta: FakeMeta,
    /// What must stand nowhere, by what it is.
    secrets: BTreeMap<&'static str, String>,
}

impl Drop for Installation {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Installation {
    async fn at(clock: &impl Clock, database: Option<&str>) -> Self {
        let folder = std::env::temp_dir().join(format!("crm-http-serve-{}", hexadecimal(&random::<8>().unwrap())));
        std::fs::create_dir(&folder).unwrap();
        let stripe = FakeStripe::start(clock.now()).await.unwrap();
        for price in default_prices().unwrap() {
            let interval = if price.lookup_key.ends_with("yearly") { "year" } else { "month" };
            let _ = stripe.add_price(&price.lookup_key, interval, price.amount_minor);
        }
        let meta = FakeMeta::start().await.unwrap();
        let secrets = BTreeMap::from([
            ("the secret", hexadecimal(&random::<32>().unwrap())),
            ("a vault's key", VaultKey::fresh("present").unwrap().text().expose()["present:".len()..].to_owned()),
            ("a former key", VaultKey::fresh("former").unwrap().text().expose()["former:".len()..].to_owned()),
            ("Stripe's key", "sk_test_canary_key".to_owned()),
            ("Stripe's webhook secret", FakeStripe::WEBHOOK_SECRET.to_owned()),
            ("the app's secret", FakeMeta::APP_SECRET.to_owned()),
            ("the verify token", FakeMeta::VERIFY_TOKEN.to_owned()),
            ("a password", PASSWORD.to_owned()),
        ]);
        let database =
            database.map_or_else(|| format!("sqlite:{}", folder.join("crm.sqlite").display()), str::to_owned);
        let settings = format!(
            "database = '{database}'\nlisten = '127.0.0.1:0'\ndata = '{data}'\nsecret = '{secret}'\n\
             vault_keys = 'present:{key}, former:{former}'\n\n\
             [stripe]\nsecret_key = '{stripe_key}'\nwebhook_secret = '{webhook_secret}'\ndesk = 'operator'\n\
             address = '{stripe}'\n\n\
             [meta]\napp_id = 'app-1'\napp_secret = '{app_secret}'\nverify_token = '{verify_token}'\naddress = '{meta}'\n",
            data = folder.display(),
            secret = secrets["the secret"],
            key = secrets["a vault's key"],
            former = secrets["a former key"],
            stripe_key = secrets["Stripe's key"],
            webhook_secret = secrets["Stripe's webhook secret"],
            stripe = stripe.address(),
            app_secret = secrets["the app's secret"],
            verify_token = secrets["the verify token"],
            meta = meta.base(),
        );
        std::fs::write(folder.join("crm.toml"), settings).unwrap();
        Self { folder, stripe, meta, secrets }
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("crm.toml")
    }

    fn config(&self) -> Config {
        let settings = self.settings();
        let line = CommandLine::try_parse_from(["crm-http", "serve", "--config", settings.to_str().unwrap()]);
        line.unwrap().config().unwrap()
    }
}

/// A client of a server.
#[derive(Clone)]
struct Client {
    address: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    /// Registers an organization.
    async fn register(address: String) -> Self {
        let client = Self { address, token: String::new(), http: reqwest::Client::new() };
        let organization = json!({ "slug": "acme", "name": "Acme", "default_currency": "EUR",
            "time_zone": "Europe/Berlin", "region": "DE" });
        let owner = json!({ "organization": organization, "name": "Olivia", "email": "olivia@acme.example",
            "password": PASSWORD });
        let signed_in = client.post("/auth/register", owner).await;
        Self { token: signed_in["access_token"].as_str().unwrap().to_owned(), ..client }
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        head: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> (u16, Json) {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}/api{path}", self.address));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Json::String(text)))
    }
    async fn get(&self, path: &str) -> (u16, Json) {
        self.ask("GET", path, &[], "").await
    }
    async fn post(&self, path: &str, body: Json) -> Json {
        let json = [("content-type", "application/json")];
        let (status, answer) = self.ask("POST", path, &json, body.to_string()).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Waits until a path answers so.
    async fn until(&self, path: &str, is_so: impl Fn(u16, &Json) -> bool) -> Json {
        let asking = async {
            loop {
                let (status, answer) = self.get(path).await;
                if is_so(status, &answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(EVER, asking).await.unwrap_or_else(|_| panic!("{path} never came to it"))
    }

    /// A stream of events that has begun.
    async fn listen(&self) -> reqwest::Response {
        let request = self.http.get(format!("{}/api/events", self.address)).bearer_auth(&self.token);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response
    }
}

/// Another process that sells: it opens services of an organization by itself.
struct Seller {
    crm: Crm,
    billing: Billing,
    tenant: OrganizationId,
}

impl Seller {
    async fn beside(database: &Database, clock: impl Clock + 'static) -> Self {
        let crm = Crm::new(database.store().await, clock, RandomIds::new());
        let known = async |slug: &str| {
            let slug = Slug::try_from(slug.to_owned()).unwrap();
            crm.organization_by_slug(&slug).await.unwrap().unwrap()
        };
        let (desk, tenant) = (known("operator").await, known("acme").await);
        let books = FakeBooks::new(Arc::new(ManualClock::default()), Vec::new());
        Self { billing: Billing::new(Arc::new(books), desk, Pages::default()), crm, tenant }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_commits_opens_and_closes_the_door_of_a_server_whose_clock_stands_still() {
    let name = "what_another_process_commits_opens_and_closes_the_door_of_a_server_whose_clock_stands_still";
    let Some(database) = Database::fresh(name).await else { return };
    // Time does not pass: what is known never grows old, and nothing but being told can make the server ask anew.
    let clock = SharedClock(Arc::new(ManualClock::default()));
    let installation = Installation::at(&clock, Some(&database.url())).await;
    let running = start(&installation.config(), clock.clone()).await.unwrap();
    let client = Client::register(format!("http://{}", running.address())).await;
    let seller = Seller::beside(&database, clock).await;
    let desk = seller.crm.billing_desk(&seller.billing);
    for _ in 0..3 {
        let (status, locked) = client.get("/scoring/rules").await;
        assert_eq!((status, &locked["service"]), (403, &json!("LeadGeneration")));
        let reason = "A test".to_owned().try_into().unwrap();
        let grant = ServiceGrant { service: ServiceModule::LeadGeneration, until: None, reason };
        let grant = desk.grant(seller.tenant, grant).await.unwrap();
        client.until("/scoring/rules", |status, _| status == 200).await;
        desk.withdraw(seller.tenant, grant.id).await.unwrap();
        client.until("/scoring/rules", |status, _| status == 403).await;
    }
    assert!(database.listeners().await > 0);
    assert_eq!(running.end().await.unwrap(), Ended::InOrder);
    // It listens no more.
    let silent = async {
        while database.listeners().await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(EVER, silent).await.unwrap();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_events_does_not_keep_a_server_that_is_asked_to_end() {
    let installation = Installation::at(&SystemClock, None).await;
    let running = start(&installation.config(), SystemClock).await.unwrap();
    let client = Client::register(format!("http://{}", running.address())).await;
    let (one, another) = (client.listen().await, client.listen().await);
    assert_eq!(running.end().await.unwrap(), Ended::InOrder);
    for stream in [one, another] {
        assert!(stream.text().await.is_ok(), "the stream came to its end and was not cut off");
    }
}

/// A server in a process of its own, and all that it says.
struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
    address: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes down everything that comes, line by line, and passes on where the server listens.
fn note(from: impl Read + Send + 'static, said: &Arc<Mutex<String>>, address: Option<std::sync::mpsc::Sender<String>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if let (Some(address), Some((_, found))) = (&address, line.split_once("listens on ")) {
                address.send(found.to_owned()).unwrap();
            }
            said.lock().unwrap().extend([line.as_str(), "\n"]);
        }
    });
}

impl Process {
    fn serve(settings: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_crm-http"))
            .args(["serve", "--config", settings.to_str().unwrap()])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, (sender, address)) = (Arc::<Mutex<String>>::default(), std::sync::mpsc::channel());
        note(child.stdout.take().unwrap(), &said, Some(sender));
        note(child.stderr.take().unwrap(), &said, None);
        let address = address.recv_timeout(EVER).unwrap_or_else(|_| panic!("{}", said.lock().unwrap()));
        Self { child, said, address }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Asks it to end as systems do, and waits for it.
    async fn end(&mut self) -> std::process::ExitStatus {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let ending = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(EVER, ending).await.unwrap()
    }
}

/// The organization subscribes at the stand-in, which tells of it: once forged, then as it is.
async fn subscribe(installation: &Installation, client: &Client) {
    let (status, _) = client.get("/social/conversations").await;
    assert_eq!(status, 403, "it is not paid for yet");
    let wish = json!({ "prices": ["leadgen_monthly", "social_monthly"] });
    let page = client.post("/billing/checkout", wish).await;
    installation.stripe.complete_checkout(page["id"].as_str().unwrap());
    let waiting = installation.stripe.deliveries();
    assert!(!waiting.is_empty(), "Stripe has something to say");
    for delivery in waiting {
        for (signature, expected) in [("t=1,v1=00", 400), (delivery.signature.as_str(), 200)] {
            let head = [("stripe-signature", signature)];
            let (status, answer) = client.ask("POST", "/webhooks/stripe", &head, delivery.body.clone()).await;
            assert_eq!(status, expected, "{answer}");
        }
        installation.stripe.delivered(&delivery.id);
    }
    // The worker of the process asks Stripe what it was told of.
    client.until("/scoring/rules", |status, _| status == 200).await;
    client.until("/social/conversations", |status, _| status == 200).await;
}

/// The number is connected, a customer writes, and gets an answer.
async fn talk(installation: &Installation, client: &Client) {
    let handshake = |token: &str| {
        format!("/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444")
    };
    assert_eq!(client.get(&handshake("guessed")).await.0, 403);
    assert_eq!(client.get(&handshake(FakeMeta::VERIFY_TOKEN)).await, (200, json!(1_158_201_444)));

    let back_to = "https://crm.example/connected";
    let begun = client.post("/social/connections/whatsapp/connect", json!({ "redirect_uri": back_to })).await;
    let back = json!({ "state": begun["state"], "code": "code", "redirect_uri": back_to,
        "parent_id": "200300400500601", "external_id": NUMBER, "pin": "123456" });
    let accounts = client.post("/social/connections/whatsapp/accounts", back).await;
    client.post("/social/connections", json!({ "choice": accounts[0]["choice"] })).await;

    let now = SystemClock.now().to_chrono().format("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let body = delivery(&json!({ "kind": "message", "connection_id": NUMBER, "participant_id": "12025550123",
        "message_type": "text", "external_message_id": "wamid.in1", "text": WORDS, "timestamp": now,
        "extra": { "profile_name": "Ana" } }));
    let body = body.unwrap().to_string();
    for (secret, expected) in [("guessed", 401), (FakeMeta::APP_SECRET, 200)] {
        let signature = sign(body.as_bytes(), secret);
        let head = [("x-hub-signature-256", signature.as_str())];
        assert_eq!(client.ask("POST", "/webhooks/whatsapp", &head, body.clone()).await.0, expected);
    }
    let heard = |_: u16, threads: &Json| threads["items"].as_array().is_some_and(|items| !items.is_empty());
    let threads = client.until("/social/conversations", heard).await;
    let at = format!("/social/conversations/{}", threads["items"][0]["id"].as_str().unwrap());
    client.post(&format!("{at}/messages"), json!({ "content": { "text": { "text": "We do." } } })).await;
    client.until(&format!("{at}/messages"), |_, messages| messages[1]["status"] == "sent").await;
    assert_eq!(installation.meta.taken()[0].1["body"]["text"]["body"], "We do.");

    // Opening hours go by the clocks of the world.
    let hours = |zone: &str| {
        json!({ "name": "Hours", "time_zone": zone, "days_off": [],
            "week": [{ "weekday": 1, "from": "09:00", "to": "17:00" }] })
        .to_string()
    };
    let as_json = [("content-type", "application/json")];
    let known = client.ask("PUT", "/social/calendars", &as_json, hours("Europe/Berlin")).await;
    assert_eq!(known.0, 200, "{}", known.1);
    let unknown = client.ask("PUT", "/social/calendars", &as_json, hours("Middle-earth/Shire")).await;
    assert_eq!((unknown.0, &unknown.1["code"]), (422, &json!("time_zone.unknown")));
}

/// Fails when one of these stands in a text.
fn none_of<'s>(secrets: impl IntoIterator<Item = (&'s &'static str, &'s String)>, place: &str, text: &[u8]) {
    for (what, secret) in secrets {
        let stands = text.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!stands, "{what} stands in {place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_stripe_and_meta_serves_ends_in_order_and_tells_no_secret() {
    let mut installation = Installation::at(&SystemClock, None).await;
    let mut process = Process::serve(&installation.settings());
    let client = Client::register(process.address.clone()).await;
    subscribe(&installation, &client).await;
    talk(&installation, &client).await;
    let stream = client.listen().await;
    let status = process.end().await;
    assert!(status.success(), "{status}: {}", process.said());
    assert!(stream.text().await.is_ok(), "the stream came to its end and was not cut off");

    let said = process.said();
    assert!(said.contains("ending: what has begun is finished first"), "{said}");
    assert!(!said.contains("connections that were still open are closed"), "{said}");
    assert!(
        said.contains("a webhook of Stripe was refused") && said.contains("a webhook of Meta was refused"),
        "{said}"
    );
    for line in said.lines().filter(|line| line.starts_with('{')) {
        let line: Json = serde_json::from_str(line).unwrap();
        assert_ne!(line["level"], "ERROR", "{line}");
    }
    for file in ["crm.sqlite", "crm.sqlite-wal"] {
        let Ok(stored) = std::fs::read(installation.folder.join(file)) else { continue };
        none_of(&installation.secrets, file, &stored);
    }
    installation.secrets.extend([("a token", client.token.clone()), ("what a customer wrote", WORDS.to_owned())]);
    none_of(&installation.secrets, "what the process said", said.as_bytes());
}

#[test]
#[should_panic = "a password stands in a log"]
fn a_secret_that_stands_in_a_text_is_found() {
    let secrets = BTreeMap::from([("a password", PASSWORD.to_owned())]);
    none_of(&secrets, "a log", format!("signed in with {PASSWORD}.").as_bytes());
}
