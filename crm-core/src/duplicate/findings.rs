//! What two profiles agree in, what that weighs, and what it can't prove.

use super::compare::{Employer, Likeness, Line, Mail, NamePart, employers, lines, mailboxes, name_parts, texts};
use super::profile::Profile;
use super::score::{AUTOMATIC, LIKELY, REPORT};
use super::weights::{self as w, certainty};
use crate::identity::is_initial;

/// How two profiles agree in each field.
pub(super) struct Findings<'p> {
    pub(super) a: &'p Profile,
    pub(super) b: &'p Profile,
    pub(super) given: NamePart,
    pub(super) family: NamePart,
    /// Given and family name are compared crosswise.
    pub(super) exchanged: bool,
    pub(super) mail: Mail<'p>,
    pub(super) line: Line<'p>,
    pub(super) employer: Employer<'p>,
    pub(super) city: Likeness,
}

/// What is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Prior,
    Given,
    Family,
    Mail,
    Line,
    Company,
    Domain,
    City,
    JobTitle,
}

/// The weights of a pair, and the bounds of its certainty.
pub(super) struct Judgement {
    pub(super) weights: [(Field, i32); 8],
    /// At least so sure, in thousandths.
    pub(super) floor: u16,
    /// At most so sure, and why.
    pub(super) ceiling: Option<(u16, &'static str)>,
}

impl Judgement {
    fn weight(&self) -> i32 {
        self.weights.iter().map(|(_, weight)| weight).sum()
    }

    pub(super) fn confidence(&self) -> u16 {
        let certain = certainty(self.weight()).max(self.floor);
        self.ceiling.map_or(certain, |(most, _)| certain.min(most))
    }

    /// Holds the certainty down when the address that is the same but for tag or dots decides alone: it suggests.
    fn never_decided_by(mut self, folded: i32) -> Self {
        if folded > 0 && certainty(self.weight() - folded) < AUTOMATIC {
            self.bound(AUTOMATIC - 1, "mailboxes that differ by tag or dots suggest one owner, but do not prove it");
        }
        self
    }

    fn bound(&mut self, most: u16, why: &'static str) {
        if self.ceiling.is_none_or(|(present, _)| most < present) {
            self.ceiling = Some((most, why));
        }
    }
}

impl<'p> Findings<'p> {
    pub(super) fn of(a: &'p Profile, b: &'p Profile) -> Self {
        let (given, family, exchanged) = names(a, b);
        Self {
            a,
            b,
            given,
            family,
            exchanged,
            mail: mailboxes(a, b),
            line: lines(a, b),
            employer: employers(a, b),
            city: texts(&a.city, &b.city),
        }
    }

    /// The judgement; none between a person and a company.
    pub(super) fn judgement(&self) -> Option<Judgement> {
        let nobody = self.a.names_nobody() && self.b.names_nobody();
        match (self.a.is_company, self.b.is_company) {
            (true, true) => Some(self.companies()),
            (false, false) if nobody => {
                let (people, companies) = (self.people(), self.companies());
                Some(if companies.confidence() > people.confidence() { companies } else { people })
            }
            (false, false) => Some(self.people()),
            _ if nobody => {
                let mut judgement = self.companies();
                judgement.bound(AUTOMATIC - 1, "one is a company's own record, the other one is not");
                Some(judgement)
            }
            _ => None,
        }
    }

