//! Stripe and Meta: their keys in the configuration, and what is made of them.

use std::sync::Arc;

use clap::Args;
use crm_billing_stripe::{ConfigError as StripeError, SecretKey, StripeBilling, StripeConfig, StripeWebhook};
use crm_billing_stripe::{PROVIDER, WebhookSecrets};
use crm_core::access::{NewMember, NewOrganization, OrganizationId, Slug, StandardRole, TimeZone};
use crm_core::billing::{AccessPolicy, Billing, Pages, SubscriptionPaywall};
use crm_core::crm::Crm;
use crm_core::inbox::Channels;
use crm_core::kernel::{Clock, Currency};
use crm_social_meta::webhook::Webhook;
use crm_social_meta::{AppCredentials, BaseUrls, Graph, MetaChannels, MetaConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Failure;
use super::config::{ConfigError, hidden, wrong};
use super::open::Opened;

/// Keys of Stripe, as flags, environment and the table `[stripe]` of the file give them.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StripeKeys {
    /// The secret or restricted key; without it nothing is sold and every service is open.
    #[arg(long = "stripe-secret-key", env = "CRM_STRIPE_SECRET_KEY", hide_env_values = true, global = true)]
    #[serde(deserialize_with = "hidden")]
    secret_key: Option<SecretString>,
    /// The signing secret of the webhook endpoint; several with commas between them while one is being changed.
    #[arg(long = "stripe-webhook-secret", env = "CRM_STRIPE_WEBHOOK_SECRET", hide_env_values = true, global = true)]
    #[serde(deserialize_with = "hidden")]
    webhook_secret: Option<SecretString>,
    /// The short name of the operator's own organization, which receives Stripe's events; founded when there is none.
    #[arg(long = "stripe-desk", env = "CRM_STRIPE_DESK", global = true)]
    desk: Option<String>,
    /// The page that Stripe sends the browser back to; that by which people reach the server, unless said otherwise.
    #[arg(long = "stripe-return-page", env = "CRM_STRIPE_RETURN_PAGE", global = true)]
    return_page: Option<String>,
    /// Where Stripe is; for a stand-in on this machine.
    #[arg(id = "stripe_address", long = "stripe-address", env = "CRM_STRIPE_ADDRESS", global = true, hide = true)]
    address: Option<String>,
}

/// Keys of the apps at Meta, as flags, environment and the table `[meta]` of the file give them.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MetaKeys {
    /// The identifier of the app; without it there are no channels.
    #[arg(long = "meta-app-id", env = "CRM_META_APP_ID", global = true)]
    app_id: Option<String>,
    /// The secret of the app.
    #[arg(long = "meta-app-secret", env = "CRM_META_APP_SECRET", hide_env_values = true, global = true)]
    #[serde(deserialize_with = "hidden")]
    app_secret: Option<SecretString>,
    /// What Meta must know in the handshake of the webhook, as it is entered in the app's dashboard.
    #[arg(long = "meta-verify-token", env = "CRM_META_VERIFY_TOKEN", hide_env_values = true, global = true)]
    #[serde(deserialize_with = "hidden")]
    verify_token: Option<SecretString>,
    /// The identifier of the app for Instagram Login, where that is used.
    #[arg(long = "meta-instagram-app-id", env = "CRM_META_INSTAGRAM_APP_ID", global = true)]
    instagram_app_id: Option<String>,
    /// The secret of the app for Instagram Login.
    #[arg(long = "meta-instagram-secret", env = "CRM_META_INSTAGRAM_SECRET", hide_env_values = true, global = true)]
    #[serde(deserialize_with = "hidden")]
    instagram_app_secret: Option<SecretString>,
    /// Where all of Meta's services are; for a stand-in on this machine.
    #[arg(id = "meta_address", long = "meta-address", env = "CRM_META_ADDRESS", global = true, hide = true)]
    address: Option<String>,
}

impl StripeKeys {
    /// These before those of the file.
    pub(super) fn or(self, file: Self) -> Self {
        Self {
            secret_key: self.secret_key.or(file.secret_key),
            webhook_secret: self.webhook_secret.or(file.webhook_secret),
            desk: self.desk.or(file.desk),
            return_page: self.return_page.or(file.return_page),
            address: self.address.or(file.address),
        }
    }

