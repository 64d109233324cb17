//! A believable organization to look around in.

use crm_core::access::{NewMember, NewOrganization, Slug, StandardRole, TimeZone};
use crm_core::conversion::{ConversionChoices, NewDeal};
use crm_core::intake::{CaptureOutcome, Submission};
use crm_core::kernel::{Currency, Money};
use crm_core::lead::{LeadId, NewLead};
use crm_core::pipeline::Outcome;

use super::config::Config;
use super::{Failure, open, say};
use crate::identity::Password;
use crate::signing::{hexadecimal, random};

/// First name, last name, company, job, town, source, and how far it has come.
const PEOPLE: &[(&str, &str, &str, &str, &str, &str, u8)] = &[
    ("Ada", "Lovelace", "Analytical Engines", "Head of Research", "London", "fair", 4),
    ("Grace", "Hopper", "Compiler Works", "Chief Engineer", "New York", "website", 3),
    ("Alan", "Turing", "Bombe Machines", "Director", "Manchester", "referral", 5),
    ("Katherine", "Johnson", "Orbit Dynamics", "Navigator", "Hampton", "webinar", 2),
    ("Edsger", "Dijkstra", "Shortest Path Logistics", "Planner", "Eindhoven", "newsletter", 1),
    ("Barbara", "Liskov", "Substitution Parts", "Buyer", "Boston", "website", 3),
    ("Donald", "Knuth", "Art Press", "Publisher", "Stanford", "referral", 0),
    ("Hedy", "Lamarr", "Spread Spectrum", "Founder", "Vienna", "fair", 2),
    ("Konrad", "Zuse", "Zuse Apparatebau", "Owner", "Berlin", "fair", 1),
    ("Radia", "Perlman", "Spanning Trees", "Architect", "Portsmouth", "webinar", 0),
    ("Claude", "Shannon", "Channel Capacity", "Partner", "Petoskey", "newsletter", 0),
    ("Mary", "Kenneth Keller", "First Degrees", "Dean", "Dubuque", "website", 1),
];

pub(super) async fn load(config: &Config) -> Result<(), Failure> {
    let crm = open::open(config).await?;
    let identity = open::identity(config, &crm)?;
    let slug = Slug::try_from("demo".to_owned())?;
    if crm.organization_by_slug(&slug).await?.is_some() {
        say("there is an organization 'demo' already; nothing was changed");
        return Ok(());
    }
    let typed = hexadecimal(&random::<9>()?);
    let password = Password::try_from(typed.clone())?;
    let new = NewOrganization {
        slug: slug.clone(),
        name: "Demo Ltd".parse()?,
        default_currency: Currency::EUR,
        time_zone: TimeZone::utc(),
        region: None,
    };
    identity.register(new, "Olivia Owner".parse()?, "olivia@demo.example".parse()?, &password).await?;
    let organization = crm.organization_by_slug(&slug).await?.ok_or("the organization is gone again")?;
    let session = crm.session(crm_core::access::Caller::system(organization, "demo"));
    let mut staff = Vec::new();
    for (name, email, role) in [
        ("Mia Manager", "mia@demo.example", StandardRole::Manager),
        ("Rita Rep", "rita@demo.example", StandardRole::SalesRep),
        ("Max Marketing", "max@demo.example", StandardRole::Marketing),
    ] {
        let new = NewMember { name: name.parse()?, email: email.parse()?, role, custom_role_id: None };
        staff.push((role, session.members().add(new).await?.id));
    }
    let rep = staff.iter().find(|(role, _)| *role == StandardRole::SalesRep).map(|(_, id)| *id);
    let mut deals = 0;
    for (number, person) in (0_i64..).zip(PEOPLE) {
        let (first, last, company, job, city, source, progress) = *person;
        let domain = company.to_lowercase().replace(' ', "-");
        let lead = NewLead {
            first_name: Some(first.parse()?),
            last_name: Some(last.parse()?),
            company: Some(company.parse()?),
            job_title: Some(job.parse()?),
            city: Some(city.parse()?),
            email: Some(format!("{}@{domain}.example", first.to_lowercase()).parse()?),
            source: Some(source.parse()?),
            owner_id: rep,
            ..NewLead::default()
        };
        let CaptureOutcome::Created { lead, .. } =
            session.intake().submit(Submission::new(source.parse()?, lead)).await?
        else {
            continue;
        };
        deals += advance(&session, lead, company, number, progress).await?;
    }
    say(&format!("The organization 'demo' has {} leads and {deals} deals. Sign in with", PEOPLE.len()));
    say("  organization demo, address olivia@demo.example,");
    say(&format!("  password {typed}"));
    Ok(())
}

/// Brings a lead as far as it has come: 1 contacted, 2 qualified, 3 a deal, 4 a deal that has moved, 5 won.
async fn advance(
    session: &crm_core::store::Session,
    lead: LeadId,
    company: &str,
    number: i64,
    progress: u8,
) -> Result<u32, Failure> {
    if progress >= 1 {
        session.leads().contact(lead).await?;
    }
    if progress >= 2 {
        session.leads().qualify(lead).await?;
    }
    if progress < 3 {
        return Ok(0);
    }
    let amount = Money::new(400_000 + number * 35_000, Currency::EUR);
    let deal =
        NewDeal { name: Some(format!("{company}: first order").parse()?), amount: Some(amount), ..NewDeal::default() };
    let conversion = session.conversions().convert(lead, &ConversionChoices::with_deal(deal), None).await?;
    let Some(id) = conversion.opportunity_id else { return Ok(0) };
    if progress >= 4 {
        let deal = session.opportunities().get(id).await?;
        let pipeline = session.pipelines().get(deal.pipeline_id).await?;
        let open = pipeline.stages.iter().filter(|stage| stage.kind == crm_core::pipeline::StageKind::Open);
        if let Some(next) = open.skip_while(|stage| stage.id != deal.stage_id).nth(1) {
            let wish =
                crm_core::pipeline::Move { stage_id: next.id, change: crm_core::pipeline::OpportunityPatch::default() };
            session.opportunities().move_to(id, deal.version, wish).await?;
        }
    }
    if progress >= 5 {
        let deal = session.opportunities().get(id).await?;
        let reasons = session.pipelines().reasons().await?;
        if let Some(reason) = reasons.iter().find(|reason| reason.kind == Outcome::Won) {
            let closing = crm_core::pipeline::Closing { reason_id: reason.id, note: None, stage_id: None };
            session.opportunities().win(id, deal.version, closing).await?;
        }
    }
    Ok(1)
}
