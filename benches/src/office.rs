//! The organization that benchmarks work in: an owner, three sellers in turn, the usual pipeline and scoring rule.

use crm_core::access::{
    Caller, Member, MemberId, NewMember, NewOrganization, OrganizationId, Slug, StandardRole, TimeZone,
};
use crm_core::assignment::{RuleDraft, RuleMember};
use crm_core::crm::Crm;
use crm_core::kernel::{Currency, EmailAddress, Name, Page, Timestamp};
use crm_core::pipeline::PipelineWithStages;
use crm_core::store::{Session, Store};
use crm_core::testing::{ManualClock, SequentialIds};

use crate::Fault;
use crate::inbox::channels;

/// Identifiers that were given out before a benchmark's own commands begin.
const TAKEN_AT_FOUNDING: u64 = 1_000_000;

/// The organization, opened.
pub struct Office {
    /// All of it.
    pub crm: Crm,
    /// The organization.
    pub organization: OrganizationId,
    /// A session of the system itself, which sees everything.
    pub session: Session,
    /// The one pipeline.
    pub sales: PipelineWithStages,
    /// One who sells.
    pub seller: MemberId,
}

impl Office {
    /// Founds the organization in a store that has none.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn found(store: impl Store + 'static) -> Result<Self, Fault> {
        let crm = Crm::new(store, ManualClock::default(), SequentialIds::new());
        let new = NewOrganization {
            slug: slug()?,
            name: Name::try_from("Bench".to_owned())?,
            default_currency: Currency::EUR,
            time_zone: TimeZone::utc(),
            region: None,
        };
        let (organization, _) = crm.found(new, member("owner", StandardRole::Owner)?).await?;
        let session = crm.session(Caller::system(organization.id, "bench"));
        let mut sellers = Vec::new();
        for (name, weight) in [("ada", 3), ("ben", 2), ("cleo", 1)] {
            let seller = session.members().add(member(name, StandardRole::SalesRep)?).await?;
            sellers.push(RuleMember { member_id: seller.id, weight });
        }
        let everybody = RuleDraft {
            replaces: None,
            name: Name::try_from("In turn".to_owned())?,
            active: true,
            condition: None,
            members: sellers,
        };
        session.assignment().set_rules(vec![everybody]).await?;
        Self::opened(crm, organization.id).await
    }

    /// Opens the organization in a store that has it. Two that are opened on two copies of one database do the same
    /// when they are told the same, down to identifiers and times.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(store: impl Store + 'static) -> Result<Self, Fault> {
        Self::open_behind(store, TAKEN_AT_FOUNDING).await
    }

    /// Opens the organization where so many identifiers were given out.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open_behind(store: impl Store + 'static, taken: u64) -> Result<Self, Fault> {
        let crm = Crm::new(store, ManualClock::default(), SequentialIds::counting_from(taken));
        let organization = crm.organization_by_slug(&slug()?).await?.ok_or("the organization is not there")?;
        Self::opened(crm, organization).await
    }

    async fn opened(crm: Crm, organization: OrganizationId) -> Result<Self, Fault> {
        let crm = crm.with_channels(channels());
        let session = crm.session(Caller::system(organization, "bench"));
        let pipeline = session.pipelines().list().await?.pop().ok_or("there is no pipeline")?;
        let sales = session.pipelines().get(pipeline.id).await?;
        let members = session.members().list(&Member::ROLE.is("sales_rep"), &Page::first(1)).await?;
        let seller = members.first().ok_or("there is no seller")?.id;
        Ok(Self { crm, organization, session, sales, seller })
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.crm.ports().clock.now()
    }
}

fn slug() -> Result<Slug, Fault> {
    Ok(Slug::try_from("bench".to_owned())?)
}

fn member(name: &str, role: StandardRole) -> Result<NewMember, Fault> {
    let email = EmailAddress::parse(&format!("{name}@bench.example"))?;
    Ok(NewMember { name: Name::try_from(name.to_owned())?, email, role, custom_role_id: None })
}
