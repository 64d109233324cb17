//! What identifies a person or a company, in the form in which it is compared.

use crate::identity::{CompanyName, KeyKind, KeySet, PersonName, domain_label, folded};
use crate::kernel::{Domain, EmailAddress, PhoneNumber, Website};
use crate::lead::Lead;
use crate::people::{Account, Contact, ContactPoint, PointValue};

/// What identifies a person or a company. Made from a record, or from what a form or a file says.
///
/// ```
/// use crm_core::duplicate::{AUTOMATIC, Profile, score};
/// use crm_core::kernel::EmailAddress;
///
/// let email = EmailAddress::parse("ada@analytical.example").unwrap();
/// let known = Profile::person(Some("Ada"), Some("Lovelace")).email(&email);
/// let typed = Profile::person(Some("Lovelace"), Some("ADA")).email(&email);
/// assert!(score(&known, &typed).confidence >= AUTOMATIC);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub(super) is_company: bool,
    pub(super) name: PersonName,
    pub(super) company: CompanyName,
    pub(super) mailboxes: Vec<Mailbox>,
    pub(super) lines: Vec<PhoneLine>,
    pub(super) domains: Vec<String>,
    /// What the domains call their owner, and the company's own key: sorted.
    pub(super) labels: Vec<String>,
    pub(super) city: String,
    pub(super) job_title: String,
    keys: KeySet,
}

/// An address as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mailbox {
    pub(super) key: String,
    pub(super) local: String,
    pub(super) domain: String,
    pub(super) folded: String,
    /// Several people read it: `info@`.
    pub(super) shared: bool,
}

/// A telephone number as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PhoneLine {
    pub(super) variants: Vec<String>,
    pub(super) extension: Option<String>,
}

impl Profile {
    /// A person with this given and family name; either may be unknown, and a whole name may stand in one of them.
    #[must_use]
    pub fn person(given: Option<&str>, family: Option<&str>) -> Self {
        Self { name: PersonName::new(given, family), ..Self::default() }
    }

    /// A company, as accounts are.
    #[must_use]
    pub fn company(name: &str) -> Self {
        Self { is_company: true, ..Self::default() }.at(name)
    }

    /// The profile of a lead.
    #[must_use]
    pub fn of_lead(lead: &Lead) -> Self {
        let profile = Self { name: lead.person_name(), ..Self::default() };
        let profile = lead.emails().fold(profile, Self::email);
        let profile = lead.phones().fold(profile, Self::phone);
        let profile = lead.website.iter().fold(profile, Self::website);
        profile.described(lead.company.as_deref(), lead.city.as_deref(), lead.job_title.as_deref())
    }

