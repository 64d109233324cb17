use std::time::Duration;

use super::*;
use crate::access::{PermissionSet, StandardRole};
use crate::kernel::{Id, Timestamp};
use crate::store::Session;
use crate::testing::office::Office;

fn product(office: &Office) -> Session {
    office.crm.session(crate::access::Caller::system(office.organization, "sign-in"))
}

async fn known(session: &Session, office: &Office) -> Known {
    session.sign_ins().set_password(office.owner, "hash".to_owned()).await.unwrap();
    session.sign_ins().known(&"olivia@office.example".parse().unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_used_token_ends_its_family() {
    let office = Office::open().await;
    let session = product(&office);
    let sign_ins = session.sign_ins();
    let known = known(&session, &office).await;
    let id: SignInId = sign_ins.new_id();
    sign_ins.open(&known, None, id, "one".to_owned()).await.unwrap();
    let renewed = sign_ins.renew(id, 1, "one", "two".to_owned()).await.unwrap();
    assert_eq!(renewed.generation, 2);
    let forged = sign_ins.renew(id, 2, "one", "three".to_owned()).await.unwrap_err();
    assert_eq!(forged.code(), "token.refused");
    assert!(sign_ins.is_open(id).await.unwrap(), "a token that never was one ends nothing");
    assert_eq!(sign_ins.renew(id, 1, "one", "three".to_owned()).await.unwrap_err().code(), "token.refused");
    assert!(!sign_ins.is_open(id).await.unwrap());
    assert_eq!(sign_ins.renew(id, 2, "two", "three".to_owned()).await.unwrap_err().code(), "token.refused");
    assert_eq!(office.events_of(id.uuid()), ["sign_in.opened", "sign_in.token_reused"]);
}

#[tokio::test]
async fn another_password_ends_every_sign_in() {
    let office = Office::open().await;
    let session = product(&office);
    let known = known(&session, &office).await;
    let id: SignInId = session.sign_ins().new_id();
    session.sign_ins().open(&known, None, id, "one".to_owned()).await.unwrap();
    session.sign_ins().set_password(office.owner, "other".to_owned()).await.unwrap();
    assert!(!session.sign_ins().is_open(id).await.unwrap());
}

#[test]
fn locks_come_with_the_fifth_failure_and_double() {
    let mut credential = Credential::new(Id::new(uuid::Uuid::nil()), "hash".to_owned());
    let now = Timestamp::MIN;
    for _ in 0..4 {
        assert!(credential.fail(now).is_none());
        assert!(!credential.is_locked(now));
    }
    for minutes in [1, 2, 4, 8, 16, 32, 64, 64, 64] {
        assert!(credential.fail(now).is_some());
        let end = now.plus(Duration::from_mins(minutes));
        assert!(credential.is_locked(end.minus(Duration::from_secs(1))));
        assert!(!credential.is_locked(end), "{minutes}");
    }
    credential.pass();
    assert!(!credential.is_locked(now));
}

#[test]
fn no_code_is_taken_twice() {
    let mut credential = Credential::new(Id::new(uuid::Uuid::nil()), "hash".to_owned());
    assert!(credential.take_code(3).is_err());
    credential.offer_code("sealed".to_owned()).unwrap();
    assert!(!credential.needs_code(), "an offer is not asked for");
    assert!(credential.take_code(3).unwrap().is_some());
    assert!(credential.needs_code());
    assert!(credential.take_code(3).is_err());
    assert!(credential.take_code(2).is_err());
    assert!(credential.take_code(4).unwrap().is_none());
    assert!(credential.offer_code("other".to_owned()).is_err());
}

#[tokio::test]
async fn a_locked_credential_opens_nothing_even_with_the_right_password() {
    let office = Office::open().await;
    let session = product(&office);
    let known = known(&session, &office).await;
    for _ in 0..5 {
        session.sign_ins().fail(known.credential.id).await.unwrap();
    }
    let sign_ins = session.sign_ins();
    let refused = sign_ins.open(&known, None, sign_ins.new_id(), "one".to_owned()).await.unwrap_err();
    assert_eq!(refused.code(), "sign_in.refused");
    office.clock.advance(Duration::from_mins(1));
    assert!(sign_ins.open(&known, None, sign_ins.new_id(), "one".to_owned()).await.is_ok());
}

#[tokio::test]
async fn an_invitation_is_good_once_and_for_a_week() {
    let office = Office::open().await;
    let session = product(&office);
    let sign_ins = session.sign_ins();
    let invitation =
        |email: &str| NewInvitation { email: email.parse().unwrap(), role: StandardRole::Viewer, custom_role_id: None };
    let accept = async |id, token: &str| {
        let name = "Vera".parse().unwrap();
        session.sign_ins().accept(id, token, name, "hash".to_owned()).await
    };
    let id = sign_ins.new_id();
    sign_ins.invite(id, invitation("vera@office.example"), "token".to_owned()).await.unwrap();
    assert_eq!(accept(id, "other").await.unwrap_err().code(), "invitation.refused");
    assert_eq!(accept(id, "token").await.unwrap().role, StandardRole::Viewer);
    assert_eq!(accept(id, "token").await.unwrap_err().code(), "invitation.refused");
    let again = sign_ins.invite(sign_ins.new_id(), invitation("vera@office.example"), String::new()).await;
    assert_eq!(again.unwrap_err().code(), "invitation.already_member");
    let late = sign_ins.new_id();
    sign_ins.invite(late, invitation("late@office.example"), "token".to_owned()).await.unwrap();
    office.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(accept(late, "token").await.unwrap_err().code(), "invitation.refused");
}

#[tokio::test]
async fn a_reset_is_good_once_and_for_an_hour() {
    let office = Office::open().await;
    let session = product(&office);
    known(&session, &office).await;
    let sign_ins = session.sign_ins();
    let id = sign_ins.new_id();
    sign_ins.request_reset(id, office.owner, "token".to_owned()).await.unwrap();
    assert_eq!(sign_ins.reset(id, "other", "new".to_owned()).await.unwrap_err().code(), "password_reset.refused");
    sign_ins.reset(id, "token", "new".to_owned()).await.unwrap();
    assert_eq!(sign_ins.credential(office.owner).await.unwrap().unwrap().password_hash, "new");
    assert_eq!(sign_ins.reset(id, "token", "newer".to_owned()).await.unwrap_err().code(), "password_reset.refused");
    let late = sign_ins.new_id();
    sign_ins.request_reset(late, office.owner, "token".to_owned()).await.unwrap();
    office.clock.advance(Duration::from_hours(1));
    assert_eq!(sign_ins.reset(late, "token", "new".to_owned()).await.unwrap_err().code(), "password_reset.refused");
}

#[tokio::test]
async fn a_key_is_good_until_it_is_taken_back() {
    let office = Office::open().await;
    let session = product(&office);
    let sign_ins = session.sign_ins();
    let id = sign_ins.new_id();
    let scopes = Some(PermissionSet::reading());
    let new = NewApiKey { name: "sync".parse().unwrap(), scopes, expires_at: None };
    sign_ins.create_key(id, office.owner, new, "hash".to_owned()).await.unwrap();
    assert_eq!(sign_ins.key(id, "hash").await.unwrap().scopes, scopes);
    assert_eq!(sign_ins.key(id, "other").await.unwrap_err().code(), "token.refused");
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    assert_eq!(sign_ins.revoke_key(id, rita).await.unwrap_err().code(), "record.not_found");
    sign_ins.revoke_key(id, office.owner).await.unwrap();
    assert_eq!(sign_ins.key(id, "hash").await.unwrap_err().code(), "token.refused");
}
