//! `docs/openapi.yaml` as a value, and responses held against its schemas.

use serde_json::{Map, Value, json};

use crate::wired::Reply;

/// Words of a schema that say nothing that is checked here.
const TOLD: [&str; 12] = [
    "description",
    "default",
    "deprecated",
    "example",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "maxProperties",
    "propertyNames",
];

/// The document.
pub(crate) struct Document(Value);

impl Document {
    pub(crate) fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.yaml");
        let text = fs_err::read_to_string(path).unwrap();
        Self(serde_yaml_ng::from_str(&text).unwrap())
    }

    /// Every operation: method, path, and what is said of it.
    pub(crate) fn operations(&self) -> Vec<(String, &str, &Value)> {
        let mut all = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if method != "parameters" {
                    all.push((method.to_uppercase(), path.as_str(), operation));
                }
            }
        }
        all
    }

    /// The parameters of an operation that come in this place, those of its path among them.
    pub(crate) fn parameters<'a>(&'a self, path: &str, operation: &'a Value, place: &str) -> Vec<&'a Value> {
        let shared = self.0["paths"][path]["parameters"].as_array();
        let own = operation["parameters"].as_array();
        let all = shared.into_iter().flatten().chain(own.into_iter().flatten());
        all.filter(|parameter| parameter["in"] == place).collect()
    }

    /// A named schema.
    pub(crate) fn schema(&self, name: &str) -> &Value {
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        schema
    }

    /// A schema, or the one that it refers to.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(place) => {
                let found = self.0.pointer(place.strip_prefix('#').unwrap());
                found.unwrap_or_else(|| panic!("{place} is nowhere"))
            }
            None => schema,
        }
    }

    /// Holds a response of provisioning against the operation that its path names.
    pub(crate) fn check_scim(&self, method: &str, path: &str, reply: &Reply) {
        let path = path.split('?').next().unwrap_or_default();
        let is_it = |template: &str| {
            let (one, other) = (template.split('/'), path.split('/'));
            one.clone().count() == other.clone().count()
                && one
                    .zip(other)
                    .all(|(named, found)| named == found || named == "{id}")
        };
        let operations = self.operations();
        let found = operations
            .iter()
            .find(|(known, template, _)| known == method && is_it(template));
        let (_, _, operation) = found.unwrap_or_else(|| panic!("{method} {path} is not documented"));
        let faults = self.faults(operation, reply);
        assert!(faults.is_empty(), "{method} {path} {}: {faults:?}", reply.status);
    }

    /// What is wrong with a response of an operation.
    pub(crate) fn faults(&self, operation: &Value, reply: &Reply) -> Vec<String> {
        let (status, responses) = (reply.status.to_string(), &operation["responses"]);
        let range = format!("{}XX", &status[..1]);
        let Some(response) = responses.get(&status).or_else(|| responses.get(&range)) else {
            return vec![format!("the status {status} is not documented: {}", reply.body)];
        };
        let kind = reply.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let Some(content) = response.get("content") else {
            return Vec::from_iter((!reply.body.is_empty()).then(|| "there is a body".to_owned()));
        };
        let Some(content) = content.get(kind) else {
            return vec![format!("the type {kind:?} is not documented with {status}")];
        };
        let mut faults = Vec::new();
        match kind {
            "application/json" | "application/scim+json" => {
                self.check(&content["schema"], &reply.json(), "", &mut faults);
            }
            "text/event-stream" if content["x-events"].is_object() => {
                for (name, data) in reply.named_events() {
                    match content["x-events"].get(name) {
                        Some(schema) => self.check(schema, &data, name, &mut faults),
                        None => faults.push(format!("the event {name:?} is not documented")),
                    }
                }
            }
            "text/event-stream" => {
                for event in reply.events().into_iter().filter(|event| *event != "[DONE]") {
                    let event: Value = serde_json::from_str(event).unwrap();
                    let chunk = content["x-chunk"].as_str().unwrap_or("ChatChunk");
                    let schema = if event.get("error").is_some() {
                        "Error"
                    } else {
                        chunk
                    };
                    self.check(self.schema(schema), &event, schema, &mut faults);
                }
            }
            _ => {}
        }
        faults
    }

    /// Checks a value against a schema. An object holds what is named and nothing else, unless its schema says so.
    pub(crate) fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolve(schema).as_object().unwrap();
        for (word, wanted) in schema {
            match word.as_str() {
                "type" if !is_of(wanted, value) => faults.push(format!("{at}: {value} is no {wanted}")),
                "const" if wanted != value => faults.push(format!("{at}: {value} is not {wanted}")),
                "enum" if !wanted.as_array().unwrap().contains(value) => {
                    faults.push(format!("{at}: {value} is none of {wanted}"));
                }
                "anyOf" => self.check_any(wanted, value, at, faults),
                "type"
                | "const"
                | "enum"
                | "required"
                | "properties"
                | "additionalProperties"
                | "items"
                | "minItems"
                | "maxItems"
                | "minProperties" => {}
                word => assert!(TOLD.contains(&word), "{at}: nothing here checks {word}"),
            }
        }
        match value {
            Value::Object(object) if !schema.contains_key("anyOf") => {
                self.check_object(schema, object, at, faults);
            }
            Value::Array(items) => {
                let bound = |word| schema.get(word).and_then(Value::as_u64);
                let found = items.len() as u64;
                if bound("minItems").is_some_and(|least| found < least)
                    || bound("maxItems").is_some_and(|most| found > most)
                {
                    faults.push(format!("{at}: {found} items"));
                }
                for (number, item) in items.iter().enumerate() {
                    if let Some(schema) = schema.get("items") {
                        self.check(schema, item, &format!("{at}[{number}]"), faults);
                    }
                }
            }
            _ => {}
        }
    }

    fn check_object(
        &self,
        schema: &Map<String, Value>,
        object: &Map<String, Value>,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        for name in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if !object.contains_key(name.as_str().unwrap()) {
                faults.push(format!("{at}: {name} is not there"));
            }
        }
        for (name, value) in object {
            let named = schema.get("properties").and_then(|all| all.get(name));
            let place = format!("{at}.{name}");
            match named.or_else(|| schema.get("additionalProperties")) {
                Some(Value::Bool(true)) => {}
                Some(schema @ Value::Object(_)) => self.check(schema, value, &place, faults),
                _ => faults.push(format!("{place} is not documented")),
            }
        }
    }

    fn check_any(&self, schemas: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let mut all = Vec::new();
        for schema in schemas.as_array().unwrap() {
            let mut found = Vec::new();
            self.check(schema, value, at, &mut found);
            if found.is_empty() {
                return;
            }
            all.append(&mut found);
        }
        faults.append(&mut all);
    }
}

