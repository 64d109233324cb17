//! `WhatsApp` numbers and business accounts.

use crm_core::inbox::channel::{ChannelFailure, TemplateCategory, TemplateListing, TemplateStatus};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

use super::call::{Call, Service};
use super::client::Graph;

/// A number of the Cloud API, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneNumber {
    /// The name that customers see.
    pub name: Option<String>,
    /// The number as people write it.
    pub display: Option<String>,
}

impl Graph {
    /// Asks a business account to tell us what happens.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// graph.subscribe_business("2001", &"a token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn subscribe_business(&self, account: &str, token: &SecretString) -> Result<(), ChannelFailure> {
        let call = Call::post(Service::Graph, [account, "subscribed_apps"]).authorized(token);
        self.execute(account, call).await?;
        Ok(())
    }

    /// Registers a number with the Cloud API under a pin of six digits.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// graph.register_number("110", &"123456".into(), &"a token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn register_number(
        &self,
        number: &str,
        pin: &SecretString,
        token: &SecretString,
    ) -> Result<(), ChannelFailure> {
        let body = json!({ "messaging_product": "whatsapp", "pin": pin.expose_secret() });
        self.execute(number, Call::post(Service::Graph, [number, "register"]).json(body).authorized(token)).await?;
        Ok(())
    }

    /// Name and number behind the identifier of a number.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let number = graph.phone_number("110", &"a token".into()).await?;
    /// println!("{:?}", number.display);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn phone_number(&self, number: &str, token: &SecretString) -> Result<PhoneNumber, ChannelFailure> {
        let call = Call::get(Service::Graph, [number]).with("fields", "display_phone_number,verified_name");
        let answer = self.execute(number, call.authorized(token)).await?;
        let text = |name: &str| answer.get(name).and_then(Json::as_str).map(str::to_owned);
        Ok(PhoneNumber { name: text("verified_name"), display: text("display_phone_number") })
    }

    /// All templates of a business account. Entries without a name or a language are left out.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// for template in graph.message_templates("2001", &"a token".into()).await? {
    ///     println!("{} ({}): {}", template.name, template.status.as_str(), template.body);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn message_templates(
        &self,
        account: &str,
        token: &SecretString,
    ) -> Result<Vec<TemplateListing>, ChannelFailure> {
        let call = || {
            Call::get(Service::Graph, [account, "message_templates"])
                .with("fields", "id,name,language,status,category,components,parameter_format")
                .authorized(token)
        };
        Ok(self.list(account, call).await?.iter().filter_map(listing).collect())
    }
}

fn listing(entry: &Json) -> Option<TemplateListing> {
    let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
    let components = entry.get("components").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let of_type = |wanted: &str| components.iter().find(|part| word(part, "type").eq_ignore_ascii_case(wanted));
    let words = |part: &Json| Some(word(part, "text").to_owned()).filter(|text| !text.is_empty());
    let buttons = of_type("BUTTONS").and_then(|part| part.get("buttons")).and_then(Json::as_array);
    let open_ended =
        buttons.into_iter().flatten().zip(0_u32..).filter(|(button, _)| {
            word(button, "type").eq_ignore_ascii_case("URL") && word(button, "url").contains("{{")
        });
    Some(TemplateListing {
        external_id: Some(text("id")).filter(|id| !id.is_empty())?.to_owned(),
        name: Some(text("name")).filter(|name| !name.is_empty())?.to_owned(),
        language: Some(text("language")).filter(|language| !language.is_empty())?.to_owned(),
        status: TemplateStatus::named(text("status")),
        category: match text("category") {
            "UTILITY" => TemplateCategory::Utility,
            "AUTHENTICATION" => TemplateCategory::Authentication,
            // The dearest and strictest, when Meta invents another.
            _ => TemplateCategory::Marketing,
        },
        header: of_type("HEADER").and_then(words),
        body: of_type("BODY").and_then(words).unwrap_or_default(),
        url_buttons: open_ended.map(|(_, index)| index).collect(),
    })
}

fn word<'a>(part: &'a Json, name: &str) -> &'a str {
    part.get(name).and_then(Json::as_str).unwrap_or_default()
}
