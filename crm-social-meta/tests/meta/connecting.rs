//! Connecting accounts, watching their tokens, and lists that go on.

use crm_core::inbox::channel::{
    AuthorisationGrant, ChannelGateway, FailureClass, Platform, TemplateCategory, TemplateStatus,
};
use crm_core::kernel::{Clock, Secret};
use crm_core::testing::ManualClock;
use crm_social_meta::{Login, MetaChannels};
use serde_json::{Value as Json, json};

use crate::outbound::account;
use crate::server::{Answer, Server, run};

fn grant() -> AuthorisationGrant {
    AuthorisationGrant {
        code: Secret::new("code-canary"),
        redirect_uri: Some("https://crm.example.test/cb".into()),
        login: None,
        parent_id: None,
        external_id: None,
        pin: None,
    }
}

fn say(server: &Server, answers: &[Json]) {
    for answer in answers {
        server.answer(Answer::json(200, answer));
    }
}

fn places(server: &Server) -> Vec<String> {
    server.received().into_iter().map(|request| format!("{} {}", request.method, request.place)).collect()
}

fn pages() -> Json {
    json!({"data": [
        {"id": "10", "name": "Shop", "access_token": "page-canary-10", "tasks": ["MESSAGING"], "instagram_business_account": {"id": "60"}},
        {"id": "11", "name": "Read only", "access_token": "page-canary-11", "tasks": ["ANALYZE"]},
        {"id": "12", "name": "Cafe", "access_token": "page-canary-12"},
        {"name": "no id", "access_token": "x"}, 7, {"id": "13"},
    ]})
}

#[test]
fn a_person_brings_the_pages_that_they_may_answer_for() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let steps = [
            json!({"access_token": "short"}),
            json!({"access_token": "long", "expires_in": 5_184_000}),
            json!({"data": {"is_valid": true, "scopes": ["pages_messaging"]}}),
            pages(),
        ];
        say(&server, &steps);
        let connected = channels.connect(&Platform::MESSENGER, &grant()).await.unwrap();
        let ids: Vec<_> = connected.iter().map(|connected| connected.account.external_id.as_str()).collect();
        assert_eq!(ids, ["10", "12"]);
        assert_eq!(connected[0].account.token.expose(), "page-canary-10");
        assert_eq!(connected[0].scopes, ["pages_messaging"]);
        assert_eq!(
            places(&server),
            [
                "GET graph.facebook.com/v25.0/oauth/access_token",
                "GET graph.facebook.com/v25.0/oauth/access_token",
                "GET graph.facebook.com/v25.0/debug_token",
                "GET graph.facebook.com/v25.0/me/accounts",
            ]
        );
        say(&server, &steps);
        let connected = channels.connect(&Platform::INSTAGRAM, &grant()).await.unwrap();
        assert_eq!(connected.len(), 1, "only one Page has an Instagram account");
        let account = &connected[0].account;
        assert_eq!((account.external_id.as_str(), account.parent_id.as_deref()), ("60", Some("10")));
        assert!(!format!("{connected:?}").contains("canary"));
    });
}

#[test]
fn an_instagram_account_connects_by_itself_for_sixty_days() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        say(
            &server,
            &[
                json!({"data": [{"access_token": "short", "user_id": "9", "permissions": "instagram_business_basic,instagram_business_manage_messages"}]}),
                json!({"access_token": "long", "expires_in": 5_184_000}),
                json!({"user_id": "60", "username": "shop"}),
            ],
        );
        let by_instagram = AuthorisationGrant { login: Some(Login::Instagram.as_str().into()), ..grant() };
        let connected = channels.connect(&Platform::INSTAGRAM, &by_instagram).await.unwrap().remove(0);
        assert_eq!((connected.account.external_id.as_str(), connected.name.as_str()), ("60", "shop"));
        assert_eq!(connected.scopes, ["instagram_business_basic", "instagram_business_manage_messages"]);
        let sixty_days = ManualClock::default().now().plus(std::time::Duration::from_hours(60 * 24));
        assert_eq!(connected.token_expires_at, Some(sixty_days));
        assert_eq!(
            places(&server),
            [
                "POST api.instagram.com/oauth/access_token",
                "GET graph.instagram.com/access_token",
                "GET graph.instagram.com/v25.0/me",
            ]
        );
        say(&server, &[json!({"access_token": "fresh", "expires_in": 60})]);
        let renewed = channels.renew(&connected.account).await.unwrap().unwrap();
        assert_eq!(renewed.token.expose(), "fresh");
        assert!(channels.renew(&account("messenger", "facebook_login")).await.unwrap().is_none());
    });
}

#[test]
fn a_number_connects_with_what_the_dialogue_told() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        say(
            &server,
            &[
                json!({"access_token": "business"}),
                json!({"data": {"is_valid": true, "expires_at": 0, "granular_scopes": [{"scope": "whatsapp_business_messaging"}]}}),
                json!({"success": true}),
                json!({"verified_name": "Shop", "display_phone_number": "+1 555-010-0701", "id": "110"}),
            ],
        );
        let told = AuthorisationGrant {
            parent_id: Some("100".into()),
            external_id: Some("110".into()),
            pin: Some(Secret::new("123456")),
            ..grant()
        };
        let connected = channels.connect(&Platform::WHATSAPP, &told).await.unwrap().remove(0);
        assert_eq!((connected.name.as_str(), connected.handle.as_deref()), ("Shop", Some("+1 555-010-0701")));
        assert_eq!(connected.scopes, ["whatsapp_business_messaging"]);
        assert_eq!(connected.token_expires_at, None);
        assert!(places(&server).contains(&"POST graph.facebook.com/v25.0/110/register".to_owned()));
        for bad in [
            AuthorisationGrant { external_id: None, ..told.clone() },
            AuthorisationGrant { parent_id: None, ..told.clone() },
            AuthorisationGrant { pin: Some(Secret::new("12345a")), ..told.clone() },
        ] {
            let refused = channels.connect(&Platform::WHATSAPP, &bad).await.unwrap_err();
            assert_eq!(refused.class, FailureClass::Permanent);
        }
        assert!(places(&server).is_empty(), "the code was not spent");
    });
}

