//! One organization never meets another: not by identifier, not by key, not by reference.

use proptest::collection::vec;
use proptest::test_runner::TestRunner;

use super::Check;
use super::bench::{Bench, Checked, drawn, lead, member, organization, refused, same, team};
use crate::access::{Member, Organization, ProviderLink, Slug, Team};
use crate::kernel::{Predicate, Stored};
use crate::lead::Lead;
use crate::store::{Records, Store};
use crate::testing::differential::{Script, script_without_slugs};

/// Each of them is played four times, which takes a while on stores with a disk.
const SCRIPTS: usize = 4;

pub(super) const CHECKS: &[Check] = &[
    Check::new("a_foreign_record_does_not_exist", |store| Box::pin(a_foreign_record_does_not_exist(store))),
    Check::new("one_identifier_in_two_organizations_is_two_records", |store| {
        Box::pin(one_identifier_in_two_organizations_is_two_records(store))
    }),
    Check::new("keys_of_organizations_do_not_collide", |store| Box::pin(keys_of_organizations_do_not_collide(store))),
    Check::new("a_foreign_record_cannot_be_referred_to", |store| {
        Box::pin(a_foreign_record_cannot_be_referred_to(store))
    }),
    Check::new("nothing_that_another_organization_does_makes_a_difference", |store| {
        Box::pin(nothing_that_another_organization_does_makes_a_difference(store))
    }),
    Check::new("a_slug_belongs_to_one_organization", |store| Box::pin(a_slug_belongs_to_one_organization(store))),
    Check::new("slugs_are_listed_in_their_order", |store| Box::pin(slugs_are_listed_in_their_order(store))),
    Check::new("an_account_at_a_provider_belongs_to_one_organization", |store| {
        Box::pin(an_account_at_a_provider_belongs_to_one_organization(store))
    }),
    Check::new("an_organization_has_its_own_record", |store| Box::pin(an_organization_has_its_own_record(store))),
];

async fn a_foreign_record_does_not_exist(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let row = bench.put_one(theirs, team("theirs", None)?).await?;
    same("a foreign record", &bench.find(ours, row.id).await?, &None)?;
    same("the list", &bench.all::<Team>(ours).await?, &Vec::new())?;
    let mut tx = bench.write(ours).await?;
    same("a foreign record, locked", &Records::<Team>::lock(&mut *tx, row.id).await?, &None)?;
    let by_name =
        Records::<Team>::list(&mut *tx, &Team::NAME_FIELD.is("theirs"), &crate::kernel::Page::first(10)).await?;
    same("the list by an exact value", &by_name, &Vec::new())?;
    let any = Predicate::nothing().negated();
    same(
        "the list of anything",
        &Records::<Team>::list(&mut *tx, &any, &crate::kernel::Page::first(10)).await?,
        &Vec::new(),
    )?;
    drop(tx);
    let stolen = bench.next(&row, |team| team.parent_id = Some(row.id));
    refused("a change to a foreign record", bench.save(ours, &stolen).await, "record.changed_meanwhile")?;
    refused("the removal of a foreign record", bench.remove(ours, &row).await, "record.changed_meanwhile")?;
    same("the foreign record afterwards", &bench.find(theirs, row.id).await?, &Some(row))
}

async fn one_identifier_in_two_organizations_is_two_records(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let our_row = bench.put_one(ours, team("ours", None)?).await?;
    let their_row = Stored { value: team("theirs", None)?, ..our_row.clone() };
    bench.put(theirs, std::slice::from_ref(&their_row)).await?;
    let our_row = bench.next(&our_row, |team| team.parent_id = Some(our_row.id));
    bench.save(ours, &our_row).await?;
    same("theirs after a change to ours", &bench.find(theirs, their_row.id).await?, &Some(their_row.clone()))?;
    bench.remove(theirs, &their_row).await?;
    same("ours after the removal of theirs", &bench.find(ours, our_row.id).await?, &Some(our_row))
}

async fn keys_of_organizations_do_not_collide(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let our_row = bench.put_one(ours, member("ada@example.com")?).await?;
    let their_row = bench.put_one(theirs, member("ada@example.com")?).await?;
    same("our members", &bench.all(ours).await?, &vec![our_row])?;
    same("their members", &bench.all(theirs).await?, &vec![their_row])
}

async fn a_foreign_record_cannot_be_referred_to(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let ada = bench.put_one(theirs, member("ada@example.com")?).await?;
    let outcome = bench.put_one(ours, lead(1, Some(ada.id))?).await;
    refused("a foreign owner", outcome, "record.missing_reference")?;
    // The same identifier on both sides: each side's references hold its own record only.
    bench.put(ours, std::slice::from_ref(&ada)).await?;
    let owned = bench.put_one(ours, lead(1, Some(ada.id))?).await?;
    bench.remove(theirs, &ada).await?;
    refused("the removal of our owner", bench.remove(ours, &ada).await, "record.still_referenced")?;
    same("our members", &bench.all::<Member>(ours).await?, &vec![ada])?;
    same("our leads", &bench.all::<Lead>(ours).await?, &vec![owned])
}

/// The same scripts in every run.
fn scripts() -> Checked<Vec<Script>> {
    drawn(&vec(script_without_slugs(8), SCRIPTS), &mut TestRunner::deterministic())
}

