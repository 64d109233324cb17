//! Every operation makes exactly the expected HTTP request, seen by a server on this machine.

use std::collections::BTreeSet;

use crm_core::inbox::channel::{
    Account, Button, ChannelFailure, ChannelGateway, ListRow, ListSection, MediaItem, MediaSource, MediaUpload,
    MessageKind, OutboundContent, OutboundMedia, OutboundMessage, Platform, QuickReply, Recipient, RecipientKind,
    SendAs, SendOutcome, TemplateComponent, TemplateMessage, TemplateParameters,
};
use crm_core::kernel::Secret;
use crm_social_meta::MetaChannels;
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use crate::server::{Received, Server, run};
use crate::shared::cases;

const TOKEN: &str = "token-canary";

pub(crate) fn account(platform: &str, login: &str) -> Account {
    let (id, parent) = match platform {
        "messenger" => ("100200300400501", None),
        "instagram" => ("17841400000000501", Some("100200300400501")),
        _ => ("300400500600701", Some("200300400500601")),
    };
    Account {
        platform: platform.parse::<Platform>().unwrap(),
        external_id: id.into(),
        parent_id: parent.map(str::to_owned),
        login: Some(login.into()),
        token: Secret::new(TOKEN),
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn kind(value: &Json) -> MessageKind {
    serde_json::from_value(value.clone()).unwrap()
}

fn recipient(input: &Json, platform: &str) -> Recipient {
    match input.get("to_user_id") {
        Some(id) => Recipient { id: text(id), kind: RecipientKind::UserId },
        None if platform == "whatsapp" => Recipient { id: text(&input["to"]), kind: RecipientKind::Telephone },
        None => Recipient { id: text(&input["to"]), kind: RecipientKind::Scoped },
    }
}

fn component(value: &Json) -> TemplateComponent {
    let index = || u32::try_from(value["index"].as_u64().unwrap()).unwrap();
    match value["kind"].as_str().unwrap() {
        "header_image" => TemplateComponent::HeaderImage { id: text(&value["id"]) },
        "button_url" => TemplateComponent::ButtonUrl { index: index(), suffix: text(&value["suffix"]) },
        "button_quick_reply" => {
            TemplateComponent::ButtonQuickReply { index: index(), payload: text(&value["payload"]) }
        }
        "body" if value.get("named").is_some() => {
            TemplateComponent::Body(TemplateParameters::Named(serde_json::from_value(value["named"].clone()).unwrap()))
        }
        "body" => TemplateComponent::Body(TemplateParameters::Positional(
            serde_json::from_value(value["params"].clone()).unwrap(),
        )),
        other => panic!("no component {other}"),
    }
}

fn content(op: &str, input: &Json) -> OutboundContent {
    match op {
        "send_text" => OutboundContent::Text {
            text: text(&input["text"]),
            preview_url: input["preview_url"].as_bool().unwrap_or_default(),
            quick_replies: input["quick_replies"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|reply| QuickReply { title: text(&reply["title"]), payload: text(&reply["payload"]) })
                .collect(),
        },
        "send_media" => {
            let media = &input["media"];
            let uploaded = media.get("attachment_id").or_else(|| media.get("id"));
            OutboundContent::Media {
                media: OutboundMedia {
                    kind: kind(&media["type"]),
                    source: uploaded
                        .map_or_else(|| MediaSource::Url(text(&media["url"])), |id| MediaSource::Uploaded(text(id))),
                    filename: media["filename"].as_str().map(str::to_owned),
                },
                caption: input["text"].as_str().map(str::to_owned),
            }
        }
        "send_location" => OutboundContent::Location {
            latitude: input["lat"].as_f64().unwrap(),
            longitude: input["lng"].as_f64().unwrap(),
            name: input["name"].as_str().map(str::to_owned),
            address: input["address"].as_str().map(str::to_owned),
        },
        "send_interactive" if input.get("buttons").is_some() => OutboundContent::Buttons {
            text: text(&input["text"]),
            buttons: input["buttons"]
                .as_array()
                .unwrap()
                .iter()
                .map(|button| Button { id: text(&button["id"]), title: text(&button["title"]) })
                .collect(),
        },
        "send_interactive" => OutboundContent::List {
            text: text(&input["text"]),
            button: text(&input["button"]),
            sections: input["sections"]
                .as_array()
                .unwrap()
                .iter()
                .map(|section| ListSection {
                    title: text(&section["title"]),
                    rows: section["rows"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|row| ListRow {
                            id: text(&row["id"]),
                            title: text(&row["title"]),
                            description: row["description"].as_str().map(str::to_owned),
                        })
                        .collect(),
                })
                .collect(),
        },
        "send_template" => OutboundContent::Template(TemplateMessage {
            name: text(&input["template"]["name"]),
            language: text(&input["template"]["language"]),
            components: input["template"]["components"].as_array().unwrap().iter().map(component).collect(),
        }),
        "react" => OutboundContent::Reaction {
            target: text(&input["target"]),
            emoji: input["emoji"].as_str().or(input["reaction"].as_str()).map(str::to_owned),
        },
        other => panic!("no content for {other}"),
    }
}

/// Carries out one case; whether the client was content with the answer doesn't matter here.
async fn carry_out(case: &Json, channels: &MetaChannels, server: &Server) -> Result<(), ChannelFailure> {
    let (op, input) = (case["op"].as_str().unwrap(), &case["input"]);
    let platform = case["platform"].as_str().unwrap();
    let account = account(
        if platform == "connection" { "messenger" } else { platform },
        input["auth"].as_str().unwrap_or("facebook_login"),
    );
    let graph = channels.graph();
    let secret = |name: &str| SecretString::from(text(&input[name]));
    let token = SecretString::from(TOKEN);
    match op {
        "send_text" | "send_media" | "send_location" | "send_interactive" | "send_template" | "react" => {
            let message = OutboundMessage {
                client_id: text(&input["client_id"]),
                to: recipient(input, platform),
                send_as: if input["send_as"] == "human_agent" {
                    SendAs::Tagged("HUMAN_AGENT".into())
                } else {
                    SendAs::Response
                },
                reply_to: input["reply_to"].as_str().map(str::to_owned),
                content: content(op, input),
            };
            let outcome = channels.send(&account, &message).await;
            assert!(matches!(outcome, SendOutcome::Accepted(_)), "{outcome:?}");
        }
        "mark_read" => channels.mark_read(&account, &recipient(input, platform), &text(&input["message_id"])).await?,
        "typing" => {
            let on = input["on"].as_bool().unwrap();
            channels.typing(&account, &recipient(input, platform), &text(&input["message_id"]), on).await?;
        }
        "upload_media" if platform == "messenger" => {
            let (kind, url) = (kind(&input["media"]["type"]), text(&input["media"]["url"]));
            graph.upload_to_messenger_by_url(&account.external_id, &token, kind, &url).await?;
        }
        "upload_media" => {
            let media = MediaUpload {
                kind: MessageKind::Image,
                mime: text(&input["mime"]),
                filename: text(&input["filename"]),
                bytes: b"<bytes a.png>".to_vec(),
            };
            channels.upload_media(&account, &media).await?;
        }
        "get_profile" => {
            let participant = Recipient { id: text(&input["id"]), kind: RecipientKind::Scoped };
            channels.profile(&account, &participant).await?;
        }
        "get_media_url" => {
            graph.media_address(&text(&input["media_id"]), &account.external_id, &token).await?;
        }
        "download_media" => {
            let url = text(&input["url"]).replace("https:/", &server.base);
            let address = crm_social_meta::MediaAddress { url, mime: None, sha256: None };
            graph.download(&address, Some(&token), 1 << 20).await?;
        }
        "fb_code_exchange" => drop(graph.exchange_facebook_code(&secret("code"), &text(&input["redirect_uri"])).await?),
        "fb_long_lived" => drop(graph.prolong_facebook_token(&secret("user_token")).await?),
        "fb_list_pages" => drop(graph.pages(&token).await?),
        "fb_subscribe_page" => channels.subscribe(&account).await?,
        "fb_unsubscribe_page" => channels.unsubscribe(&account).await?,
        "debug_token" => drop(graph.debug_token(&secret("input_token")).await?),
        "ig_code_exchange" => {
            drop(graph.exchange_instagram_code(&secret("code"), &text(&input["redirect_uri"])).await?);
        }
        "ig_long_lived" => drop(graph.prolong_instagram_token(&secret("short_token")).await?),
        "ig_refresh" => drop(graph.refresh_instagram_token(&secret("token")).await?),
        "ig_subscribe" => graph.subscribe_instagram(&text(&input["ig_id"]), &token).await?,
        "wa_code_exchange" => drop(graph.exchange_whatsapp_code(&secret("code")).await?),
        "wa_subscribe" => graph.subscribe_business(&text(&input["waba_id"]), &token).await?,
        "wa_register" => graph.register_number(&text(&input["phone_number_id"]), &secret("pin"), &token).await?,
        "wa_list_templates" => drop(graph.message_templates(&text(&input["waba_id"]), &token).await?),
        other => panic!("no operation {other}"),
    }
    Ok(())
}

/// The case with the placeholders filled.
fn filled(text: &str) -> String {
    text.replace("{token}", TOKEN)
        .replace("{app_id}", "app-1")
        .replace("{app_secret}", "app-secret-canary")
        .replace("{ig_app_id}", "ig-app-1")
        .replace("{ig_app_secret}", "ig-secret-canary")
}

/// What in a request is not as expected.
fn difference(expected: &Json, request: &Received) -> Option<String> {
    let url = reqwest::Url::parse(&filled(expected["url"].as_str()?)).ok()?;
    let place = format!("{}{}", url.host_str()?, url.path());
    let mut query: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    query.sort();
    let authorization = expected["headers"]["Authorization"].as_str().map(filled);
    let mut problems = Vec::new();
    let mut check = |what: &str, wanted: String, found: String| {
        if wanted != found {
            problems.push(format!("{what}: expected {wanted}, found {found}"));
        }
    };
    check("method", expected["method"].as_str()?.to_owned(), request.method.clone());
    check("place", place, request.place.clone());
    check("query", format!("{query:?}"), format!("{:?}", request.query));
    check(
        "authorization",
        format!("{authorization:?}"),
        format!("{:?}", request.headers.get("authorization").cloned()),
    );
    let content_type = request.headers.get("content-type").cloned().unwrap_or_default();
    if let Some(form) = expected.get("form") {
        let mut found: Vec<(String, String)> = form_pairs(&request.body);
        found.sort();
        let mut wanted: Vec<_> =
            form.as_object()?.iter().map(|(name, value)| (name.clone(), filled(value.as_str().unwrap()))).collect();
        wanted.sort();
        check("form", format!("{wanted:?}"), format!("{found:?}"));
        check("type", "application/x-www-form-urlencoded".into(), content_type);
    } else if let Some(parts) = expected.get("multipart") {
        let found = multipart(&content_type, &request.body);
        let mut wanted: Vec<_> =
            parts.as_object()?.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        wanted.sort();
        check("multipart", format!("{wanted:?}"), format!("{found:?}"));
    } else if expected["json"].is_null() {
        check("body", String::new(), String::from_utf8_lossy(&request.body).into_owned());
    } else {
        check("json", expected["json"].to_string(), request.json().to_string());
        check("type", "application/json".into(), content_type);
    }
    (!problems.is_empty()).then(|| problems.join("\n"))
}

fn form_pairs(body: &[u8]) -> Vec<(String, String)> {
    let query = String::from_utf8(body.to_vec()).unwrap();
    let url = reqwest::Url::parse(&format!("http://form/?{query}")).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Names and contents of the parts, sorted.
fn multipart(content_type: &str, body: &[u8]) -> Vec<(String, String)> {
    let boundary =
        content_type.split_once("boundary=").map(|(_, boundary)| format!("--{boundary}")).unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    let mut parts: Vec<_> = body
        .split(&boundary)
        .filter_map(|part| {
            let (head, content) = part.split_once("\r\n\r\n")?;
            let name = head.split_once("name=\"")?.1.split_once('"')?.0;
            Some((name.to_owned(), content.trim_end_matches("\r\n").to_owned()))
        })
        .collect();
    parts.sort();
    parts
}

#[test]
fn every_operation_makes_exactly_the_expected_request() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|config| config.app_secret_proof = false));
        let cases = cases("outbound.json");
        for case in &cases {
            let outcome = carry_out(case, &channels, &server).await;
            let request = server.only();
            let difference = difference(&case["expect"], &request);
            assert!(difference.is_none(), "{}: {}", case["name"], difference.unwrap());
            assert!(outcome.is_ok(), "{}: {outcome:?}", case["name"]);
        }
        println!("{} operations agree", cases.len());
    });
}

