//! Which of the scripts that resemble each other a text is written in.

/// Tells whether letters of more than one of Latin, Greek and Cyrillic stand in the text.
pub(super) fn mixes_scripts(text: &str) -> bool {
    let mut seen = None;
    text.chars().filter_map(script).any(|script| *seen.get_or_insert(script) != script)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
}

/// The script by Unicode block; other scripts have no letters that pass for these.
fn script(character: char) -> Option<Script> {
    match character {
        '\u{D7}' | '\u{F7}' => None,
        'A'..='Z'
        | 'a'..='z'
        | 'ª'
        | 'º'
        | '\u{C0}'..='\u{2AF}'
        | '\u{1E00}'..='\u{1EFF}'
        | '\u{2C60}'..='\u{2C7F}'
        | '\u{A720}'..='\u{A7FF}'
        | 'Ａ'..='Ｚ'
        | 'ａ'..='ｚ' => Some(Script::Latin),
        '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Some(Script::Greek),
        '\u{400}'..='\u{52F}' | '\u{1C80}'..='\u{1C8F}' | '\u{2DE0}'..='\u{2DFF}' | '\u{A640}'..='\u{A69F}' => {
            Some(Script::Cyrillic)
        }
        _ => None,
    }
}
