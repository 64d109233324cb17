//! Parameters as Stripe reads them: nested values flattened into bracket paths.

use serde_json::Value as Json;

/// Flattens a JSON object: `{"items": [{"price": "p"}]}` becomes `items[0][price]=p`.
///
/// `null` is left out, so an absent option costs nothing; the empty text clears a field. An empty list or object sends
/// nothing. Keys come out in one order, since Stripe compares the parameters of requests with one idempotency key.
pub(crate) fn flattened(parameters: &Json) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if let Json::Object(fields) = parameters {
        for (name, value) in fields {
            add(&mut pairs, name.clone(), value);
        }
    }
    pairs
}

fn add(pairs: &mut Vec<(String, String)>, path: String, value: &Json) {
    match value {
        Json::Null => {}
        Json::Bool(flag) => pairs.push((path, flag.to_string())),
        Json::Number(number) => pairs.push((path, number.to_string())),
        Json::String(text) => pairs.push((path, text.clone())),
        Json::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                add(pairs, format!("{path}[{index}]"), value);
            }
        }
        Json::Object(fields) => {
            for (name, value) in fields {
                add(pairs, format!("{path}[{name}]"), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_values_become_bracket_paths_in_one_order() {
        let pairs = flattened(&json!({
            "items": [{"price": "p_1", "quantity": 2}, {"id": "si_1", "deleted": true}],
            "metadata": {"tenant": "a&b=c [ü]"},
            "cancel_at": "",
            "coupon": null,
            "expand": ["data.latest_invoice"],
            "none": [],
        }));
        let shown: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            shown,
            [
                "cancel_at=",
                "expand[0]=data.latest_invoice",
                "items[0][price]=p_1",
                "items[0][quantity]=2",
                "items[1][deleted]=true",
                "items[1][id]=si_1",
                "metadata[tenant]=a&b=c [ü]",
            ]
        );
    }
}
