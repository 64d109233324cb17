//! Who may do what, whom a role reaches, and what an organization can't be left without.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::access::{OrganizationId, Permission, PermissionSet, Reach, RoleReach, StandardRole};
use crate::kernel::{Error, Page, Predicate, Timestamp};
use crate::lead::Lead;
use crate::paywall::{
    AccessReason, Entitlements, Level, Paywall, ServiceModule, SubscriptionRequired, UpgradeHint, module_of,
};
use crate::testing::office::{Office, named, person};

/// How many permissions each role has, of how many there are.
const COUNTS: &[(StandardRole, usize, RoleReach)] = &[
    (StandardRole::Owner, 51, RoleReach::All),
    (StandardRole::Admin, 51, RoleReach::All),
    (StandardRole::Manager, 40, RoleReach::Subtree),
    (StandardRole::SalesRep, 30, RoleReach::Own),
    (StandardRole::Marketing, 25, RoleReach::All),
    (StandardRole::Viewer, 16, RoleReach::All),
];

#[test]
fn the_six_roles_have_the_agreed_number_of_permissions_and_reach() {
    let counted: Vec<_> =
        StandardRole::ALL.iter().map(|role| (*role, role.permissions().iter().count(), role.reach())).collect();
    assert_eq!(counted, COUNTS);
    assert_eq!(Permission::ALL.len(), 51);
}

#[test]
fn the_roles_differ_where_it_matters() {
    use Permission as P;
    use StandardRole::{Manager, Marketing, Owner, SalesRep, Viewer};
    let facts = [
        (Owner, P::MemberConfigure, true),
        (Manager, P::MemberConfigure, false),
        (Manager, P::LeadAssign, true),
        (Manager, P::ForecastOverride, true),
        (Manager, P::PipelineConfigure, false),
        (SalesRep, P::LeadConvert, true),
        (SalesRep, P::LeadDelete, false),
        (SalesRep, P::LeadImport, false),
        (SalesRep, P::LeadAssign, false),
        (Marketing, P::LeadImport, true),
        (Marketing, P::ScoringConfigure, true),
        (Marketing, P::LeadConvert, false),
        (Marketing, P::OpportunityUpdate, false),
        (Viewer, P::LeadRead, true),
        (Viewer, P::LeadExport, false),
    ];
    for (role, permission, allowed) in facts {
        assert_eq!(role.permissions().contains(permission), allowed, "{role:?} {permission:?}");
    }
    assert_eq!(Viewer.permissions().without(PermissionSet::reading()), PermissionSet::default());
}

#[test]
fn a_set_of_permissions_holds_exactly_what_was_put_in() {
    for permission in Permission::ALL {
        let one: PermissionSet = [*permission].into_iter().collect();
        assert_eq!(one.iter().collect::<Vec<_>>(), [*permission]);
        assert!(!PermissionSet::all().without(one).contains(*permission));
    }
}

#[tokio::test]
async fn a_permission_that_the_role_has_not_is_refused_at_the_door() {
    let office = Office::open().await;
    let viewer = office.hire("vera", StandardRole::Viewer).await;
    let session = office.session_of(viewer).await;
    let lead = office.lead(named("Lovelace")).await;
    assert!(session.leads().get(lead.id).await.is_ok());
    let refused = session.leads().qualify(lead.id).await.unwrap_err();
    assert_eq!(refused.code(), "permission.missing");
    assert!(refused.to_string().contains("'lead_update'"), "{refused}");
    assert_eq!(office.store.dump::<Lead>(office.organization), [lead]);
}

#[tokio::test]
async fn the_last_active_owner_stays() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let members = boss.members();
    let refused = |outcome: Result<_, Error>| match outcome {
        Err(error) => assert_eq!(error.code(), "member.last_owner"),
        Ok(row) => panic!("{row:?}"),
    };
    let role = boss.roles().create("Trainee".parse().unwrap(), PermissionSet::reading(), RoleReach::Own).await.unwrap();
    refused(members.deactivate(office.owner).await);
    refused(members.change_role(office.owner, StandardRole::Admin, None).await);
    refused(members.change_role(office.owner, StandardRole::Owner, Some(role.id)).await);
    assert_eq!(members.get(office.owner).await.unwrap().version, 1, "a refusal keeps nothing");

    let second = office.hire("oskar", StandardRole::Owner).await;
    members.deactivate(second).await.unwrap();
    refused(members.deactivate(office.owner).await);
    members.activate(second).await.unwrap();
    assert!(!members.deactivate(office.owner).await.unwrap().active);
    let signed_in = office.crm.caller(office.organization, office.owner).await.unwrap_err();
    assert_eq!(signed_in.code(), "member.inactive");
}

