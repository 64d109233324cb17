//! Reads Stripe's specification: which operation a request is, what is wrong with it, and what it is answered with.

use serde_json::{Value as Json, json};

use crate::fake::Asked;
use crate::shared;

/// Stripe's specification.
pub(crate) struct OpenApi(Json);

/// An operation of it.
pub(crate) struct Operation<'a> {
    pub(crate) name: String,
    definition: &'a Json,
}

impl OpenApi {
    pub(crate) fn read() -> Option<Self> {
        shared::json("openapi-trimmed.json").map(Self)
    }

    /// The operation that a request is.
    pub(crate) fn operation(&self, request: &Asked) -> Option<Operation<'_>> {
        let method = request.method.to_lowercase();
        let segments: Vec<_> = request.path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<_> = template.split('/').collect();
            parts.len() == segments.len()
                && parts.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
        };
        let mut found: Vec<_> = self.0["paths"].as_object().unwrap().iter().filter(|(path, _)| fits(path)).collect();
        // A literal path comes before one with a variable: `/invoices/create_preview` is no invoice.
        found.sort_by_key(|(path, _)| path.matches('{').count());
        let (path, methods) = found.first()?;
        let definition = methods.get(&method)?;
        Some(Operation { name: format!("{} {path}", request.method), definition })
    }

    /// What is wrong with a request, in words.
    pub(crate) fn problems(&self, request: &Asked) -> Vec<String> {
        let Some(operation) = self.operation(request) else {
            return vec![format!("{} {} is no operation", request.method, request.path)];
        };
        let form = self.form(&operation);
        let mut problems = Vec::new();
        for (name, value) in &request.parameters {
            let path: Vec<&str> = name.split(['[', ']']).filter(|part| !part.is_empty()).collect();
            let schema = form.get(path[0]).or_else(|| query(&operation, path[0]));
            match schema {
                None => problems.push(format!("{}: there is no {name}", operation.name)),
                Some(schema) if !self.accepts(schema, &path[1..], value) => {
                    problems.push(format!("{}: {name} can't be '{value}'", operation.name));
                }
                Some(_) => {}
            }
        }
        let required = operation.definition.pointer(FORM).and_then(|form| form.get("required"));
        for name in required.and_then(Json::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap();
            if !request.parameters.iter().any(|(given, _)| given.split('[').next() == Some(name)) {
                problems.push(format!("{}: {name} is missing", operation.name));
            }
        }
        problems
    }

    fn form<'a>(&'a self, operation: &Operation<'a>) -> &'a Json {
        operation.definition.pointer(FORM).map_or(&Json::Null, |form| &self.resolved(form)["properties"])
    }

    fn resolved<'a>(&'a self, schema: &'a Json) -> &'a Json {
        match schema.get("$ref").and_then(Json::as_str) {
            Some(reference) => self.resolved(self.0.pointer(&reference[1..]).unwrap()),
            None => schema,
        }
    }

    /// Whether a value, `path` deep within a parameter, is allowed.
    fn accepts(&self, schema: &Json, path: &[&str], value: &str) -> bool {
        let schema = self.resolved(schema);
        if let Some(choices) = schema.get("anyOf").and_then(Json::as_array) {
            return choices.iter().any(|choice| self.accepts(choice, path, value));
        }
        if let [first, rest @ ..] = path {
            return match schema["type"].as_str() {
                Some("array") => first.parse::<u32>().is_ok() && self.accepts(&schema["items"], rest, value),
                Some("object") => match schema["properties"].get(*first) {
                    Some(inner) => self.accepts(inner, rest, value),
                    None => {
                        schema["additionalProperties"].is_object()
                            && self.accepts(&schema["additionalProperties"], rest, value)
                    }
                },
                _ => false,
            };
        }
        if let Some(words) = schema.get("enum").and_then(Json::as_array) {
            return words.iter().any(|word| word == value);
        }
        match schema["type"].as_str() {
            Some("string") => {
                schema["maxLength"].as_u64().is_none_or(|most| u64::try_from(value.chars().count()).unwrap() <= most)
            }
            Some("integer") => value.parse::<i64>().is_ok(),
            Some("number") => value.parse::<f64>().is_ok(),
            Some("boolean") => ["true", "false"].contains(&value),
            _ => false,
        }
    }

    /// An answer to a request, made of the fixtures: Stripe's sample of the object, or a list with one.
    pub(crate) fn sample(&self, request: &Asked, fixtures: &Json) -> Json {
        let operation = self.operation(request).expect("an operation of the specification");
        let schema = self.resolved(&operation.definition["responses"]["200"]["content"]["application/json"]["schema"]);
        let of = |schema: &Json| {
            let schema = self.resolved(schema);
            let choice = schema.get("anyOf").map_or(schema, |choices| self.resolved(&choices[0]));
            let name = choice["properties"]["object"]["enum"][0].as_str().unwrap();
            fixtures["resources"][name].clone()
        };
        if let Some(data) = schema["properties"].get("data") {
            return json!({"object": "list", "has_more": false, "data": [of(&data["items"])]});
        }
        let mut object = of(schema);
        // A few samples say that they are live; their key would be another.
        if object["livemode"] == true {
            object["livemode"] = json!(false);
        }
        object
    }
}

const FORM: &str = "/requestBody/content/application~1x-www-form-urlencoded/schema";

fn query<'a>(operation: &Operation<'a>, name: &str) -> Option<&'a Json> {
    let parameters = operation.definition["parameters"].as_array()?;
    parameters.iter().find(|known| known["in"] == "query" && known["name"] == name).map(|known| &known["schema"])
}
