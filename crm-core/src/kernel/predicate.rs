//! The one language for conditions: lists, segments, scoring, assignment and guards all speak it.
//!
//! A predicate is data with two interpreters: [`Predicate::matches`] here, and each SQL store's renderer. A property
//! test holds them equal. An absent value passes no test but [`Test::IsEmpty`]; `Not` turns "does not hold" into
//! "holds", so `Not(score at least 50)` holds for a record without a score.

use std::cmp::Ordering;

use super::custom::CustomValue;
use super::entity::Stored;
use super::field::{Field, Value, ValueRef};

/// What a single field is tested for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Has exactly this value.
    Equals(Value),
    /// Has one of these values.
    In(Vec<Value>),
    /// Has this value or a greater one.
    AtLeast(Value),
    /// Has a greater value.
    Above(Value),
    /// Has this value or a smaller one.
    AtMost(Value),
    /// Has a smaller value.
    Below(Value),
    /// Is a text that begins so.
    Prefix(String),
    /// Has no value.
    IsEmpty,
    /// Is among the record's tags.
    HasTag(String),
}

/// A condition on an `E`.
#[derive(Debug)]
pub enum Predicate<E> {
    /// Holds when each of them does; an empty list always holds.
    All(Vec<Predicate<E>>),
    /// Holds when one of them does; an empty list never holds.
    Any(Vec<Predicate<E>>),
    /// Holds when the other does not.
    Not(Box<Predicate<E>>),
    /// Tests a field.
    Test(Field<E>, Test),
    /// Tests the custom value with this key, which has several values when it is a multiple choice.
    Custom(Field<E>, String, Test),
}

impl<E> Clone for Predicate<E> {
    fn clone(&self) -> Self {
        match self {
            Self::All(parts) => Self::All(parts.clone()),
            Self::Any(parts) => Self::Any(parts.clone()),
            Self::Not(part) => Self::Not(part.clone()),
            Self::Test(field, test) => Self::Test(*field, test.clone()),
            Self::Custom(field, key, test) => Self::Custom(*field, key.clone(), test.clone()),
        }
    }
}

impl<E> PartialEq for Predicate<E> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All(a), Self::All(b)) | (Self::Any(a), Self::Any(b)) => a == b,
            (Self::Not(a), Self::Not(b)) => a == b,
            (Self::Test(a, x), Self::Test(b, y)) => a == b && x == y,
            (Self::Custom(field, key, test), Self::Custom(other_field, other_key, other_test)) => {
                field == other_field && key == other_key && test == other_test
            }
            _ => false,
        }
    }
}

impl<E> Predicate<E> {
    /// Holds for every record.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }
    /// Holds for no record.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Any(Vec::new())
    }

    /// Holds when both do.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(parts), other) if parts.is_empty() => other,
            (one, Self::All(parts)) if parts.is_empty() => one,
            (Self::All(mut parts), other) => {
                parts.push(other);
                Self::All(parts)
            }
            (one, other) => Self::All(vec![one, other]),
        }
    }

    /// Holds when one of them does.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any(mut parts), other) => {
                parts.push(other);
                Self::Any(parts)
            }
            (one, other) => Self::Any(vec![one, other]),
        }
    }

    /// Holds when this does not.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether it holds for the record.
    #[must_use]
    pub fn matches(&self, row: &Stored<E>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(row)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(row)),
            Self::Not(part) => !part.matches(row),
            Self::Test(field, test) => test.holds((field.read)(row)),
            Self::Custom(field, key, test) => match (field.read)(row) {
                ValueRef::Custom(values) => test.holds_for_custom(values.find(key)),
                _ => false,
            },
        }
    }

    /// Each field that the predicate looks at, custom ones with their key.
    pub fn fields(&self) -> Vec<(Field<E>, Option<&str>)> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::fields).collect(),
            Self::Not(part) => part.fields(),
            Self::Test(field, _) => vec![(*field, None)],
            Self::Custom(field, key, _) => vec![(*field, Some(key))],
        }
    }
}

