//! `/webhooks`: what providers say by themselves. It is stored before they get their answer; the agenda does the rest.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::api::{Api, Call, Plain, Query, Raw, Words, get, post, query_parameter};
use crate::facade::Options;
use crate::problem::Problem;

/// What was sent is stored.
#[derive(Debug, Serialize, ToSchema)]
struct Taken {
    received: bool,
}

/// The question whether an address is ours. Its parameters are read by whoever knows the platform.
#[derive(Debug)]
struct Handshake;

impl Query for Handshake {
    fn read(_: Vec<(String, String)>) -> Result<Self, Problem> {
        Ok(Self)
    }
    fn parameters() -> Vec<Parameter> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        vec![
            query_parameter("hub.mode", "'subscribe'", text()),
            query_parameter("hub.verify_token", "What the platform and the operator have agreed on", text()),
            query_parameter("hub.challenge", "What is answered", text()),
        ]
    }
}

pub(super) fn declare(api: &mut Api, options: &Options) {
    api.document.tag("webhooks", "What providers say by themselves");
    let (of_billing, of_platforms) = options.outside.largest_bodies();
    let endpoint = post("/webhooks/stripe").tag("webhooks").says("Takes an event of the billing provider");
    let endpoint = endpoint.explains("Signed in 'Stripe-Signature' over the bytes of the body.");
    api.add_public(endpoint.signed().may_be_missing().takes_up_to(of_billing), |c: Call<(), (), Raw>| async move {
        let (crm, outside) = (c.facade.crm(), c.facade.outside());
        let event = outside.billing_webhook()?.read(&c.head, &c.body.0, crm.ports().clock.now())?;
        crm.billing_desk(outside.billing()?).receive(event).await?;
        Ok::<_, Problem>(Plain(Taken { received: true }))
    });
    for path in ["/webhooks/facebook", "/webhooks/instagram", "/webhooks/whatsapp"] {
        let endpoint = get(path).tag("webhooks").says("Answers the platform that asks whether the address is ours");
        api.add_public(endpoint.signed().may_be_missing(), |c: Call<(), Handshake>| async move {
            let query = c.uri.query().unwrap_or_default();
            Ok::<_, Problem>(Words(c.facade.outside().social_webhook()?.handshake(query)?))
        });
        let endpoint = post(path).tag("webhooks").says("Takes what the platform tells");
        let endpoint = endpoint.explains("Signed in 'X-Hub-Signature-256' over the bytes of the body.");
        api.add_public(
            endpoint.signed().may_be_missing().takes_up_to(of_platforms),
            |c: Call<(), (), Raw>| async move {
                let ports = c.facade.crm().ports();
                c.facade.outside().social_webhook()?.accept(ports, &c.head, &c.body.0).await?;
                Ok::<_, Problem>(Plain(Taken { received: true }))
            },
        );
    }
}