#[test]
fn a_code_that_is_refused_connects_nothing() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        server.answer(Answer::json(400, &json!({"error": {"code": 100, "error_subcode": 36009, "message": "used"}})));
        assert!(channels.connect(&Platform::MESSENGER, &grant()).await.is_err());
        assert_eq!(places(&server).len(), 1);
        let without = AuthorisationGrant { redirect_uri: None, ..grant() };
        assert!(channels.connect(&Platform::MESSENGER, &without).await.unwrap_err().message.contains("redirect_uri"));
        assert!(channels.connect(&"tiktok".parse().unwrap(), &grant()).await.is_err());
        assert!(places(&server).is_empty());
    });
}

#[test]
fn the_permission_page_carries_state_and_no_secret() {
    run(async {
        let server = Server::start().await;
        let graph = server.graph(|_| {});
        for login in [Login::Facebook, Login::Instagram, Login::WhatsApp] {
            let page = graph.permission_page(login, "https://crm.example.test/cb?x=1&y=2", "st-1").unwrap();
            let pairs: std::collections::BTreeMap<_, _> = page.query_pairs().into_owned().collect();
            assert_eq!(pairs["state"], "st-1");
            assert_eq!(pairs["redirect_uri"], "https://crm.example.test/cb?x=1&y=2");
            assert!(!page.as_str().contains("canary"), "{page}");
        }
        let without = server.graph(|config| config.instagram_app = None);
        assert!(without.permission_page(Login::Instagram, "https://x.test", "s").is_err());
    });
}

#[test]
fn health_tells_whether_the_token_works_and_events_are_told() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let token = json!({"data": {"is_valid": true, "expires_at": 1_800_000_000, "scopes": ["pages_messaging"]}});
        say(&server, &[token.clone(), json!({"data": [{"id": "other"}, {"id": "app-1"}]})]);
        let health = channels.health(&account("messenger", "facebook_login")).await.unwrap();
        assert!(health.valid && health.subscribed && health.expires_at.is_some());
        say(&server, &[token.clone(), json!({"data": [{"id": "other"}]})]);
        assert!(!channels.health(&account("messenger", "facebook_login")).await.unwrap().subscribed);
        say(&server, &[token, json!({"data": [{"whatsapp_business_api_data": {"id": "app-1"}}]})]);
        assert!(channels.health(&account("whatsapp", "embedded_signup")).await.unwrap().subscribed);
        say(&server, &[json!({"data": {"is_valid": false}})]);
        server.received();
        assert!(!channels.health(&account("messenger", "facebook_login")).await.unwrap().valid);
        assert_eq!(places(&server), ["GET graph.facebook.com/v25.0/debug_token"]);
        server.answer(Answer::json(400, &json!({"error": {"code": 190}})));
        assert!(!channels.health(&account("instagram", "instagram_login")).await.unwrap().valid);
        server.answer(Answer::json(500, &json!({"error": {"code": 2}})));
        assert!(channels.health(&account("instagram", "instagram_login")).await.is_err(), "it is not known");
    });
}

#[test]
fn lists_are_read_to_their_end_by_cursor_and_no_further() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let template = |name: &str| {
            json!({"id": "1", "name": name, "language": "en", "status": "APPROVED", "category": "UTILITY",
            "components": [{"type": "HEADER", "format": "TEXT", "text": "Hi"}, {"type": "BODY", "text": "Order {{1}}"},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}, {"type": "URL", "url": "https://x.test/{{1}}"}]}]})
        };
        let next = json!({"next": "https://evil.example.test/steal", "cursors": {"after": "c1"}});
        say(
            &server,
            &[
                json!({"data": [template("one")], "paging": next}),
                json!({"data": [template("two"), {"name": "no id"}, 7], "paging": {"cursors": {"after": "c2"}}}),
            ],
        );
        let number = account("whatsapp", "embedded_signup");
        let listed = channels.templates(&number).await.unwrap();
        assert_eq!(listed.iter().map(|listing| listing.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!((listed[0].status, listed[0].category), (TemplateStatus::Approved, TemplateCategory::Utility));
        assert_eq!((listed[0].header.as_deref(), listed[0].body.as_str()), (Some("Hi"), "Order {{1}}"));
        assert_eq!(listed[0].url_buttons, [1]);
        let requests = server.received();
        assert_eq!(requests.len(), 2);
        assert!(requests[1].query.contains(&("after".into(), "c1".into())));
        // A server that always says that there is more.
        for _ in 0..60 {
            server.answer(Answer::json(200, &json!({"data": [], "paging": next})));
        }
        channels.templates(&number).await.unwrap();
        assert_eq!(server.received().len(), 2, "the same cursor again is the end");
    });
}
