//! From a value to the bytes of its column, straight into the message's buffer.

use crm_core::kernel::Value;
use serde::ser::{Impossible, Serialize, Serializer};
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::{Postgres, Type};

use super::{CellError, EPOCH_DAYS, EPOCH_MICROS, Kind};
use crate::numeric;

/// A value on its way into a column of this kind. Its type is forgotten, so that one such cell serves all types.
pub(crate) struct Cell<'a>(pub(crate) &'a dyn Fill, pub(crate) Kind);

impl Encode<'_, Postgres> for Cell<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(self.0.fill(self.1, buffer)?)
    }
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.1.type_info())
    }
    fn size_hint(&self) -> usize {
        16
    }
}

impl Type<Postgres> for Cell<'_> {
    fn type_info() -> PgTypeInfo {
        Kind::Text.type_info()
    }
}

/// What can fill a cell: a reference to anything that serde can write.
pub(crate) trait Fill {
    /// Appends the value in the binary form of the kind.
    fn fill(&self, kind: Kind, out: &mut Vec<u8>) -> Result<IsNull, CellError>;
}

impl<T: Serialize + ?Sized> Fill for &T {
    fn fill(&self, kind: Kind, out: &mut Vec<u8>) -> Result<IsNull, CellError> {
        write(*self, kind, out)
    }
}

fn write<T: Serialize + ?Sized>(value: &T, kind: Kind, out: &mut Vec<u8>) -> Result<IsNull, CellError> {
    if kind != Kind::Jsonb {
        return value.serialize(ToCell { out, kind });
    }
    let start = begin_json(out);
    serde_json::to_writer(&mut *out, value).map_err(CellError::new)?;
    Ok(end_json(start, out))
}

/// Begins a `jsonb`, which is the version of the binary form and then the text.
fn begin_json(out: &mut Vec<u8>) -> usize {
    out.push(1);
    out.len()
}

/// Ends a `jsonb` whose text begins at `start`. The text `null` is no value.
fn end_json(start: usize, out: &mut Vec<u8>) -> IsNull {
    if out.get(start..) == Some(b"null") {
        out.truncate(start.saturating_sub(1));
        return IsNull::Yes;
    }
    IsNull::No
}

/// A value that a predicate compares with.
pub(crate) struct ValueCell<'a>(pub(crate) &'a Value);

impl ValueCell<'_> {
    fn kind(&self) -> Kind {
        Kind::of_field(self.0.kind())
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<IsNull, CellError> {
        match self.0 {
            Value::Text(value) => write(value, Kind::Text, out),
            Value::Integer(value) => write(value, Kind::BigInt, out),
            Value::Bool(value) => write(value, Kind::Bool, out),
            Value::Uuid(value) => write(value, Kind::Uuid, out),
            Value::Time(value) => write(value, Kind::Timestamptz, out),
            Value::Date(value) => write(value, Kind::Date, out),
        }
    }
}

impl Encode<'_, Postgres> for ValueCell<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(self.write(buffer)?)
    }
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.kind().type_info())
    }
}

impl Type<Postgres> for ValueCell<'_> {
    fn type_info() -> PgTypeInfo {
        Kind::Text.type_info()
    }
}

/// Values of one kind, as an array.
pub(crate) struct ValuesCell<'a> {
    pub(crate) kind: Kind,
    pub(crate) values: Vec<&'a Value>,
}

impl Encode<'_, Postgres> for ValuesCell<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let out: &mut Vec<u8> = buffer;
        let count = i32::try_from(self.values.len())?;
        // One dimension, no absent elements, the elements' type, how many, counted from 1.
        out.extend_from_slice(&1_i32.to_be_bytes());
        out.extend_from_slice(&0_i32.to_be_bytes());
        out.extend_from_slice(&self.kind.oid().to_be_bytes());
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&1_i32.to_be_bytes());
        let mut element = Vec::new();
        for value in &self.values {
            element.clear();
            let IsNull::No = ValueCell(value).write(&mut element)? else {
                return Err(CellError::new("an array has no absent elements").into());
            };
            out.extend_from_slice(&i32::try_from(element.len())?.to_be_bytes());
            out.extend_from_slice(&element);
        }
        Ok(IsNull::No)
    }
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.kind.array_type_info())
    }
}

impl Type<Postgres> for ValuesCell<'_> {
    fn type_info() -> PgTypeInfo {
        Kind::Text.array_type_info()
    }
}

/// Writes a single value in the binary form of its kind.
struct ToCell<'a> {
    out: &'a mut Vec<u8>,
    kind: Kind,
}

