//! Reading numbers by their digits alone.

use super::dialled::Dialled;
use super::plan::Plan;
use super::{PhoneError, PhoneNumber, PhoneNumbers, Region};

/// Reads numbers by country code, trunk prefix and length, without metadata.
///
/// A number of a country that it has no plan of keeps its digits, and counts as valid when a country code stood there.
#[derive(Clone, Copy, Debug, Default)]
pub struct DigitsOnly;

impl PhoneNumbers for DigitsOnly {
    fn parse(&self, raw: &str, region: Option<Region>) -> Result<PhoneNumber, PhoneError> {
        let dialled = Dialled::read(raw)?;
        let plan = region.and_then(Plan::of);
        let from_abroad = match dialled.international(plan) {
            Some(digits) => from_country_code(digits),
            None => plan.and_then(|plan| inside(plan, &dialled.digits)).map(|digits| (digits, true)),
        };
        match from_abroad {
            Some((digits, valid)) => PhoneNumber::new(dialled.raw, true, &digits, dialled.extension, valid),
            None => PhoneNumber::new(dialled.raw, false, &dialled.digits, dialled.extension, false),
        }
    }
}

/// The E.164 digits of a number with a country code, and whether they fit their plan. No country code begins with 0.
fn from_country_code(digits: &str) -> Option<(String, bool)> {
    if digits.starts_with('0') {
        return None;
    }
    let Some(plan) = Plan::of_digits(digits) else { return Some((digits.to_owned(), true)) };
    // The trunk prefix is often left standing, as in +44 (0)20 …
    let national = plan.without_trunk(digits.strip_prefix(plan.code)?);
    Some((format!("{}{national}", plan.code), plan.fits(national)))
}

/// The E.164 digits of a number that was dialled inside a country; none when it is not a whole number there.
fn inside(plan: &Plan, digits: &str) -> Option<String> {
    let with_country_code = || digits.strip_prefix(plan.code).map(|national| plan.without_trunk(national));
    let national = Some(plan.without_trunk(digits)).filter(|national| plan.fits(national));
    let national = national.or_else(|| with_country_code().filter(|national| plan.fits(national)))?;
    Some(format!("{}{national}", plan.code))
}
