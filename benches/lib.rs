//! Measurements of the library, in `benches/`. `cargo bench -p crm-benches` runs them.

use crm_core::access::{Caller, NewMember, NewOrganization, Slug, StandardRole, TimeZone};
use crm_core::crm::Crm;
use crm_core::kernel::{Currency, EmailAddress, Name, Result};
use crm_core::lead::NewLead;
use crm_core::store::Session;

/// A session in an organization of its own.
///
/// # Errors
/// Those of the store.
pub async fn founded(crm: &Crm, slug: &str) -> Result<Session> {
    let new = NewOrganization {
        slug: Slug::try_from(slug.to_owned())?,
        name: Name::try_from("Bench".to_owned())?,
        default_currency: Currency::EUR,
        time_zone: TimeZone::utc(),
        region: None,
    };
    let owner = NewMember {
        name: Name::try_from("Owner".to_owned())?,
        email: EmailAddress::parse("owner@bench.example")?,
        role: StandardRole::Owner,
        custom_role_id: None,
    };
    let (organization, _) = crm.found(new, owner).await?;
    Ok(crm.session(Caller::system(organization.id, "bench")))
}

/// The lead with this number; no two are alike.
///
/// # Errors
/// When a value could not be one, which would be a mistake here.
pub fn lead(number: u64) -> Result<NewLead> {
    let word = |prefix: &str| Name::try_from(format!("{prefix}{}", spelled(number)));
    Ok(NewLead {
        first_name: Some(word("Fa")?),
        last_name: Some(word("La")?),
        company: Some(word("Co")?),
        job_title: Some(Name::try_from("Chief Executive".to_owned())?),
        email: Some(EmailAddress::parse(&format!("p{number}@c{number}.example"))?),
        employee_count: Some(250),
        ..NewLead::default()
    })
}

/// A number in letters, so that names differ as names do.
fn spelled(mut number: u64) -> String {
    let mut letters = String::new();
    for _ in 0..8 {
        let letter = u8::try_from(number % 26).unwrap_or(0);
        letters.push(char::from(b'a' + letter));
        number /= 26;
    }
    letters
}
