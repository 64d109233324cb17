//! Commands on contacts and their addresses and numbers.

use super::contact::{Contact, ContactEvent, ContactId, ContactPatch, ContactRefusal, NewContact};
use super::point::{ContactPoint, ContactPointId, NewContactPoint};
use crate::access::Permission;
use crate::custom_field::Schema;
use crate::identity::{RecordKind, RecordRef, replace_keys};
use crate::kernel::{Name, Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session, UnitOfWork};

/// A contact that is about to be added.
#[derive(Clone, Debug)]
pub struct ContactDraft {
    /// Its identifier.
    pub id: ContactId,
    /// The contact.
    pub contact: Contact,
    /// Its addresses and numbers.
    pub points: Vec<ContactPoint>,
    /// The name of its account.
    pub company: Option<Name>,
}

/// Adds a contact with its addresses, numbers, keys and unique custom values.
///
/// # Errors
/// `InvalidInput` when custom values do not fit the schema; those of the store.
pub async fn insert_contact(uow: &mut UnitOfWork<'_>, schema: &Schema, draft: ContactDraft) -> Result<Stored<Contact>> {
    schema.check(&draft.contact.custom)?;
    let record = RecordRef::new(RecordKind::Contact, draft.id);
    let keys = draft.contact.keys(&draft.points, draft.company.as_ref()).into_parts(record);
    let contact = uow.fresh(draft.id, draft.contact);
    uow.insert_all(vec![(contact.clone(), ContactEvent::Created)]).await?;
    uow.add_parts(draft.points).await?;
    uow.add_parts(keys).await?;
    schema.claim_new(uow, RecordKind::Contact, [(contact.id.uuid(), &contact.custom)]).await?;
    Ok(contact)
}

/// Saves a changed contact with its unique custom values, and files it under the keys of its present points.
///
/// # Errors
/// `ContactRefusal::Anonymous` when neither name nor point is left; `InvalidInput` when custom values do not fit the
/// schema; those of the store.
pub async fn save_contact(
    uow: &mut UnitOfWork<'_>,
    before: &Contact,
    row: Stored<Contact>,
    event: ContactEvent,
) -> Result<Stored<Contact>> {
    let record = RecordRef::new(RecordKind::Contact, row.id);
    if before.custom != row.custom {
        let schema = Schema::load(uow, RecordKind::Contact).await?;
        schema.check_change(&before.custom, &row.custom)?;
        schema.claim(uow, record, Some(&before.custom), &row.custom).await?;
    }
    let points = file(uow, &row).await?;
    row.check_known(points)?;
    uow.save(row, event).await
}

/// Files a contact under its present keys; answers how many points it has.
async fn file(uow: &mut UnitOfWork<'_>, row: &Stored<Contact>) -> Result<usize> {
    let points = points_of(uow, row.id).await?;
    let company = company_of(uow, row).await?;
    let keys = row.keys(points.iter().map(|point| &point.value), company.as_ref());
    replace_keys(uow, RecordRef::new(RecordKind::Contact, row.id), keys).await?;
    Ok(points.len())
}

/// Files a stored contact under its present keys.
///
/// # Errors
/// Those of the store.
pub(super) async fn refile(uow: &mut UnitOfWork<'_>, row: &Stored<Contact>) -> Result<()> {
    file(uow, row).await.map(drop)
}

async fn points_of(uow: &mut UnitOfWork<'_>, id: ContactId) -> Result<Vec<Stored<ContactPoint>>> {
    uow.list_all(&ContactPoint::CONTACT.is(id)).await
}

/// The name of the contact's account as it is now. When an account is renamed, a job files its contacts anew.
async fn company_of(uow: &mut UnitOfWork<'_>, contact: &Contact) -> Result<Option<Name>> {
    let Some(id) = contact.account_id else { return Ok(None) };
    Ok(uow.find_of_anyone(id).await?.map(|account| account.value.name))
}

/// Commands on contacts.
#[derive(Clone, Copy, Debug)]
pub struct Contacts<'a>(pub(crate) &'a Session);