    fn people(&self) -> Judgement {
        let exchanged = if self.exchanged { w::EXCHANGED_NAMES } else { 0 };
        let mail = mail_weight(self.mail);
        let same_job = !self.a.job_title.is_empty() && self.a.job_title == self.b.job_title;
        let mut judgement = Judgement {
            weights: [
                (Field::Prior, w::PERSON_PRIOR),
                (Field::Given, name_weight(self.given)),
                (Field::Family, name_weight(self.family) + exchanged),
                (Field::Mail, mail),
                (Field::Line, line_weight(self.line)),
                (Field::Company, employer_weight(&self.employer)),
                (Field::City, city_weight(self.city)),
                (Field::JobTitle, if same_job { w::SAME_JOB_TITLE } else { 0 }),
            ],
            floor: 0,
            ceiling: None,
        };
        // One personal mailbox on two records is always worth a look, whatever else they say.
        let same_mailbox = matches!(self.mail, Mail::Same(_));
        judgement.floor = if same_mailbox { REPORT } else { 0 };
        let parts = [self.given, self.family];
        if !self.shares_person_key() {
            judgement.bound(REPORT - 1, "too little is the same to compare the rest by");
        }
        if parts.contains(&NamePart::Other) || (parts.contains(&NamePart::Ending) && !same_mailbox) {
            judgement.bound(LIKELY - 1, "their names differ: two people may share a mailbox, a line and a company");
        }
        let told = |part: &NamePart| matches!(part, NamePart::Same | NamePart::Nickname | NamePart::Close);
        let named = !parts.contains(&NamePart::Blank) && parts.iter().any(told);
        if !named && !same_mailbox {
            judgement.bound(AUTOMATIC - 1, "a line, a company and a town do not tell who someone is without a name");
        }
        judgement.never_decided_by(if matches!(self.mail, Mail::Folded(_)) { mail } else { 0 })
    }

    fn companies(&self) -> Judgement {
        let personal = |profile: &Profile| profile.mailboxes.iter().any(|mailbox| !mailbox.shared);
        let other_people = self.mail == Mail::Other && personal(self.a) && personal(self.b);
        let name = match self.employer.name {
            Likeness::Same => w::COMPANY_SAME_NAME,
            // A name that is the other's domain says nothing beside the domain itself.
            _ if self.employer.label && self.employer.domain.is_none() => w::COMPANY_CLOSE_NAME,
            Likeness::Close => w::COMPANY_CLOSE_NAME,
            Likeness::Other => w::COMPANY_OTHER_NAME,
            Likeness::Blank => 0,
        };
        let domain = match self.employer.domain {
            Some(_) => w::COMPANY_SAME_DOMAIN,
            None if self.a.domains.is_empty() || self.b.domains.is_empty() => 0,
            None => w::COMPANY_OTHER_DOMAIN,
        };
        let mail = match self.mail {
            Mail::Same(_) | Mail::Folded(_) | Mail::Shared(_) => w::COMPANY_SAME_MAILBOX,
            _ if other_people => w::COMPANY_OTHER_MAILBOX,
            _ => 0,
        };
        let same_line = matches!(self.line, Line::Same(_) | Line::Switchboard(_));
        let mut judgement = Judgement {
            weights: [
                (Field::Prior, w::COMPANY_PRIOR),
                (Field::Company, name),
                (Field::Domain, domain),
                (Field::Mail, mail),
                (Field::Line, if same_line { w::COMPANY_SAME_LINE } else { 0 }),
                (Field::City, city_weight(self.city)),
                (Field::Given, 0),
                (Field::Family, 0),
            ],
            floor: if matches!(self.mail, Mail::Same(_)) { REPORT } else { 0 },
            ceiling: None,
        };
        let shares_key = self.employer.name == Likeness::Same || self.employer.domain.is_some();
        if !shares_key && mail <= 0 && !same_line {
            judgement.bound(REPORT - 1, "too little is the same to compare the rest by");
        }
        // Beside a common domain the label weighs nothing, but a name is known all the same: what both get in addition
        // never makes them less alike.
        if !matches!(self.employer.name, Likeness::Same | Likeness::Close) && !self.employer.label {
            judgement.bound(AUTOMATIC - 1, "the companies are not known by one name");
        }
        if other_people {
            judgement.bound(AUTOMATIC - 1, "different people write from there");
        }
        if matches!(self.mail, Mail::Folded(_)) && !self.a.is_company && !self.b.is_company {
            judgement.bound(AUTOMATIC - 1, "an address that differs by tag or dots suggests, and proves nothing");
        }
        judgement.never_decided_by(if matches!(self.mail, Mail::Folded(_)) { mail } else { 0 })
    }

