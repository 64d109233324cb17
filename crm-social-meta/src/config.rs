//! What the operator of an installation knows about their app at Meta.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

/// An app at Meta: its identifier and its secret.
#[derive(Clone, Debug)]
pub struct AppCredentials {
    /// The app's identifier.
    pub id: String,
    /// The app's secret; it signs webhooks and proves calls.
    pub secret: SecretString,
}

/// Where Meta's services answer. Tests point all of them at a server of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrls {
    /// Graph for Pages and `WhatsApp`.
    pub graph: Url,
    /// Graph for accounts connected by Instagram Login.
    pub instagram_graph: Url,
    /// Where Instagram Login exchanges its codes.
    pub instagram_api: Url,
    /// The permission dialogue of Facebook.
    pub facebook_dialog: Url,
    /// The permission dialogue of Instagram.
    pub instagram_dialog: Url,
}

/// A setting that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not of the form `v25.0`.
    #[error("'{0}' is not a version of Graph; write it like v25.0")]
    Version(String),
    /// No http or https address, or one that can't have paths below it.
    #[error("{setting}: '{url}' is not a base address; write it like https://graph.facebook.com")]
    Url {
        /// Which setting.
        setting: &'static str,
        /// What it says.
        url: String,
    },
    /// A needed text is empty.
    #[error("{0} is empty; take it from the app's dashboard")]
    Empty(&'static str),
    /// A host for media that is none.
    #[error("media_hosts: '{0}' is not an origin; write it like https://lookaside.fbsbx.com or https://*.fbcdn.net")]
    MediaHost(String),
}

/// Everything that the adapter needs to know before it can be made.
#[derive(Clone, Debug)]
pub struct MetaConfig {
    /// The version of Graph, such as `v25.0`.
    pub graph_version: String,
    /// Where Meta's services answer.
    pub base_urls: BaseUrls,
    /// The app for Pages, page-linked Instagram accounts and `WhatsApp`.
    pub facebook_app: AppCredentials,
    /// The app for Instagram Login, where that is used; it has a secret of its own.
    pub instagram_app: Option<AppCredentials>,
    /// Secrets that signatures may still be made with while a new one is being introduced.
    pub former_secrets: Vec<SecretString>,
    /// What Meta must say in the handshake of the webhook.
    pub verify_token: SecretString,
    /// Whether calls with a token also carry `appsecret_proof`, so that a stolen token is worth nothing by itself.
    pub app_secret_proof: bool,
    /// Origins that media are fetched from: `https://host`, or `https://*.domain` for every host below it.
    pub media_hosts: Vec<String>,
    /// How long a call may take as a whole.
    pub timeout: Duration,
}

impl BaseUrls {
    /// Meta's own addresses.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "the addresses are constants; a test reads them"
    )]
    pub fn meta() -> Self {
        let url = |text: &str| Url::parse(text).expect("a constant address");
        Self {
            graph: url("https://graph.facebook.com"),
            instagram_graph: url("https://graph.instagram.com"),
            instagram_api: url("https://api.instagram.com"),
            facebook_dialog: url("https://www.facebook.com"),
            instagram_dialog: url("https://www.instagram.com"),
        }
    }
}

impl MetaConfig {
    /// The settings for an app, with the pinned version of Graph and Meta's own addresses.
    ///
    /// ```
    /// use crm_social_meta::{AppCredentials, ConfigError, MetaConfig};
    ///
    /// let app = AppCredentials { id: "1234".to_owned(), secret: "the app's secret".into() };
    /// let mut config = MetaConfig::new(app, "a token of our own".into());
    /// config.check()?;
    /// config.graph_version = "25".to_owned();
    /// assert_eq!(config.check(), Err(ConfigError::Version("25".to_owned())));
    /// # Ok::<(), ConfigError>(())
    /// ```
    #[must_use]
    pub fn new(facebook_app: AppCredentials, verify_token: SecretString) -> Self {
        let hosts = ["https://lookaside.fbsbx.com", "https://*.fbcdn.net", "https://*.cdninstagram.com"];
        Self {
            graph_version: "v25.0".to_owned(),
            base_urls: BaseUrls::meta(),
            facebook_app,
            instagram_app: None,
            former_secrets: Vec::new(),
            verify_token,
            app_secret_proof: true,
            media_hosts: hosts.into_iter().map(str::to_owned).collect(),
            timeout: Duration::from_secs(20),
        }
    }

    /// Every secret that a webhook may be signed with.
    #[must_use]
    pub fn webhook_secrets(&self) -> Vec<SecretString> {
        let apps = [Some(&self.facebook_app), self.instagram_app.as_ref()];
        let current = apps.into_iter().flatten().map(|app| app.secret.clone());
        current.chain(self.former_secrets.iter().cloned()).collect()
    }