#[test]
fn with_a_proof_each_request_carries_it_and_is_otherwise_the_same() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let mut proofs = BTreeSet::new();
        for case in cases("outbound.json") {
            drop(carry_out(&case, &channels, &server).await);
            let mut request = server.only();
            let proof = request.query.iter().position(|(name, _)| name == "appsecret_proof");
            let proof = proof.map(|position| request.query.remove(position).1);
            assert_eq!(difference(&case["expect"], &request), None, "{}", case["name"]);
            let with_token =
                case["expect"]["headers"]["Authorization"] == "Bearer {token}" && case["op"] != "download_media";
            assert_eq!(proof.is_some(), with_token, "{}", case["name"]);
            proofs.extend(proof.map(|proof| (request.place.starts_with("graph.instagram.com"), proof)));
        }
        // printf token-canary | openssl dgst -sha256 -hmac SECRET, for either app.
        let known = [
            (false, "3235e487db7f3ce2a04458fdf22b2bbc7ab818bd12bf79ca097af546857fc58b".to_owned()),
            (true, "4a1b5eb8261fc7e53be6cabda33d0f0110bc2b1341f67937ad6270424ffe5f04".to_owned()),
        ];
        assert!(proofs.is_empty() || proofs == BTreeSet::from(known), "{proofs:?}");
    });
}

