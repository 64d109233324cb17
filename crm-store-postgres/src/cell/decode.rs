//! From the bytes of a column to a value.

use std::borrow::Cow;

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde_json::Value as Json;
use serde_json::de::SliceRead;

use super::{CellError, EPOCH_DAYS, EPOCH_MICROS, Kind};
use crate::numeric;

/// Reads a cell; `None` is SQL's NULL.
pub(crate) fn read<'de, T: Deserialize<'de>>(kind: Kind, bytes: Option<&'de [u8]>) -> Result<T, CellError> {
    read_seed(kind, bytes, std::marker::PhantomData)
}

/// Reads a cell into whatever the seed makes.
pub(crate) fn read_seed<'de, S: DeserializeSeed<'de>>(
    kind: Kind,
    bytes: Option<&'de [u8]>,
    seed: S,
) -> Result<S::Value, CellError> {
    seed.deserialize(FromCell { kind, bytes })
}

/// Hands the bytes of a cell to whatever is made of them.
///
/// Structures are only in `jsonb`, and only they pass through the machinery of JSON: for all the types that are a single
/// value it would be compiled and never run.
struct FromCell<'de> {
    kind: Kind,
    bytes: Option<&'de [u8]>,
}

impl<'de> FromCell<'de> {
    fn fixed<const N: usize>(&self) -> Result<[u8; N], CellError> {
        let bytes = self.bytes.unwrap_or_default();
        bytes
            .try_into()
            .map_err(|_| CellError(format!("a {} of {} bytes instead of {N}", self.kind.catalog_name(), bytes.len())))
    }

    fn text(&self) -> Result<&'de str, CellError> {
        std::str::from_utf8(self.bytes.unwrap_or_default()).map_err(|error| CellError(error.to_string()))
    }

    /// A number since 1970 from one since 2000; none for the endless ones, which have no place in our calendar.
    fn since_epoch(counted: i64, epoch: i64) -> Result<i64, CellError> {
        counted.checked_add(epoch).ok_or_else(|| CellError::new("an endless time"))
    }

    /// The JSON in the cell.
    fn json(&self) -> Result<serde_json::Deserializer<SliceRead<'de>>, CellError> {
        match (self.kind, self.bytes) {
            (Kind::Jsonb, Some([1, json @ ..])) => Ok(serde_json::Deserializer::from_slice(json)),
            (Kind::Jsonb, Some(_)) => Err(CellError::new("jsonb of an unknown version")),
            (kind, _) => Err(CellError(format!("a {} is no structure", kind.catalog_name()))),
        }
    }

    /// The single value in the cell.
    fn value(&self) -> Result<CellValue<'de>, CellError> {
        let Some(bytes) = self.bytes else { return Ok(CellValue::Absent) };
        Ok(match self.kind {
            Kind::Text => CellValue::Text(Cow::Borrowed(self.text()?)),
            Kind::Uuid => CellValue::Bytes(bytes),
            Kind::BigInt => CellValue::Integer(i64::from_be_bytes(self.fixed()?)),
            Kind::Bool => CellValue::Bool(self.fixed::<1>()? != [0]),
            Kind::Timestamptz => {
                CellValue::Integer(Self::since_epoch(i64::from_be_bytes(self.fixed()?), EPOCH_MICROS)?)
            }
            Kind::Date => CellValue::Integer(Self::since_epoch(i32::from_be_bytes(self.fixed()?).into(), EPOCH_DAYS)?),
            Kind::Numeric => CellValue::Text(Cow::Owned(numeric::read(bytes)?)),
            Kind::Jsonb => match serde_json::Value::deserialize(&mut self.json()?).map_err(CellError::new)? {
                Json::Null => CellValue::Absent,
                Json::Bool(value) => CellValue::Bool(value),
                Json::String(text) => CellValue::Text(Cow::Owned(text)),
                Json::Number(number) => match number.as_i64() {
                    Some(number) => CellValue::Integer(number),
                    None => return Err(CellError(format!("{number} is no whole number that fits"))),
                },
                Json::Array(_) | Json::Object(_) => return Err(CellError::new("a structure where a value should be")),
            },
        })
    }

    fn single<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        match self.value()? {
            CellValue::Absent => visitor.visit_unit(),
            CellValue::Bool(value) => visitor.visit_bool(value),
            CellValue::Integer(value) => visitor.visit_i64(value),
            CellValue::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            CellValue::Text(Cow::Owned(text)) => visitor.visit_string(text),
            CellValue::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
        }
    }
}