    /// What they make, once they are checked; nothing without a key.
    pub(super) fn checked(self, public_url: &str) -> Result<Option<StripeSettings>, ConfigError> {
        let Some(key) = self.secret_key else {
            let stray = self.webhook_secret.is_some() || self.desk.is_some();
            return if stray {
                Err(wrong("stripe.secret_key", "Stripe needs a secret key too; give one"))
            } else {
                Ok(None)
            };
        };
        let key =
            SecretKey::parse(key.expose_secret()).map_err(|error| wrong("stripe.secret_key", error.to_string()))?;
        let address = self.address.as_deref().unwrap_or("https://api.stripe.com");
        let config = StripeConfig::at(address, key).map_err(|error| wrong("stripe.address", error.to_string()))?;
        let secrets = self.webhook_secret.ok_or(StripeError::NoWebhookSecret);
        let secrets = secrets.and_then(|secrets| WebhookSecrets::new(secrets.expose_secret().split(',')));
        let secrets = secrets.map_err(|error| wrong("stripe.webhook_secret", error.to_string()))?;
        let desk = self.desk.ok_or_else(|| {
            wrong("stripe.desk", "billing needs an organization of your own; give its short name, such as 'operator'")
        })?;
        let desk = Slug::try_from(desk).map_err(|error| wrong("stripe.desk", error.to_string()))?;
        let page = self.return_page.unwrap_or_else(|| public_url.trim_end_matches('/').to_owned());
        if !page.starts_with("https://") && !page.starts_with("http://") {
            return Err(wrong("stripe.return_page", "it begins with https:// or http://"));
        }
        Ok(Some(StripeSettings { config, webhook: StripeWebhook::new(secrets), desk, page }))
    }
}

impl MetaKeys {
    /// These before those of the file.
    pub(super) fn or(self, file: Self) -> Self {
        Self {
            app_id: self.app_id.or(file.app_id),
            app_secret: self.app_secret.or(file.app_secret),
            verify_token: self.verify_token.or(file.verify_token),
            instagram_app_id: self.instagram_app_id.or(file.instagram_app_id),
            instagram_app_secret: self.instagram_app_secret.or(file.instagram_app_secret),
            address: self.address.or(file.address),
        }
    }

    /// What they make, once they are checked; nothing without an app.
    pub(super) fn checked(self) -> Result<Option<MetaConfig>, ConfigError> {
        let Some(id) = self.app_id else {
            let stray = self.app_secret.is_some() || self.verify_token.is_some() || self.instagram_app_id.is_some();
            return if stray {
                Err(wrong("meta.app_id", "Meta needs the identifier of an app too; give one"))
            } else {
                Ok(None)
            };
        };
        let needed = |key, value: Option<SecretString>| {
            let value = value.filter(|value| !value.expose_secret().trim().is_empty());
            value.ok_or_else(|| wrong(key, "it is missing; take it from the app's dashboard"))
        };
        let secret = needed("meta.app_secret", self.app_secret)?;
        let token = needed("meta.verify_token", self.verify_token)?;
        let mut config = MetaConfig::new(AppCredentials { id, secret }, token);
        config.instagram_app = match (self.instagram_app_id, self.instagram_app_secret) {
            (None, None) => None,
            (Some(id), secret) => Some(AppCredentials { id, secret: needed("meta.instagram_app_secret", secret)? }),
            (None, Some(_)) => {
                return Err(wrong("meta.instagram_app_id", "it is missing; take it from the app's dashboard"));
            }
        };
        if let Some(address) = self.address {
            let url = || {
                address
                    .parse()
                    .map_err(|_| wrong("meta.address", "it is no address; write it like http://127.0.0.1:9000"))
            };
            config.base_urls = BaseUrls {
                graph: url()?,
                instagram_graph: url()?,
                instagram_api: url()?,
                facebook_dialog: url()?,
                instagram_dialog: url()?,
            };
            config.media_hosts = vec![address.trim_end_matches('/').to_owned()];
        }
        config.check().map_err(|error| wrong("meta", error.to_string()))?;
        Ok(Some(config))
    }
}

/// Stripe, ready to be used.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    config: StripeConfig,
    webhook: StripeWebhook,
    desk: Slug,
    page: String,
}

impl Opened {
    /// The same with these channels, and with those of Meta among them where there are any.
    pub(super) fn with_meta(
        self,
        meta: Option<&MetaConfig>,
        channels: Channels,
        clock: impl Clock + 'static,
    ) -> Result<Self, Failure> {
        let Some(meta) = meta else { return Ok(Self { crm: self.crm.with_channels(channels), ..self }) };
        let graph = Graph::new(meta.clone(), clock)?;
        let crm = self.crm.with_channels(channels.with(MetaChannels::new(graph.clone())));
        let outside = self.outside.with_social_webhook(Webhook::new(meta)).with_permission_pages(graph);
        Ok(Self { crm, outside, ..self })
    }

    /// The same with billing by Stripe, where there are settings for it.
    pub(super) async fn with_stripe(self, stripe: Option<&StripeSettings>) -> Result<Self, Failure> {
        let Some(stripe) = stripe else { return Ok(self) };
        let desk = desk(&self.crm, &stripe.desk).await?;
        let paywall = SubscriptionPaywall::new(Arc::clone(&self.crm.ports().store), AccessPolicy::default());
        let paywall = Arc::new(paywall);
        let billing = billing(stripe, desk)?.with_paywall(Arc::clone(&paywall));
        let crm = self.crm.with_paywall(Arc::clone(&paywall)).with_job_handlers(billing.job_handlers());
        let work = crm.billing_desk(&billing);
        work.fill_catalogue().await?;
        work.begin_sweeping().await?;
        let outside = self.outside.with_billing(billing).with_billing_webhook(stripe.webhook.clone());
        Ok(Self { crm, outside, paywall: Some(paywall) })
    }
}