#[test]
fn the_comparison_notices_a_wrong_request() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|config| config.app_secret_proof = false));
        for case in cases("outbound.json") {
            drop(carry_out(&case, &channels, &server).await);
            let right = server.only();
            let mut wrong = Vec::new();
            wrong.push(Received { method: "PATCH".into(), ..right.clone() });
            wrong.push(Received { place: format!("{}x", right.place), ..right.clone() });
            wrong.push(Received { query: vec![("a".into(), "b".into())], ..right.clone() });
            wrong.push(Received { body: [&right.body[..], &b"{\"a\":1}"[..]].concat(), ..right.clone() });
            let mut headers = right.headers.clone();
            headers.insert("authorization".into(), "Bearer other".into());
            wrong.push(Received { headers, ..right.clone() });
            for wrong in wrong {
                let multipart = case["expect"].get("multipart").is_some() && wrong.body != right.body;
                assert!(multipart || difference(&case["expect"], &wrong).is_some(), "{}: {wrong:?}", case["name"]);
            }
        }
    });
}

fn message(content: OutboundContent) -> OutboundMessage {
    let to = Recipient { id: "7".into(), kind: RecipientKind::Scoped };
    OutboundMessage { client_id: "crm:1".into(), to, send_as: SendAs::Response, reply_to: None, content }
}