type Unfit = Impossible<IsNull, CellError>;

impl ToCell<'_> {
    fn unfit<T>(&self, found: &str) -> Result<T, CellError> {
        Err(CellError(format!("a column of type {} cannot hold {found}", self.kind.catalog_name())))
    }

    fn put(self, bytes: &[u8]) -> IsNull {
        self.out.extend_from_slice(bytes);
        IsNull::No
    }
}

impl Serializer for ToCell<'_> {
    type Ok = IsNull;
    type Error = CellError;
    type SerializeSeq = Unfit;
    type SerializeTuple = Unfit;
    type SerializeTupleStruct = Unfit;
    type SerializeTupleVariant = Unfit;
    type SerializeMap = Unfit;
    type SerializeStruct = Unfit;
    type SerializeStructVariant = Unfit;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<IsNull, CellError> {
        if self.kind == Kind::Bool { Ok(self.put(&[u8::from(value)])) } else { self.unfit("a yes or no") }
    }

    fn serialize_i64(self, value: i64) -> Result<IsNull, CellError> {
        let outside = || CellError(format!("{value} lies outside what the column can hold"));
        match self.kind {
            Kind::BigInt => Ok(self.put(&value.to_be_bytes())),
            Kind::Timestamptz => {
                let micros = value.checked_sub(EPOCH_MICROS).ok_or_else(outside)?;
                Ok(self.put(&micros.to_be_bytes()))
            }
            Kind::Date => {
                let days =
                    value.checked_sub(EPOCH_DAYS).and_then(|days| i32::try_from(days).ok()).ok_or_else(outside)?;
                Ok(self.put(&days.to_be_bytes()))
            }
            _ => self.unfit("a whole number"),
        }
    }

    fn serialize_str(self, value: &str) -> Result<IsNull, CellError> {
        match self.kind {
            Kind::Text => Ok(self.put(value.as_bytes())),
            Kind::Numeric => {
                numeric::write(value, self.out)?;
                Ok(IsNull::No)
            }
            _ => self.unfit("text"),
        }
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<IsNull, CellError> {
        if self.kind == Kind::Uuid && value.len() == 16 { Ok(self.put(value)) } else { self.unfit("bytes") }
    }

    fn serialize_none(self) -> Result<IsNull, CellError> {
        Ok(IsNull::Yes)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<IsNull, CellError> {
        value.serialize(self)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<IsNull, CellError> {
        value.serialize(self)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<IsNull, CellError> {
        self.serialize_str(variant)
    }

    fn serialize_i8(self, value: i8) -> Result<IsNull, CellError> {
        self.serialize_i64(value.into())
    }
    fn serialize_i16(self, value: i16) -> Result<IsNull, CellError> {
        self.serialize_i64(value.into())
    }
    fn serialize_i32(self, value: i32) -> Result<IsNull, CellError> {
        self.serialize_i64(value.into())
    }
    fn serialize_u8(self, value: u8) -> Result<IsNull, CellError> {
        self.serialize_i64(value.into())
    }
    fn serialize_u16(self, value: u16) -> Result<IsNull, CellError> {
        self.serialize_i64(value.into())
    }
    fn serialize_u32(self, value: u32) -> Result<IsNull, CellError> {
        self.serialize_i64(value.into())
    }
    fn serialize_u64(self, value: u64) -> Result<IsNull, CellError> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => self.unfit("a number beyond 9,223,372,036,854,775,807"),
        }
    }
    fn serialize_char(self, value: char) -> Result<IsNull, CellError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_f32(self, _: f32) -> Result<IsNull, CellError> {
        self.unfit("a floating point number")
    }
    fn serialize_f64(self, _: f64) -> Result<IsNull, CellError> {
        self.unfit("a floating point number")
    }
    fn serialize_unit(self) -> Result<IsNull, CellError> {
        self.unfit("nothing")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<IsNull, CellError> {
        self.unfit("nothing")
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<IsNull, CellError> {
        self.unfit("a variant with content; make it jsonb")
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Unfit, CellError> {
        self.unfit("a list; make it jsonb")
    }
    fn serialize_tuple(self, _: usize) -> Result<Unfit, CellError> {
        self.unfit("a tuple; make it jsonb")
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Unfit, CellError> {
        self.unfit("a tuple; make it jsonb")
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unfit, CellError> {
        self.unfit("a variant with content; make it jsonb")
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Unfit, CellError> {
        self.unfit("a map; make it jsonb")
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Unfit, CellError> {
        self.unfit("a structure; make it jsonb")
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unfit, CellError> {
        self.unfit("a variant with content; make it jsonb")
    }
}