impl Test {
    /// Whether a value that was read passes.
    #[must_use]
    pub fn holds(&self, read: ValueRef<'_>) -> bool {
        match self {
            Self::Equals(value) => compare(read, value) == Some(Ordering::Equal),
            Self::In(values) => values.iter().any(|value| compare(read, value) == Some(Ordering::Equal)),
            Self::AtLeast(value) => compare(read, value).is_some_and(Ordering::is_ge),
            Self::Above(value) => compare(read, value).is_some_and(Ordering::is_gt),
            Self::AtMost(value) => compare(read, value).is_some_and(Ordering::is_le),
            Self::Below(value) => compare(read, value).is_some_and(Ordering::is_lt),
            Self::Prefix(prefix) => matches!(read, ValueRef::Text(text) if text.starts_with(prefix.as_str())),
            Self::IsEmpty => match read {
                ValueRef::Absent => true,
                ValueRef::Tags(tags) => tags.is_empty(),
                ValueRef::Custom(values) => values.is_empty(),
                _ => false,
            },
            Self::HasTag(wanted) => {
                matches!(read, ValueRef::Tags(tags) if tags.iter().any(|tag| tag.as_str() == wanted))
            }
        }
    }
}

impl Test {
    /// Whether one of the values passes under which a custom value is found. They are those of
    /// [`super::field::SearchValues`], read here one by one, so that rules run over many records without an allocation.
    fn holds_for_custom(&self, value: Option<&CustomValue>) -> bool {
        match value {
            None => matches!(self, Self::IsEmpty),
            Some(CustomValue::Choices(choices)) if matches!(self, Self::IsEmpty) => choices.is_empty(),
            Some(CustomValue::Choices(choices)) => choices.iter().any(|one| self.holds(ValueRef::Text(one.as_str()))),
            Some(CustomValue::Text(text)) => self.holds(ValueRef::Text(text.as_str())),
            Some(CustomValue::Choice(choice)) => self.holds(ValueRef::Text(choice.as_str())),
            Some(CustomValue::Number(number)) => self.holds(ValueRef::Integer(number.millionths())),
            Some(CustomValue::Money(money)) => self.holds(ValueRef::Integer(money.minor())),
            Some(CustomValue::Date(date)) => self.holds(ValueRef::Date(*date)),
            Some(CustomValue::Bool(value)) => self.holds(ValueRef::Bool(*value)),
        }
    }
}

/// Values of one kind compare; absent ones and those of different kinds do not.
fn compare(read: ValueRef<'_>, value: &Value) -> Option<Ordering> {
    match (read, value) {
        (ValueRef::Text(a), Value::Text(b)) => Some(a.cmp(b.as_str())),
        (ValueRef::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (ValueRef::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (ValueRef::Uuid(a), Value::Uuid(b)) => Some(a.cmp(b)),
        (ValueRef::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (ValueRef::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::field::SearchValues;
    use crate::kernel::{Date, Label, Line, Number};

    /// What the stores search by is what is tested here.
    #[test]
    fn a_custom_value_passes_when_one_of_its_search_values_does() {
        let choice = |text: &str| Label::parse(text).unwrap();
        let held = [
            None,
            Some(CustomValue::Text(Line::parse("gold").unwrap())),
            Some(CustomValue::Number(Number::from_millionths(5))),
            Some(CustomValue::Date(Date::new(2026, 3, 2).unwrap())),
            Some(CustomValue::Bool(true)),
            Some(CustomValue::Choice(choice("gold"))),
            Some(CustomValue::Choices([choice("gold"), choice("silver")].into())),
            Some(CustomValue::Choices([].into())),
        ];
        let values = [Value::Text("gold".to_owned()), Value::Integer(5), Value::Bool(true)];
        let compared = values.into_iter().flat_map(|value| {
            let others = vec![Value::Text("silver".to_owned()), value.clone()];
            [Test::Equals(value.clone()), Test::AtLeast(value.clone()), Test::Below(value), Test::In(others)]
        });
        let tests: Vec<_> = compared.chain([Test::Prefix("go".to_owned()), Test::IsEmpty]).collect();
        let mut passed = 0;
        for value in &held {
            let found = value.as_ref().map(SearchValues::search_values).unwrap_or_default();
            for test in &tests {
                let expected = match test {
                    Test::IsEmpty => found.is_empty(),
                    _ => found.iter().any(|value| test.holds(value.as_ref())),
                };
                assert_eq!(test.holds_for_custom(value.as_ref()), expected, "{test:?} of {value:?}");
                passed += usize::from(expected);
            }
        }
        assert!(passed > 10, "the tests told nothing apart: {passed}");
    }
}
