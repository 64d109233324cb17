//! The organization that the examples work in: an owner, three sellers, and rules for who gets which lead.

use crm_core::access::{
    Member, MemberId, NewMember, NewOrganization, Organization, OrganizationId, Slug, StandardRole, TimeZone,
};
use crm_core::assignment::{RuleDraft, RuleMember};
use crm_core::crm::Crm;
use crm_core::kernel::{Currency, EmailAddress, Name, Page, Predicate, Region, Result, Stored};
use crm_core::lead::Lead;
use crm_core::store::Session;

/// The organization, opened for its owner.
pub struct Office {
    /// The owner's session.
    pub session: Session,
    /// The organization.
    pub organization: Stored<Organization>,
    /// Everybody who works there.
    pub members: Vec<Stored<Member>>,
}

impl Office {
    /// A member's name.
    #[must_use]
    pub fn name_of(&self, id: MemberId) -> &str {
        self.members.iter().find(|member| member.id == id).map_or("somebody", |member| member.name.as_str())
    }
}

/// Opens the organization `example`, founding it first when the database has none.
///
/// # Errors
/// Those of the store.
pub async fn office(crm: &Crm) -> Result<Office> {
    let slug = Slug::try_from("example".to_owned())?;
    let id = match crm.organization_by_slug(&slug).await? {
        Some(id) => id,
        None => found(crm, slug).await?,
    };
    let system = crm.session(crm_core::access::Caller::system(id, "example"));
    let members = system.members().list(&Predicate::everything(), &Page::first(100)).await?;
    let owner = members.iter().find(|member| member.role == StandardRole::Owner).map(|member| member.id);
    let session = match owner {
        Some(owner) => crm.session(crm.caller(id, owner).await?),
        None => system,
    };
    let organization = session.organization().get().await?;
    Ok(Office { session, organization, members })
}

async fn found(crm: &Crm, slug: Slug) -> Result<OrganizationId> {
    let new = NewOrganization {
        slug,
        name: Name::try_from("Example Ltd".to_owned())?,
        default_currency: Currency::USD,
        time_zone: TimeZone::utc(),
        region: Region::parse("US").ok(),
    };
    let (organization, owner) = crm.found(new, member("Ada Owner", "ada@example.com", StandardRole::Owner)?).await?;
    let session = crm.session(crm.caller(organization.id, owner.id).await?);
    let mut sellers = Vec::new();
    for (name, email, weight) in [
        ("Ben Seller", "ben@example.com", 3),
        ("Cleo Seller", "cleo@example.com", 2),
        ("Dan Seller", "dan@example.com", 1),
    ] {
        let seller = session.members().add(member(name, email, StandardRole::SalesRep)?).await?;
        sellers.push(RuleMember { member_id: seller.id, weight });
    }
    let referred = RuleDraft {
        replaces: None,
        name: Name::try_from("Referrals go to Cleo".to_owned())?,
        active: true,
        condition: Some(Lead::SOURCE.is("Referral")),
        members: sellers.iter().skip(1).take(1).copied().collect(),
    };
    let everything_else = RuleDraft {
        replaces: None,
        name: Name::try_from("Everything else in turn".to_owned())?,
        active: true,
        condition: None,
        members: sellers,
    };
    session.assignment().set_rules(vec![referred, everything_else]).await?;
    Ok(organization.id)
}

fn member(name: &str, email: &str, role: StandardRole) -> Result<NewMember> {
    let (name, email) = (Name::try_from(name.to_owned())?, EmailAddress::parse(email)?);
    Ok(NewMember { name, email, role, custom_role_id: None })
}
