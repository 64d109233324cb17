//! A record between its struct and the columns of its row, field by field, in the order of declaration.
//!
//! No names are matched on the way: statements list the columns in the order in which serde visits the fields. That the
//! two agree is checked when the store starts ([`crate::catalog`]) and, for writes, on every field again.

use crm_core::kernel::{Entity, Id, Stored};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde::ser::{Impossible, Serialize, SerializeStruct, Serializer};
use sqlx::postgres::PgRow;
use sqlx::{Row, ValueRef};

use crate::cell::{Cell, CellError, Fill, Kind, read, read_seed};
use crate::statement::Binds;
use crate::table::{Column, SYSTEM_COLUMNS, Table};

/// Names of an entity's fields, as its `Deserialize` asks for them; nothing when it is not a plain struct.
pub(crate) fn field_names<E: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut names = None;
    // Always fails: it only listens.
    let _ = E::deserialize(Listener(&mut names)).is_ok();
    names
}

/// Binds the value's fields, in the order of the table's columns.
pub(crate) fn bind_value<E: Serialize>(value: &E, columns: &[Column], binds: &mut Binds) -> Result<(), CellError> {
    value.serialize(ToRow { columns, binds })
}

/// Reads a record from a row of the columns that [`Table`] selects.
pub(crate) fn read_row<E: Entity>(row: &PgRow, table: &Table) -> Result<Stored<E>, CellError> {
    Ok(Stored {
        id: Id::new(column(row, 0, Kind::Uuid)?),
        version: column(row, 1, Kind::BigInt)?,
        created_at: column(row, 2, Kind::Timestamptz)?,
        updated_at: column(row, 3, Kind::Timestamptz)?,
        value: E::deserialize(FromRow { row, columns: &table.columns, next: 0 })?,
    })
}

/// Reads one column of a row.
pub(crate) fn column<T: DeserializeOwned>(row: &PgRow, index: usize, kind: Kind) -> Result<T, CellError> {
    read(kind, bytes(row, index)?)
}

fn bytes(row: &PgRow, index: usize) -> Result<Option<&[u8]>, CellError> {
    let cell = row.try_get_raw(index).map_err(|error| CellError(error.to_string()))?;
    if cell.is_null() {
        return Ok(None);
    }
    cell.as_bytes().map(Some).map_err(|error| CellError(error.to_string()))
}

struct ToRow<'a> {
    columns: &'a [Column],
    binds: &'a mut Binds,
}

const NOT_A_STRUCT: &str = "an entity must be a struct with named fields, without serde(flatten)";

type Unfit = Impossible<(), CellError>;

fn unfit<T>() -> Result<T, CellError> {
    Err(CellError::new(NOT_A_STRUCT))
}

impl<'a> Serializer for ToRow<'a> {
    type Ok = ();
    type Error = CellError;
    type SerializeSeq = Unfit;
    type SerializeTuple = Unfit;
    type SerializeTupleStruct = Unfit;
    type SerializeTupleVariant = Unfit;
    type SerializeMap = Unfit;
    type SerializeStruct = ToColumns<'a>;
    type SerializeStructVariant = Unfit;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<ToColumns<'a>, CellError> {
        Ok(ToColumns { columns: self.columns.iter(), binds: self.binds })
    }

    fn serialize_bool(self, _: bool) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_i8(self, _: i8) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_i16(self, _: i16) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_i32(self, _: i32) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_i64(self, _: i64) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_u8(self, _: u8) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_u16(self, _: u16) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_u32(self, _: u32) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_u64(self, _: u64) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_f32(self, _: f32) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_f64(self, _: f64) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_char(self, _: char) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_str(self, _: &str) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_none(self) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_unit(self) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), CellError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), CellError> {
        unfit()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Unfit, CellError> {
        unfit()
    }
    fn serialize_tuple(self, _: usize) -> Result<Unfit, CellError> {
        unfit()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Unfit, CellError> {
        unfit()
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unfit, CellError> {
        unfit()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Unfit, CellError> {
        unfit()
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unfit, CellError> {
        unfit()
    }
}

/// Binds field after field, each to the next column.
pub(crate) struct ToColumns<'a> {
    columns: std::slice::Iter<'a, Column>,
    binds: &'a mut Binds,
}

impl ToColumns<'_> {
    /// Not generic, for it is called for every field of every entity.
    fn bind(&mut self, key: &'static str, value: &dyn Fill) -> Result<(), CellError> {
        match self.columns.next() {
            Some(column) if column.name == key => {
                self.binds.add(Cell(value, column.kind)).map_err(|error| CellError(format!("'{key}': {error}")))?;
                Ok(())
            }
            _ => Err(CellError(format!("the field '{key}' is not written in the place in which it is read"))),
        }
    }
}

impl SerializeStruct for ToColumns<'_> {
    type Ok = ();
    type Error = CellError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), CellError> {
        self.bind(key, &value)
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), CellError> {
        Err(CellError(format!("the field '{key}' is skipped when written, which a row cannot do")))
    }

    fn end(mut self) -> Result<(), CellError> {
        match self.columns.next() {
            None => Ok(()),
            Some(column) => Err(CellError(format!("the field '{}' is read and not written", column.name))),
        }
    }
}

struct FromRow<'r> {
    row: &'r PgRow,
    columns: &'r [Column],
    next: usize,
}

impl<'de> Deserializer<'de> for FromRow<'de> {
    type Error = CellError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, CellError> {
        unfit()
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CellError> {
        visitor.visit_seq(self)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CellError> {
        visitor.visit_newtype_struct(self)
    }
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

/// A column with its bytes, which SQL's NULL has none of.
type ColumnBytes<'r> = (&'r Column, Option<&'r [u8]>);

impl<'r> FromRow<'r> {
    /// The next column and its bytes.
    fn advance(&mut self) -> Result<Option<ColumnBytes<'r>>, CellError> {
        let Some(column) = self.columns.get(self.next) else { return Ok(None) };
        let index = SYSTEM_COLUMNS.len() + self.next;
        self.next += 1;
        Ok(Some((column, bytes(self.row, index)?)))
    }
}

fn misread(column: &Column, error: &CellError) -> CellError {
    CellError(format!("'{}': {error}", column.name))
}

impl<'r> SeqAccess<'r> for FromRow<'r> {
    type Error = CellError;

    fn next_element_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, CellError> {
        let Some((column, bytes)) = self.advance()? else { return Ok(None) };
        read_seed(column.kind, bytes, seed).map(Some).map_err(|error| misread(column, &error))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.columns.len().saturating_sub(self.next))
    }
}

/// Learns the names of a struct's fields and refuses to make a value.
struct Listener<'n>(&'n mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = CellError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, CellError> {
        unfit()
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, CellError> {
        *self.0 = Some(fields);
        unfit()
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CellError> {
        visitor.visit_newtype_struct(self)
    }
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Plain {
        one: String,
        #[serde(rename = "second")]
        two: Option<i64>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Flattened {
        one: String,
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, String>,
    }

    #[test]
    fn the_fields_of_a_struct_are_known_without_a_value() {
        assert_eq!(field_names::<Plain>(), Some(&["one", "second"][..]));
    }

    #[test]
    fn a_flattened_struct_has_no_columns() {
        assert_eq!(field_names::<Flattened>(), None);
        assert_eq!(field_names::<String>(), None);
    }
}
