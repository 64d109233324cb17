//! The reasons behind a judgement, in words. Values are shown as they are compared: folded, without legal form.

use super::compare::{Likeness, Line, Mail, NamePart};
use super::findings::{Field, Findings, Judgement};
use super::score::REPORT;
use crate::kernel::Explanation;

/// The reasons, the heaviest first, those that only bound the certainty last.
pub(super) fn reasons(findings: &Findings<'_>, judgement: &Judgement) -> Vec<Explanation> {
    let mut weighed: Vec<_> = judgement.weights.iter().filter(|(_, weight)| *weight != 0).collect();
    weighed.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let mut reasons: Vec<_> = weighed
        .into_iter()
        .map(|(field, weight)| Explanation::weighing(sentence(*field, findings), i64::from(*weight)))
        .collect();
    if judgement.floor > 0 {
        reasons.push(Explanation::new(format!("one personal mailbox is always worth a look: at least {REPORT}")));
    }
    if let Some((most, why)) = judgement.ceiling {
        reasons.push(Explanation::new(format!("{why}: at most {most}")));
    }
    reasons
}

fn sentence(field: Field, found: &Findings<'_>) -> String {
    let (a, b) = (found.a, found.b);
    match field {
        Field::Prior => "two records taken at random are rarely one".to_owned(),
        Field::Given => name("given", found.given, a.name.given(), given_of(found)),
        Field::Family => {
            let sentence = name("family", found.family, a.name.family(), family_of(found));
            if found.exchanged { format!("{sentence}; given and family name are exchanged") } else { sentence }
        }
        Field::Mail => mail(found.mail),
        Field::Line => line(found.line),
        Field::Company => company(found),
        Field::Domain => match found.employer.domain {
            Some(domain) => format!("both have the domain {domain}"),
            None => "they have different domains".to_owned(),
        },
        Field::City => match found.city {
            Likeness::Same => format!("the town is the same: {}", a.city),
            Likeness::Close => format!("the towns {} and {} differ by a typing error", a.city, b.city),
            Likeness::Blank | Likeness::Other => format!("the towns differ: {} and {}", a.city, b.city),
        },
        Field::JobTitle => format!("the job title is the same: {}", a.job_title),
    }
}

fn given_of<'p>(found: &Findings<'p>) -> &'p str {
    if found.exchanged { found.b.name.family() } else { found.b.name.given() }
}

fn family_of<'p>(found: &Findings<'p>) -> &'p str {
    if found.exchanged { found.b.name.given() } else { found.b.name.family() }
}

fn name(which: &str, part: NamePart, one: &str, other: &str) -> String {
    match part {
        NamePart::Same if one == other => format!("the {which} name is the same: {one}"),
        NamePart::Same => "the words of the name are the same".to_owned(),
        NamePart::Nickname => format!("the {which} names {one} and {other} are short and long for one"),
        NamePart::Close => format!("the {which} names {one} and {other} are nearly the same"),
        NamePart::Initial => format!("the {which} names {one} and {other} have the same first letter"),
        NamePart::Ending => format!("the {which} names {one} and {other} differ in their ending"),
        NamePart::Blank | NamePart::Other => format!("the {which} names differ: {one} and {other}"),
    }
}

fn mail(mail: Mail<'_>) -> String {
    match mail {
        Mail::Same(address) => format!("both have the address {address}"),
        Mail::Folded(address) => format!("the addresses are the same but for tag or dots: {address}"),
        Mail::Close => "the addresses differ by a typing error".to_owned(),
        Mail::Shared(address) => format!("both have the address {address}, which several people read"),
        Mail::Blank | Mail::Other => "the addresses differ".to_owned(),
    }
}

fn line(line: Line<'_>) -> String {
    match line {
        Line::Same(number) => format!("both have the number {number}"),
        Line::Switchboard(number) => format!("both have the number {number}, with different extensions"),
        Line::Close => "the numbers differ by one digit".to_owned(),
        Line::Blank | Line::Other => "the numbers differ".to_owned(),
    }
}

fn company(found: &Findings<'_>) -> String {
    let (one, other) = (found.a.company.words().join(" "), found.b.company.words().join(" "));
    match (found.employer.name, found.employer.domain) {
        (Likeness::Same, _) => format!("the company is the same: {one}"),
        (Likeness::Close, _) => format!("the companies {one} and {other} are nearly the same"),
        (_, None) if found.employer.label => "the company is called as the domain is".to_owned(),
        (Likeness::Other, Some(domain)) => format!("the companies {one} and {other} share the domain {domain}"),
        (Likeness::Blank, Some(domain)) => format!("both have the domain {domain}"),
        (_, None) => format!("the companies differ: {one} and {other}"),
    }
}
