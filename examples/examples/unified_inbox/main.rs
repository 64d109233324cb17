//! A tour of the inbox: Messenger, Instagram and WhatsApp in one list, leads out of messages, one gate for every answer.
//!
//! ```sh
//! cargo run --example unified_inbox
//! ```
//!
//! It needs no network: Graph is played by a server in this program, and deliveries are signed as Meta signs them. All else
//! is what a host would link: the webhook, the channels, a vault for tokens, the agenda.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod deliveries;
mod false_graph;

use std::time::Duration;

use crm_core::crm::Crm;
use crm_core::inbox::channel::{
    AuthorisationGrant, Channels, OutboundContent, Platform, TemplateComponent, TemplateMessage, TemplateParameters,
};
use crm_core::inbox::connection::{ConnectionSettings, LeadPolicy};
use crm_core::inbox::window::Verdict;
use crm_core::inbox::{Conversation, Inbox, NewMessage};
use crm_core::kernel::{Clock, Predicate, Secret, Stored};
use crm_core::store::MemoryStore;
use crm_examples::office;
use crm_social_meta::webhook::Webhook;
use crm_social_meta::{Graph, MetaChannels};
use crm_system::{CipherVault, IanaZones, RandomIds, SystemClock, VaultKey};

use deliveries::{Delivery, NUMBER};
use false_graph::FalseGraph;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let meta = FalseGraph::start().await?;
    let graph = Graph::new(meta.config()?, SystemClock)?;
    let webhook = Webhook::new(graph.config());
    let channels = Channels::default()
        .with(MetaChannels::new(graph))
        .with_vault(CipherVault::new(vec![VaultKey::fresh("tour")?])?)
        .with_zones(IanaZones);
    let crm = Crm::new(MemoryStore::new(), SystemClock, RandomIds::new()).with_channels(channels);
    let office = office(&crm).await?;
    let inbox = office.session.inbox(crm.channels());

    println!("1. Three accounts are connected; their tokens are sealed.\n");
    for platform in [Platform::MESSENGER, Platform::INSTAGRAM, Platform::WHATSAPP] {
        connect(&inbox, &platform).await?;
    }

    println!("\n2. Meta delivers: late, twice, the wrong way round, and once somebody else pretends to be Meta.\n");
    let now = SystemClock.now();
    for delivery in Delivery::all(now) {
        let outcome = match webhook.accept(crm.ports(), Some(&delivery.signature), &delivery.body).await {
            Ok(kept) => format!("200, {} kept, {} known", kept.kept, kept.repeated),
            Err(refusal) => format!("{}, {refusal}", refusal.status()),
        };
        println!("   {:<46} {outcome}", delivery.what);
    }
    work(&crm).await?;
    println!();
    list(&inbox).await?;

    println!("\n3. Everybody is answered, through one gate.\n");
    for thread in inbox.latest(&Predicate::everything(), 10).await? {
        answer(&inbox, &thread).await?;
    }
    work(&crm).await?;
    println!();
    for taken in meta.taken() {
        println!("   Graph took {taken}");
    }

    println!("\n4. Receipts come back, in no order.\n");
    for delivery in Delivery::receipts(now, &meta.identifiers()) {
        webhook.accept(crm.ports(), Some(&delivery.signature), &delivery.body).await?;
    }
    work(&crm).await?;
    list(&inbox).await?;
    println!();
    for thread in inbox.latest(&Conversation::PLATFORM.is("whatsapp"), 1).await? {
        for message in inbox.messages(thread.id, None, 10).await? {
            let status = message.status.map_or("received", |status| status.as_str());
            println!("   {:<9} {}", status, message.text.as_deref().unwrap_or_default());
        }
    }

    let day = Duration::from_hours(24);
    let report = inbox.report(now.minus(day * 3), now.plus(day)).await?;
    println!(
        "\n   {} conversations, {} messages received, {} answered by people.",
        report.conversations_started, report.received, report.sent_by_people
    );
    Ok(())
}

/// What a person brings back from Meta's permission page.
fn grant() -> AuthorisationGrant {
    AuthorisationGrant {
        code: Secret::new("code"),
        redirect_uri: Some("https://crm.example.test/connected".to_owned()),
        login: None,
        parent_id: Some("2001".to_owned()),
        external_id: Some(NUMBER.to_owned()),
        pin: None,
    }
}

/// Connects the first account that the grant gives access to, and has those who write become leads.
async fn connect(inbox: &Inbox<'_>, platform: &Platform) -> Outcome {
    let connections = inbox.connections();
    let accounts = connections.accounts(platform, &grant()).await?;
    let Some(account) = accounts.first() else { return Err("the grant gives access to no account".into()) };
    let row = connections.connect(account).await?;
    let settings = ConnectionSettings { leads: LeadPolicy::Create, late_tag_approved: true, ..row.settings.clone() };
    let row = connections.configure(row.id, row.version, settings).await?;
    if *platform == Platform::WHATSAPP {
        inbox.refresh_templates(row.id).await?;
    }
    let sealed = row.token.as_ref().map_or("", |token| token.0.as_str());
    let shown: String = sealed.chars().take(24).collect();
    println!("   {:<10} {:<12} {:<8} {shown}…", platform.as_str(), row.name.as_str(), row.status.as_str());
    Ok(())
}

/// Does what is due, until nothing is.
async fn work(crm: &Crm) -> Outcome {
    while crm.run_due("tour", 100).await?.done > 0 {}
    Ok(())
}

/// The list that an agent sees: every channel, the latest message first.
async fn list(inbox: &Inbox<'_>) -> Outcome {
    for thread in inbox.latest(&Predicate::everything(), 10).await? {
        let participant = inbox.participant(thread.participant_id).await?;
        let name = participant.name.as_deref().unwrap_or("somebody");
        let lead = if participant.lead_id.is_some() { "lead" } else { "" };
        let unread = if thread.unread > 0 { format!("({})", thread.unread) } else { String::new() };
        let preview = thread.preview.as_deref().unwrap_or_default();
        println!("   {:<10} {name:<14} {lead:<5} {unread:<4} {preview}", thread.platform.as_str());
    }
    Ok(())
}

/// Answers with words where that is allowed, and with a template where it is not.
async fn answer(inbox: &Inbox<'_>, thread: &Stored<Conversation>) -> Outcome {
    let participant = inbox.participant(thread.participant_id).await?;
    let name = participant.name.as_deref().unwrap_or("there").to_owned();
    let words = OutboundContent::text(format!("Hello {name}, what can we do for you?"));
    let gate = inbox.can_send(thread.id, &words).await?;
    println!("   {name}: {}", gate.why.to_string().replace('\n', "\n      "));
    let content = if gate.verdict == Verdict::TemplateOnly { still_interested(name) } else { words };
    inbox.send(thread.id, NewMessage::of(content)).await?;
    Ok(())
}

fn still_interested(name: String) -> OutboundContent {
    let values = TemplateParameters::Positional(vec![name]);
    OutboundContent::Template(TemplateMessage {
        name: "still_interested".to_owned(),
        language: "en_US".to_owned(),
        components: vec![TemplateComponent::Body(values)],
    })
}
