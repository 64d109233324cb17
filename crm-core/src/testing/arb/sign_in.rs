//! Strategies for what signing in and repeatable commands remember.

use proptest::prelude::*;
use serde_json::json;

use super::Sample;
use super::one_of;
use super::pools::{address, any_id, instant, maybe, number, word};
use super::samples::read;
use crate::access::{CustomRole, Member};
use crate::command::CommandKey;
use crate::sign_in::{ApiKey, Credential, Invitation, PasswordReset, SignIn};

impl Sample for CommandKey {
    fn sample() -> BoxedStrategy<Self> {
        let answer = word().prop_map(|body| json!({ "status": 201, "head": [["etag", "\"1\""]], "body": body }));
        let parts = (word(), word(), word(), maybe(answer), instant());
        read(parts.prop_map(|(principal, key, fingerprint, answer, expires_at)| {
            json!({
                "principal": principal, "key": key, "fingerprint": fingerprint, "answer": answer,
                "expires_at": expires_at,
            })
        }))
    }
}

impl Sample for Credential {
    fn sample() -> BoxedStrategy<Self> {
        let totp = word().prop_map(|sealed| json!({ "sealed": sealed, "confirmed": true, "last_step": 7 }));
        let parts = (any_id::<Member>(), word(), number(), maybe(instant()), maybe(totp));
        read(parts.prop_map(|(member_id, password_hash, failures, locked_until, totp)| {
            json!({
                "member_id": member_id, "password_hash": password_hash, "failures": failures,
                "locked_until": locked_until, "totp": totp,
            })
        }))
    }
}

impl Sample for SignIn {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Member>(), word(), number(), instant(), maybe(instant()));
        read(parts.prop_map(|(member_id, token_hash, generation, expires_at, ended_at)| {
            json!({
                "member_id": member_id, "token_hash": token_hash, "generation": generation, "expires_at": expires_at,
                "ended_at": ended_at,
            })
        }))
    }
}

impl Sample for ApiKey {
    fn sample() -> BoxedStrategy<Self> {
        let scopes = maybe(Just(json!(["lead_read", "lead_create"])));
        let parts = (any_id::<Member>(), word(), word(), scopes, maybe(instant()), maybe(instant()));
        read(parts.prop_map(|(member_id, name, key_hash, scopes, expires_at, revoked_at)| {
            json!({
                "member_id": member_id, "name": name, "key_hash": key_hash, "scopes": scopes,
                "expires_at": expires_at, "revoked_at": revoked_at,
            })
        }))
    }
}

impl Sample for Invitation {
    fn sample() -> BoxedStrategy<Self> {
        let role = one_of(&["owner", "viewer"]);
        let parts = (address(), role, maybe(any_id::<CustomRole>()), word(), instant(), maybe(instant()));
        read(parts.prop_map(|(email, role, custom_role_id, token_hash, expires_at, closed_at)| {
            json!({
                "email": email, "role": role, "custom_role_id": custom_role_id, "token_hash": token_hash,
                "expires_at": expires_at, "closed_at": closed_at,
            })
        }))
    }
}

impl Sample for PasswordReset {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Member>(), word(), instant(), maybe(instant()));
        read(parts.prop_map(|(member_id, token_hash, expires_at, used_at)| {
            json!({ "member_id": member_id, "token_hash": token_hash, "expires_at": expires_at, "used_at": used_at })
        }))
    }
}
