//! Tokens: what Meta issues, and what it says of them.

use std::fmt;
use std::time::Duration;

use crm_core::inbox::channel::ChannelFailure;
use crm_core::kernel::Timestamp;
use secrecy::SecretString;
use serde_json::Value as Json;

use super::call::{Call, CallError, Service};
use super::client::Graph;

/// A token that Meta issued.
#[derive(Clone)]
pub struct IssuedToken {
    /// The token.
    pub token: SecretString,
    /// When it ends; `None` when Meta names no end.
    pub expires_at: Option<Timestamp>,
    /// What it permits, where Meta says so at once.
    pub scopes: Vec<String>,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What Meta says of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenReport {
    /// Whether it works.
    pub valid: bool,
    /// The earlier of its own end and the end of access to data; `None` when it has none.
    pub expires_at: Option<Timestamp>,
    /// What it permits.
    pub scopes: Vec<String>,
}

impl Graph {
    /// Asks, as the app, what a token is worth.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let report = graph.debug_token(&"a token".into()).await?;
    /// println!("works: {}, until {:?}", report.valid, report.expires_at);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn debug_token(&self, token: &SecretString) -> Result<TokenReport, ChannelFailure> {
        let call = Call::get(Service::Graph, ["debug_token"]).with_secret("input_token", token).by_app();
        let answer = self.execute("app", call).await?;
        Ok(report(answer.get("data").unwrap_or(&Json::Null)))
    }

    /// The token in an answer to an exchange.
    pub(super) fn issued(&self, answer: &Json) -> Result<IssuedToken, CallError> {
        let text = answer.get("access_token").and_then(Json::as_str).filter(|text| !text.is_empty());
        let token = text.ok_or_else(|| CallError::Lost("the answer carries no access_token".to_owned()))?;
        let seconds = answer.get("expires_in").and_then(Json::as_u64).filter(|seconds| *seconds > 0);
        let scopes = match answer.get("permissions") {
            Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            Some(Json::String(names)) => names.split(',').map(|name| name.trim().to_owned()).collect(),
            _ => Vec::new(),
        };
        Ok(IssuedToken {
            token: SecretString::from(token),
            expires_at: seconds.map(|seconds| self.now().plus(Duration::from_secs(seconds))),
            scopes,
        })
    }
}

/// Zero stands for "never".
fn report(data: &Json) -> TokenReport {
    let time = |name: &str| {
        let seconds = data.get(name).and_then(Json::as_i64).filter(|seconds| *seconds > 0)?;
        Timestamp::from_micros(seconds.checked_mul(1_000_000)?).ok()
    };
    let texts = |value: Option<&Json>| -> Vec<String> {
        let names = value.and_then(Json::as_array).into_iter().flatten();
        names.filter_map(Json::as_str).map(str::to_owned).collect()
    };
    let granular = data.get("granular_scopes").and_then(Json::as_array).into_iter().flatten();
    let mut scopes = texts(data.get("scopes"));
    scopes.extend(granular.filter_map(|scope| scope.get("scope").and_then(Json::as_str)).map(str::to_owned));
    scopes.sort();
    scopes.dedup();
    TokenReport {
        valid: data.get("is_valid").and_then(Json::as_bool) == Some(true),
        expires_at: [time("expires_at"), time("data_access_expires_at")].into_iter().flatten().min(),
        scopes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_end_counts_and_zero_is_none() {
        let of = |own: i64, data: i64| {
            let answer = serde_json::json!({"is_valid": true, "expires_at": own, "data_access_expires_at": data});
            report(&answer).expires_at.map(|time| time.micros() / 1_000_000)
        };
        assert_eq!(of(0, 0), None);
        assert_eq!(of(0, 20), Some(20));
        assert_eq!(of(10, 20), Some(10));
    }

    #[test]
    fn a_report_without_data_is_of_a_token_that_is_worth_nothing() {
        assert_eq!(report(&Json::Null), TokenReport::default());
    }
}
