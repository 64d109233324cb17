//! Reading numbers with the metadata of all numbering plans.

use rlibphonenumber::PhoneNumberFormat;

use super::dialled::Dialled;
use super::plan::Plan;
use super::{DigitsOnly, PhoneError, PhoneNumber, PhoneNumbers, Region};

/// Reads numbers by the prefixes and lengths that each country has given out.
///
/// What the metadata does not have is read by [`DigitsOnly`] and flagged as not valid: metadata ages, and invented
/// numbers in a list of customers are still what the list says.
#[derive(Clone, Copy, Debug, Default)]
pub struct MetadataPhoneNumbers;

impl PhoneNumbers for MetadataPhoneNumbers {
    fn parse(&self, raw: &str, region: Option<Region>) -> Result<PhoneNumber, PhoneError> {
        let read = DigitsOnly.parse(raw, region)?;
        let dialled = Dialled::read(raw)?;
        let from_abroad = dialled.international(region.and_then(Plan::of)).map(|digits| format!("+{digits}"));
        let inside = (!dialled.plus).then(|| dialled.digits.clone());
        let e164 = inside.into_iter().chain(from_abroad).find_map(|number| known(&number, region));
        let unknown = PhoneNumber { valid: false, ..read };
        Ok(match e164.as_deref().and_then(|e164| e164.strip_prefix('+')) {
            Some(digits) => PhoneNumber::new(dialled.raw, true, digits, dialled.extension, true).unwrap_or(unknown),
            None => unknown,
        })
    }
}

/// The E.164 form of a number that the metadata has.
fn known(number: &str, region: Option<Region>) -> Option<String> {
    let region = region.and_then(|region| region.code().parse().ok());
    let parsed = rlibphonenumber::PhoneNumber::parse(number, region).ok()?;
    parsed.is_valid().then(|| parsed.format_as(PhoneNumberFormat::E164).into_owned())
}