#[test]
fn what_a_platform_can_not_say_is_refused_before_anything_is_sent() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let reaction = OutboundContent::Reaction { target: "m".into(), emoji: Some("👍".into()) };
        let buttons = OutboundContent::Buttons { text: "?".into(), buttons: Vec::new() };
        let media = |kind, caption: Option<&str>| OutboundContent::Media {
            media: OutboundMedia {
                kind,
                source: MediaSource::Url("https://files.example.test/1".into()),
                filename: None,
            },
            caption: caption.map(str::to_owned),
        };
        let quick = OutboundContent::Text {
            text: "?".into(),
            preview_url: false,
            quick_replies: vec![QuickReply { title: "a".into(), payload: "A".into() }],
        };
        for (platform, content) in [
            ("messenger", reaction),
            ("messenger", buttons.clone()),
            ("instagram", buttons),
            ("messenger", media(MessageKind::Image, Some("words"))),
            ("messenger", media(MessageKind::Location, None)),
            ("whatsapp", media(MessageKind::Audio, Some("words"))),
            ("whatsapp", quick),
        ] {
            let outcome = channels.send(&account(platform, "facebook_login"), &message(content)).await;
            let SendOutcome::Refused(failure) = outcome else { panic!("{outcome:?}") };
            assert!(failure.message.contains(platform), "{failure}");
        }
        let mut tagged = message(OutboundContent::text("late"));
        tagged.send_as = SendAs::Tagged("CONFIRMED_EVENT_UPDATE".into());
        let outcome = channels.send(&account("messenger", "facebook_login"), &tagged).await;
        assert!(matches!(outcome, SendOutcome::Refused(_)), "{outcome:?}");
        assert!(server.received().is_empty());
    });
}

#[test]
fn an_identifier_that_would_lead_elsewhere_is_refused() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        for id in ["../me", "1/2", "", "..", "1?fields=x", "1#", "%2e%2e"] {
            let mut account = account("messenger", "facebook_login");
            account.external_id = id.into();
            let outcome = channels.send(&account, &message(OutboundContent::text("x"))).await;
            assert!(matches!(outcome, SendOutcome::Refused(_)), "{id}: {outcome:?}");
        }
        let mut account = account("messenger", "facebook_login");
        account.token = Secret::new("line\r\nbreak");
        assert!(matches!(channels.send(&account, &message(OutboundContent::text("x"))).await, SendOutcome::Refused(_)));
        let nothing = MediaItem { kind: MessageKind::Image, id: None, url: None, mime: None, filename: None };
        assert!(channels.fetch_media(&account, &nothing, 10).await.is_err());
        assert!(server.received().is_empty());
    });
}

#[test]
fn an_answer_names_the_message_and_the_number_that_it_went_to() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let to = Recipient { id: "5215512345678".into(), kind: RecipientKind::Telephone };
        let outgoing = OutboundMessage { to, ..message(OutboundContent::text("x")) };
        let outcome = channels.send(&account("whatsapp", "embedded_signup"), &outgoing).await;
        let SendOutcome::Accepted(accepted) = outcome else { panic!("{outcome:?}") };
        assert_eq!(accepted.external_message_id, "wamid.accepted");
        assert_eq!(accepted.participant_id.as_deref(), Some("12025550123"), "Meta may name a number otherwise");
        server.answer(crate::server::Answer::json(200, &json!({"recipient_id": "7"})));
        let outcome = channels.send(&account("messenger", ""), &message(OutboundContent::text("x"))).await;
        assert!(matches!(outcome, SendOutcome::Unknown { .. }), "without an identifier nobody knows: {outcome:?}");
    });
}
