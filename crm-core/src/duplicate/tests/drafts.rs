//! Profiles drawn by chance, and the damage that people do to them.

use proptest::prelude::*;

use super::super::Profile;
use crate::kernel::phone::{DigitsOnly, PhoneNumbers};
use crate::kernel::{EmailAddress, Region, Website};

/// What a profile is made of, so that it can be damaged and made again.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) is_company: bool,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) company: String,
    pub(super) emails: Vec<String>,
    pub(super) phones: Vec<String>,
    pub(super) website: String,
    pub(super) city: String,
    pub(super) job_title: String,
}

impl Draft {
    /// The profile; what can't be read is left out, as it is in records.
    pub(super) fn profile(&self) -> Profile {
        let profile = if self.is_company {
            Profile::company(&self.company)
        } else {
            Profile::person(Some(&self.given), Some(&self.family)).at(&self.company)
        };
        let emails = self.emails.iter().filter_map(|email| EmailAddress::parse(email).ok());
        let profile = emails.fold(profile, |profile, email| profile.email(&email));
        let phones = self.phones.iter().filter_map(|phone| DigitsOnly.parse(phone, Some(Region::US)).ok());
        let profile = phones.fold(profile, |profile, phone| profile.phone(&phone));
        let profile = Website::parse(&self.website).iter().fold(profile, Profile::website);
        profile.city(&self.city).job_title(&self.job_title)
    }
}

fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    prop_oneof![3 => proptest::sample::select(texts).prop_map(str::to_owned), 1 => Just(String::new())].boxed()
}

/// Small pools, so that chance makes people share names, towns, companies and mailboxes.
pub(super) fn draft() -> impl Strategy<Value = Draft> {
    let given = ["Ada", "Bob", "Robert", "José", "J.", "Mary Ann", "Mario", "Maria", "李", "Ægir"];
    let family = ["Lovelace", "Smith", "García López", "Müller", "O'Brien", "Smith-Jones", "小龙", "S."];
    let company = ["Acme Inc", "ACME", "Dencor Media GmbH", "Smith & Sons", "Dencor", "株式会社例"];
    let domain = ["acme.com", "dencor-media.de", "gmail.com", "smith.co.uk"];
    let local = ["ada", "a.lovelace", "info", "robert.smith", "robert.smith+crm", "rsmith", "jose"];
    let phone = ["+1 415 555 1234", "(415) 555-1234", "415.555.1235 x12", "+55 11 8765-4321", "+55 11 98765-4321"];
    let leak = |texts: &[&'static str]| -> &'static [&'static str] { Box::leak(texts.to_vec().into_boxed_slice()) };
    let email = (one_of(leak(&local)), one_of(leak(&domain))).prop_map(|(local, domain)| format!("{local}@{domain}"));
    let who = (proptest::bool::weighted(0.15), one_of(leak(&given)), one_of(leak(&family)), one_of(leak(&company)));
    let points = (
        proptest::collection::vec(email, 0..3),
        proptest::collection::vec(one_of(leak(&phone)), 0..3),
        one_of(leak(&["acme.com", "www.dencor-media.de", "example.org"])),
    );
    let where_and_what = (one_of(leak(&["Berlin", "São Paulo", "Sao Paulo"])), one_of(leak(&["CEO", "Buyer"])));
    (who, points, where_and_what).prop_map(
        |((is_company, given, family, company), (emails, phones, website), (city, job_title))| Draft {
            is_company,
            given,
            family,
            company,
            emails,
            phones,
            website,
            city,
            job_title,
        },
    )
}

/// Profiles of any characters at all.
pub(super) fn any_draft() -> impl Strategy<Value = Draft> {
    let text = || any::<String>();
    let many = || {
        proptest::collection::vec(prop_oneof![any::<String>(), "[a-z0-9+]{1,9}@[a-z]{1,9}\\.com", "[0-9]{7,12}"], 0..30)
    };
    (any::<bool>(), text(), text(), text(), many(), many(), text(), text()).prop_map(
        |(is_company, given, family, company, emails, phones, city, website)| Draft {
            is_company,
            given,
            family,
            company,
            emails,
            phones,
            website,
            city,
            job_title: String::new(),
        },
    )
}

/// One thing that happens to records on their way from head to keyboard.
#[derive(Clone, Debug)]
pub(super) enum Damage {
    /// One letter of a field goes, comes twice, or changes places with the next.
    Slip { field: usize, place: usize, way: u8 },
    /// A field is left empty.
    Blank(usize),
    /// Only the first letter of the given name is kept.
    Initial,
    /// Given and family name change places.
    Exchange,
    /// The whole name stands in the family name.
    OneField,
    /// Another legal form.
    LegalForm,
    /// A tag in the addresses.
    Tag,
    /// The first address is another one.
    OtherEmail,
    /// Case and accents are lost.
    Shout,
}

pub(super) fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        5 => (0..5_usize, 0..20_usize, 0..3_u8).prop_map(|(field, place, way)| Damage::Slip { field, place, way }),
        3 => (0..7_usize).prop_map(Damage::Blank),
        1 => Just(Damage::Initial),
        1 => Just(Damage::Exchange),
        1 => Just(Damage::OneField),
        1 => Just(Damage::LegalForm),
        1 => Just(Damage::Tag),
        1 => Just(Damage::OtherEmail),
        1 => Just(Damage::Shout),
    ]
}

impl Damage {
    pub(super) fn done_to(&self, mut draft: Draft) -> Draft {
        match self {
            Self::Slip { field, place, way } => {
                if let Some(text) = draft.field(*field) {
                    *text = slipped(text, *place, *way);
                }
            }
            Self::Blank(field) => {
                if let Some(text) = draft.field(*field) {
                    text.clear();
                }
            }
            Self::Initial => draft.given = draft.given.chars().take(1).collect(),
            Self::Exchange => std::mem::swap(&mut draft.given, &mut draft.family),
            Self::OneField => {
                draft.family = format!("{} {}", draft.given, draft.family);
                draft.given.clear();
            }
            Self::LegalForm => draft.company.push_str(" Ltd."),
            Self::Tag => {
                for email in &mut draft.emails {
                    *email = email.replace('@', "+list@");
                }
            }
            Self::OtherEmail => {
                if let Some(email) = draft.emails.first_mut() {
                    *email = "somebody.else@elsewhere.org".to_owned();
                }
            }
            Self::Shout => {
                draft.given = draft.given.to_uppercase();
                draft.company = draft.company.to_uppercase();
                draft.city = draft.city.replace('ã', "a");
            }
        }
        draft
    }
}

impl Draft {
    fn field(&mut self, number: usize) -> Option<&mut String> {
        match number {
            0 => Some(&mut self.given),
            1 => Some(&mut self.family),
            2 => Some(&mut self.company),
            3 => self.emails.first_mut(),
            4 => self.phones.first_mut(),
            5 => Some(&mut self.city),
            _ => Some(&mut self.website),
        }
    }
}

fn slipped(text: &str, place: usize, way: u8) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.is_empty() {
        return String::new();
    }
    let place = place % letters.len();
    match way {
        0 => drop(letters.remove(place)),
        1 => letters.insert(place, letters[place]),
        _ => letters.swap(place, (place + 1) % text.chars().count()),
    }
    letters.into_iter().collect()
}
