//! Whose it is that a platform tells of.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::APPLY;
use super::delivery::Delivery;
use crate::access::{Caller, OrganizationId, Permission, ProviderLink};
use crate::agenda::Job;
use crate::inbox::channel::{EventKind, Inbound, InboundEvent, Platform};
use crate::inbox::connection::parent_link;
use crate::kernel::{Page, Result};
use crate::store::{Ports, Session};

/// What became of a delivery. Only the sum of it is for the platform: that it was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Events that were kept to be applied.
    pub kept: usize,
    /// Events of a delivery that was kept before.
    pub repeated: usize,
    /// Events about accounts that nobody here has; they are dropped.
    pub unrouted: usize,
    /// Events that say nothing to an inbox.
    pub ignored: usize,
}

/// Keeps what a platform delivered, each organization's share apart, to be applied by the agenda. When this has answered,
/// the platform may be told that all is well. The signature must have been checked before.
///
/// `delivery_key` tells deliveries apart: the SHA-256 of the body, in hexadecimal.
///
/// # Errors
/// Those of the store; then the platform must deliver it again. What was kept by then is known when it does.
pub async fn receive(
    ports: &Ports,
    platform: &Platform,
    delivery_key: &str,
    inbound: Vec<Inbound>,
) -> Result<Received> {
    let mut received = Received::default();
    let mut holders: BTreeMap<ProviderLink, Option<OrganizationId>> = BTreeMap::new();
    let mut shares: BTreeMap<OrganizationId, Vec<Inbound>> = BTreeMap::new();
    for one in inbound {
        if one.event.kind == EventKind::Ignored {
            received.ignored += 1;
            continue;
        }
        let mut holder = None;
        for link in links(platform, &one.event) {
            let known = match holders.get(&link) {
                Some(known) => *known,
                None => ports.store.organization_by_link(&link).await?,
            };
            holders.insert(link, known);
            holder = holder.or(known);
        }
        match holder {
            Some(organization) => shares.entry(organization).or_default().push(one),
            None => received.unrouted += 1,
        }
    }
    for (organization, events) in shares {
        let session = Session::new(ports.clone(), Caller::system(organization, "inbox"));
        let count = events.len();
        if keep(&session, platform, delivery_key, events).await? {
            received.kept += count;
        } else {
            received.repeated += count;
        }
    }
    Ok(received)
}

/// The accounts that an event may be about: our own, then the one above it.
fn links(platform: &Platform, event: &InboundEvent) -> Vec<ProviderLink> {
    let own = event.connection_id.as_deref().map(|id| ProviderLink::new(platform.as_str(), id));
    let above = event.extra.waba_id.as_deref().map(|id| parent_link(platform, id));
    // An account that can't even be named is nobody's.
    own.into_iter().chain(above).filter_map(std::result::Result::ok).collect()
}

/// Keeps a share, unless it was kept before.
async fn keep(session: &Session, platform: &Platform, delivery_key: &str, events: Vec<Inbound>) -> Result<bool> {
    match keep_once(session, platform, delivery_key, events).await {
        // The same delivery came twice at once.
        Err(error) if error.code() == "record.duplicate" => Ok(false),
        outcome => outcome,
    }
}

async fn keep_once(session: &Session, platform: &Platform, delivery_key: &str, events: Vec<Inbound>) -> Result<bool> {
    let mut uow = session.begin(Permission::InboxReceive).await?;
    let known = uow.list(&Delivery::DELIVERY_KEY.is(delivery_key), &Page::first(10)).await?;
    if known.iter().any(|delivery| delivery.platform == *platform) {
        return Ok(false);
    }
    let events = events.into_iter().map(storable).collect::<Result<Vec<_>>>()?;
    let received_at = uow.now();
    let delivery = Delivery {
        platform: platform.clone(),
        delivery_key: delivery_key.to_owned(),
        events,
        received_at,
        applied_at: None,
        problems: Vec::new(),
    };
    let kept = uow.add_parts(vec![delivery]).await?;
    for delivery in kept {
        let job = Job::at(received_at, APPLY, json!({ "delivery_id": delivery.id }));
        uow.schedule(job.unique(format!("{APPLY}:{}", delivery.id))).await?;
    }
    uow.commit().await?;
    Ok(true)
}

/// The same without the one character that databases can't keep.
fn storable(one: Inbound) -> Result<Inbound> {
    let fault = |error: serde_json::Error| crate::store::StoreError::Fault(error.into());
    let mut json = serde_json::to_value(one).map_err(fault)?;
    remove_nul(&mut json);
    Ok(serde_json::from_value(json).map_err(fault)?)
}

fn remove_nul(json: &mut Json) {
    match json {
        Json::String(text) if text.contains('\0') => *text = text.replace('\0', ""),
        Json::Array(items) => items.iter_mut().for_each(remove_nul),
        Json::Object(members) => {
            let bad: Vec<String> = members.keys().filter(|key| key.contains('\0')).cloned().collect();
            for key in bad {
                if let Some(value) = members.remove(&key) {
                    members.insert(key.replace('\0', ""), value);
                }
            }
            members.values_mut().for_each(remove_nul);
        }
        _ => {}
    }
}
