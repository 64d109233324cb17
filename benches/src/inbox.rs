//! Conversations to begin with, on one number, and what its platform tells.

use crm_core::access::Intent;
use crm_core::inbox::channel::{Account, Channels, ConnectedAccount, Direction, RecipientKind, WHATSAPP};
use crm_core::inbox::connection::ConnectionId;
use crm_core::inbox::conversation::ConversationState;
use crm_core::inbox::{Alias, Conversation, Participant, Platform};
use crm_core::kernel::{Id, Name, Secret, Stored};
use crm_core::store::Records;
use crm_core::testing::social::{PlaceVault, ScriptedChannel};
use std::time::Duration;

use crate::people::numbered;
use crate::{Fault, Office};

/// Rows of one transaction.
const BATCH: u64 = 2_000;
/// The number, as the platform names it.
const NUMBER: &str = "110";

const TEXT: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"100","changes":[{"field":"messages","value":{
    "messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100000","phone_number_id":"110"},
    "contacts":[{"profile":{"name":"Mo"},"wa_id":"CUSTOMER"}],
    "messages":[{"from":"CUSTOMER","id":"MESSAGE","timestamp":"1790000001","type":"text","text":{"body":"Hello"}}]}}]}]}"#;

/// A delivery with one message, of the customer with this number.
#[must_use]
pub fn delivery(message: u64, customer: u64) -> String {
    TEXT.replace("CUSTOMER", &address(customer)).replace("MESSAGE", &format!("w_{message}"))
}

fn address(customer: u64) -> String {
    format!("12025{customer:06}")
}

/// Channels whose platform takes everything at once.
pub(crate) fn channels() -> Channels {
    let platform = ScriptedChannel::new(vec![(Platform::WHATSAPP, WHATSAPP)]);
    Channels::default().with(platform).with_vault(PlaceVault)
}

/// Connects the number, and writes as many customers with their threads, of which every second is open.
///
/// # Errors
/// Those of the store.
pub(crate) async fn seed_conversations(office: &Office, count: u64) -> Result<(), Fault> {
    let account = Account {
        platform: Platform::WHATSAPP,
        external_id: NUMBER.to_owned(),
        parent_id: None,
        login: None,
        token: Secret::new("token"),
    };
    let name = "Front desk".to_owned();
    let connected = ConnectedAccount { account, name, handle: None, scopes: Vec::new(), token_expires_at: None };
    let connection = office.session.inbox(office.crm.channels()).connections().connect(&connected).await?.id;
    for from in (0..count).step_by(usize::try_from(BATCH)?) {
        let (mut people, mut names, mut threads) = (Vec::new(), Vec::new(), Vec::new());
        for number in from..count.min(from + BATCH) {
            let participant = row(office, 4, number, participant(connection, number)?);
            let alias = Alias {
                connection_id: connection,
                alias: address(number),
                kind: RecipientKind::Telephone,
                participant_id: participant.id,
                seen_at: office.now(),
                superseded: false,
            };
            names.push(row(office, 5, number, alias));
            threads.push(row(office, 6, number, thread(office, connection, &participant, number)));
            people.push(participant);
        }
        let mut tx = office.crm.ports().store.begin(office.organization, Intent::Write).await?;
        Records::<Participant>::insert(&mut *tx, &people).await?;
        Records::<Alias>::insert(&mut *tx, &names).await?;
        Records::<Conversation>::insert(&mut *tx, &threads).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn participant(connection: ConnectionId, number: u64) -> Result<Participant, Fault> {
    Ok(Participant {
        connection_id: connection,
        name: Some(Name::try_from(format!("Customer {number}"))?),
        named_at: None,
        picture_url: None,
        address: address(number),
        address_kind: RecipientKind::Telephone,
        lead_id: None,
        contact_id: None,
        unreachable: None,
        opted_in_at: None,
        opted_out_at: None,
    })
}

fn thread(office: &Office, connection: ConnectionId, participant: &Stored<Participant>, number: u64) -> Conversation {
    let at = office.now().minus(Duration::from_secs(number));
    let mut thread = Conversation::new(connection, Platform::WHATSAPP, participant.id, at);
    thread.preview = Some("Do you deliver on Sunday?".to_owned());
    thread.preview_direction = Some(Direction::Inbound);
    thread.last_action_at = Some(at);
    thread.unread = 1;
    if number % 2 == 1 {
        thread.state = ConversationState::Closed;
    }
    thread
}

fn row<E>(office: &Office, kind: u64, number: u64, value: E) -> Stored<E> {
    Stored {
        id: Id::new(numbered(kind, number)),
        version: 1,
        created_at: office.now(),
        updated_at: office.now(),
        value,
    }
}
