//! Judgements that a person would make too.

use super::super::{AUTOMATIC, LIKELY, Profile, REPORT, score};
use crate::kernel::phone::{DigitsOnly, PhoneNumbers};
use crate::kernel::{EmailAddress, Region, Website};

/// `given|family|company|emails|phones|city`, several of one kind parted by spaces.
fn person(text: &str) -> Profile {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    let profile = Profile::person(parts.first().copied(), parts.get(1).copied()).at(parts.get(2).unwrap_or(&""));
    let emails = parts.get(3).unwrap_or(&"").split_whitespace().map(|email| EmailAddress::parse(email).unwrap());
    let profile = emails.fold(profile, |profile, email| profile.email(&email));
    let phones = parts.get(4).unwrap_or(&"").split_whitespace();
    let phones = phones.map(|phone| DigitsOnly.parse(phone, Some(Region::US)).unwrap());
    phones.fold(profile, |profile, phone| profile.phone(&phone)).city(parts.get(5).unwrap_or(&""))
}

fn company(name: &str, website: &str) -> Profile {
    let website = Website::parse(website).ok();
    website.iter().fold(Profile::company(name), Profile::website)
}

fn judged(one: &str, other: &str) -> u16 {
    score(&person(one), &person(other)).confidence
}

#[test]
fn one_person_is_certain() {
    for (one, other) in [
        ("Ada|Lovelace||ada@acme.com", "Ada|Lovelace||ADA@Acme.com"),
        ("Ada|Lovelace||ada@acme.com", "|||ada@acme.com"),
        ("Ada|Lovelace||x@a.org ada@acme.com", "Lovelace|Ada||ada@acme.com y@b.org"),
        ("Ada|Lovelace|||415-555-1234", "Ada|L.|||+14155551234"),
        ("Bob|Smith|||415-555-1234", "Robert|Smith|||(415)555-1234"),
        ("José|García|Acme Inc||||", "JOSE|GARCIA|ACME"),
        ("Jose|Garzia|Acme Inc||||Lima", "Jose|Garcia|Acme LLC||||Lima"),
        ("|Ada King Lovelace|Acme", "Ada|King Lovelace|Acme Ltd."),
        ("João|Souza|||+5511987654321", "Joao|Souza|||+551187654321"),
    ] {
        assert!(judged(one, other) >= AUTOMATIC, "{}", score(&person(one), &person(other)).evidence);
    }
}

#[test]
fn two_people_are_never_certain() {
    for (one, other) in [
        // Colleagues: company, domain, switchboard, even a mailbox that both read.
        ("Ada|Lovelace|Acme|ada@acme.com|415-555-1234|Rome", "Bob|Young|Acme|bob@acme.com|415-555-1234|Rome"),
        ("Ada|Lovelace|Acme|info@acme.com|415-555-1234|Rome", "Bob|Young|Acme|info@acme.com|415-555-1234|Rome"),
        ("Ada|Lovelace|Acme|office@acme.com", "Bob|Young|Acme|office@acme.com"),
        // A family, a family's company, one mailbox of a couple.
        ("Anna|Rossi|Rossi|||Rome", "Bruno|Rossi|Rossi|||Rome"),
        ("Maria|Rossi|Rossi||415-555-1234|Rome", "Mario|Rossi|Rossi||415-555-1234|Rome"),
        ("Anna|Rossi||rossi@web.de|415-555-1234", "Bruno|Rossi||rossi@web.de|415-555-1234"),
        // Namesakes.
        ("John|Smith", "John|Smith"),
        ("John|Smith||john.smith1@gmail.com||Leeds", "John|Smith||john.smith2@gmail.com||Leeds"),
        ("John|Smith|Acme|||Leeds", "John|Smith|Dencor|||Leeds"),
        // A company, a line and a town are no person.
        ("||Acme||415-555-1234|Rome", "Ada|Lovelace|Acme||415-555-1234|Rome"),
        ("|||info@acme.com|415-555-1234", "Ada|Lovelace||info@acme.com|415-555-1234"),
        // Tags and dots suggest only.
        ("|||ada+a@acme.com", "|||ada+b@acme.com"),
        ("|||a.da@gmail.com||Rome", "Ada|||ada@gmail.com||Rome"),
    ] {
        let found = score(&person(one), &person(other));
        assert!(found.confidence < AUTOMATIC, "{}", found.evidence);
    }
}

#[test]
fn colleagues_are_not_even_shown() {
    let (one, other) = ("Ada|Lovelace|Acme|ada@acme.com|415-555-1234", "Bob|Young|Acme|bob@acme.com|415-555-1234");
    assert!(judged(one, other) < REPORT);
    assert!(judged("Ada|Lovelace|Acme|info@acme.com", "Bob|Young|Acme|info@acme.com") < REPORT);
}

