use proptest::prelude::*;

use super::*;

fn region(code: &str) -> Option<Region> {
    Region::parse(code).ok()
}

/// All readers that are compiled in: what is said of one holds for each.
fn readers() -> Vec<Box<dyn PhoneNumbers>> {
    vec![
        Box::new(DigitsOnly),
        #[cfg(feature = "phone-metadata")]
        Box::new(MetadataPhoneNumbers),
    ]
}

fn key(reader: &dyn PhoneNumbers, raw: &str, code: &str) -> String {
    reader.parse(raw, region(code)).unwrap_or_else(|error| panic!("{raw}: {error}")).key().to_owned()
}

#[test]
fn one_line_has_one_key_however_it_is_written() {
    for (code, expected, spellings) in [
        (
            "US",
            "+18158908301",
            &[
                "+1-815-890-8301",
                "815.890.8301",
                "(815)890-8301x12",
                "001-815-890-8301",
                "1 815 890 8301",
                "011 1 815 890 8301",
                "\u{202A}+1 815 890\u{2011}8301\u{202C}",
                "８１５８９０８３０１",
            ][..],
        ),
        ("US", "+12318860913", &["231-886-0913", "+1 231 886 0913"]),
        ("US", "+19629527601", &["962.952.7601x89555", "+1 (962) 952-7601"]),
        ("US", "+14492916785", &["(449)291-6785x0652", "001-449-291-6785"]),
        ("US", "+13147450599", &["001-314-745-0599", "314 745 0599"]),
        ("US", "+442079460958", &["+44 20 7946 0958", "011442079460958", "0044 (0)20 7946 0958"]),
        ("GB", "+442079460958", &["020 7946 0958", "+44 (0)20 7946 0958", "0044-20-7946-0958", "442079460958"]),
        ("DE", "+493012345678", &["030/12345678", "+49 30 12345678", "+49 (0)30 12345678"]),
        ("IT", "+390612345678", &["06 1234 5678", "+39 06 1234 5678"]),
        ("HU", "+3612345678", &["06 1 234 5678", "1 234 5678"]),
        ("RU", "+79161234567", &["8 (916) 123-45-67", "+7 916 123 45 67", "916 1234567"]),
        ("AU", "+61412345678", &["0412 345 678", "+61 412 345 678", "0011 61 412 345 678"]),
        ("BR", "+5511912345678", &["(11) 91234-5678", "011 91234 5678", "55 11 91234 5678"]),
    ] {
        for reader in readers() {
            for raw in spellings {
                assert_eq!(key(&*reader, raw, code), expected, "{raw} read by {reader:?} in {code}");
            }
        }
    }
}

#[test]
fn a_number_of_an_unknown_country_never_equals_one_of_a_known_country() {
    for reader in readers() {
        let unknown = reader.parse("415 555 1234", None).unwrap();
        assert_eq!((unknown.key(), unknown.e164(), unknown.is_valid()), ("~4155551234", None, false));
        let short = reader.parse("555-1234", region("US")).unwrap();
        assert_eq!((short.key(), short.is_valid()), ("~5551234", false));
        assert_eq!(reader.parse("+0 123 456 789", None).unwrap().key(), "~0123456789");
        assert_eq!(unknown.variants(), ["~4155551234"]);
    }
}

#[test]
fn an_extension_is_kept_apart_from_the_key() {
    for reader in readers() {
        for raw in [
            "415-555-2671x585",
            "4155552671 ext. 585",
            "(415) 555-2671 #585",
            "415 555 2671, Ext: 585",
            "+14155552671;ext=585",
            "415-555-2671 extension 585",
        ] {
            let number = reader.parse(raw, region("US")).unwrap();
            assert_eq!((number.key(), number.extension()), ("+14155552671", Some("585")), "{raw}");
            assert_eq!(number.as_str(), raw);
        }
    }
}

#[test]
fn what_is_no_phone_number_is_refused() {
    for reader in readers() {
        for (raw, code) in [
            ("", "phone.empty"),
            ("\u{200B}", "phone.empty"),
            ("12 34 56", "phone.too_few_digits"),
            ("+44 01234", "phone.too_few_digits"),
            ("1234567890123456", "phone.too_many_digits"),
            ("1-800-FLOWERS", "phone.letters"),
            ("call me 4155551234", "phone.letters"),
            ("4155551234 x", "phone.bad_extension"),
            ("4155551234 x12b", "phone.bad_extension"),
            ("4155551234 x123456789012", "phone.bad_extension"),
            ("*4155551234", "phone.forbidden_character"),
            ("415+5551234", "phone.forbidden_character"),
            ("++4155551234", "phone.forbidden_character"),
        ] {
            assert_eq!(reader.parse(raw, region("US")).map_err(|error| error.code()), Err(code), "{raw:?}");
        }
        let long = "1 ".repeat(40);
        assert_eq!(reader.parse(&long, None), Err(PhoneError::TooLong(79)));
    }
}

