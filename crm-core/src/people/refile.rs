//! Filing contacts anew when their account has another name.
//!
//! A contact is filed under its company's name too, which helps to find a misspelt person. An account may have any number
//! of contacts, so a worker does this a page at a time.

use serde_json::{Value as Json, json};

use super::account::AccountId;
use super::contact::{Contact, ContactId};
use super::contact_service::refile;
use crate::agenda::Job;
use crate::kernel::{Cursor, Id, Page, Result, Stored, Timestamp, Value};
use crate::store::{InStore, UnitOfWork};

/// The kind of job that files the contacts of a renamed account anew.
pub const REFILE: &str = "contact.refile";

/// How many contacts one run takes.
const CONTACTS_IN_A_RUN: u32 = 200;

/// The handlers of what this slice leaves for later.
#[must_use]
pub const fn job_handlers() -> [InStore; 1] {
    [InStore::new(REFILE, |uow, job| Box::pin(run(uow, job)))]
}

/// The filing of an account's contacts, from behind `after` on.
pub(super) fn contacts_of(account: AccountId, at: Timestamp, after: Option<ContactId>) -> Job {
    let payload = json!({ "account_id": account, "after": after });
    Job::at(at, REFILE, payload).unique(format!("{REFILE}:{account}"))
}

async fn run(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<()> {
    let Some(account) = id_in::<super::Account>(&job.payload, "account_id") else { return Ok(()) };
    let mut page = Page::first(CONTACTS_IN_A_RUN);
    if let Some(after) = id_in::<Contact>(&job.payload, "after") {
        page = page.after(Cursor { value: Value::Uuid(after.uuid()), id: after.uuid() })?;
    }
    let contacts = uow.list_of_anyone(&Contact::ACCOUNT_ID.is(account), &page).await?;
    for contact in &contacts {
        refile(uow, contact).await?;
    }
    match contacts.last() {
        Some(last) if u32::try_from(contacts.len()).is_ok_and(|count| count >= page.limit()) => {
            uow.schedule(contacts_of(account, uow.now(), Some(last.id))).await
        }
        _ => Ok(()),
    }
}

fn id_in<E>(payload: &Json, name: &str) -> Option<Id<E>> {
    payload.get(name)?.as_str()?.parse().ok()
}