    /// Checks what can be wrong by itself.
    ///
    /// # Errors
    /// `Version`, `Url`, `Empty` or `MediaHost`, each naming the setting.
    pub fn check(&self) -> Result<(), ConfigError> {
        use secrecy::ExposeSecret;
        let version = self.graph_version.strip_prefix('v').and_then(|number| number.split_once('.'));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !version.is_some_and(|(major, minor)| digits(major) && digits(minor)) {
            return Err(ConfigError::Version(self.graph_version.chars().take(40).collect()));
        }
        let urls = &self.base_urls;
        for (setting, url) in [
            ("graph", &urls.graph),
            ("instagram_graph", &urls.instagram_graph),
            ("instagram_api", &urls.instagram_api),
            ("facebook_dialog", &urls.facebook_dialog),
            ("instagram_dialog", &urls.instagram_dialog),
        ] {
            if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() || url.query().is_some() {
                return Err(ConfigError::Url { setting, url: url.to_string() });
            }
        }
        let texts = [
            ("facebook_app.id", self.facebook_app.id.as_str()),
            ("facebook_app.secret", self.facebook_app.secret.expose_secret()),
            ("verify_token", self.verify_token.expose_secret()),
            ("instagram_app.id", self.instagram_app.as_ref().map_or("-", |app| app.id.as_str())),
            ("instagram_app.secret", self.instagram_app.as_ref().map_or("-", |app| app.secret.expose_secret())),
        ];
        if let Some((name, _)) = texts.into_iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(ConfigError::Empty(name));
        }
        self.media_origins().map(|_| ())
    }

    /// The origins that media may be fetched from.
    pub(crate) fn media_origins(&self) -> Result<Vec<MediaOrigin>, ConfigError> {
        self.media_hosts.iter().map(|text| MediaOrigin::read(text)).collect()
    }
}

/// An origin that media may be fetched from, or every origin of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaOrigin {
    scheme: String,
    host: String,
    port: Option<u16>,
    below: bool,
}

impl MediaOrigin {
    fn read(text: &str) -> Result<Self, ConfigError> {
        let refuse = || ConfigError::MediaHost(text.chars().take(200).collect());
        let below = text.contains("://*.");
        let url = Url::parse(&text.replacen("://*.", "://", 1)).map_err(|_| refuse())?;
        let host = url.host_str().filter(|host| !host.is_empty() && !host.contains('*')).ok_or_else(refuse)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || !bare || (below && !host.contains('.')) {
            return Err(refuse());
        }
        Ok(Self { scheme: url.scheme().to_owned(), host: host.to_owned(), port: url.port_or_known_default(), below })
    }

    /// Whether an address lies at this origin. One with a user name or password lies nowhere.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let inside = if self.below {
            host.strip_suffix(&self.host).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.host
        };
        let plain = url.username().is_empty() && url.password().is_none();
        inside && plain && url.scheme() == self.scheme && url.port_or_known_default() == self.port
    }
}

impl fmt::Display for MediaOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, if self.below { "*." } else { "" }, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> MetaConfig {
        let app = AppCredentials { id: "1".into(), secret: SecretString::from("app-secret-canary") };
        MetaConfig::new(app, SecretString::from("verify-canary"))
    }

    #[test]
    fn the_defaults_are_sound_and_print_no_secret() {
        config().check().unwrap();
        assert!(!format!("{:?}", config()).contains("canary"));
    }

    #[test]
    fn each_bad_setting_is_named() {
        let mut bad = config();
        bad.graph_version = "25".into();
        assert!(bad.check().unwrap_err().to_string().contains("v25.0"));
        let mut bad = config();
        bad.base_urls.graph = Url::parse("mailto:x@example.test").unwrap();
        assert!(bad.check().unwrap_err().to_string().starts_with("graph:"));
        let mut bad = config();
        bad.facebook_app.secret = SecretString::from(" ");
        assert_eq!(bad.check(), Err(ConfigError::Empty("facebook_app.secret")));
        for host in
            ["*", "https://*", "https://*.com", "lookaside.fbsbx.com", "ftp://a.test", "https://a.test/path", ""]
        {
            let mut bad = config();
            bad.media_hosts = vec![host.into()];
            assert_eq!(bad.check(), Err(ConfigError::MediaHost(host.into())), "{host}");
        }
    }

    #[test]
    fn only_named_origins_are_covered() {
        let origins = config().media_origins().unwrap();
        let covered = |text: &str| origins.iter().any(|origin| origin.covers(&Url::parse(text).unwrap()));
        for good in
            ["https://lookaside.fbsbx.com/x?y=1", "https://scontent.xx.fbcdn.net/a.jpg", "https://a.b.fbcdn.net:443/"]
        {
            assert!(covered(good), "{good}");
        }
        for bad in [
            "http://lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com:8443/x",
            "https://user@lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com.evil.test/x",
            "https://evilfbcdn.net/x",
            "https://fbcdn.net/x",
            "https://.fbcdn.net/x",
            "https://127.0.0.1/x",
            "https://[::ffff:7f00:1]/x",
            "https://2130706433/x",
            "file:///etc/passwd",
        ] {
            assert!(!Url::parse(bad).is_ok_and(|_| covered(bad)), "{bad}");
        }
    }
}