#[test]
fn what_only_suggests_is_shown() {
    for (one, other) in [
        ("|||ada+a@acme.com", "|||ada@acme.com"),
        ("Ada|Lovelace||shared@web.de", "Bob|Young||shared@web.de"),
        ("Ada|Lovelace|||415-555-1234", "|||  |415-555-1234"),
        ("A.|Lovelace|Acme", "Ada|Lovelace|Acme"),
        ("Ada|Lovelace||||Rome", "Ada|Lovelace||||Rome"),
        ("Ada|Byron||ada@acme.com", "Ada|Lovelace||ada@acme.com"),
    ] {
        let found = score(&person(one), &person(other));
        assert!((REPORT..AUTOMATIC).contains(&found.confidence), "{}", found.evidence);
    }
}

#[test]
fn another_number_in_an_address_is_another_mailbox_and_a_typing_error_is_not() {
    let typed = judged("John|Smith||john.smith@acme.com", "John|Smith||jonh.smith@acme.com");
    let numbered = judged("John|Smith||john.smith1@acme.com", "John|Smith||john.smith2@acme.com");
    assert!(typed > numbered + 100, "{typed} and {numbered}");
}

#[test]
fn two_extensions_of_one_number_are_two_desks() {
    let one = judged("Ada|L.|||415-555-1234x1", "Ada|Lovelace|||415-555-1234x1");
    let two = judged("Ada|L.|||415-555-1234x1", "Ada|Lovelace|||415-555-1234x2");
    assert!(one >= AUTOMATIC && two < LIKELY, "{one} and {two}");
}

#[test]
fn companies_are_known_by_name_and_domain() {
    let acme = company("Acme Inc.", "acme.com");
    let judged = |other: &Profile| score(&acme, other).confidence;
    assert!(judged(&company("ACME LLC", "www.acme.com")) >= AUTOMATIC);
    assert!((REPORT..AUTOMATIC).contains(&judged(&company("ACME LLC", "acme.co.uk"))));
    assert!((REPORT..AUTOMATIC).contains(&judged(&company("American Machines", "acme.com"))));
    assert!(judged(&company("Dencor", "dencor.org")) < REPORT);
}

#[test]
fn a_common_address_takes_nothing_from_a_brand_and_its_domain() {
    let brand = |profile: Profile| profile.phone(&DigitsOnly.parse("+1 415 555 1234", None).unwrap());
    let (named, nameless) = (brand(company("Acme", "example.org")), brand(company("", "acme.com")));
    let address = EmailAddress::parse("info@another.org").unwrap();
    let before = score(&named, &nameless).confidence;
    let after = score(&named.email(&address), &nameless.email(&address)).confidence;
    assert!(AUTOMATIC <= before && before <= after, "{before} before, {after} after");
}

#[test]
fn a_letter_is_no_name_however_the_words_are_parted() {
    let parted = |given, family| Profile::person(Some(given), Some(family)).city("Berlin");
    let (one, other) = (parted("Mary Ann", "S."), parted("Mary", "Ann S."));
    assert!(score(&one, &other).confidence <= score(&one, &one).confidence);
    assert!(
        score(&one, &other).confidence < score(&parted("Mary Ann", "Smith"), &parted("Mary", "Ann Smith")).confidence
    );
}

#[test]
fn a_company_is_no_person() {
    let acme = company("Acme Inc.", "acme.com");
    assert_eq!(score(&acme, &person("Ada|Lovelace|Acme|ada@acme.com")).confidence, 0);
    let nobody = score(&acme, &person("||Acme|info@acme.com")).confidence;
    assert!((REPORT..AUTOMATIC).contains(&nobody), "{nobody}");
    let employer = person("Ada|Lovelace|Acme|ada@acme.com").employer().unwrap();
    assert!(score(&acme, &employer).confidence >= AUTOMATIC);
}

#[test]
fn every_reason_is_named() {
    let one = person("Ada|Lovelace|Acme Inc|ada@acme.com|415-555-1234|Rome");
    let other = person("Lovelace|Ada|Acme|ada@acme.com|415-555-1235|Roma");
    let said = score(&one, &other).evidence.to_string();
    for reason in [
        "the same: acme",
        "both have the address ada@acme.com",
        "exchanged",
        "differ by one digit",
        "two records taken",
    ] {
        assert!(said.contains(reason), "'{reason}' is not in:\n{said}");
    }
}