#[tokio::test]
async fn two_members_never_share_an_address() {
    let office = Office::open().await;
    let mut twin = person("olivia", StandardRole::Viewer);
    twin.email = "OLIVIA@Office.Example".parse().unwrap();
    assert_eq!(office.boss().await.members().add(twin.clone()).await.unwrap_err().code(), "record.duplicate");
    let neighbour = office.neighbour("neighbour").await;
    let refused = neighbour.boss().await.members().add(twin).await.unwrap_err();
    assert_eq!(refused.code(), "record.duplicate", "the neighbour's own owner has this address");
    let other = person("otto", StandardRole::Viewer);
    assert!(office.boss().await.members().add(other.clone()).await.is_ok());
    assert!(neighbour.boss().await.members().add(other).await.is_ok(), "organizations share no addresses");
}

#[tokio::test]
async fn a_slug_belongs_to_one_organization() {
    let office = Office::open().await;
    let slug = |slug: &str| slug.to_owned().try_into().unwrap();
    assert_eq!(office.crm.organization_by_slug(&slug("office")).await.unwrap(), Some(office.organization));
    assert_eq!(office.crm.organization_by_slug(&slug("nobody")).await.unwrap(), None);
    let organization = office.boss().await.organization().get().await.unwrap().value;
    let again = crate::access::NewOrganization {
        slug: organization.slug,
        name: organization.name,
        default_currency: organization.default_currency,
        time_zone: organization.time_zone,
        region: None,
    };
    let refused = office.crm.found(again, person("eve", StandardRole::Owner)).await.unwrap_err();
    assert_eq!(refused.code(), "organization.slug_taken");
}

#[tokio::test]
async fn a_team_never_stands_below_itself() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let teams = boss.teams();
    let top = office.team("World", None, &[]).await;
    let middle = office.team("Europe", Some(top), &[]).await;
    let bottom = office.team("Oslo", Some(middle), &[]).await;
    for parent in [top, middle, bottom] {
        assert_eq!(teams.place(top, Some(parent)).await.unwrap_err().code(), "team.cycle");
    }
    teams.place(bottom, None).await.unwrap();
    assert_eq!(teams.place(top, Some(bottom)).await.unwrap().parent_id, Some(bottom));
    assert_eq!(teams.place(bottom, Some(middle)).await.unwrap_err().code(), "team.cycle");
    let foreign = office.neighbour("neighbour").await.team("World", None, &[]).await;
    assert_eq!(teams.place(middle, Some(foreign)).await.unwrap_err().code(), "record.missing_reference");
}

#[tokio::test]
async fn a_team_goes_when_no_team_stands_below_it_and_its_members_stay() {
    let office = Office::open().await;
    let (boss, rep) = (office.boss().await, office.hire("rita", StandardRole::SalesRep).await);
    let top = office.team("World", None, &[]).await;
    let below = office.team("Europe", Some(top), &[rep]).await;
    assert_eq!(boss.teams().delete(top).await.unwrap_err().code(), "record.still_referenced");
    boss.teams().delete(below).await.unwrap();
    boss.teams().delete(top).await.unwrap();
    assert!(boss.teams().list().await.unwrap().is_empty());
    assert!(boss.members().get(rep).await.unwrap().active);
    assert_eq!(office.events_of(below.uuid()).last().map(String::as_str), Some("team.deleted"));
}

