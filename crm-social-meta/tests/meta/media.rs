//! Media are fetched from Meta's hosts only, whole, undamaged and not too large.

use crm_core::inbox::channel::{ChannelGateway, FailureClass, MediaItem, MediaUpload, MessageKind};
use crm_social_meta::MetaChannels;
use serde_json::json;

use crate::outbound::account;
use crate::server::{Answer, Server, run};

fn item(id: Option<&str>, url: Option<&str>) -> MediaItem {
    let text = |text: Option<&str>| text.map(str::to_owned);
    MediaItem { kind: MessageKind::Image, id: text(id), url: text(url), mime: None, filename: None }
}

fn bytes(body: &[u8]) -> Answer {
    Answer { status: 200, headers: vec![("content-type", "image/png".to_owned())], body: body.to_vec() }
}

/// SHA-256 of `abc`, from FIPS 180-2.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn a_whatsapp_medium_is_looked_up_and_fetched_with_the_token() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let url = format!("{}/lookaside.fbsbx.com/x?mid=1", server.base);
        server.answer(Answer::json(200, &json!({"url": url, "mime_type": "image/png", "sha256": ABC})));
        server.answer(bytes(b"abc"));
        let fetched = channels.fetch_media(&account("whatsapp", "x"), &item(Some("9"), None), 10).await.unwrap();
        assert_eq!((fetched.bytes.as_slice(), fetched.sha256.as_str()), (&b"abc"[..], ABC));
        assert_eq!(fetched.mime.as_deref(), Some("image/png"));
        let requests = server.received();
        assert_eq!(requests[1].headers["authorization"], "Bearer token-canary");
        assert!(requests[1].query.iter().all(|(name, _)| name != "appsecret_proof"));
    });
}

#[test]
fn hosts_of_messenger_and_instagram_never_see_the_token() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        for platform in ["messenger", "instagram"] {
            server.answer(bytes(b"abc"));
            let url = format!("{}/cdn/1.jpg?oe=1", server.base);
            let fetched = channels.fetch_media(&account(platform, "facebook_login"), &item(None, Some(&url)), 3).await;
            assert_eq!(fetched.unwrap().sha256, ABC);
            assert!(!server.only().headers.contains_key("authorization"), "{platform}");
        }
    });
}

#[test]
fn a_damaged_medium_is_tried_again_and_a_large_or_lost_one_is_not() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let url = format!("{}/x", server.base);
        server.answer(Answer::json(200, &json!({"url": url, "sha256": ABC})));
        server.answer(bytes(b"abd"));
        let damaged = channels.fetch_media(&account("whatsapp", "x"), &item(Some("9"), None), 10).await.unwrap_err();
        assert_eq!(damaged.class, FailureClass::RetryBackoff);
        let page = account("messenger", "facebook_login");
        server.answer(bytes(b"abcd"));
        let large = channels.fetch_media(&page, &item(None, Some(&url)), 3).await.unwrap_err();
        assert_eq!(large.class, FailureClass::Permanent);
        assert!(large.message.contains("larger than 3 bytes"), "{large}");
        for (status, class) in
            [(403, FailureClass::Permanent), (404, FailureClass::Permanent), (500, FailureClass::RetryBackoff)]
        {
            server.answer(Answer { status, headers: Vec::new(), body: Vec::new() });
            let failure = channels.fetch_media(&page, &item(None, Some(&url)), 3).await.unwrap_err();
            assert_eq!(failure.class, class, "{status}: {failure}");
        }
    });
}

#[test]
fn an_endless_medium_is_cut_off() {
    run(async {
        let endless = axum::Router::new().fallback(|| async {
            let chunks = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 65_536]));
            axum::body::Body::from_stream(chunks)
        });
        let base = crate::server::serve(endless).await;
        let channels = MetaChannels::new(crate::server::graph_at(&base, |_| {}));
        let url = format!("{base}/x");
        let cut = channels.fetch_media(&account("messenger", "x"), &item(None, Some(&url)), 1 << 20).await.unwrap_err();
        assert_eq!(cut.class, FailureClass::Permanent);
    });
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    run(async {
        let server = Server::start().await;
        let own = server.base.clone();
        let channels = MetaChannels::new(server.graph(|config| {
            config.media_hosts = vec!["https://lookaside.fbsbx.com".into(), "https://*.fbcdn.net".into()];
        }));
        let elsewhere = [
            own.as_str(),
            "http://169.254.169.254/latest/meta-data",
            "http://localhost/x",
            "file:///etc/passwd",
            "x",
            "https://fbcdn.net.evil.test/x",
            "https://evil.test/?x=.fbcdn.net",
            "https://a.fbcdn.net@evil.test/x",
            "http://a.fbcdn.net/x",
            "https://a.fbcdn.net:22/x",
            "//a.fbcdn.net/x",
            "",
        ];
        for url in elsewhere {
            let refused =
                channels.fetch_media(&account("messenger", "x"), &item(None, Some(url)), 10).await.unwrap_err();
            assert!(refused.message.contains("media_hosts"), "{url}: {refused}");
        }
        // Graph itself might name an address elsewhere.
        server.answer(Answer::json(200, &json!({"url": format!("{own}/x")})));
        assert!(channels.fetch_media(&account("whatsapp", "x"), &item(Some("9"), None), 10).await.is_err());
        assert_eq!(server.received().len(), 1, "only the look-up was made");
    });
}

#[test]
fn files_are_handed_over_as_they_are() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let mut media = MediaUpload {
            kind: MessageKind::Image,
            mime: "image/png".into(),
            filename: "ä \"x\"\r\n.png".into(),
            bytes: b"abc".to_vec(),
        };
        assert_eq!(channels.upload_media(&account("messenger", "x"), &media).await.unwrap(), "a_1");
        let request = server.only();
        assert_eq!(request.place, "graph.facebook.com/v25.0/100200300400501/message_attachments");
        let body = String::from_utf8(request.body).unwrap();
        assert!(
            body.contains("abc") && body.contains(r#"{"attachment":{"payload":{"is_reusable":true},"type":"image"}}"#),
            "{body}"
        );
        assert_eq!(channels.upload_media(&account("whatsapp", "x"), &media).await.unwrap(), "1");
        server.received();
        media.mime = "no type".into();
        assert!(
            channels.upload_media(&account("whatsapp", "x"), &media).await.unwrap_err().message.contains("image/png")
        );
        assert!(channels.upload_media(&account("instagram", "x"), &media).await.is_err());
        assert!(server.received().is_empty());
    });
}
