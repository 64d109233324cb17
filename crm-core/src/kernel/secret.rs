//! Text that must never be seen: tokens, passwords, keys.

use std::fmt;

/// A secret. It can't be printed, compared or written as JSON; who needs it says so by [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a text for a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("canary-4711");
        assert_eq!(format!("{secret:?}"), "(secret)");
        assert_eq!(secret.expose(), "canary-4711");
    }
}
