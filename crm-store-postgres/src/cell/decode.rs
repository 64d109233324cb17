//! From the bytes of a column to a value.

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

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
    match (kind, bytes) {
        (Kind::Jsonb, Some([1, json @ ..])) => {
            let mut deserializer = serde_json::Deserializer::from_slice(json);
            seed.deserialize(&mut deserializer).map_err(|error| CellError(error.to_string()))
        }
        (Kind::Jsonb, Some(_)) => Err(CellError::new("jsonb of an unknown version")),
        (kind, bytes) => seed.deserialize(FromCell { kind, bytes }),
    }
}

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
}

impl<'de> Deserializer<'de> for FromCell<'de> {
    type Error = CellError;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        if self.bytes.is_none() {
            return visitor.visit_unit();
        }
        match self.kind {
            Kind::Text | Kind::Jsonb => visitor.visit_borrowed_str(self.text()?),
            Kind::Uuid => visitor.visit_borrowed_bytes(self.bytes.unwrap_or_default()),
            Kind::BigInt => visitor.visit_i64(i64::from_be_bytes(self.fixed()?)),
            Kind::Bool => visitor.visit_bool(self.fixed::<1>()? != [0]),
            Kind::Timestamptz => visitor.visit_i64(Self::since_epoch(i64::from_be_bytes(self.fixed()?), EPOCH_MICROS)?),
            Kind::Date => visitor.visit_i64(Self::since_epoch(i32::from_be_bytes(self.fixed()?).into(), EPOCH_DAYS)?),
            Kind::Numeric => visitor.visit_string(numeric::read(self.bytes.unwrap_or_default())?),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CellError> {
        if self.bytes.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CellError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CellError> {
        if self.bytes.is_none() || self.kind != Kind::Text {
            return Err(CellError(format!("a {} is no variant of an enum", self.kind.catalog_name())));
        }
        let variant: StrDeserializer<'_, CellError> = self.text()?.into_deserializer();
        visitor.visit_enum(variant)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
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
        let absent = Cell(value, kind).encode_by_ref(&mut buffer).unwrap();
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
            assert!(Cell("text", kind).encode_by_ref(&mut buffer).is_err(), "{kind:?}");
        }
        assert!(Cell(&[1, 2], Kind::Text).encode_by_ref(&mut buffer).is_err());
        assert!(Cell(&u64::MAX, Kind::BigInt).encode_by_ref(&mut buffer).is_err());
        assert!(Cell(&1.5, Kind::Numeric).encode_by_ref(&mut buffer).is_err());
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
