//! The built-in sign-in, through the API only.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::Method;
use crm_core::crm::Crm;
use crm_core::store::MemoryStore;
use crm_core::testing::{ManualClock, SequentialIds};
use crm_http::identity::mail::FileOutbox;
use crm_http::identity::{Identity, declare};
use crm_http::signing::Secret;
use crm_http::{Options, router_with};
use serde_json::{Value as Json, json};

use crate::office::{Office, Reply, SharedClock, generous};
use crate::outside::World;

/// An office without anybody, whose mails go into a folder.
struct Door {
    office: Office,
    outbox: PathBuf,
}

const PASSWORD: &str = "correct horse battery";

impl Door {
    fn open() -> Self {
        let clock = std::sync::Arc::new(ManualClock::default());
        let crm = Crm::new(MemoryStore::new(), SharedClock(clock.clone()), SequentialIds::new());
        let name = crm_http::signing::hexadecimal(&crm_http::signing::random::<8>().unwrap());
        let outbox = std::env::temp_dir().join(format!("crm-http-outbox-{name}"));
        let mailer = FileOutbox::new(outbox.clone());
        let identity =
            Identity::new(crm.clone(), Secret::new([7; 32]), mailer, "https://crm.example/".to_owned()).unwrap();
        let options = Options { rates: generous(), ..Options::default() };
        let router = router_with(crm.clone(), identity.clone(), options, |api| declare(api, &identity)).unwrap();
        let nobody = crm_core::kernel::Id::new(uuid::Uuid::nil());
        let owner = crm_core::kernel::Id::new(uuid::Uuid::nil());
        let world = World::new(SharedClock(clock.clone()));
        let office = Office { crm, clock, router, organization: nobody, owner, world };
        Self { office, outbox }
    }

    async fn post(&self, path: &str, body: Json) -> Reply {
        self.office.send_with(Method::POST, &format!("/api{path}"), Some(body), &[]).await
    }

    async fn as_(&self, token: &str, method: Method, path: &str, body: Option<Json>) -> Reply {
        let bearer = format!("Bearer {token}");
        self.office.send_with(method, &format!("/api{path}"), body, &[("authorization", &bearer)]).await
    }

    async fn register(&self, slug: &str) -> Json {
        let organization =
            json!({ "slug": slug, "name": "Acme", "default_currency": "EUR", "time_zone": "UTC", "region": null });
        let body = json!({ "organization": organization, "name": "Olivia", "email": "olivia@acme.example", "password": PASSWORD });
        self.post("/auth/register", body).await.expect(201)
    }

    async fn login(&self, email: &str, password: &str) -> Reply {
        self.post("/auth/login", json!({ "organization": "acme", "email": email, "password": password })).await
    }

    /// The token in the only mail to this address; the mail is removed.
    fn mailed(&self, to: &str) -> Option<String> {
        let mails = std::fs::read_dir(&self.outbox).ok()?;
        for mail in mails {
            let path = mail.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            if text.starts_with(&format!("To: {to}\n")) {
                std::fs::remove_file(path).unwrap();
                let token = text.split_once('=')?.1;
                return Some(token.split_whitespace().next()?.to_owned());
            }
        }
        None
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.outbox);
    }
}

fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json[name].as_str().unwrap()
}

#[tokio::test]
async fn tokens_rotate_and_a_stolen_one_ends_the_sign_in() {
    let door = Door::open();
    let first = door.register("acme").await;
    let access = text(&first, "access_token");
    let me = door.as_(access, Method::GET, "/me", None).await.expect(200);
    assert_eq!(
        (me["member"]["email"].as_str(), me["member"]["role"].as_str()),
        (Some("olivia@acme.example"), Some("owner"))
    );
    assert!(me["member"].get("email_key").is_none());

    let refresh = json!({ "refresh_token": first["refresh_token"] });
    let second = door.post("/auth/refresh", refresh.clone()).await.expect(200);
    let third = door.post("/auth/refresh", json!({ "refresh_token": second["refresh_token"] })).await.expect(200);
    assert_eq!(door.post("/auth/refresh", refresh).await.json()["code"], "token.refused");
    let newest = json!({ "refresh_token": third["refresh_token"] });
    assert_eq!(door.post("/auth/refresh", newest).await.status, 401, "the whole family has ended");
    let ended = door.as_(text(&third, "access_token"), Method::GET, "/me", None).await;
    assert_eq!((ended.status.as_u16(), ended.header("www-authenticate").is_some()), (401, true));
}