impl Contacts<'_> {
    /// Makes a contact.
    ///
    /// ```
    /// # use crm_core::people::{NewContact};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// let contact = session.contacts().create(new).await?;
    /// assert_eq!(contact.version, 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `ContactRefusal`, `InvalidInput` (custom values), `StoreError::MissingReference` (account, owner).
    pub async fn create(&self, new: NewContact) -> Result<Stored<Contact>> {
        let mut uow = self.0.begin(Permission::ContactCreate).await?;
        let id = uow.new_id();
        let (contact, points) = Contact::new(id, new)?;
        let schema = Schema::load(&mut uow, RecordKind::Contact).await?;
        let company = company_of(&mut uow, &contact).await?;
        let contact = insert_contact(&mut uow, &schema, ContactDraft { id, contact, points, company }).await?;
        uow.commit().await?;
        Ok(contact)
    }

    /// The contact.
    ///
    /// ```
    /// # use crm_core::people::{NewContact};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// let found = session.contacts().get(contact.id).await?;
    /// assert_eq!(found, contact);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller may see.
    pub async fn get(&self, id: ContactId) -> Result<Stored<Contact>> {
        self.0.begin(Permission::ContactRead).await?.get(id).await
    }

    /// The contacts that match, in the page's order.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::people::{Contact, NewContact};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// let byrons = Contact::LAST_NAME.is("Byron");
    /// let found = session.contacts().list(&byrons, &Page::first(50)).await?;
    /// assert_eq!(found.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self, filter: &Predicate<Contact>, page: &Page<Contact>) -> Result<Vec<Stored<Contact>>> {
        self.0.begin(Permission::ContactRead).await?.list(filter, page).await
    }

    /// The contact's addresses and numbers, in the order of their adding.
    ///
    /// ```
    /// # use crm_core::people::{NewContact, NewContactPoint, PointValue};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// let email = NewContactPoint { value: PointValue::Email("ada@engine.example".parse()?), label: None };
    /// let point = session.contacts().add_point(contact.id, email).await?;
    /// assert_eq!(session.contacts().points(contact.id).await?, [point]);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn points(&self, id: ContactId) -> Result<Vec<Stored<ContactPoint>>> {
        let mut uow = self.0.begin(Permission::ContactRead).await?;
        uow.get(id).await?;
        points_of(&mut uow, id).await
    }

    /// Changes fields of a contact in the version that the caller has seen.
    ///
    /// ```
    /// # use crm_core::kernel::{Patch};
    /// # use crm_core::people::{ContactPatch, NewContact};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// let patch = ContactPatch { city: Patch::Set("Bern".parse()?), ..ContactPatch::default() };
    /// let contact = session.contacts().change(contact.id, contact.version, patch).await?;
    /// assert_eq!(contact.version, 2);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `ContactRefusal::Anonymous`, `InvalidInput` (custom values),
    /// `StoreError::MissingReference`.
    pub async fn change(&self, id: ContactId, version: i64, patch: ContactPatch) -> Result<Stored<Contact>> {
        let mut uow = self.0.begin(Permission::ContactUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        let Some(event) = row.value.change(patch) else { return Ok(row) };
        let row = save_contact(&mut uow, &before, row, event).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Adds an address or number; it is the primary one when it is the first of its kind.
    ///
    /// ```
    /// # use crm_core::people::{NewContact, NewContactPoint, PointValue};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// let email = NewContactPoint { value: PointValue::Email("ada@engine.example".parse()?), label: None };
    /// let point = session.contacts().add_point(contact.id, email).await?;
    /// assert!(point.is_primary(), "it is the first of its kind");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ContactRefusal::PointTwice`.
    pub async fn add_point(&self, id: ContactId, new: NewContactPoint) -> Result<Stored<ContactPoint>> {
        let mut uow = self.0.begin(Permission::ContactUpdate).await?;
        let contact = uow.lock(id).await?;
        let points = points_of(&mut uow, id).await?;
        let kind = new.value.kind();
        let mut alike = points.iter().filter(|point| point.kind == kind);
        if alike.clone().any(|point| point.value.value.key() == new.value.key()) {
            return Err(ContactRefusal::PointTwice(new.value.key().to_owned()).into());
        }
        let primary = alike.next().is_none();
        let event = ContactEvent::PointAdded(new.value.clone());
        let mut added = uow.add_parts(vec![ContactPoint::new(id, new, primary)]).await?;
        self.refile(&mut uow, contact, event).await?;
        uow.commit().await?;
        added.pop().ok_or_else(|| RecordNotFound { entity: "contact_point", id: id.uuid() }.into())
    }

    /// Makes an address or number the first to use of its kind.
    ///
    /// ```
    /// # use crm_core::people::{NewContact, NewContactPoint, PointValue};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// # let email = NewContactPoint { value: PointValue::Email("ada@engine.example".parse()?), label: None };
    /// # let point = session.contacts().add_point(contact.id, email).await?;
    /// session.contacts().make_primary(contact.id, point.id).await?;
    /// assert!(session.contacts().points(contact.id).await?[0].is_primary());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn make_primary(&self, id: ContactId, point: ContactPointId) -> Result<()> {
        let mut uow = self.0.begin(Permission::ContactUpdate).await?;
        let contact = uow.lock(id).await?;
        let points = points_of(&mut uow, id).await?;
        let chosen = find(&points, point)?;
        if chosen.is_primary() {
            return Ok(());
        }
        // The old one steps down first: the store holds "one primary of a kind" at every moment.
        let old = points.into_iter().find(|point| point.kind == chosen.kind && point.is_primary());
        if let Some(mut old) = old {
            old.value.primary_for = None;
            uow.save_part(old).await?;
        }
        let mut chosen = chosen;
        chosen.value.primary_for = Some(chosen.kind);
        let event = ContactEvent::PrimaryChanged(chosen.value.value.clone());
        uow.save_part(chosen).await?;
        uow.save(contact, event).await?;
        uow.commit().await
    }

    /// Notes that the person does not want to be reached at an address or number any more, or wants to again.
    ///
    /// ```
    /// # use crm_core::people::{NewContact, NewContactPoint, PointValue};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// # let email = NewContactPoint { value: PointValue::Email("ada@engine.example".parse()?), label: None };
    /// # let point = session.contacts().add_point(contact.id, email).await?;
    /// session.contacts().opt_out(contact.id, point.id, true).await?;
    /// assert!(session.contacts().points(contact.id).await?[0].opted_out);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn opt_out(&self, id: ContactId, point: ContactPointId, opted_out: bool) -> Result<()> {
        let mut uow = self.0.begin(Permission::ContactUpdate).await?;
        let contact = uow.lock(id).await?;
        let mut point = find(&points_of(&mut uow, id).await?, point)?;
        point.value.opted_out = opted_out;
        let event = ContactEvent::OptedOut { point: point.value.value.clone(), opted_out };
        uow.save_part(point).await?;
        uow.save(contact, event).await?;
        uow.commit().await
    }

    /// Notes that an address or number does not work, as when mail bounces, or that it works after all.
    ///
    /// ```
    /// # use crm_core::people::{NewContact, NewContactPoint, PointValue};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// # let email = NewContactPoint { value: PointValue::Email("ada@engine.example".parse()?), label: None };
    /// # let point = session.contacts().add_point(contact.id, email).await?;
    /// session.contacts().mark_invalid(contact.id, point.id, true).await?;
    /// assert!(session.contacts().points(contact.id).await?[0].invalid);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn mark_invalid(&self, id: ContactId, point: ContactPointId, invalid: bool) -> Result<()> {
        let mut uow = self.0.begin(Permission::ContactUpdate).await?;
        let contact = uow.lock(id).await?;
        let mut point = find(&points_of(&mut uow, id).await?, point)?;
        if point.invalid == invalid {
            return Ok(());
        }
        point.value.invalid = invalid;
        let event = ContactEvent::MarkedInvalid { point: point.value.value.clone(), invalid };
        uow.save_part(point).await?;
        uow.save(contact, event).await?;
        uow.commit().await
    }

    /// Removes an address or number; the oldest other one of its kind becomes the primary when it was.
    ///
    /// ```
    /// # use crm_core::people::{NewContact, NewContactPoint, PointValue};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// # let email = NewContactPoint { value: PointValue::Email("ada@engine.example".parse()?), label: None };
    /// # let point = session.contacts().add_point(contact.id, email).await?;
    /// session.contacts().remove_point(contact.id, point.id).await?;
    /// assert!(session.contacts().points(contact.id).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `ContactRefusal::Anonymous` when it is all that is known of the person.
    pub async fn remove_point(&self, id: ContactId, point: ContactPointId) -> Result<()> {
        let mut uow = self.0.begin(Permission::ContactUpdate).await?;
        let contact = uow.lock(id).await?;
        let points = points_of(&mut uow, id).await?;
        let gone = find(&points, point)?;
        uow.remove_part(&gone).await?;
        let heir = points.into_iter().find(|other| other.id != point && other.kind == gone.kind);
        if let (true, Some(mut heir)) = (gone.is_primary(), heir) {
            heir.value.primary_for = Some(heir.kind);
            uow.save_part(heir).await?;
        }
        self.refile(&mut uow, contact, ContactEvent::PointRemoved(gone.value.value)).await?;
        uow.commit().await
    }

    async fn refile(&self, uow: &mut UnitOfWork<'_>, contact: Stored<Contact>, event: ContactEvent) -> Result<()> {
        let before = contact.value.clone();
        save_contact(uow, &before, contact, event).await?;
        Ok(())
    }
}

fn find(points: &[Stored<ContactPoint>], id: ContactPointId) -> Result<Stored<ContactPoint>> {
    let found = points.iter().find(|point| point.id == id).cloned();
    Ok(found.ok_or(RecordNotFound { entity: "contact_point", id: id.uuid() })?)
}
