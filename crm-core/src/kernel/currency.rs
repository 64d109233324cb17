//! Currencies of ISO 4217 and the number of decimals that each counts in.
//!
//! Amounts are whole numbers of the smallest unit, so the number of decimals (the exponent) belongs to the currency and
//! not to the column: yen have none, dinars have three. Codes without a smallest unit (gold, drawing rights, tests) are
//! not money that a customer pays, so they are unknown here.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use super::error::{Kind, Rule};

/// A currency, or a fund in its list, that ISO 4217 has in use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Currency {
    code: [u8; 3],
    pub(super) exponent: u8,
}

/// The text is no currency code in use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a currency in use; write its three-letter ISO 4217 code, for example EUR")]
pub struct UnknownCurrency;

impl Rule for UnknownCurrency {
    fn code(&self) -> &'static str {
        "currency.unknown"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Currency {
    /// Euro, two decimals.
    pub const EUR: Self = Self { code: *b"EUR", exponent: 2 };
    /// Pound sterling, two decimals.
    pub const GBP: Self = Self { code: *b"GBP", exponent: 2 };
    /// Yen, no decimals.
    pub const JPY: Self = Self { code: *b"JPY", exponent: 0 };
    /// Kuwaiti dinar, three decimals.
    pub const KWD: Self = Self { code: *b"KWD", exponent: 3 };
    /// United States dollar, two decimals.
    pub const USD: Self = Self { code: *b"USD", exponent: 2 };

    /// Reads a code in any case, for example `EUR` or `eur`.
    ///
    /// # Errors
    /// [`UnknownCurrency`] when no currency in use has the code.
    pub fn parse(raw: &str) -> Result<Self, UnknownCurrency> {
        let code = raw.trim().to_ascii_uppercase();
        let listed = |codes: &[&str]| codes.binary_search(&code.as_str()).is_ok();
        let exponent = BY_EXPONENT.iter().find(|(_, codes)| listed(codes)).map(|(exponent, _)| *exponent);
        match (<[u8; 3]>::try_from(code.as_bytes()), exponent) {
            (Ok(code), Some(exponent)) => Ok(Self { code, exponent }),
            _ => Err(UnknownCurrency),
        }
    }

    /// The code in capitals, for example `EUR`.
    #[must_use]
    pub fn code(&self) -> &str {
        // The bytes come from the lists below, so they are always text.
        str::from_utf8(&self.code).unwrap_or_default()
    }

    /// How many decimals an amount has: 0, 2, 3 or 4.
    #[must_use]
    pub fn exponent(self) -> u32 {
        u32::from(self.exponent)
    }

    /// All currencies, by exponent and then by code.
    pub fn all() -> impl Iterator<Item = Self> {
        BY_EXPONENT.iter().flat_map(|(_, codes)| codes.iter().filter_map(|code| Self::parse(code).ok()))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(raw: &str) -> Result<Self, UnknownCurrency> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(raw: String) -> Result<Self, UnknownCurrency> {
        Self::parse(&raw)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// ISO 4217 list one by number of decimals, sorted. The lev (BGN) is still read: books of 2025 are written in it.
const BY_EXPONENT: [(u8, &[&str]); 4] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF",
        ],
    ),
    (
        2,
        &[
            "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND",
            "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP",
            "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP",
            "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD",
            "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD",
            "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK",
            "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR",
            "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT",
            "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG",
            "YER", "ZAR", "ZMW", "ZWG",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_list_is_sorted_and_no_code_stands_twice() {
        let mut all = Vec::new();
        for (exponent, codes) in BY_EXPONENT {
            assert!(codes.is_sorted(), "decimals: {exponent}");
            all.extend_from_slice(codes);
        }
        let listed = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), listed);
        assert_eq!(Currency::all().count(), listed);
    }

    #[test]
    fn the_named_constants_agree_with_the_table() {
        for constant in [Currency::EUR, Currency::GBP, Currency::JPY, Currency::KWD, Currency::USD] {
            assert_eq!(Currency::parse(constant.code()), Ok(constant));
        }
    }

    #[test]
    fn exponents_follow_the_standard() {
        for (code, exponent) in [("isk", 0), ("Chf", 2), ("MRU", 2), (" TND ", 3), ("CLF", 4), ("UYI", 0)] {
            assert_eq!(Currency::parse(code).unwrap().exponent(), exponent, "{code}");
        }
    }

    #[test]
    fn codes_that_are_no_money_in_use_are_refused() {
        for code in ["", "EU", "EURO", "€", "XXX", "XAU", "DEM", "HRK", "ANG", "ZWL", "SLL", "eu\u{131}"] {
            assert_eq!(Currency::parse(code), Err(UnknownCurrency), "{code}");
        }
        assert_eq!(UnknownCurrency.code(), "currency.unknown");
    }

    #[test]
    fn serde_writes_the_code_and_reads_through_the_parser() {
        assert_eq!(serde_json::to_string(&Currency::JPY).unwrap(), "\"JPY\"");
        assert_eq!(serde_json::from_str::<Currency>("\"jpy\"").unwrap(), Currency::JPY);
        assert!(serde_json::from_str::<Currency>("\"ABC\"").is_err());
    }

    proptest! {
        #[test]
        fn parsing_is_total(raw in any::<String>()) {
            if let Ok(currency) = Currency::parse(&raw) {
                prop_assert_eq!(Currency::parse(&currency.to_string()), Ok(currency));
            }
        }
    }
}
