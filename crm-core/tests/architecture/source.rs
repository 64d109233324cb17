//! Rust source as tokens, without comments, literals and test code.
//!
//! A real parser would be a dependency larger than what it guards. Paths, braces and attributes are all that the checks
//! need, and these survive once comments and literals are gone.

/// One word or punctuation mark of a source file, and the line it stands on (from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// The product code of one file, and the modules it declares for tests only.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) tokens: Vec<Token>,
    /// Names in `#[cfg(test)] mod name;`: their files are test code too.
    pub(crate) test_modules: Vec<String>,
}

impl Source {
    /// Reads the text of a Rust file and drops comments, literals and whatever stands under `#[cfg(test)]`.
    pub(crate) fn read(text: &str) -> Self {
        without_test_items(&tokens(&without_comments_and_literals(text)))
    }
}

/// Blanks comments, strings and character literals; lines stay where they were.
fn without_comments_and_literals(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let rest = characters.get(at..).unwrap_or_default();
        let inside_word =
            at.checked_sub(1).and_then(|before| characters.get(before)).is_some_and(|&before| is_word(before));
        let length = literal_length(rest, inside_word);
        if length == 0 {
            blanked.push(character);
            at += 1;
        } else {
            blanked.extend(rest.iter().take(length).map(|&covered| if covered == '\n' { '\n' } else { ' ' }));
            at += length;
        }
    }
    blanked
}

/// How many characters the comment or literal at the start of `rest` takes; zero when there is none.
fn literal_length(rest: &[char], inside_word: bool) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().take_while(|&&character| character != '\n').count(),
        ['/', '*', ..] => block_comment_length(rest),
        ['"', ..] => 1 + quoted_length(rest.get(1..).unwrap_or_default(), '"'),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => 1 + quoted_length(rest.get(1..).unwrap_or_default(), '\''),
        ['r' | 'b' | 'c', ..] if !inside_word => raw_string_length(rest),
        _ => 0,
    }
}

fn block_comment_length(rest: &[char]) -> usize {
    let (mut depth, mut length) = (0_usize, 0_usize);
    while let Some(tail) = rest.get(length..).filter(|tail| !tail.is_empty()) {
        match tail {
            ['/', '*', ..] => (depth, length) = (depth + 1, length + 2),
            ['*', '/', ..] => (depth, length) = (depth.saturating_sub(1), length + 2),
            _ => length += 1,
        }
        if depth == 0 {
            break;
        }
    }
    length
}

/// The length up to and with the closing `quote`, after the opening one.
fn quoted_length(rest: &[char], quote: char) -> usize {
    let (mut length, mut escaped) = (0, false);
    for &character in rest {
        length += 1;
        if !escaped && character == quote {
            break;
        }
        escaped = !escaped && character == '\\';
    }
    length
}

/// The length of `r"…"`, `r#"…"#`, `br"…"` and `cr"…"`; zero for a plain word and for `r#word`.
fn raw_string_length(rest: &[char]) -> usize {
    let prefix = rest.iter().take_while(|&&character| matches!(character, 'b' | 'c' | 'r')).count();
    let raw = prefix <= 2 && rest.get(prefix.saturating_sub(1)) == Some(&'r');
    let hashes = rest.iter().skip(prefix).take_while(|&&character| character == '#').count();
    let opening = prefix + hashes;
    if !raw || rest.get(opening) != Some(&'"') {
        return 0;
    }
    let mut closing = vec!['"'];
    closing.extend(std::iter::repeat_n('#', hashes));
    let body = rest.get(opening + 1..).unwrap_or_default();
    let end = body.windows(closing.len()).position(|window| window == closing.as_slice());
    end.map_or(rest.len(), |position| opening + 1 + position + closing.len())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if is_word(first) {
                rest.find(|character: char| !is_word(character)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, tail) = rest.split_at(length);
            found.push(Token { text: token.to_owned(), line: index + 1 });
            rest = tail.trim_start();
        }
    }
    found
}

fn without_test_items(tokens: &[Token]) -> Source {
    let mut source = Source::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        if is_test_attribute(rest, &["#", "!", "["]) {
            return Source::default();
        }
        if is_test_attribute(rest, &["#", "["]) {
            let length = item_length(rest);
            source.test_modules.extend(declared_module(rest.get(..length).unwrap_or_default()));
            at += length;
        } else {
            source.tokens.push(token.clone());
            at += 1;
        }
    }
    source
}

/// Whether an attribute that opens with these tokens says `cfg(test)` or `cfg(all(…, test, …))`.
fn is_test_attribute(tokens: &[Token], opening: &[&str]) -> bool {
    let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).take_while(|&word| word != "]").collect();
    let Some(condition) = words.strip_prefix(opening).and_then(|rest| rest.strip_prefix(&["cfg", "("])) else {
        return false;
    };
    let condition = condition.concat();
    let parts = condition.strip_prefix("all(").and_then(|rest| rest.strip_suffix("))"));
    condition == "test)" || parts.is_some_and(|parts| parts.split(',').any(|part| part == "test"))
}

/// How many tokens the attributes and the item after them take.
fn item_length(tokens: &[Token]) -> usize {
    let (mut depth, mut length) = (0_usize, 0_usize);
    for token in tokens {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" if depth == 0 => return length,
            "}" if depth == 1 => return length + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return length + 1,
            _ => {}
        }
        length += 1;
    }
    length
}

/// The name in an item that ends in `mod name;`.
fn declared_module(item: &[Token]) -> Option<String> {
    let mut backwards = item.iter().rev().map(|token| token.text.as_str());
    let (end, name, keyword) = (backwards.next()?, backwards.next()?, backwards.next()?);
    (end == ";" && keyword == "mod").then(|| name.to_owned())
}
