//! Floors on PostgreSQL: recorded statements sent once more, bare.

use std::str::FromStr;
use std::sync::Arc;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnectOptions, PgConnection, PgTypeInfo};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Encode, Postgres, Type};

use crate::Fault;

/// A statement as it went to the server.
#[derive(Clone, Debug)]
pub enum Sent {
    /// By the simple protocol: the beginnings and ends of transactions.
    Plain(String),
    /// With values.
    Prepared {
        /// Its text.
        text: Arc<str>,
        /// Whether the server kept it under a name.
        named: bool,
        /// Its values in binary form.
        values: Vec<Bound>,
    },
}

/// A value in binary form.
#[derive(Clone, Debug)]
pub struct Bound {
    pub(crate) kind: u32,
    pub(crate) value: Option<Vec<u8>>,
}

impl Sent {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Prepared { text, .. } => text,
        }
    }

    /// Whether it begins or ends a transaction.
    #[must_use]
    pub fn is_envelope(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

/// Keeps all statements: the floor is the same work without us.
#[must_use]
pub fn everything(_: &Sent) -> bool {
    true
}

/// One bare connection with the settings of the store's own.
pub struct Floor(PgConnection);

impl Floor {
    /// Connects.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn connect(url: &str) -> Result<Self, Fault> {
        let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(1_000);
        Ok(Self(options.connect().await?))
    }

    /// Sends the statements, one after the other, and reads all rows that come back; answers how many.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn send(&mut self, statements: &[Sent]) -> Result<usize, Fault> {
        let mut rows = 0;
        for statement in statements {
            match statement {
                Sent::Plain(text) => {
                    sqlx::raw_sql(AssertSqlSafe(text.clone())).execute(&mut self.0).await?;
                }
                Sent::Prepared { text, named, values } => {
                    let mut arguments = PgArguments::default();
                    arguments.reserve(values.len(), values.len() * 24);
                    for value in values {
                        arguments.add(value)?;
                    }
                    let query = sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments).persistent(*named);
                    rows += query.fetch_all(&mut self.0).await?.len();
                }
            }
        }
        Ok(rows)
    }
}

impl Type<Postgres> for Bound {
    fn type_info() -> PgTypeInfo {
        // Never asked: every value says its own.
        PgTypeInfo::with_oid(Oid(25))
    }
}

impl Encode<'_, Postgres> for Bound {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.value {
            None => Ok(IsNull::Yes),
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(self.kind)))
    }
}
