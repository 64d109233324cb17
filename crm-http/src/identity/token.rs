//! Tokens: short signed ones for access, and opaque sealed ones that name their record.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use crm_core::access::{MemberId, OrganizationId};
use crm_core::kernel::{Id, Timestamp};
use crm_core::sign_in::SignInId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::signing::{NoChance, Secret, digest, random};

/// How long an access token is good, in seconds.
pub(super) const ACCESS_SECONDS: i64 = 15 * 60;
const TYPE: &str = "at+jwt";
const ISSUER: &str = "crm-http";
const AUDIENCE: &str = "crm-api";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    pub(super) sub: MemberId,
    pub(super) org: OrganizationId,
    pub(super) sid: SignInId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Makes and reads access tokens. One algorithm, one key, one issuer, one audience, one type.
pub(super) struct AccessTokens {
    signing: EncodingKey,
    reading: DecodingKey,
    key_id: String,
    validation: Validation,
}

impl AccessTokens {
    /// Tokens of the key that the secret makes.
    pub(super) fn new(secret: &Secret) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&secret.key("access-token")).ok()?;
        let private = pair.to_pkcs8v1().ok()?;
        let public = pair.public_key().as_ref();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // Time comes from the domain's clock, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Some(Self {
            signing: EncodingKey::from_ed_der(private.as_ref()),
            reading: DecodingKey::from_ed_der(public),
            key_id: digest(&[public]).chars().take(16).collect(),
            validation,
        })
    }

    /// A token of a member for a sign-in of theirs.
    pub(super) fn issue(&self, org: OrganizationId, sub: MemberId, sid: SignInId, now: Timestamp) -> Option<String> {
        let iat = now.micros().div_euclid(1_000_000);
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub,
            org,
            sid,
            iat,
            nbf: iat,
            exp: iat + ACCESS_SECONDS,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing).ok()
    }

    /// What a token says; nothing when it is not ours, over, or not yet good.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let read = jsonwebtoken::decode::<Claims>(token, &self.reading, &self.validation).ok()?;
        let ours = read.header.typ.as_deref() == Some(TYPE) && read.header.kid.as_deref() == Some(&self.key_id);
        let seconds = now.micros().div_euclid(1_000_000);
        let Claims { nbf, exp, iat, .. } = read.claims;
        let timely = nbf <= seconds && seconds < exp && exp - iat <= ACCESS_SECONDS;
        (ours && timely).then_some(read.claims)
    }
}

/// A secret that names its record: organization, record, generation and chance, sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named<E> {
    pub(super) organization: OrganizationId,
    pub(super) id: Id<E>,
    pub(super) generation: i64,
}

/// The text of a fresh secret, and the hash that is kept of it.
pub(super) fn fresh<E>(secret: &Secret, purpose: &str, named: &Named<E>) -> Result<(String, String), NoChance> {
    let mut bytes = Vec::with_capacity(72);
    bytes.extend(named.organization.uuid().as_bytes());
    bytes.extend(named.id.uuid().as_bytes());
    bytes.extend(named.generation.to_be_bytes());
    bytes.extend(random::<32>()?);
    let text = secret.seal(purpose, &bytes);
    let hash = digest(&[text.as_bytes()]);
    Ok((text, hash))
}

/// What a text names, and its hash; nothing when it was not sealed here for the purpose.
pub(super) fn read<E>(secret: &Secret, purpose: &str, text: &str) -> Option<(Named<E>, String)> {
    let bytes = secret.open(purpose, text)?;
    let uuid = |from: usize| Uuid::from_slice(bytes.get(from..from + 16)?).ok();
    let generation = i64::from_be_bytes(bytes.get(32..40)?.try_into().ok()?);
    let named = Named { organization: Id::new(uuid(0)?), id: Id::new(uuid(16)?), generation };
    Some((named, digest(&[text.as_bytes()])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<E>(number: u128) -> Id<E> {
        Id::new(Uuid::from_u128(number))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn only_our_own_tokens_in_their_time_are_read() {
        let tokens = AccessTokens::new(&Secret::new([7; 32])).unwrap();
        let token = tokens.issue(id(1), id(2), id(3), at(1_000)).unwrap();
        let claims = tokens.read(&token, at(1_000)).unwrap();
        assert_eq!((claims.org, claims.sub, claims.sid), (id(1), id(2), id(3)));
        assert!(tokens.read(&token, at(1_000 + ACCESS_SECONDS - 1)).is_some());
        assert!(tokens.read(&token, at(1_000 + ACCESS_SECONDS)).is_none(), "it is over");
        assert!(tokens.read(&token, at(999)).is_none(), "it is not yet good");
        let others = AccessTokens::new(&Secret::new([8; 32])).unwrap();
        assert!(others.read(&token, at(1_000)).is_none());
    }

    type Change<'c> = &'c dyn Fn(&mut Header, &mut Claims);

    #[test]
    fn a_forged_head_or_claim_is_refused() {
        let tokens = AccessTokens::new(&Secret::new([7; 32])).unwrap();
        let good = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: id(2),
            org: id(1),
            sid: id(3),
            iat: 1_000,
            nbf: 1_000,
            exp: 1_900,
        };
        let signed = |change: &dyn Fn(&mut Header, &mut Claims)| {
            let (mut header, mut claims) = (Header::new(Algorithm::EdDSA), good.clone());
            header.typ = Some(TYPE.to_owned());
            header.kid = Some(tokens.key_id.clone());
            change(&mut header, &mut claims);
            jsonwebtoken::encode(&header, &claims, &tokens.signing).unwrap()
        };
        assert!(tokens.read(&signed(&|_, _| ()), at(1_000)).is_some(), "without a change it is good");
        let changes: [Change<'_>; 7] = [
            &|header, _| header.typ = Some("JWT".to_owned()),
            &|header, _| header.typ = None,
            &|header, _| header.kid = Some("../../etc/passwd".to_owned()),
            &|header, _| header.kid = None,
            &|_, claims| claims.iss = "else".to_owned(),
            &|_, claims| claims.aud = "else".to_owned(),
            &|_, claims| claims.exp = 100_000,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert!(tokens.read(&signed(change), at(1_000)).is_none(), "change {number}");
        }
        let secret = EncodingKey::from_secret(tokens.key_id.as_bytes());
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(tokens.key_id.clone());
        let confused = jsonwebtoken::encode(&header, &good, &secret).unwrap();
        assert!(tokens.read(&confused, at(1_000)).is_none(), "another algorithm");
        let token = signed(&|_, _| ());
        let parts: Vec<_> = token.split('.').collect();
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
        assert!(tokens.read(&format!("{none}.{}.", parts[1]), at(1_000)).is_none(), "no algorithm");
        let mut flips = 0;
        for place in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let Ok(flipped) = String::from_utf8(bytes) else { continue };
                // The last letter of base64 has bits that mean nothing; the decoder refuses them too.
                assert!(tokens.read(&flipped, at(1_000)).is_none(), "bit {bit} of {place}");
                flips += 1;
            }
        }
        assert!(flips > 1_000, "{flips}");
    }

    #[test]
    fn a_sealed_secret_names_its_record() {
        let secret = Secret::new([7; 32]);
        let named: Named<()> = Named { organization: id(1), id: id(2), generation: 3 };
        let (text, hash) = fresh(&secret, "refresh", &named).unwrap();
        assert_eq!(read(&secret, "refresh", &text), Some((named, hash)));
        assert_eq!(read::<()>(&secret, "reset", &text), None);
        assert_ne!(fresh(&secret, "refresh", &named).unwrap().0, text);
    }
}
