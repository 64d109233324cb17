//! The commonest numbering plans: country code, trunk prefix and how many digits a national number has.
//!
//! From the ITU's list of country codes and the national plans that it links. Lengths are generous: they tell a whole
//! number from half of one, no more. A trunk prefix is dialled inside the country only.

use super::Region;

/// The numbering plan of one country code.
pub(super) struct Plan {
    regions: &'static str,
    pub(super) code: &'static str,
    trunk: &'static str,
    shortest: usize,
    longest: usize,
}

impl Plan {
    /// The plan of a region, when it is among the common ones.
    pub(super) fn of(region: Region) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.regions.split(' ').any(|code| code == region.code()))
    }

    /// The plan whose country code the digits begin with; no code begins another, so there is one at most.
    pub(super) fn of_digits(digits: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| digits.starts_with(plan.code))
    }

    /// What is dialled before a foreign country code.
    pub(super) fn exit(&self) -> &'static str {
        match self.code {
            "1" => "011",
            "61" => "0011",
            "81" => "010",
            _ => "00",
        }
    }

    /// The national number without its trunk prefix.
    ///
    /// No national number begins with 0 where that is the prefix. The other prefixes begin ordinary numbers too, so they
    /// are dropped only where there is a digit too many.
    pub(super) fn without_trunk<'a>(&self, digits: &'a str) -> &'a str {
        if self.trunk == "0" {
            return digits.trim_start_matches('0');
        }
        let national = digits.strip_prefix(self.trunk).filter(|_| digits.len() > self.longest);
        national.filter(|national| self.fits(national)).unwrap_or(digits)
    }

    /// Whether a national number has as many digits as the plan gives.
    pub(super) fn fits(&self, national: &str) -> bool {
        (self.shortest..=self.longest).contains(&national.len())
    }
}

const fn plan(regions: &'static str, code: &'static str, trunk: &'static str, shortest: usize, longest: usize) -> Plan {
    Plan { regions, code, trunk, shortest, longest }
}

const PLANS: &[Plan] = &[
    plan("US CA PR DO JM BS TT BB", "1", "1", 10, 10),
    plan("RU KZ", "7", "8", 10, 10),
    plan("EG", "20", "0", 8, 10),
    plan("ZA", "27", "0", 9, 9),
    plan("GR", "30", "", 10, 10),
    plan("NL", "31", "0", 9, 9),
    plan("BE", "32", "0", 8, 9),
    plan("FR", "33", "0", 9, 9),
    plan("ES", "34", "", 9, 9),
    plan("HU", "36", "06", 8, 9),
    plan("IT VA", "39", "", 7, 11),
    plan("RO", "40", "0", 9, 9),
    plan("CH", "41", "0", 9, 9),
    plan("AT", "43", "0", 7, 13),
    plan("GB GG IM JE", "44", "0", 9, 10),
    plan("DK", "45", "", 8, 8),
    plan("SE", "46", "0", 7, 10),
    plan("NO SJ", "47", "", 8, 8),
    plan("PL", "48", "", 9, 9),
    plan("DE", "49", "0", 7, 13),
    plan("PE", "51", "0", 8, 9),
    // Eleven with the 1 that mobile numbers had until 2019.
    plan("MX", "52", "01", 10, 11),
    // Eleven with the 9 of mobile numbers.
    plan("AR", "54", "0", 10, 11),
    plan("BR", "55", "0", 10, 11),
    plan("CL", "56", "", 9, 9),
    plan("CO", "57", "", 10, 10),
    plan("VE", "58", "0", 10, 10),
    plan("MY", "60", "0", 8, 10),
    plan("AU", "61", "0", 9, 9),
    plan("ID", "62", "0", 8, 12),
    plan("PH", "63", "0", 8, 10),
    plan("NZ", "64", "0", 8, 10),
    plan("SG", "65", "", 8, 8),
    plan("TH", "66", "0", 8, 9),
    plan("JP", "81", "0", 9, 10),
    plan("KR", "82", "0", 8, 10),
    plan("VN", "84", "0", 9, 10),
    plan("CN", "86", "0", 9, 12),
    plan("TR", "90", "0", 10, 10),
    plan("IN", "91", "0", 10, 10),
    plan("PK", "92", "0", 9, 10),
    plan("MA EH", "212", "0", 9, 9),
    plan("NG", "234", "0", 8, 10),
    plan("KE", "254", "0", 9, 9),
    plan("PT", "351", "", 9, 9),
    plan("IE", "353", "0", 7, 9),
    plan("FI AX", "358", "0", 7, 12),
    plan("UA", "380", "0", 9, 9),
    plan("CZ", "420", "", 9, 9),
    plan("SK", "421", "0", 9, 9),
    plan("HK", "852", "", 8, 8),
    plan("BD", "880", "0", 8, 10),
    plan("TW", "886", "0", 8, 9),
    plan("SA", "966", "0", 8, 9),
    plan("AE", "971", "0", 8, 9),
    plan("IL", "972", "0", 8, 9),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_country_code_begins_another_and_no_region_stands_twice() {
        let mut regions = Vec::new();
        for (index, plan) in PLANS.iter().enumerate() {
            regions.extend(plan.regions.split(' '));
            for other in PLANS.iter().skip(index + 1) {
                assert!(!other.code.starts_with(plan.code) && !plan.code.starts_with(other.code), "{}", other.code);
            }
        }
        let listed = regions.len();
        regions.sort_unstable();
        regions.dedup();
        assert_eq!(regions.len(), listed);
        assert!(regions.iter().all(|region| Region::parse(region).is_ok()));
    }

    #[test]
    fn a_number_that_fits_has_seven_to_fifteen_digits() {
        for plan in PLANS {
            assert!(plan.shortest >= 7 && plan.shortest <= plan.longest, "{}", plan.code);
            assert!(plan.longest + plan.code.len() <= 15, "{}", plan.code);
        }
    }
}
