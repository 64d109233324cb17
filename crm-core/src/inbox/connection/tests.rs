//! What connections promise.

use super::*;
use crate::inbox::channel::{Account, Channels, ConnectedAccount, Platform, WHATSAPP};
use crate::kernel::Secret;
use crate::testing::office::Office;
use crate::testing::social::{PlaceVault, ScriptedChannel};

fn account(external_id: &str) -> ConnectedAccount {
    let account = Account {
        platform: Platform::WHATSAPP,
        external_id: external_id.to_owned(),
        parent_id: Some("200300400500601".to_owned()),
        login: None,
        token: Secret::new("canary-4711"),
    };
    let scopes = vec!["whatsapp_business_messaging".to_owned()];
    ConnectedAccount { account, name: "Front desk".to_owned(), handle: None, scopes, token_expires_at: None }
}

fn channels(channel: &ScriptedChannel) -> Channels {
    Channels::default().with(channel.clone()).with_vault(PlaceVault)
}

fn scripted() -> ScriptedChannel {
    ScriptedChannel::new(vec![(Platform::WHATSAPP, WHATSAPP)])
}

#[tokio::test]
async fn an_account_is_connected_once_in_the_whole_installation() {
    let (office, channel) = (Office::open().await, scripted());
    let neighbour = office.neighbour("next-door").await;
    let channels = channels(&channel);
    let (ours, theirs) = (office.boss().await, neighbour.boss().await);
    let row = ours.inbox(&channels).connections().connect(&account("300400500600701")).await.unwrap();
    let refused = theirs.inbox(&channels).connections().connect(&account("300400500600701")).await.unwrap_err();
    assert_eq!(refused.code(), "provider_link.taken");
    assert!(neighbour.store.dump::<Connection>(neighbour.organization).is_empty());
    ours.inbox(&channels).connections().disconnect(row.id).await.unwrap();
    theirs.inbox(&channels).connections().connect(&account("300400500600701")).await.unwrap();
    assert_eq!(
        channel.seen(),
        ["subscribe 300400500600701", "unsubscribe 300400500600701", "subscribe 300400500600701"]
    );
}

#[tokio::test]
async fn connecting_again_keeps_the_row_and_disconnecting_wipes_the_token() {
    let (office, channel) = (Office::open().await, scripted());
    let channels = channels(&channel);
    let boss = office.boss().await;
    let connections = boss.inbox(&channels).connections();
    let first = connections.connect(&account("300400500600701")).await.unwrap();
    let gone = connections.disconnect(first.id).await.unwrap();
    assert_eq!((gone.status, &gone.token), (ConnectionStatus::Disconnected, &None));
    let again = connections.connect(&account("300400500600701")).await.unwrap();
    assert_eq!((again.id, again.status), (first.id, ConnectionStatus::Active));
    let events = office.events_of(first.id.uuid());
    assert_eq!(events, ["connection.connected", "connection.disconnected", "connection.connected"]);
}

#[tokio::test]
async fn a_token_is_never_stored_in_clear_and_opens_in_its_own_place_only() {
    let (office, channel) = (Office::open().await, scripted());
    let channels = channels(&channel);
    let boss = office.boss().await;
    let row = boss.inbox(&channels).connections().connect(&account("300400500600701")).await.unwrap();
    let stored = serde_json::to_string(&row.value).unwrap();
    assert!(!stored.contains("canary-4711"), "{stored}");
    assert!(!format!("{:?}", account("1")).contains("canary-4711"));
    let events = office.store.dump::<crate::event::Event>(office.organization);
    assert!(!events.iter().any(|event| event.data.to_string().contains("canary-4711")));
    assert_eq!(account_of(&PlaceVault, &boss, &row).unwrap().token.expose(), "canary-4711");
    let sealed = row.token.clone().unwrap();
    let place = SecretPlace::of(office.organization, "token", row.id);
    let elsewhere = [
        SecretPlace { column: "other", ..place },
        SecretPlace { entity: "member", ..place },
        SecretPlace { id: uuid::Uuid::nil(), ..place },
        SecretPlace { organization: crate::kernel::Id::new(uuid::Uuid::nil()), ..place },
    ];
    for other in elsewhere {
        assert_eq!(PlaceVault.open(&other, &sealed).unwrap_err(), VaultError::CannotOpen, "{other:?}");
    }
}

#[tokio::test]
async fn without_a_vault_nothing_is_connected() {
    let (office, channel) = (Office::open().await, scripted());
    let channels = Channels::default().with(channel.clone());
    let refused = office.boss().await.inbox(&channels).connections().connect(&account("1")).await.unwrap_err();
    assert_eq!(refused.code(), "secret.no_vault");
    assert!(office.store.dump::<Connection>(office.organization).is_empty());
}

#[tokio::test]
async fn an_account_that_will_not_tell_us_anything_is_not_called_active() {
    let (office, channel) = (Office::open().await, scripted());
    channel.refuse_to_subscribe();
    let channels = channels(&channel);
    let refused = office.boss().await.inbox(&channels).connections().connect(&account("1")).await.unwrap_err();
    assert_eq!(refused.code(), "channel.refused");
    let rows = office.store.dump::<Connection>(office.organization);
    assert_eq!(rows[0].status, ConnectionStatus::Expired);
}

#[test]
fn settings_out_of_range_are_named() {
    let wrong = ConnectionSettings { messages_per_minute: 0, ..ConnectionSettings::default() };
    let refused = wrong.checked().unwrap_err();
    assert_eq!(refused.0[0].field, "messages_per_minute");
}
