//! The tables that the adapter gives the inbox: every agreed window, judged with what the parser really reads.

use std::collections::{BTreeMap, BTreeSet};

use crm_core::inbox::channel::{
    Capabilities, ChannelGateway, EventKind, Feature, InboundEvent, MessageKind, OutboundContent, OutboundMessage,
    Recipient, RecipientKind, SendAs, SendOutcome,
};
use crm_core::inbox::window::{Author, CanSend, Sending, Standing, Verdict, can_send, template_cost};
use crm_core::kernel::Timestamp;
use crm_social_meta::MetaChannels;
use crm_social_meta::parse::parse;
use serde_json::{Value as Json, json};

use crate::outbound::account;
use crate::server::{Server, graph_at, run};
use crate::shared::{cases, document, payloads};

/// The tables of the adapter, by platform.
fn tables() -> BTreeMap<String, Capabilities> {
    let channels = MetaChannels::new(graph_at("http://127.0.0.1:9", |_| {}));
    channels.platforms().into_iter().map(|(platform, table)| (platform.to_string(), table)).collect()
}

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_788_955_200_000_000 + seconds * 1_000_000).unwrap()
}

/// What a case expects that the answer does not say.
fn difference(case: &Json, table: &Capabilities) -> Option<String> {
    let instant = |name: &str| case[name].as_i64().map(second);
    let is = |name: &str| case[name].as_bool().unwrap();
    let (now, action) = (instant("now").unwrap(), instant("last_user_action_at"));
    let standing = Standing {
        last_action_at: action,
        late_tag_approved: is("human_agent_approved"),
        template_at_hand: is("has_approved_template"),
        ..Standing::default()
    };
    let author = if is("author_is_human") { Author::Person } else { Author::Program };
    let CanSend { verdict, until, .. } = can_send(now, author, Sending::Words, table, standing);
    let send_as = match verdict {
        Verdict::Permitted if case["platform"] == "whatsapp" => "freeform",
        Verdict::Permitted => "response",
        Verdict::Tagged("HUMAN_AGENT") => "human_agent",
        Verdict::Tagged(other) => other,
        Verdict::TemplateOnly => "template_only",
        Verdict::Closed => "deny",
    };
    let mut found = json!({ "send_as": send_as, "window_expires_at": until.map(|at| (at.micros() - second(0).micros()) / 1_000_000) });
    if case["expect"]["template_cost"].is_string() {
        let cost = template_cost(now, table, action, instant("entry_point_at"), instant("first_business_reply_at"));
        found["template_cost"] = json!(cost);
    }
    let expected = case["expect"].as_object().unwrap();
    let wrong = expected.iter().find(|(name, value)| found[name.as_str()] != **value);
    wrong.map(|(name, value)| format!("{name}: expected {value}, found {}", found[name.as_str()]))
}

#[test]
fn every_window_case_is_judged_as_agreed() {
    let (tables, mut judged) = (tables(), 0);
    for case in cases("window-cases.json") {
        // Other channels have tables of their own.
        let Some(table) = tables.get(case["platform"].as_str().unwrap()) else { continue };
        assert_eq!(difference(&case, table), None, "{}", case["name"]);
        let mut wrong = case.clone();
        wrong["expect"]["send_as"] = json!("planted");
        assert!(difference(&wrong, table).is_some(), "{}: a wrong expectation went unnoticed", case["name"]);
        judged += 1;
    }
    assert!(document("window-cases.json").is_none() || judged > 25, "only {judged} cases");
    println!("{judged} window cases agree");
}

/// What the agreed list calls this event; nothing when it does not speak of such.
fn name_of(event: &InboundEvent) -> Option<String> {
    let kind = serde_json::to_value(event.kind).unwrap().as_str().unwrap().to_owned();
    match (event.kind, event.message_type) {
        (EventKind::Message, _) if event.extra.historical == Some(true) => Some("message:historical".to_owned()),
        (EventKind::Message, Some(MessageKind::System)) => Some("message:system".to_owned()),
        (EventKind::Message, Some(MessageKind::Unsupported)) => Some("message:unsupported".to_owned()),
        (EventKind::Postback, Some(MessageKind::Referral)) => Some("referral".to_owned()),
        (EventKind::Ignored | EventKind::Account, _) => None,
        _ => Some(kind),
    }
}

#[test]
fn what_the_parser_reads_opens_windows_as_agreed() {
    let Some(document) = document("window-cases.json") else { return };
    let agreed: BTreeMap<(String, String), bool> = document["opens_window"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let text = |name: &str| case[name].as_str().unwrap().to_owned();
            ((text("platform"), text("event")), case["opens"].as_bool().unwrap())
        })
        .collect();
    let (tables, mut seen) = (tables(), BTreeSet::new());
    for (file, body) in payloads() {
        let platform = file.split('/').next().unwrap().to_owned();
        for inbound in parse(&body).unwrap().events {
            let Some(name) = name_of(&inbound.event) else { continue };
            let key = (platform.clone(), name);
            if let Some(opens) = agreed.get(&key) {
                assert_eq!(tables[&platform].window.is_opened_by(&inbound.event), *opens, "{file}: {key:?}");
                seen.insert(key);
            }
        }
    }
    assert!(seen.len() >= 15, "the payloads show only {seen:?}");
    println!("{} of {} agreed events occur in the payloads", seen.len(), agreed.len());
}

#[test]
fn a_message_to_a_group_says_so() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let to = Recipient { id: "Y2FwaV9ncm91cDox".into(), kind: RecipientKind::Group };
        let content = OutboundContent::text("Good morning, everybody");
        let message =
            OutboundMessage { client_id: "crm:1".into(), to, send_as: SendAs::Response, reply_to: None, content };
        let outcome = channels.send(&account("whatsapp", "embedded_signup"), &message).await;
        assert!(matches!(outcome, SendOutcome::Accepted(_)), "{outcome:?}");
        let sent = server.only().json();
        assert_eq!((&sent["recipient_type"], &sent["to"]), (&json!("group"), &json!("Y2FwaV9ncm91cDox")));
        let tables = tables();
        let groups: Vec<_> =
            tables.iter().filter(|(_, table)| table.has(Feature::Groups)).map(|(name, _)| name).collect();
        assert_eq!(groups, ["whatsapp"]);
    });
}
