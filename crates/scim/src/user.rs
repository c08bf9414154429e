//! A user as a provider tells of one.

use serde_json::Value;

use crate::Object;
use crate::attributes::{ENTERPRISE, Kind, USER, boolean, get, known};
use crate::error::ScimError;

/// The longest name and mark, in characters, and the most that is kept of one user, in bytes.
const LONGEST: usize = 256;
const SIZE: usize = 64 << 10;

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The name that the provider and people know the user by.
    pub user_name: String,
    /// What the provider knows the user by.
    pub external_id: Option<String>,
    /// Whether the user may come in.
    pub active: bool,
    /// All that is kept, these among it, under the names as the standard writes them.
    pub attributes: Object,
}

impl User {
    /// Reads a resource. What is not known is left out, and so is what only this service writes.
    pub fn read(resource: &Object) -> Result<Self, ScimError> {
        let mut attributes = kept(resource, USER)?;
        let user_name = text(&attributes, "userName")?.ok_or_else(|| wrong("userName"))?;
        let external_id = text(&attributes, "externalId")?;
        let active = match attributes.get("active") {
            None => true,
            Some(value) => boolean(value).ok_or_else(|| wrong("active"))?,
        };
        attributes.insert("active".to_owned(), active.into());
        if Value::Object(attributes.clone()).to_string().len() > SIZE {
            return Err(ScimError::TooMany {
                what: "bytes",
                limit: SIZE,
            });
        }
        Ok(Self {
            user_name,
            external_id,
            active,
            attributes,
        })
    }

    /// How the user is called.
    pub fn display(&self) -> &str {
        let name = self.attributes.get("name").and_then(Value::as_object);
        let formatted = name.and_then(|name| name.get("formatted"));
        let display = self.attributes.get("displayName").or(formatted);
        display.and_then(Value::as_str).unwrap_or(&self.user_name)
    }

    /// The schemas of what there is of it.
    pub fn schemas(attributes: &Object) -> Vec<&'static str> {
        let mut schemas = vec!["urn:ietf:params:scim:schemas:core:2.0:User"];
        if attributes.contains_key(ENTERPRISE) {
            schemas.push(ENTERPRISE);
        }
        schemas
    }
}

/// The known attributes, under their names, each of its kind.
pub(crate) fn kept(resource: &Object, table: &'static [(&str, Kind)]) -> Result<Object, ScimError> {
    let mut attributes = Object::new();
    for (name, value) in resource {
        let Some((name, kind)) = known(name, table) else {
            continue;
        };
        let value = match (kind, value) {
            (Kind::Own, _) | (_, Value::Null) => continue,
            (Kind::Text, Value::String(_)) | (Kind::Boolean, _) => value.clone(),
            (Kind::Complex(inner), Value::Object(object)) => Value::Object(texts(object, inner)),
            (Kind::Many, Value::Array(all)) if all.iter().all(Value::is_object) => value.clone(),
            _ => return Err(wrong(name)),
        };
        attributes.insert(name.to_owned(), value);
    }
    Ok(attributes)
}

fn texts(object: &Object, names: &[&str]) -> Object {
    let found = names.iter().filter_map(|&name| {
        let value = get(object, name)?.as_str()?;
        Some((name.to_owned(), value.into()))
    });
    found.collect()
}

/// A text that can be a name: not empty, not long, without control characters.
pub(crate) fn text(attributes: &Object, name: &'static str) -> Result<Option<String>, ScimError> {
    let Some(value) = attributes.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().unwrap_or_default();
    let sound =
        !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
    if sound {
        Ok(Some(text.to_owned()))
    } else {
        Err(wrong(name))
    }
}

pub(crate) fn wrong(attribute: &str) -> ScimError {
    ScimError::Value {
        attribute: attribute.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<User, ScimError> {
        User::read(value.as_object().unwrap())
    }

    #[test]
    fn a_user_is_read_whatever_the_case_of_names() {
        let user = read(json!({
            "schemas": ["x"], "id": "mine", "username": "alice@x", "EXTERNALID": "ab", "Active": "True", "password": "secret",
            "name": { "formatted": "Alice M", "unknown": 1 }, "shoeSize": 42, "title": null,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "RH" },
        }))
        .unwrap();
        assert_eq!(
            (user.user_name.as_str(), user.external_id.as_deref(), user.active),
            ("alice@x", Some("ab"), true)
        );
        assert_eq!(user.display(), "Alice M");
        let kept: Vec<&str> = user.attributes.keys().map(String::as_str).collect();
        assert_eq!(kept, ["userName", "externalId", "active", "name", ENTERPRISE]);
        assert_eq!(User::schemas(&user.attributes).len(), 2);
        assert!(!Value::Object(user.attributes).to_string().contains("secret"));
    }

    #[test]
    fn a_user_without_a_sound_name_is_none() {
        for (value, attribute) in [
            (json!({}), "userName"),
            (json!({ "userName": "" }), "userName"),
            (json!({ "userName": "  " }), "userName"),
            (json!({ "userName": "a\nb" }), "userName"),
            (json!({ "userName": "a".repeat(257) }), "userName"),
            (json!({ "userName": 1 }), "userName"),
            (json!({ "userName": "a", "active": "perhaps" }), "active"),
            (json!({ "userName": "a", "active": 1 }), "active"),
            (json!({ "userName": "a", "emails": ["a@x"] }), "emails"),
            (json!({ "userName": "a", "name": "Alice" }), "name"),
            (json!({ "userName": "a", "externalId": [] }), "externalId"),
        ] {
            let attribute = attribute.to_owned();
            assert_eq!(
                read(value.clone()),
                Err(ScimError::Value { attribute }),
                "{value}"
            );
        }
        let large = json!({ "userName": "a", "title": "x".repeat(100_000) });
        assert!(matches!(read(large), Err(ScimError::TooMany { .. })));
    }
}