/// A single value.
enum CellValue<'de> {
    Absent,
    Bool(bool),
    Integer(i64),
    Text(Cow<'de, str>),
    Bytes(&'de [u8]),
}

impl<'de> Deserializer<'de> for FromCell<'de> {
    type Error = CellError;

    fn is_human_readable(&self) -> bool {
        self.kind == Kind::Jsonb
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        if self.kind == Kind::Jsonb && self.bytes.is_some() {
            return whole(self.json()?, |json| json.deserialize_any(visitor));
        }
        self.single(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        if self.bytes.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CellError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CellError> {
        if self.kind == Kind::Jsonb {
            return whole(self.json()?, |json| json.deserialize_enum(name, variants, visitor));
        }
        if self.bytes.is_none() || self.kind != Kind::Text {
            return Err(CellError(format!("a {} is no variant of an enum", self.kind.catalog_name())));
        }
        let variant: StrDeserializer<'_, CellError> = self.text()?.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        whole(self.json()?, |json| json.deserialize_seq(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, CellError> {
        whole(self.json()?, |json| json.deserialize_tuple(length, visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, CellError> {
        whole(self.json()?, |json| json.deserialize_tuple_struct(name, length, visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        whole(self.json()?, |json| json.deserialize_map(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CellError> {
        whole(self.json()?, |json| json.deserialize_struct(name, fields, visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CellError> {
        self.single(visitor)
    }
}

/// Reads one structure. The server has checked the JSON: nothing stands behind it.
fn whole<'de, T>(
    mut json: serde_json::Deserializer<SliceRead<'de>>,
    read: impl FnOnce(&mut serde_json::Deserializer<SliceRead<'de>>) -> serde_json::Result<T>,
) -> Result<T, CellError> {
    read(&mut json).map_err(CellError::new)
}

#[cfg(test)]
mod tests {
    use crm_core::kernel::{Date, Timestamp};
    use rust_decimal::Decimal;
    use serde::Serialize;
    use sqlx::encode::{Encode, IsNull};
    use uuid::Uuid;

    use super::super::encode::Cell;
    use super::*;

    fn round_trip<T: Serialize + for<'de> Deserialize<'de>>(value: &T, kind: Kind) -> T {
        let mut buffer = sqlx::postgres::PgArgumentBuffer::default();
        let absent = Cell(&value, kind).encode_by_ref(&mut buffer).unwrap();
        let bytes = matches!(absent, IsNull::No).then_some(buffer.as_slice());
        read(kind, bytes).unwrap()
    }

    #[test]
    fn values_come_back_as_they_went() {
        for number in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert_eq!(round_trip(&number, Kind::BigInt), number);
        }
        for time in [Timestamp::MIN, Timestamp::MAX, Timestamp::from_micros(0).unwrap()] {
            assert_eq!(round_trip(&time, Kind::Timestamptz), time);
        }
        for date in [Timestamp::MIN.date(), Timestamp::MAX.date()] {
            assert_eq!(round_trip(&date, Kind::Date), date);
        }
        assert_eq!(round_trip(&Some("ü\u{10FFFF}".to_owned()), Kind::Text), Some("ü\u{10FFFF}".to_owned()));
        assert_eq!(round_trip(&None::<String>, Kind::Text), None);
        assert_eq!(round_trip(&None::<Date>, Kind::Date), None);
        assert_eq!(round_trip(&Uuid::max(), Kind::Uuid), Uuid::max());
        assert!(round_trip(&true, Kind::Bool));
        assert_eq!(round_trip(&Decimal::MAX, Kind::Numeric), Decimal::MAX);
        let json = serde_json::json!({"a": [1, null, "x"]});
        assert_eq!(round_trip(&json, Kind::Jsonb), json);
        assert_eq!(round_trip(&serde_json::Value::Null, Kind::Jsonb), serde_json::Value::Null);
    }

    #[test]
    fn a_value_that_does_not_fit_its_column_is_an_error() {
        let mut buffer = sqlx::postgres::PgArgumentBuffer::default();
        for kind in [Kind::Uuid, Kind::BigInt, Kind::Bool, Kind::Timestamptz, Kind::Date] {
            assert!(Cell(&"text", kind).encode_by_ref(&mut buffer).is_err(), "{kind:?}");
        }
        assert!(Cell(&&[1, 2], Kind::Text).encode_by_ref(&mut buffer).is_err());
        assert!(Cell(&&u64::MAX, Kind::BigInt).encode_by_ref(&mut buffer).is_err());
        assert!(Cell(&&1.5, Kind::Numeric).encode_by_ref(&mut buffer).is_err());
    }

    #[test]
    fn endless_times_and_short_bytes_are_errors() {
        for endless in [i64::MAX, i64::MIN] {
            assert!(read::<Timestamp>(Kind::Timestamptz, Some(&endless.to_be_bytes())).is_err());
        }
        assert!(read::<i64>(Kind::BigInt, Some(&[0; 4])).is_err());
        assert!(read::<String>(Kind::Text, None).is_err());
        assert!(read::<String>(Kind::Text, Some(&[0xff])).is_err());
    }
}
