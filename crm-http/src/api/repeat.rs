//! Commands that arrive twice: `Idempotency-Key`.
//!
//! The key is kept in the commit of the effect and the answer before it is given, see [`crm_core::command`].

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use crm_core::command::{CommandAnswer, CommandName, CommandRefusal};
use crm_core::store::Session;

use super::answer::Answered;
use crate::problem::Problem;
use crate::signing::digest;

/// Longest key, in bytes.
const LONGEST_KEY: usize = 200;
/// How often, and after how long each time, a repetition asks whether the first has answered.
const ASKS: u32 = 40;
const BETWEEN_ASKS: Duration = Duration::from_millis(50);

/// Names the command of a request.
pub(super) fn name(
    session: &Session,
    key: &str,
    method: &Method,
    uri: &Uri,
    body: &[u8],
) -> Result<CommandName, Problem> {
    if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
        let detail = format!("an 'Idempotency-Key' has 1 to {LONGEST_KEY} visible ASCII characters");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key.malformed", detail));
    }
    let principal = serde_json::to_string(session.caller().actor()).unwrap_or_default();
    let query = uri.query().unwrap_or_default().as_bytes();
    // The same JSON written otherwise is the same command.
    let canonical = serde_json::from_slice::<serde_json::Value>(body).and_then(|json| serde_json::to_vec(&json));
    let body = canonical.as_deref().unwrap_or(body);
    let fingerprint = digest(&[method.as_str().as_bytes(), uri.path().as_bytes(), query, body]);
    Ok(CommandName { principal, key: key.to_owned(), fingerprint })
}

/// What was answered to the same command before. Waits a little while the first is at work.
pub(super) async fn earlier(session: &Session) -> Result<Option<Answered>, Problem> {
    let mut asked = 0;
    loop {
        match session.earlier_answer().await {
            Ok(answer) => return Ok(answer.map(replayed)),
            Err(error) if error.downcast_ref() == Some(&CommandRefusal::AtWork) && asked < ASKS => {
                asked += 1;
                tokio::time::sleep(BETWEEN_ASKS).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Keeps what will be answered.
pub(super) async fn keep(session: &Session, answered: &Answered) -> Result<(), Problem> {
    let head = answered.head.iter();
    let head = head.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let body = String::from_utf8(answered.body.clone()).unwrap_or_default();
    let answer = CommandAnswer { status: answered.status.as_u16(), head: head.collect(), body };
    Ok(session.keep_answer(answer).await?)
}

fn replayed(answer: CommandAnswer) -> Answered {
    let pair =
        |(name, value): (String, String)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
    let mut head: Vec<_> = answer.head.into_iter().filter_map(pair).collect();
    head.push((HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true")));
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answered { status, head, body: answer.body.into_bytes(), made: None }
}