/// The property behind the examples, for records of every kind and all verbs: whatever two organizations do with the same
/// identifiers, keys and references, each gets the answers that it gets without the other.
async fn nothing_that_another_organization_does_makes_a_difference(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    for script in scripts()? {
        let together = [bench.organization().await?, bench.organization().await?];
        let alone = [bench.organization().await?, bench.organization().await?];
        same("what differed", &script.first_meeting(store, together, alone).await, &None)?;
    }
    Ok(())
}

async fn a_slug_belongs_to_one_organization(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let (acme, other) = (Slug::try_from("acme".to_owned())?, Slug::try_from("other".to_owned())?);
    same("a free slug", &store.organization_by_slug(&acme).await?, &None)?;

    let mut tx = bench.write(ours).await?;
    tx.claim_slug(&acme, ours).await?;
    drop(tx);
    same("a slug whose claim was dropped", &store.organization_by_slug(&acme).await?, &None)?;

    let mut tx = bench.write(ours).await?;
    tx.claim_slug(&acme, ours).await?;
    tx.claim_slug(&other, ours).await?;
    tx.commit().await?;
    same("the first slug", &store.organization_by_slug(&acme).await?, &Some(ours))?;
    same("the second slug", &store.organization_by_slug(&other).await?, &Some(ours))?;

    let mut tx = bench.write(theirs).await?;
    refused("a taken slug", tx.claim_slug(&acme, theirs).await, "organization.slug_taken")?;
    super::bench::aborted(tx).await?;
    same("the slug at last", &store.organization_by_slug(&acme).await?, &Some(ours))?;

    let mut tx = bench.write(theirs).await?;
    let free = Slug::try_from("free".to_owned())?;
    refused("a slug for another organization", tx.claim_slug(&free, ours).await, "store.fault")?;
    super::bench::aborted(tx).await?;

    let mut tx = bench.write(ours).await?;
    tx.claim_slug(&acme, ours).await?;
    tx.commit().await?;
    Ok(())
}

async fn slugs_are_listed_in_their_order(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let slug = |text: &str| Slug::try_from(text.to_owned());
    let mut whose = Vec::new();
    for (text, organization) in [("listed-b", theirs), ("listed-a", ours), ("listed-a1", ours), ("listed-0", theirs)] {
        let mut tx = bench.write(organization).await?;
        tx.claim_slug(&slug(text)?, organization).await?;
        tx.commit().await?;
        whose.push((slug(text)?, organization));
    }
    whose.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
    let before = slug("listed")?;
    let listed = store.organizations(Some(&before), 10).await?;
    let listed: Vec<_> = listed.into_iter().filter(|(slug, _)| slug.as_str().starts_with("listed-")).collect();
    same("all of them", &listed, &whose)?;
    let first: Vec<_> = whose.iter().take(2).cloned().collect();
    same("the first two", &store.organizations(Some(&before), 2).await?, &first)?;
    let last: Vec<_> = whose.iter().skip(3).cloned().collect();
    let behind = store.organizations(Some(&slug("listed-a1")?), 1).await?;
    same("the one behind the third", &behind, &last)?;
    let all = store.organizations(None, 1_000).await?;
    same("whether the beginning has them all", &whose.iter().all(|slug| all.contains(slug)), &true)
}

async fn an_account_at_a_provider_belongs_to_one_organization(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let page = ProviderLink::new("messenger", "100200300400501")?;
    let number = ProviderLink::new("whatsapp", "100200300400501")?;
    for link in [&page, &number] {
        let mut tx = bench.write(ours).await?;
        tx.claim_link(link).await?;
        drop(tx);
        same("an account whose claim was dropped", &store.organization_by_link(link).await?, &None)?;
    }
    let mut tx = bench.write(ours).await?;
    tx.claim_link(&page).await?;
    tx.claim_link(&page).await?;
    tx.commit().await?;
    same("the holder", &store.organization_by_link(&page).await?, &Some(ours))?;
    same("the same number elsewhere", &store.organization_by_link(&number).await?, &None)?;

    let mut tx = bench.write(theirs).await?;
    refused("a taken account", tx.claim_link(&page).await, "provider_link.taken")?;
    super::bench::aborted(tx).await?;
    let mut tx = bench.write(theirs).await?;
    tx.release_link(&page).await?;
    tx.commit().await?;
    same("the holder after a foreign release", &store.organization_by_link(&page).await?, &Some(ours))?;

    let mut tx = bench.write(ours).await?;
    tx.release_link(&page).await?;
    tx.commit().await?;
    let mut tx = bench.write(theirs).await?;
    tx.claim_link(&page).await?;
    tx.commit().await?;
    same("the next holder", &store.organization_by_link(&page).await?, &Some(theirs))
}

async fn an_organization_has_its_own_record(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let row = bench.find(ours, ours).await?;
    let [row] = row.as_slice() else { return same("our record", &row.is_some(), &true) };
    let renamed = bench.next(row, |own| own.name.clone_from(&row.name));
    bench.save(ours, &renamed).await?;
    same("our record", &bench.all::<Organization>(ours).await?, &vec![renamed.clone()])?;
    same("our record, seen from elsewhere", &bench.find(theirs, ours).await?, &None)?;
    same("the slug", &renamed.slug.as_str().starts_with("org-"), &true)?;
    same("a sound slug", &organization("org-x")?.slug.as_str(), &"org-x")
}