fn billing(stripe: &StripeSettings, desk: OrganizationId) -> Result<Billing, Failure> {
    let page =
        |name: &str| format!("{}{}billing={name}", stripe.page, if stripe.page.contains('?') { '&' } else { '?' });
    let pages = Pages {
        // Stripe puts the identifier in the place of the braces.
        checkout_done: format!("{}&checkout={{CHECKOUT_SESSION_ID}}", page("done")),
        checkout_left: page("left"),
        portal_left: page("portal"),
    };
    Ok(Billing::new(Arc::new(StripeBilling::new(stripe.config.clone())?), desk, pages))
}

/// The operator's own organization. One that is founded here has an owner whom no mail reaches: nobody signs in to it.
async fn desk(crm: &Crm, slug: &Slug) -> Result<OrganizationId, Failure> {
    if let Some(known) = crm.organization_by_slug(slug).await? {
        return Ok(known);
    }
    let new = NewOrganization {
        slug: slug.clone(),
        name: "Operator".parse()?,
        default_currency: Currency::USD,
        time_zone: TimeZone::utc(),
        region: None,
    };
    let owner = NewMember {
        name: "Operator".parse()?,
        email: format!("operator@{slug}.example").parse()?,
        role: StandardRole::Owner,
        custom_role_id: None,
    };
    let (organization, _) = crm.found(new, owner).await?;
    tracing::info!(organization = %organization.id, provider = PROVIDER, "the billing desk was founded");
    Ok(organization.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    fn stripe() -> StripeKeys {
        StripeKeys {
            secret_key: Some(secret("sk_test_canary")),
            webhook_secret: Some(secret("whsec_canary")),
            desk: Some("operator".to_owned()),
            ..StripeKeys::default()
        }
    }

    fn meta() -> MetaKeys {
        MetaKeys {
            app_id: Some("1".to_owned()),
            app_secret: Some(secret("app-canary")),
            verify_token: Some(secret("verify-canary")),
            ..MetaKeys::default()
        }
    }

    #[test]
    fn without_keys_there_is_neither_and_with_all_of_them_both() {
        assert!(StripeKeys::default().checked("https://crm.example").unwrap().is_none());
        assert!(MetaKeys::default().checked().unwrap().is_none());
        let made = (stripe().checked("https://crm.example").unwrap().unwrap(), meta().checked().unwrap().unwrap());
        assert!(!format!("{made:?} {:?} {:?}", stripe(), meta()).contains("canary"), "no secret is shown");
    }

    #[test]
    fn what_is_wrong_with_a_provider_is_named_by_its_key() {
        type Change<K> = fn(&mut K);
        let cases: [(Change<StripeKeys>, &str); 6] = [
            (|keys| keys.secret_key = Some(secret("pk_test_canary")), "stripe.secret_key"),
            (|keys| keys.secret_key = None, "stripe.secret_key"),
            (|keys| keys.webhook_secret = None, "stripe.webhook_secret"),
            (|keys| keys.webhook_secret = Some(secret("whsec_canary, ")), "stripe.webhook_secret"),
            (|keys| keys.desk = Some("No Slug".to_owned()), "stripe.desk"),
            (|keys| keys.address = Some("http://stripe.example".to_owned()), "stripe.address"),
        ];
        for (change, key) in cases {
            let mut keys = stripe();
            change(&mut keys);
            let error = keys.checked("https://crm.example").unwrap_err();
            assert_eq!(error.key, key);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        let cases: [(Change<MetaKeys>, &str); 5] = [
            (|keys| keys.app_id = None, "meta.app_id"),
            (|keys| keys.app_secret = Some(secret(" ")), "meta.app_secret"),
            (|keys| keys.verify_token = None, "meta.verify_token"),
            (|keys| keys.instagram_app_id = Some("2".to_owned()), "meta.instagram_app_secret"),
            (|keys| keys.address = Some("nowhere".to_owned()), "meta.address"),
        ];
        for (change, key) in cases {
            let mut keys = meta();
            change(&mut keys);
            let error = keys.checked().unwrap_err();
            assert_eq!(error.key, key);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_has_a_table_for_each() {
        let file: StripeKeys = toml::from_str("secret_key = 'sk_test_file'\ndesk = 'office'").unwrap();
        let keys = StripeKeys { desk: None, ..stripe() }.or(file);
        assert_eq!(
            (keys.desk.as_deref(), keys.secret_key.unwrap().expose_secret()),
            (Some("office"), "sk_test_canary")
        );
        assert!(toml::from_str::<MetaKeys>("app = '1'").is_err());
    }
}