#[tokio::test]
async fn signing_out_ends_access_and_an_access_token_is_short() {
    let door = Door::open();
    door.register("acme").await;
    let tokens = door.login("olivia@acme.example", PASSWORD).await.expect(200);
    let access = text(&tokens, "access_token");
    door.as_(access, Method::GET, "/me", None).await.expect(200);
    door.post("/auth/logout", json!({ "refresh_token": tokens["refresh_token"] })).await.expect(204);
    assert_eq!(door.as_(access, Method::GET, "/me", None).await.status, 401);

    let tokens = door.login("olivia@acme.example", PASSWORD).await.expect(200);
    door.office.clock.advance(Duration::from_mins(15));
    assert_eq!(door.as_(text(&tokens, "access_token"), Method::GET, "/me", None).await.status, 401);
    door.post("/auth/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await.expect(200);
    assert_eq!(door.as_("nonsense", Method::GET, "/me", None).await.status, 401);
    assert_eq!(door.as_("crm_key_nonsense", Method::GET, "/me", None).await.status, 401);
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same_and_five_failures_lock() {
    let door = Door::open();
    door.register("acme").await;
    let wrong = door.login("olivia@acme.example", "wrong horse battery").await;
    let unknown = door.login("nobody@acme.example", PASSWORD).await;
    let body = json!({ "organization": "nowhere", "email": "olivia@acme.example", "password": PASSWORD });
    let nowhere = door.post("/auth/login", body).await;
    assert_eq!(wrong.status, 401);
    for other in [&unknown, &nowhere] {
        assert_eq!((other.status, &other.body), (wrong.status, &wrong.body));
    }
    for _ in 0..4 {
        assert_eq!(door.login("olivia@acme.example", "wrong horse battery").await.body, wrong.body);
    }
    let locked = door.login("olivia@acme.example", PASSWORD).await;
    assert_eq!((locked.status, &locked.body), (wrong.status, &wrong.body), "the right password does not help now");
    door.office.clock.advance(Duration::from_mins(1));
    door.login("olivia@acme.example", PASSWORD).await.expect(200);
    let weak = json!({ "organization": { "slug": "weak", "name": "W", "default_currency": "EUR", "time_zone": "UTC", "region": null },
        "name": "W", "email": "w@w.example", "password": "short" });
    assert_eq!(door.post("/auth/register", weak).await.json()["code"], "password.too_short");
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail_once() {
    let door = Door::open();
    let tokens = door.register("acme").await;
    let forgot = |email: &str| json!({ "organization": "acme", "email": email });
    let known = door.post("/auth/password/forgot", forgot("olivia@acme.example")).await;
    let unknown = door.post("/auth/password/forgot", forgot("nobody@acme.example")).await;
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(door.mailed("nobody@acme.example"), None);
    let token = door.mailed("olivia@acme.example").unwrap();
    let reset = json!({ "token": token, "password": "another horse battery" });
    door.post("/auth/password/reset", reset.clone()).await.expect(204);
    assert_eq!(door.post("/auth/password/reset", reset).await.json()["code"], "password_reset.refused");
    assert_eq!(door.login("olivia@acme.example", PASSWORD).await.status, 401);
    door.login("olivia@acme.example", "another horse battery").await.expect(200);
    let old = door.post("/auth/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await;
    assert_eq!(old.status, 401, "every sign-in has ended");
}

#[tokio::test]
async fn who_is_invited_becomes_a_member_with_the_role_and_no_other() {
    let door = Door::open();
    let owner = door.register("acme").await;
    let owner = text(&owner, "access_token").to_owned();
    let invite = json!({ "email": "rita@acme.example", "role": "sales_rep" });
    let invited = door.as_(&owner, Method::POST, "/invitations", Some(invite.clone())).await.expect(201);
    assert!(invited.get("token_hash").is_none() && invited.get("token").is_none());
    let token = door.mailed("rita@acme.example").unwrap();
    let accept = json!({ "token": token, "name": "Rita", "password": PASSWORD });
    let rita = door.post("/auth/invitations/accept", accept.clone()).await.expect(201);
    assert_eq!(door.post("/auth/invitations/accept", accept).await.json()["code"], "invitation.refused");
    let rita = text(&rita, "access_token").to_owned();
    let me = door.as_(&rita, Method::GET, "/me", None).await.expect(200);
    assert_eq!(me["member"]["role"], "sales_rep");
    let again = door.as_(&rita, Method::POST, "/invitations", Some(invite.clone())).await;
    assert_eq!(again.json()["code"], "permission.missing");
    let again = door.as_(&owner, Method::POST, "/invitations", Some(invite)).await;
    assert_eq!(again.json()["code"], "invitation.already_member");

    let id = me["member"]["id"].as_str().unwrap();
    door.as_(&owner, Method::POST, &format!("/members/{id}/deactivate"), None).await.expect(200);
    assert_eq!(door.as_(&rita, Method::GET, "/me", None).await.status, 401, "a deactivated member is nobody at once");
    assert_eq!(door.login("rita@acme.example", PASSWORD).await.json()["code"], "sign_in.refused");
}

#[tokio::test]
async fn a_key_does_no_more_than_its_scopes_and_its_maker() {
    let door = Door::open();
    let owner = door.register("acme").await;
    let owner = text(&owner, "access_token").to_owned();
    let new = json!({ "name": "sync", "scopes": ["lead_read", "organization_read"] });
    let made = door.as_(&owner, Method::POST, "/api-keys", Some(new)).await.expect(201);
    let key = text(&made, "key").to_owned();
    assert!(key.starts_with("crm_key_"));
    door.as_(&key, Method::GET, "/leads", None).await.expect(200);
    let lead = json!({ "lead": { "last_name": "x" } });
    assert_eq!(door.as_(&key, Method::POST, "/leads", Some(lead)).await.json()["code"], "permission.missing");
    let wider = door.as_(&key, Method::POST, "/api-keys", Some(json!({ "name": "wider" }))).await.expect(201);
    assert_eq!(wider["api_key"]["scopes"].as_array().unwrap().len(), 2, "a key makes no wider one");
    let listed = door.as_(&owner, Method::GET, "/api-keys", None).await;
    assert!(!listed.text().contains(&key) && !listed.text().contains("hash"), "{}", listed.text());
    let id = made["api_key"]["id"].as_str().unwrap();
    door.as_(&owner, Method::DELETE, &format!("/api-keys/{id}"), None).await.expect(204);
    assert_eq!(door.as_(&key, Method::GET, "/leads", None).await.status, 401);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_no_code_is_good_twice() {
    let door = Door::open();
    let owner = door.register("acme").await;
    let owner = text(&owner, "access_token").to_owned();
    let wrong =
        door.as_(&owner, Method::POST, "/auth/second-factor", Some(json!({ "password": "wrong horse battery" }))).await;
    assert_eq!(wrong.json()["code"], "password.wrong");
    let offer =
        door.as_(&owner, Method::POST, "/auth/second-factor", Some(json!({ "password": PASSWORD }))).await.expect(200);
    door.login("olivia@acme.example", PASSWORD).await.expect(200);

    let secret = totp_rs::Secret::try_from_base32(text(&offer, "secret")).unwrap();
    let codes = totp_rs::Builder::new().with_secret(secret).with_account_name("olivia").build().unwrap();
    let code = |door: &Door| {
        let now = crm_core::kernel::Clock::now(&SharedClock(door.office.clock.clone()));
        codes.generate(u64::try_from(now.micros() / 1_000_000).unwrap()).to_string()
    };
    let confirm = json!({ "code": code(&door) });
    door.as_(&owner, Method::POST, "/auth/second-factor/confirm", Some(confirm.clone())).await.expect(204);
    let again = door.as_(&owner, Method::POST, "/auth/second-factor/confirm", Some(confirm)).await;
    assert_eq!(again.json()["code"], "second_factor.code_refused");

    assert_eq!(door.login("olivia@acme.example", PASSWORD).await.json()["code"], "sign_in.second_factor_needed");
    let with = |code: String| json!({ "organization": "acme", "email": "olivia@acme.example", "password": PASSWORD, "code": code });
    assert_eq!(
        door.post("/auth/login", with(code(&door))).await.json()["code"],
        "sign_in.refused",
        "it was used to confirm"
    );
    door.office.clock.advance(Duration::from_mins(1));
    let present = code(&door);
    door.post("/auth/login", with(present.clone())).await.expect(200);
    assert_eq!(door.post("/auth/login", with(present)).await.json()["code"], "sign_in.refused");
}

#[tokio::test]
async fn two_refreshes_at_once_leave_one_winner_at_most() {
    let door = Door::open();
    let tokens = door.register("acme").await;
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let (one, two) = tokio::join!(door.post("/auth/refresh", refresh.clone()), door.post("/auth/refresh", refresh));
    let won = [&one, &two].iter().filter(|reply| reply.status == 200).count();
    assert!(won <= 1, "{} {}", one.status, two.status);
    assert!([&one, &two].iter().all(|reply| matches!(reply.status.as_u16(), 200 | 401 | 409)));
}