#[tokio::test]
async fn reach_follows_role_and_teams() {
    let office = Office::open().await;
    let manager = office.hire("mia", StandardRole::Manager).await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let colleague = office.hire("carl", StandardRole::SalesRep).await;
    let top = office.team("Europe", None, &[manager]).await;
    let below = office.team("Oslo", Some(top), &[rep, colleague]).await;
    let reach = async |member| office.session_of(member).await.caller().reach().clone();
    let owners = |members: &[crate::access::MemberId]| {
        let mut members = members.to_vec();
        members.sort();
        Reach::Owners(members.into())
    };
    assert_eq!(reach(office.owner).await, Reach::All);
    assert_eq!(reach(manager).await, owners(&[manager, rep, colleague]));
    assert_eq!(reach(rep).await, owners(&[rep]));

    let boss = office.boss().await;
    let lead = boss.roles().create("Lead".parse().unwrap(), PermissionSet::reading(), RoleReach::Team).await.unwrap();
    boss.members().change_role(rep, StandardRole::SalesRep, Some(lead.id)).await.unwrap();
    assert_eq!(reach(rep).await, owners(&[rep, colleague]));
    assert_eq!(boss.roles().delete(lead.id).await.unwrap_err().code(), "record.still_referenced");
    boss.teams().leave(below, colleague).await.unwrap();
    assert_eq!(reach(rep).await, owners(&[rep]));
    assert_eq!(reach(manager).await, owners(&[manager, rep]));
    assert_eq!(boss.teams().leave(below, colleague).await.unwrap_err().code(), "record.not_found");
    assert_eq!(boss.teams().join(below, rep).await.unwrap_err().code(), "record.duplicate");
}

#[tokio::test]
async fn members_and_teams_of_another_organization_do_not_exist() {
    let office = Office::open().await;
    let neighbour = office.neighbour("neighbour").await;
    let team = office.team("Oslo", None, &[office.owner]).await;
    let session = neighbour.boss().await;
    assert_eq!(session.members().get(office.owner).await.unwrap_err().code(), "record.not_found");
    assert_eq!(session.members().deactivate(office.owner).await.unwrap_err().code(), "record.not_found");
    assert_eq!(session.teams().join(team, neighbour.owner).await.unwrap_err().code(), "record.not_found");
    assert_eq!(session.teams().list().await.unwrap(), []);
    let found = session.members().list(&Predicate::everything(), &Page::first(10)).await.unwrap();
    assert_eq!(found.iter().map(|member| member.id).collect::<Vec<_>>(), [neighbour.owner]);
    let caller = office.crm.caller(neighbour.organization, office.owner).await.unwrap_err();
    assert_eq!(caller.code(), "record.not_found");
}

/// Has everything but the lead generation service, and counts how often it was asked.
#[derive(Clone, Default)]
struct WithoutLeadGeneration(Arc<AtomicUsize>);

#[async_trait]
impl Paywall for WithoutLeadGeneration {
    fn known(&self, _: OrganizationId, _: Timestamp) -> Option<Arc<Entitlements>> {
        None
    }
    async fn entitlements(&self, _: OrganizationId, now: Timestamp) -> Arc<Entitlements> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let others = ServiceModule::ALL.iter().filter(|service| **service != ServiceModule::LeadGeneration);
        let levels = others.map(|service| (*service, Level::Full, AccessReason::Paid));
        Arc::new(Entitlements::new(levels, now, None))
    }
}