    /// Whether two people are filed under a common key; the other half of [`Profile::blocking_keys`].
    fn shares_person_key(&self) -> bool {
        let (one, other) = (&self.a.name, &self.b.name);
        let initials = one.initials().is_some_and(|initials| other.initials() == Some(initials));
        matches!(self.mail, Mail::Same(_) | Mail::Folded(_) | Mail::Shared(_))
            || matches!(self.line, Line::Same(_) | Line::Switchboard(_))
            || (!one.is_blank() && one.whole() == other.whole())
            || (initials && (self.employer.label || self.city == Likeness::Same))
    }
}

/// How given and family names agree, straight or crosswise, whichever says more.
fn names(a: &Profile, b: &Profile) -> (NamePart, NamePart, bool) {
    let (one, other) = (&a.name, &b.name);
    let straight = (name_parts(one.given(), other.given()), name_parts(one.family(), other.family()));
    if straight.0 != NamePart::Other && straight.1 != NamePart::Other {
        return (straight.0, straight.1, false);
    }
    let crosswise = (name_parts(one.given(), other.family()), name_parts(one.family(), other.given()));
    let exchanged = crosswise.0 != NamePart::Other && crosswise.1 != NamePart::Other;
    if !exchanged && one.is_full() && other.is_full() && one.whole() == other.whole() {
        // A letter among the words is a letter still, however the words are parted.
        let letter = [one.given(), one.family(), other.given(), other.family()].into_iter().any(is_initial);
        return (NamePart::Same, if letter { NamePart::Initial } else { NamePart::Same }, true);
    }
    let weigh = |(one, other): (NamePart, NamePart)| name_weight(one) + name_weight(other);
    if weigh(crosswise) + w::EXCHANGED_NAMES > weigh(straight) {
        (crosswise.0, crosswise.1, true)
    } else {
        (straight.0, straight.1, false)
    }
}

fn name_weight(part: NamePart) -> i32 {
    match part {
        NamePart::Blank | NamePart::Ending => 0,
        NamePart::Same => w::SAME_NAME,
        NamePart::Nickname => w::NICKNAME,
        NamePart::Close => w::CLOSE_NAME,
        NamePart::Initial => w::FITTING_INITIAL,
        NamePart::Other => w::OTHER_NAME,
    }
}

fn mail_weight(mail: Mail<'_>) -> i32 {
    match mail {
        Mail::Blank => 0,
        Mail::Same(_) => w::SAME_MAILBOX,
        Mail::Folded(_) => w::FOLDED_MAILBOX,
        Mail::Close => w::CLOSE_MAILBOX,
        Mail::Shared(_) => w::SHARED_MAILBOX,
        Mail::Other => w::OTHER_MAILBOX,
    }
}

fn line_weight(line: Line<'_>) -> i32 {
    match line {
        Line::Blank => 0,
        Line::Same(_) => w::SAME_LINE,
        Line::Switchboard(_) => w::SWITCHBOARD,
        Line::Close => w::CLOSE_LINE,
        Line::Other => w::OTHER_LINE,
    }
}

fn employer_weight(employer: &Employer<'_>) -> i32 {
    match (employer.name, employer.domain.is_some(), employer.label) {
        (Likeness::Same, ..) => w::SAME_COMPANY,
        (Likeness::Close, ..) => w::CLOSE_COMPANY,
        (Likeness::Blank, true, _) | (Likeness::Blank | Likeness::Other, _, true) => w::SAME_DOMAIN,
        (Likeness::Other, true, false) => w::SHARED_DOMAIN,
        (Likeness::Other, false, false) => w::OTHER_COMPANY,
        (Likeness::Blank, false, false) => 0,
    }
}

fn city_weight(city: Likeness) -> i32 {
    match city {
        Likeness::Blank => 0,
        Likeness::Same => w::SAME_CITY,
        Likeness::Close => w::CLOSE_CITY,
        Likeness::Other => w::OTHER_CITY,
    }
}
