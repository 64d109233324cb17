//! What every kind of record has: a list, a search, and each record under its identifier.

use crm_core::access::Permission;
use crm_core::kernel::{Entity, Id, Page, Predicate, Result, Stored};
use crm_core::store::Session;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::api::{Api, Call, Created, Json, Nothing, Record, delete, get, patch, post, put};
use crate::list::{ListQuery, Search};
use crate::problem::Problem;

/// Where records of one kind stand, and what may be done with them by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The part of the API.
    pub(super) tag: &'static str,
    /// `/leads`.
    pub(super) list: &'static str,
    /// `/leads/{id}`.
    pub(super) one: &'static str,
    /// `/leads/search`.
    pub(super) search: &'static str,
}

/// Declares the list and the search.
pub(super) fn list<E, H, F>(api: &mut Api, place: Place, needs: Permission, rows: H)
where
    E: Entity + ToSchema,
    H: Fn(Session, Predicate<E>, Page<E>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Vec<Stored<E>>>> + Send + 'static,
{
    let again = rows.clone();
    let endpoint = get(place.list).tag(place.tag).says("Lists records, by conditions and in order").needs(needs);
    api.add(endpoint, move |session: Session, call: Call<(), ListQuery<E>>| {
        let rows = rows.clone();
        async move {
            let read = |filter, page| rows(session.clone(), filter, page);
            call.query.answer(&call.facade, &session, read).await
        }
    });
    let endpoint = post(place.search).tag(place.tag).says("Lists records by a condition in JSON").needs(needs);
    api.add(endpoint, move |session: Session, call: Call<(), (), Json<Search<E>>>| {
        let rows = again.clone();
        async move {
            let read = |filter, page| rows(session.clone(), filter, page);
            call.body.0.list()?.answer(&call.facade, &session, read).await
        }
    });
}

/// Declares the reading of one record.
pub(super) fn show<E, H, F>(api: &mut Api, place: Place, needs: Permission, read: H)
where
    E: Entity + ToSchema,
    H: Fn(Session, Id<E>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Stored<E>>> + Send + 'static,
{
    let endpoint = get(place.one).tag(place.tag).says("Reads a record").needs(needs);
    api.add(endpoint, move |session: Session, call: Call<Id<E>>| {
        let read = read.clone();
        async move { read(session, call.path).await.map(Record) }
    });
}

/// Declares the making of records.
pub(super) fn create<E, N, H, F>(api: &mut Api, place: Place, needs: Permission, make: H)
where
    E: Entity + ToSchema,
    N: DeserializeOwned + ToSchema + Send + Sync + 'static,
    H: Fn(Session, N) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Stored<E>>> + Send + 'static,
{
    let endpoint = post(place.list).tag(place.tag).says("Makes a record").needs(needs);
    api.add(endpoint, move |session: Session, call: Call<(), (), Json<N>>| {
        let make = make.clone();
        async move { make(session, call.body.0).await.map(|row| Created(Record(row))) }
    });
}

/// Declares changes of parts: PATCH, and PUT as the sources name it.
pub(super) fn change<E, N, R, G, H, F>(api: &mut Api, place: Place, needs: Permission, read: R, change: H)
where
    E: Entity + ToSchema,
    N: DeserializeOwned + ToSchema + Send + Sync + 'static,
    R: Fn(Session, Id<E>) -> G + Clone + Send + Sync + 'static,
    G: Future<Output = Result<Stored<E>>> + Send + 'static,
    H: Fn(Session, Id<E>, i64, N) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Stored<E>>> + Send + 'static,
{
    for endpoint in [patch(place.one), put(place.one)] {
        let (read, change) = (read.clone(), change.clone());
        let endpoint = endpoint.tag(place.tag).says("Changes fields of a record").needs(needs).guarded();
        let endpoint = endpoint.explains("What is absent stays as it is; null empties a field.");
        api.add(endpoint, move |session: Session, call: Call<Id<E>, (), Json<N>>| {
            let (read, change) = (read.clone(), change.clone());
            async move {
                let version = call.version(read(session.clone(), call.path)).await?;
                change(session, call.path, version, call.body.0).await.map(Record).map_err(Problem::from)
            }
        });
    }
}

/// Declares the removing of records.
pub(super) fn remove<E, R, G, H, F>(api: &mut Api, place: Place, needs: Permission, read: R, remove: H)
where
    E: Entity + ToSchema,
    R: Fn(Session, Id<E>) -> G + Clone + Send + Sync + 'static,
    G: Future<Output = Result<Stored<E>>> + Send + 'static,
    H: Fn(Session, Id<E>, i64) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    let endpoint = delete(place.one).tag(place.tag).says("Removes a record").needs(needs).guarded();
    api.add(endpoint, move |session: Session, call: Call<Id<E>>| {
        let (read, remove) = (read.clone(), remove.clone());
        async move {
            let version = call.version(read(session.clone(), call.path)).await?;
            remove(session, call.path, version).await.map(|()| Nothing).map_err(Problem::from)
        }
    });
}