#[tokio::test]
async fn what_is_not_subscribed_to_is_refused_at_the_door_and_the_rest_passes() {
    let mut office = Office::open().await;
    let paywall = WithoutLeadGeneration::default();
    office.crm = office.crm.clone().with_paywall(paywall.clone());
    let boss = office.boss().await;
    for permission in Permission::ALL {
        let outcome = boss.begin(*permission).await.map(drop);
        match module_of(*permission) {
            ServiceModule::LeadGeneration => {
                let refused = outcome.unwrap_err();
                assert_eq!(refused.code(), "subscription.required", "{permission:?}");
                assert_eq!(refused.kind(), crate::kernel::Kind::SubscriptionRequired);
                let refused = refused.downcast_ref::<SubscriptionRequired>().unwrap();
                assert_eq!(refused.service, ServiceModule::LeadGeneration);
                assert_eq!((refused.reason, refused.hint), (AccessReason::NotSubscribed, UpgradeHint::Checkout));
            }
            _ => assert!(outcome.is_ok(), "{permission:?}"),
        }
    }
    for gated in [Permission::LeadImport, Permission::LeadAssign, Permission::ScoringConfigure] {
        assert_eq!(module_of(gated), ServiceModule::LeadGeneration, "{gated:?}");
    }
    for free in [Permission::LeadCreate, Permission::LeadConvert, Permission::ActivityCreate, Permission::LeadExport] {
        assert_eq!(module_of(free), ServiceModule::BasicCrm, "{free:?}");
    }

    // The role is asked first: whoever may not do a thing does not learn what the organization pays for.
    let viewer = office.hire("vera", StandardRole::Viewer).await;
    let session = office.session_of(viewer).await;
    paywall.0.store(0, Ordering::SeqCst);
    let refused = session.begin(Permission::LeadImport).await.map(drop).unwrap_err();
    assert_eq!(refused.code(), "permission.missing");
    assert_eq!(paywall.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_organization_changes_everything_but_its_slug() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let before = boss.organization().get().await.unwrap();
    let other: crate::access::Slug = "elsewhere".to_owned().try_into().unwrap();
    let change = |organization: &mut crate::access::Organization| {
        organization.name = "Office and Sons".parse().unwrap();
        organization.slug = other;
    };
    let after = boss.organization().change(before.version, change).await.unwrap();
    assert_eq!((after.name.as_str(), &after.slug), ("Office and Sons", &before.slug));
    let stale = boss.organization().change(before.version, |_| {}).await.unwrap_err();
    assert_eq!(stale.code(), "record.stale_version");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have_and_owners_make_owners() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let set: PermissionSet =
        [Permission::MemberRead, Permission::MemberConfigure, Permission::LeadRead].into_iter().collect();
    let hiring = boss.roles().create("Hiring".parse().unwrap(), set, RoleReach::Team).await.unwrap();
    let hanna = office.hire("hanna", StandardRole::Viewer).await;
    boss.members().change_role(hanna, StandardRole::Viewer, Some(hiring.id)).await.unwrap();
    let admin = office.hire("adam", StandardRole::Admin).await;
    let (hanna_session, admin_session) = (office.session_of(hanna).await, office.session_of(admin).await);
    let refused = |outcome: Error, code: &str| {
        assert_eq!((outcome.code(), outcome.kind()), (code, crate::kernel::Kind::Forbidden));
    };
    let before = (boss.members().get(hanna).await.unwrap(), boss.members().get(admin).await.unwrap());
    let members = hanna_session.members();
    let owners_only = "member.owners_only";
    refused(members.change_role(hanna, StandardRole::Owner, None).await.unwrap_err(), owners_only);
    refused(members.add(person("eve", StandardRole::Owner)).await.unwrap_err(), owners_only);
    refused(members.deactivate(office.owner).await.unwrap_err(), owners_only);
    let beyond = "role.permission_beyond_own";
    refused(members.change_role(hanna, StandardRole::Admin, None).await.unwrap_err(), beyond);
    refused(members.add(person("eve", StandardRole::SalesRep)).await.unwrap_err(), beyond);
    let roles = hanna_session.roles();
    let name = || "Mightier".parse().unwrap();
    refused(roles.create(name(), PermissionSet::all(), RoleReach::Own).await.unwrap_err(), beyond);
    refused(roles.create(name(), set, RoleReach::Subtree).await.unwrap_err(), "role.reach_beyond_own");
    refused(roles.change(hiring.id, hiring.version, set, RoleReach::All).await.unwrap_err(), "role.reach_beyond_own");
    let more = roles.change(hiring.id, hiring.version, PermissionSet::all(), RoleReach::Own).await.unwrap_err();
    refused(more, beyond);
    // An admin has every permission and sees everything, and is no owner all the same.
    let members = admin_session.members();
    refused(members.change_role(admin, StandardRole::Owner, None).await.unwrap_err(), owners_only);
    refused(members.change_role(office.owner, StandardRole::Viewer, None).await.unwrap_err(), owners_only);
    assert_eq!((boss.members().get(hanna).await.unwrap(), boss.members().get(admin).await.unwrap()), before);
    assert_eq!(boss.members().list(&Predicate::everything(), &Page::first(9)).await.unwrap().len(), 3);

    // What one has, one gives.
    let few: PermissionSet = [Permission::LeadRead].into_iter().collect();
    let role = roles.create("Reader".parse().unwrap(), few, RoleReach::Own).await.unwrap();
    let new = crate::access::NewMember { custom_role_id: Some(role.id), ..person("rita", StandardRole::Viewer) };
    let rita = hanna_session.members().add(new).await.unwrap();
    hanna_session.members().deactivate(rita.id).await.unwrap();
    hanna_session.members().activate(rita.id).await.unwrap();
    members.change_role(rita.id, StandardRole::Manager, None).await.unwrap();
    boss.members().change_role(admin, StandardRole::Owner, None).await.unwrap();
}