#[test]
fn a_line_is_known_under_both_of_its_numbers() {
    for (one, other) in
        [("+5511987654321", "+551187654321"), ("+5215512345678", "+525512345678"), ("+5491123456789", "+541123456789")]
    {
        for (from, to) in [(one, other), (other, one)] {
            let number = DigitsOnly.parse(from, None).unwrap();
            assert_eq!(number.variants(), [from, to]);
        }
    }
    for alone in ["+551132345678", "+5511912345678", "+14155552671", "+52551234567"] {
        assert_eq!(DigitsOnly.parse(alone, None).unwrap().variants(), [alone]);
    }
}

#[test]
fn serde_needs_no_reader_and_checks_the_form() {
    let number = DigitsOnly.parse("(415) 555-2671 x5", region("US")).unwrap();
    let json = serde_json::to_value(&number).unwrap();
    let written =
        serde_json::json!({"raw": "(415) 555-2671 x5", "key": "+14155552671", "extension": "5", "valid": true});
    assert_eq!(json, written);
    assert_eq!(serde_json::from_value::<PhoneNumber>(json).unwrap(), number);
    for (field, value) in [
        ("raw", serde_json::json!("")),
        ("key", serde_json::json!("14155552671")),
        ("key", serde_json::json!("+04155552671")),
        ("key", serde_json::json!("+1415555267a")),
        ("key", serde_json::json!("+141555")),
        ("key", serde_json::json!("~14155552671")),
        ("extension", serde_json::json!("")),
        ("extension", serde_json::json!("5b")),
    ] {
        let mut wrong = written.clone();
        wrong[field] = value;
        assert!(serde_json::from_value::<PhoneNumber>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[cfg(feature = "phone-metadata")]
#[test]
fn metadata_flags_what_no_plan_has_and_keeps_it() {
    let read = |raw: &str| MetadataPhoneNumbers.parse(raw, region("US")).unwrap();
    assert!(read("+1-815-890-8301").is_valid());
    assert!(DigitsOnly.parse("962.952.7601x89555", region("US")).unwrap().is_valid());
    let invented = read("962.952.7601x89555");
    assert_eq!((invented.key(), invented.extension(), invented.is_valid()), ("+19629527601", Some("89555"), false));
    // A country without a plan in the table, and Argentina's way to write a mobile number at home.
    assert_eq!(DigitsOnly.parse("21 234 567", region("UY")).unwrap().key(), "~21234567");
    assert_eq!(key(&MetadataPhoneNumbers, "21 234 567", "UY"), "+59821234567");
    assert_eq!(key(&MetadataPhoneNumbers, "011 15-2345-6789", "AR"), "+5491123456789");
}

fn any_region() -> impl Strategy<Value = Option<Region>> {
    prop::option::of("[A-Z]{2}".prop_map(|code| Region::parse(&code).unwrap()))
}

proptest! {
    #[test]
    fn parsing_is_total_and_what_was_read_is_stored_whole(
        raw in prop_oneof![any::<String>(), "\\+?[0-9 ().-]{6,20}( ?(x|ext\\.?|#) ?[0-9]{0,5})?"],
        region in any_region(),
    ) {
        for reader in readers() {
            if let Ok(number) = reader.parse(&raw, region) {
                prop_assert_eq!(reader.parse(&number.to_string(), region), Ok(number.clone()));
                let json = serde_json::to_string(&number).unwrap();
                prop_assert_eq!(serde_json::from_str::<PhoneNumber>(&json).unwrap(), number);
            }
        }
    }

    #[test]
    fn an_e164_key_reads_back_as_itself(raw in "\\+[1-9][0-9]{6,14}") {
        for reader in readers() {
            if let Some(e164) = reader.parse(&raw, None).ok().and_then(|number| number.e164().map(str::to_owned)) {
                let again = reader.parse(&e164, None).unwrap();
                prop_assert_eq!(again.key(), e164);
            }
        }
    }

    #[test]
    fn separators_never_make_another_key(digits in "[2-9][0-9]{9}", cut in 1..9_usize, separator in "[ ./()-]{1,3}") {
        let (head, tail) = digits.split_at(cut);
        let written = format!("{head}{separator}{tail}");
        for reader in readers() {
            prop_assert_eq!(key(&*reader, &written, "US"), key(&*reader, &digits, "US"));
            let with_code = format!("+1{digits}");
            prop_assert_eq!(key(&*reader, &with_code, "US"), key(&*reader, &digits, "US"));
        }
    }

    #[test]
    fn variants_are_symmetric_and_contain_the_key(e164 in prop_oneof![
        "\\+55[1-9][1-9]9?[0-9]{8}", "\\+521?[0-9]{10}", "\\+549?[0-9]{10}", "\\+[1-9][0-9]{6,14}",
    ]) {
        let stored = serde_json::json!({"raw": e164, "key": e164, "extension": null, "valid": false});
        let number: PhoneNumber = serde_json::from_value(stored).unwrap();
        let variants = number.variants();
        prop_assert_eq!(variants.first().map(String::as_str), Some(number.key()));
        for variant in variants.iter().skip(1) {
            prop_assert_ne!(variant, number.key());
            prop_assert_eq!(variants::twin(variant), Some(number.key().to_owned()));
        }
    }
}