fn is_of(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
        kind => match kind.as_str().unwrap() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{other} is no type"),
        },
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let document = Document(json!({ "components": { "schemas": { "A": {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": { "type": ["integer", "null"] },
            "b": { "type": "array", "maxItems": 1, "items": { "enum": ["x"] } },
            "c": { "anyOf": [{ "$ref": "#/components/schemas/A" }, { "type": "null" }] },
        },
    } } } }));
    let found = |value: Value| {
        let mut faults = Vec::new();
        document.check(document.schema("A"), &value, "", &mut faults);
        faults.join("; ")
    };
    assert_eq!(found(json!({ "a": 1, "b": ["x"], "c": null })), "");
    assert_eq!(found(json!({ "a": null, "c": { "a": 1 } })), "");
    assert_eq!(found(json!({})), r#": "a" is not there"#);
    assert_eq!(found(json!({ "a": "1" })), r#".a: "1" is no ["integer","null"]"#);
    assert_eq!(found(json!({ "a": 1, "z": 1 })), ".z is not documented");
    assert_eq!(
        found(json!({ "a": 1, "b": ["x", "y"] })),
        r#".b: 2 items; .b[1]: "y" is none of ["x"]"#
    );
    assert!(found(json!({ "a": 1, "c": { "a": 1, "z": 1 } })).contains(".c.z is not documented"));
}
