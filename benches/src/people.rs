//! Leads by number: no two are alike, and the same number always gives the same lead.

use crm_core::kernel::{EmailAddress, Id, Name, Result, Stored, Timestamp};
use crm_core::lead::{Lead, LeadId, LeadStatus, NewLead};
use uuid::Uuid;

/// The lead with this number.
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

/// The identifier of the stored lead with this number. Identifiers are in the order of numbers.
#[must_use]
pub fn id_of(number: u64) -> LeadId {
    Id::new(numbered(1, number))
}

/// The lead with this number as it is stored: one of four is qualified, and scores run from 0 to 99.
///
/// # Errors
/// As [`lead`].
pub fn stored_lead(number: u64, at: Timestamp) -> Result<Stored<Lead>> {
    let mut value = Lead::new(lead(number)?)?;
    value.status = match number % 4 {
        0 => LeadStatus::Qualified,
        1 => LeadStatus::Contacted,
        _ => LeadStatus::New,
    };
    value.score = i64::try_from(number / 4 * 7 % 100).unwrap_or(0);
    Ok(Stored { id: id_of(number), version: 1, created_at: at, updated_at: at, value })
}

/// An identifier like those of a real clock, long before those of the benchmark's commands.
pub(crate) fn numbered(series: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000 + (series << 16), 0x8000_0000_0000_0000 | number)
}

/// A number in letters, so that names differ as names do.
fn spelled(number: u64) -> String {
    // Neighbours are to differ in most letters, as people do. The factor is odd, so no two numbers meet.
    let mut rest = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letters = String::new();
    for _ in 0..14 {
        let letter = u8::try_from(rest % 26).unwrap_or(0);
        letters.push(char::from(b'a' + letter));
        rest /= 26;
    }
    letters
}
