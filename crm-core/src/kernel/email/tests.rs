use proptest::prelude::*;

use super::*;

fn email(raw: &str) -> EmailAddress {
    EmailAddress::parse(raw).unwrap()
}

#[test]
fn spellings_of_one_address_are_equal_and_each_is_kept_as_typed() {
    let typed = email("  Ada.Lovelace@Example.COM ");
    assert_eq!(typed, email("ada.lovelace@example.com"));
    assert_eq!(typed.as_str(), "Ada.Lovelace@Example.COM");
    assert_eq!((typed.local(), typed.domain()), ("ada.lovelace", "example.com"));
    assert_ne!(typed, email("ada@example.com"));
    assert_eq!(email("JOSE\u{301}@München.de").key(), "josé@xn--mnchen-3ya.de");
}

#[test]
fn usual_addresses_are_their_own_keys() {
    assert_eq!(own_key("ada.lovelace+crm@mail.example.com"), Some(16));
    for unusual in ["Ada@example.com", "ada@Example.com", "a..b@example.com", "a@b", "a@xn--mnchen-3ya.de", " a@b.de"] {
        assert_eq!(own_key(unusual), None, "{unusual}");
    }
}

#[test]
fn addresses_of_the_real_world_pass() {
    for raw in [
        "o'neil+crm@sub.example.co.uk",
        "x_-y@a-b.io",
        "a@b.museum",
        "1@2.de",
        "用户@例子.公司",
        "квіточка@пошта.укр",
        "!#$%&'*+-/=?^_`{|}~@x.org",
    ] {
        assert_eq!(email(raw).as_str(), raw);
    }
}

#[test]
fn each_refusal_says_what_is_wrong() {
    for (raw, code) in [
        ("", "email.empty"),
        (" \n", "email.empty"),
        ("MailTo:a@b.de", "email.mailto_prefix"),
        ("Ada <a@b.de>", "email.display_name"),
        ("a@b.de c@d.de", "email.white_space"),
        ("a@b.de\r\nBcc: c@d.de", "email.forbidden_character"),
        ("a\u{200B}@b.de", "email.forbidden_character"),
        ("a\u{202E}@b.de", "email.forbidden_character"),
        ("a@b\u{AD}c.de", "email.forbidden_character"),
        ("a\u{A0}b@b.de", "email.white_space"),
        ("ada.example.com", "email.no_at_sign"),
        ("a@b@c.de", "email.several_at_signs"),
        ("@b.de", "email.no_local_part"),
        (".a@b.de", "email.misplaced_dot"),
        ("a.@b.de", "email.misplaced_dot"),
        ("a..b@b.de", "email.misplaced_dot"),
        ("\"a\"@b.de", "email.quoted_local_part"),
        ("a,b@b.de", "email.forbidden_character"),
        ("a＠b@b.de", "email.forbidden_character"),
        ("a@localhost", "email.bad_domain"),
        ("a@127.0.0.1", "email.bad_domain"),
        ("a@[127.0.0.1]", "email.bad_domain"),
        ("a@b_c.de", "email.bad_domain"),
        ("a@-b.de", "email.bad_domain"),
        ("a@b..de", "email.bad_domain"),
        ("a@b.de.", "email.bad_domain"),
        ("a@", "email.bad_domain"),
    ] {
        assert_eq!(EmailAddress::parse(raw).unwrap_err().code(), code, "{raw:?}");
    }
}

#[test]
fn length_is_limited_where_mail_servers_limit_it() {
    let domain = format!("{}.{}.{}.com", "a".repeat(61), "b".repeat(61), "c".repeat(61));
    assert!(EmailAddress::parse(&format!("{}@{domain}", "x".repeat(64))).is_ok());
    assert_eq!(EmailAddress::parse(&format!("{}@{domain}", "x".repeat(65))), Err(EmailError::TooLong));
    let domain = format!("{domain}.org");
    assert_eq!(EmailAddress::parse(&format!("{}@{domain}", "x".repeat(64))), Err(EmailError::TooLong));
}

#[test]
fn the_folded_key_drops_tags_everywhere_and_dots_at_gmail() {
    assert_eq!(email("A.da+crm@googlemail.com").folded_key(), "ada@gmail.com");
    assert_eq!(email("a.da+x+y@example.com").folded_key(), "a.da@example.com");
    assert_eq!(email("+x@example.com").folded_key(), "+x@example.com");
    assert_ne!(email("ada+crm@gmail.com"), email("ada@gmail.com"));
}

#[test]
fn a_look_alike_is_flagged_and_a_script_by_itself_is_not() {
    assert!(email("p\u{430}ypal@example.com").is_mixed_script());
    assert!(email("info@p\u{430}ypal.com").is_mixed_script());
    assert!(email("info@xn--pypal-4ve.com").is_mixed_script());
    assert!(email("αda@example.com").is_mixed_script());
    assert!(!email("квіточка@пошта.com").is_mixed_script());
    assert!(!email("ada.lovelace@münchen.de").is_mixed_script());
    assert!(!email("用户1a@example.com").is_mixed_script());
}

#[test]
fn serde_keeps_the_typed_form_and_reads_through_the_parser() {
    let typed = email("Ada@Example.com");
    let json = serde_json::to_string(&typed).unwrap();
    assert_eq!(json, "\"Ada@Example.com\"");
    assert_eq!(serde_json::from_str::<EmailAddress>(&json).unwrap().as_str(), typed.as_str());
    let refused = serde_json::from_str::<EmailAddress>("\"ada\"").unwrap_err();
    assert!(refused.to_string().contains("no @"), "{refused}");
}

proptest! {
    #[test]
    fn parsing_is_total_and_round_trips(raw in prop_oneof![
        any::<String>(),
        "[\\pL\\pM\\pN.+@]{1,12}@[\\pLa-z0-9.-]{1,12}",
        "[a-zA-Z0-9.+İẞΣ]{1,20}@[a-zA-Z]{1,8}\\.[a-z]{2,3}",
    ]) {
        if let Ok(address) = EmailAddress::parse(&raw) {
            let again = EmailAddress::parse(&address.to_string()).unwrap();
            prop_assert_eq!(again.as_str(), address.as_str());
            let by_key = EmailAddress::parse(address.key()).unwrap();
            prop_assert_eq!(by_key.key(), address.key());
            let folded = EmailAddress::parse(&address.folded_key());
            if let Ok(folded) = folded {
                prop_assert_eq!(folded.folded_key(), address.folded_key());
            }
        }
    }

    #[test]
    fn what_is_taken_as_its_own_key_is_what_a_closer_look_says(
        raw in "[a-z0-9._+-]{1,66}@[a-z0-9-]{1,9}(\\.[a-z0-9-]{1,65}){0,3}",
    ) {
        if let Some(at) = own_key(&raw) {
            let read = EmailAddress::read(&raw).unwrap();
            prop_assert_eq!((read.as_str(), read.key(), read.at), (raw.as_str(), raw.as_str(), at));
        }
    }

    #[test]
    fn capitals_never_make_another_address(local in "[a-z][a-z0-9]{0,9}", domain in "[a-z]{1,9}\\.(com|de)") {
        let lower = email(&format!("{local}@{domain}"));
        prop_assert_eq!(email(&lower.as_str().to_uppercase()), lower);
    }
}