    /// The profile of a contact with its addresses and numbers, `company` being the name of its account.
    #[must_use]
    pub fn of_contact<'p>(
        contact: &Contact,
        points: impl IntoIterator<Item = &'p ContactPoint>,
        company: Option<&str>,
    ) -> Self {
        let profile = Self { name: contact.person_name(), ..Self::default() };
        let profile = points.into_iter().fold(profile, |profile, point| match &point.value {
            PointValue::Email(email) => profile.email(email),
            PointValue::Phone(phone) => profile.phone(phone),
        });
        profile.described(company, contact.city.as_deref(), contact.job_title.as_deref())
    }

    /// The profile of an account with its domains.
    #[must_use]
    pub fn of_account<'d>(account: &Account, domains: impl IntoIterator<Item = &'d Domain>) -> Self {
        let profile = account.phone.iter().fold(Self::company(&account.name), Self::phone);
        let profile = domains.into_iter().fold(profile, Self::domain);
        profile.described(None, account.city.as_deref(), None)
    }

    /// The same at a company.
    #[must_use]
    pub fn at(mut self, company: &str) -> Self {
        self.company = CompanyName::new(company);
        if !self.company.key().is_empty() {
            self.label(self.company.key().to_owned());
        }
        self
    }

    /// The same with a further address.
    #[must_use]
    pub fn email(mut self, email: &EmailAddress) -> Self {
        self.keys = self.keys.email(email);
        let known = self.mailboxes.iter().any(|own| own.key == email.key());
        // A record is filed under its first addresses only; further ones can't be found and do not count.
        if !known && self.keys.contains(KeyKind::Email, email.key()) {
            self.mailboxes.push(Mailbox {
                key: email.key().to_owned(),
                local: email.local().to_owned(),
                domain: email.domain().to_owned(),
                folded: email.folded_key(),
                shared: is_shared(email.local()),
            });
        }
        match Domain::of_email(email) {
            Some(domain) => self.domain(&domain),
            None => self,
        }
    }

    /// The same with a further telephone number.
    #[must_use]
    pub fn phone(mut self, phone: &PhoneNumber) -> Self {
        self.keys = self.keys.phone(phone);
        let known = self.lines.iter().any(|line| line.variants.iter().any(|own| own == phone.key()));
        if !known && self.keys.contains(KeyKind::Phone, phone.key()) {
            let extension = phone.extension().map(str::to_owned);
            self.lines.push(PhoneLine { variants: phone.variants(), extension });
        }
        self
    }

    /// The same with a website.
    #[must_use]
    pub fn website(self, website: &Website) -> Self {
        match website.registrable_domain() {
            Some(domain) => self.domain(&domain),
            None => self,
        }
    }

    /// The same with a further domain, unless half the world has addresses there.
    #[must_use]
    pub fn domain(mut self, domain: &Domain) -> Self {
        self.keys = self.keys.domain(domain);
        let known = self.domains.iter().any(|own| own == domain.as_str());
        if !known && self.keys.contains(KeyKind::Domain, domain.as_str()) {
            self.domains.push(domain.as_str().to_owned());
            self.label(domain_label(domain.as_str()));
        }
        self
    }

    /// The same in a town.
    #[must_use]
    pub fn city(mut self, city: &str) -> Self {
        folded(city).trim().clone_into(&mut self.city);
        self
    }

    /// The same with what they do.
    #[must_use]
    pub fn job_title(mut self, job_title: &str) -> Self {
        folded(job_title).trim().clone_into(&mut self.job_title);
        self
    }

    /// The company that it speaks of, by itself: what to look for among accounts. Nothing when none is known.
    #[must_use]
    pub fn employer(&self) -> Option<Self> {
        let domains = self.domains.iter().filter_map(|domain| Domain::parse(domain).ok());
        let company = Self { is_company: true, company: self.company.clone(), ..Self::default() };
        let company = domains.fold(company, |company, domain| company.domain(&domain));
        (!company.labels.is_empty() || !company.company.key().is_empty()).then_some(company)
    }

    /// The keys under which such a record is filed.
    #[must_use]
    pub fn keys(&self) -> KeySet {
        let keys = self.keys.clone();
        if self.is_company {
            return keys.company(&self.company);
        }
        keys.person(&self.name, &self.company, Some(&self.city))
    }

    /// The keys by which such a record's duplicates are found: all but the domains of a person, whose colleagues share
    /// them; initials and domain stand together in another key.
    #[must_use]
    pub fn blocking_keys(&self) -> Vec<String> {
        let whole_domain = self.is_company || self.name.is_blank();
        let keys = self.keys();
        let keys = keys.iter().filter(|key| whole_domain || KeyKind::of(key) != Some(KeyKind::Domain));
        keys.map(str::to_owned).collect()
    }

    /// Whether it names nobody, so that it may be the company itself.
    pub(super) fn names_nobody(&self) -> bool {
        self.is_company || self.name.is_blank()
    }

    fn described(self, company: Option<&str>, city: Option<&str>, job_title: Option<&str>) -> Self {
        let profile = company.into_iter().fold(self, Self::at);
        let profile = city.into_iter().fold(profile, Self::city);
        job_title.into_iter().fold(profile, Self::job_title)
    }

    fn label(&mut self, label: String) {
        if let Err(place) = self.labels.binary_search(&label) {
            self.labels.insert(place, label);
        }
    }
}

/// Whether a mailbox is read by several people by its name: `info@`, `sales-team@`, `no-reply@`.
fn is_shared(local: &str) -> bool {
    let mailbox = local.split('+').next().unwrap_or(local);
    let plain: String = mailbox.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let first = mailbox.split(['.', '-', '_']).next().unwrap_or(mailbox);
    SHARED_MAILBOXES.binary_search(&plain.as_str()).is_ok() || (first != plain && ROLES.contains(&first))
}

/// Roles that also stand before a place or a team: `sales.berlin@`.
const ROLES: &[&str] = &["contact", "info", "sales", "service", "support"];

/// Mailboxes that belong to a role, sorted.
const SHARED_MAILBOXES: &[&str] = &[
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administration",
    "administrator",
    "billing",
    "booking",
    "bookings",
    "buero",
    "career",
    "careers",
    "comercial",
    "compras",
    "contact",
    "contacto",
    "contactus",
    "contato",
    "customercare",
    "customerservice",
    "enquiries",
    "enquiry",
    "events",
    "facturacion",
    "feedback",
    "finance",
    "frontdesk",
    "hello",
    "help",
    "helpdesk",
    "hola",
    "hostmaster",
    "hr",
    "info",
    "information",
    "inquiries",
    "invoice",
    "invoices",
    "it",
    "jobs",
    "kontakt",
    "legal",
    "mail",
    "mailbox",
    "management",
    "marketing",
    "media",
    "news",
    "newsletter",
    "noreply",
    "office",
    "operations",
    "order",
    "orders",
    "partners",
    "payments",
    "post",
    "postmaster",
    "press",
    "procurement",
    "purchasing",
    "reception",
    "rechnung",
    "recruiting",
    "reservations",
    "root",
    "sales",
    "secretary",
    "service",
    "services",
    "shop",
    "support",
    "team",
    "ventas",
    "verkauf",
    "vertrieb",
    "web",
    "webmaster",
    "welcome",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_of_roles_are_known() {
        assert!(SHARED_MAILBOXES.is_sorted_by(|a, b| a < b));
        for shared in ["info", "info+web", "no-reply", "sales.berlin", "contact-us"] {
            assert!(is_shared(shared), "{shared}");
        }
        for own in ["ada", "ada.info", "infante", "salesforce.ada"] {
            assert!(!is_shared(own), "{own}");
        }
    }
}
