use proptest::prelude::*;

use super::*;

type Short = Line<5>;

fn refusal(code: u32) -> TextError {
    let character = char::from_u32(code).unwrap();
    Name::parse(&format!("ab{character}cd")).unwrap_err()
}

#[test]
fn text_is_trimmed_and_composed() {
    assert_eq!(Name::parse(" \u{a0}Jose\u{301} Ruiz\t\n").unwrap().as_str(), "José Ruiz");
}

#[test]
fn blank_text_is_refused() {
    for blank in ["", "   ", "\t\r\n", "\u{3000}\u{a0}"] {
        assert_eq!(Name::parse(blank), Err(TextError::Empty), "{blank:?}");
    }
}

#[test]
fn length_counts_characters_after_composing_and_nothing_is_cut() {
    assert_eq!(Short::parse("ééééé").unwrap().len(), 10);
    assert_eq!(Short::parse("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}").unwrap().as_str(), "ééééé");
    assert_eq!(Short::parse("abcdef"), Err(TextError::TooLong { length: 6, max: 5 }));
}

#[test]
fn a_refused_character_is_named_with_its_position() {
    let error = refusal(0x202E);
    assert_eq!(error, TextError::ForbiddenCharacter { character: '\u{202E}', position: 3 });
    assert_eq!(error.code(), "text.forbidden_character");
    assert!(error.to_string().contains("character 3 of the text is U+202E"), "{error}");
}

#[test]
fn hidden_characters_are_refused() {
    for code in [0x00, 0x08, 0x0A, 0x09, 0x200B, 0x200D, 0x2028, 0x2066, 0x2069, 0xFEFF] {
        assert_eq!(refusal(code).code(), "text.forbidden_character", "U+{code:04X}");
    }
}

#[test]
fn names_of_people_everywhere_pass() {
    for name in
        ["Ólafur Þór", "Nguyễn Thị Minh", "O’Neill-Ñuñez", "علی\u{200C}رضا", "श्री", "王小明", "👩🏽\u{200D}💻 Ada"]
    {
        assert_eq!(Name::parse(name).unwrap().as_str(), composed(name), "{name}");
    }
}

#[test]
fn prose_keeps_its_lines_and_nul_is_still_refused() {
    assert_eq!(Note::parse("one\r\ntwo\rthree\n\tfour\n").unwrap().as_str(), "one\ntwo\nthree\n\tfour");
    assert_eq!(Note::parse("a\0b").unwrap_err().code(), "text.forbidden_character");
}

#[test]
fn cleaned_text_loses_only_what_nobody_sees() {
    assert_eq!(Name::cleaned("\u{FEFF}\u{202A}Ada\u{200B}\nLovelace\0\u{202C}").unwrap().as_str(), "Ada Lovelace");
    assert_eq!(Note::cleaned("a\n\u{2066}b\u{2069}").unwrap().as_str(), "a\nb");
    assert_eq!(Name::cleaned("\u{200B}\0"), Err(TextError::Empty));
}

#[test]
fn serde_goes_through_the_parser() {
    assert_eq!(serde_json::from_str::<Short>("\" ab \"").unwrap().as_str(), "ab");
    assert_eq!(serde_json::to_string(&Short::parse("ab").unwrap()).unwrap(), "\"ab\"");
    let refused = serde_json::from_str::<Short>("\"abcdef\"").unwrap_err();
    assert!(refused.to_string().contains("at most 5"), "{refused}");
    assert!(serde_json::from_str::<Short>("7").is_err());
}

proptest! {
    #[test]
    fn parsing_is_total_and_settles_at_once(raw in any::<String>()) {
        if let Ok(line) = Line::<30>::parse(&raw) {
            prop_assert!(!line.is_empty() && line.chars().count() <= 30 && !line.contains(['\0', '\n']));
            prop_assert_eq!(Line::<30>::parse(line.as_str()), Ok(line));
        }
        if let Ok(prose) = Prose::<30>::parse(&raw) {
            prop_assert_eq!(Prose::<30>::parse(prose.as_str()), Ok(prose));
        }
    }

    #[test]
    fn cleaned_text_is_always_text(raw in "[ab\\pL\\pM\\pC\\n\u{200b}-\u{200f}🔥👩\u{fe0f}]{0,20}") {
        match Line::<60>::cleaned(&raw) {
            Ok(line) => prop_assert_eq!(Line::<60>::parse(line.as_str()), Ok(line)),
            Err(error) => prop_assert_eq!(error, TextError::Empty),
        }
    }

    #[test]
    fn what_parses_is_not_changed_by_cleaning(raw in any::<String>()) {
        if let Ok(note) = Note::parse(&raw) {
            prop_assert_eq!(Note::cleaned(&raw), Ok(note));
        }
    }
}
