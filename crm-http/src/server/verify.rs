//! Looking whether everything is as it should be: the store answers, its schema fits, keys can be made, and what every
//! organization has fits together.

use crm_core::access::Caller;
use crm_core::crm::Crm;
use crm_core::inspection::Finding;
use crm_core::kernel::Result;

use super::config::{Config, Database};
use super::{Failure, each, open, say};

/// Findings that are shown of one organization.
const MOST_SHOWN: usize = 20;

/// Looks, says what was looked at, and fails when something does not fit.
pub(super) async fn verify(config: &Config) -> std::result::Result<(), Failure> {
    // Opening compares the schema with what the records declare, and refuses another.
    let crm = open::open(config).await?;
    let store = match &config.database {
        Database::Sqlite(path) => format!("the file '{}'", path.display()),
        Database::Postgres(..) => "the PostgreSQL server".to_owned(),
    };
    say(&format!("ok: {store} answers, and its schema is the present one"));
    open::identity(config, &crm)?;
    say("ok: the secret is there, and keys are made of it");
    let verified = inspect(&crm, &mut say).await?;
    if verified.findings > 0 {
        return Err(format!("{} findings; nothing was changed", verified.findings).into());
    }
    Ok(())
}

/// What all organizations came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Verified {
    organizations: usize,
    findings: usize,
}

/// Inspects every organization, and tells of each.
async fn inspect(crm: &Crm, tell: &mut impl FnMut(&str)) -> Result<Verified> {
    let mut verified = Verified::default();
    let mut all = each::Organizations::of(crm);
    while let Some((slug, organization)) = all.next().await? {
        let session = crm.session(Caller::system(organization, "verify"));
        let inspected = session.inspection().run().await?;
        let unopened = session.inbox(crm.channels()).connections().unopened().await?;
        let (found, looked_at) = (inspected.findings.len(), inspected.looked_at);
        verified.organizations += 1;
        verified.findings += found + unopened.len();
        let word = if found == 0 { "ok" } else { "NOT OK" };
        tell(&format!("{word}: '{slug}': {looked_at} records looked at for trail and sums, {found} findings"));
        for Finding { rule, entity, id, problem } in inspected.findings.iter().take(MOST_SHOWN) {
            tell(&format!("  {rule}: {entity} {id}: {problem}"));
        }
        if found > MOST_SHOWN {
            tell(&format!("  and {} more", found - MOST_SHOWN));
        }
        for (connection, problem) in unopened {
            tell(&format!("NOT OK: '{slug}': vault_keys: connection {connection}: {problem}"));
        }
    }
    Ok(verified)
}

#[cfg(test)]
mod tests {
    use crm_core::access::Intent;
    use crm_core::event::Event;
    use crm_core::inbox::channel::{Channels, Platform, WHATSAPP};
    use crm_core::kernel::{Page, Predicate};
    use crm_core::store::{MemoryStore, Records, Store as _};
    use crm_core::testing::office::found;
    use crm_core::testing::social::{FrontDesk, ScriptedChannel};
    use crm_core::testing::{ManualClock, SequentialIds};
    use crm_system::{CipherVault, VaultKey};

    use super::*;

    #[tokio::test]
    async fn an_event_that_was_removed_is_told_of_with_its_organization() {
        let store = MemoryStore::new();
        let crm = Crm::new(store.clone(), ManualClock::default(), SequentialIds::new());
        found(&crm, "sound").await;
        let (damaged, _) = found(&crm, "damaged").await;
        let mut told = Vec::new();
        let verified = inspect(&crm, &mut |line| told.push(line.to_owned())).await.unwrap();
        assert_eq!(verified, Verified { organizations: 2, findings: 0 }, "{told:?}");

        let mut tx = store.begin(damaged, Intent::Write).await.unwrap();
        let page = Page::first(100);
        let events = Records::<Event>::list(&mut *tx, &Predicate::everything(), &page).await.unwrap();
        let added = events.iter().find(|event| event.name == "member.added").unwrap();
        Records::<Event>::delete(&mut *tx, added.id, added.version).await.unwrap();
        tx.commit().await.unwrap();
        told.clear();
        let verified = inspect(&crm, &mut |line| told.push(line.to_owned())).await.unwrap();
        assert_eq!(verified, Verified { organizations: 2, findings: 1 });
        assert!(told[0].starts_with("NOT OK: 'damaged'"), "{told:?}");
        assert!(told[1].contains(&format!("trail: member {}", added.record_id)), "{told:?}");
        assert!(told[2].starts_with("ok: 'sound'"), "{told:?}");
    }

    #[tokio::test]
    async fn a_token_that_no_key_opens_is_told_of_by_the_key_of_the_configuration() {
        let store = MemoryStore::new();
        let with_key = |name: &str| {
            let vault = CipherVault::new(vec![VaultKey::fresh(name).unwrap()]).unwrap();
            let channel = ScriptedChannel::new(vec![(Platform::WHATSAPP, WHATSAPP)]);
            let crm = Crm::new(store.clone(), ManualClock::default(), SequentialIds::new());
            crm.with_channels(Channels::default().with(channel).with_vault(vault))
        };
        let (former, present) = (with_key("former"), with_key("present"));
        let (organization, owner) = found(&former, "office").await;
        let session = former.session(former.caller(organization, owner).await.unwrap());
        session.inbox(former.channels()).connections().connect(&FrontDesk::account("4711")).await.unwrap();
        let mut told = Vec::new();
        let verified = inspect(&former, &mut |line| told.push(line.to_owned())).await.unwrap();
        assert_eq!(verified, Verified { organizations: 1, findings: 0 }, "{told:?}");
        let verified = inspect(&present, &mut |line| told.push(line.to_owned())).await.unwrap();
        assert_eq!(verified, Verified { organizations: 1, findings: 1 }, "{told:?}");
        let last = told.last().unwrap();
        assert!(last.starts_with("NOT OK: 'office': vault_keys: connection "), "{last}");
        assert!(last.contains("under the key 'former'"), "{last}");
    }
}
