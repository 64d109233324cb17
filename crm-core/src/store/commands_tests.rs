use crate::command::{CommandAnswer, CommandName};
use crate::kernel::{Page, Predicate};
use crate::store::Session;
use crate::testing::office::{Office, named};

fn name(key: &str, fingerprint: &str) -> CommandName {
    CommandName { principal: "p".to_owned(), key: key.to_owned(), fingerprint: fingerprint.to_owned() }
}

async fn rename(session: &Session, id: crate::lead::LeadId) -> crate::kernel::Result<()> {
    session.leads().qualify(id).await.map(drop)
}

#[tokio::test]
async fn the_key_is_kept_with_the_effect_and_the_answer_behind_it() {
    let office = Office::open().await;
    let id = office.lead(named("Lovelace")).await.id;
    let session = office.boss().await.carrying_out(name("k", "f"));
    assert!(session.earlier_answer().await.unwrap().is_none());
    rename(&session, id).await.unwrap();
    assert_eq!(session.earlier_answer().await.unwrap_err().code(), "idempotency_key.at_work");
    let answer = CommandAnswer { status: 200, head: Vec::new(), body: "{}".to_owned() };
    session.keep_answer(answer.clone()).await.unwrap();
    let again = office.boss().await.carrying_out(name("k", "f"));
    assert_eq!(again.earlier_answer().await.unwrap(), Some(answer));
    let other = office.boss().await.carrying_out(name("k", "g"));
    assert_eq!(other.earlier_answer().await.unwrap_err().code(), "idempotency_key.reused");
    office.clock.advance(crate::command::REMEMBERED);
    assert!(other.earlier_answer().await.unwrap().is_none(), "a forgotten key is free again");
}

#[tokio::test]
async fn a_second_commit_under_the_same_key_is_refused_and_leaves_nothing() {
    let office = Office::open().await;
    let (one, two) = (office.lead(named("Lovelace")).await.id, office.lead(named("Byron")).await.id);
    rename(&office.boss().await.carrying_out(name("k", "f")), one).await.unwrap();
    let racing = office.boss().await.carrying_out(name("k", "f"));
    assert_eq!(rename(&racing, two).await.unwrap_err().code(), "idempotency_key.at_work");
    let leads = office.boss().await.leads().list(&Predicate::everything(), &Page::first(9)).await.unwrap();
    assert_eq!(leads.iter().map(|lead| lead.version).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn a_key_can_be_forgotten_by_its_own_session_only() {
    let office = Office::open().await;
    let id = office.lead(named("Lovelace")).await.id;
    let session = office.boss().await.carrying_out(name("k", "f"));
    assert!(!session.forget_command().await.unwrap(), "nothing was kept yet");
    rename(&session, id).await.unwrap();
    let other = office.boss().await.carrying_out(name("k", "f"));
    assert!(!other.forget_command().await.unwrap());
    assert!(session.forget_command().await.unwrap());
    assert!(other.earlier_answer().await.unwrap().is_none());
}

#[tokio::test]
async fn a_refused_command_keeps_no_key() {
    let office = Office::open().await;
    let session = office.boss().await.carrying_out(name("k", "f"));
    let nobody = crate::kernel::Id::new(uuid::Uuid::nil());
    assert_eq!(rename(&session, nobody).await.unwrap_err().code(), "record.not_found");
    assert!(session.earlier_answer().await.unwrap().is_none());
}
