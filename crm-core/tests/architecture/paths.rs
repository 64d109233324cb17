//! Every path that a file names, seen from the crate root.

use crate::architecture::source::Token;

/// A path as written, resolved as far as its text allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) line: usize,
    /// `crate::lead::Lead` as the segments `lead`, `Lead`; a path that starts elsewhere keeps its own first segment.
    pub(crate) segments: Vec<String>,
    /// Whether the path starts at the crate root, once `self` and `super` are followed.
    pub(crate) of_this_crate: bool,
    /// Whether a `use` brings the named thing into scope.
    pub(crate) imported: bool,
    /// Whether the path ends in `*`.
    pub(crate) glob: bool,
}

/// Lists the paths in `tokens`, the product code of the module `module` (`["lead", "service"]`).
pub(crate) fn named_paths(tokens: &[Token], module: &[String]) -> Vec<NamedPath> {
    let mut reader = Reader { tokens, at: 0, module: module.to_vec(), inline: Vec::new(), depth: 0, paths: Vec::new() };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.paths
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    /// The brace depth at which each open `mod name {` began.
    inline: Vec<usize>,
    depth: usize,
    paths: Vec<NamedPath>,
}

impl Reader<'_> {
    fn word(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text.as_str())
    }

    fn word_before(&self) -> &str {
        self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).map_or("", |token| token.text.as_str())
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn step(&mut self) {
        match self.word(0) {
            "{" => self.depth += 1,
            "}" => self.close(),
            "mod" if self.word(2) == "{" => {
                self.module.push(self.word(1).to_owned());
                self.inline.push(self.depth);
                self.at += 1;
            }
            // `use<'a>` in a return type captures lifetimes and imports nothing.
            "use" if self.word(1) != "<" => {
                self.at += 1;
                self.use_tree(&[]);
                return;
            }
            word if is_identifier(word) && self.word_before() != "." => {
                self.inline_path();
                return;
            }
            _ => {}
        }
        self.at += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.inline.last() == Some(&self.depth) {
            self.inline.pop();
            self.module.pop();
        }
    }

    fn inline_path(&mut self) {
        let line = self.line();
        let mut segments = vec![self.word(0).to_owned()];
        self.at += 1;
        while self.word(0) == "::" && is_identifier(self.word(1)) {
            segments.push(self.word(1).to_owned());
            self.at += 2;
        }
        if segments.len() > 1 {
            self.record(line, &segments, false, false);
        }
    }

    /// Reads one branch of a `use` tree, whose outer segments are `prefix`, and stops behind it.
    fn use_tree(&mut self, prefix: &[String]) {
        let line = self.line();
        let mut segments = prefix.to_vec();
        loop {
            match self.word(0) {
                "::" => self.at += 1,
                "{" => return self.use_group(&segments),
                "*" => {
                    self.at += 1;
                    return self.record(line, &segments, true, true);
                }
                "self" if !segments.is_empty() => self.at += 1,
                word if is_identifier(word) && word != "as" => {
                    segments.push(word.to_owned());
                    self.at += 1;
                }
                _ => break,
            }
        }
        if self.word(0) == "as" {
            self.at += 2;
        }
        self.record(line, &segments, true, false);
    }

    fn use_group(&mut self, prefix: &[String]) {
        self.at += 1;
        while !matches!(self.word(0), "}" | "") {
            if self.word(0) == "," {
                self.at += 1;
            } else {
                let before = self.at;
                self.use_tree(prefix);
                if self.at == before {
                    self.at += 1;
                }
            }
        }
        self.at += 1;
    }

    fn record(&mut self, line: usize, written: &[String], imported: bool, glob: bool) {
        let resolved = self.resolve(written);
        let of_this_crate = resolved.is_some();
        let segments = resolved.unwrap_or_else(|| written.to_vec());
        self.paths.push(NamedPath { line, segments, of_this_crate, imported, glob });
    }

    /// Follows `crate`, `self` and `super`; `None` when the path starts anywhere else.
    fn resolve(&self, written: &[String]) -> Option<Vec<String>> {
        let (first, rest) = written.split_first()?;
        let (mut home, mut rest) = match first.as_str() {
            "crate" | "crm_core" => return Some(rest.to_vec()),
            "self" => (self.module.clone(), rest),
            "super" => (self.module.clone(), written),
            _ => return None,
        };
        while let Some((_, after)) = rest.split_first().filter(|(segment, _)| *segment == "super") {
            home.pop();
            rest = after;
        }
        home.extend_from_slice(rest);
        Some(home)
    }
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
