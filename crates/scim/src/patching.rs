//! Changes to a resource (RFC 7644, section 3.5.2), as the standard has them and as providers send them: operations in any case of
//! letters, a path in the name of a value, members to be taken out as a value beside the path, an address that is replaced before
//! there is one.

use serde_json::{Value, json};

use crate::Object;
use crate::attributes::{Kind, get, key, known};
use crate::error::ScimError;
use crate::filter::Filter;
use crate::path::Path;

/// How many operations one patch may have, and how many values one attribute.
const OPERATIONS: usize = 1000;
const VALUES: usize = 50_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Add,
    Replace,
    Remove,
}

/// Changes a resource as the body of a `PATCH` says; `table` are its attributes. The resource is unchanged where it fails.
pub fn patch(resource: &Object, body: &Value, of_group: bool) -> Result<Object, ScimError> {
    let table = if of_group {
        crate::attributes::GROUP
    } else {
        crate::attributes::USER
    };
    let operations = body.as_object().and_then(|body| get(body, "Operations"));
    let operations = operations
        .and_then(Value::as_array)
        .ok_or_else(|| ScimError::Syntax {
            reason: "Operations".to_owned(),
        })?;
    if operations.len() > OPERATIONS {
        return Err(ScimError::TooMany {
            what: "Operations",
            limit: OPERATIONS,
        });
    }
    let mut changed = resource.clone();
    for operation in operations {
        apply(&mut changed, operation, table)?;
    }
    Ok(changed)
}

fn apply(resource: &mut Object, operation: &Value, table: &'static [(&str, Kind)]) -> Result<(), ScimError> {
    let fault = |reason: &str| ScimError::Syntax {
        reason: reason.to_owned(),
    };
    let operation = operation.as_object().ok_or_else(|| fault("Operations"))?;
    let word = get(operation, "op").and_then(Value::as_str).unwrap_or_default();
    let op = match word.to_ascii_lowercase().as_str() {
        "add" => Operation::Add,
        "replace" => Operation::Replace,
        "remove" => Operation::Remove,
        _ => return Err(fault("op")),
    };
    let value = get(operation, "value");
    let path = get(operation, "path").and_then(Value::as_str).unwrap_or_default();
    if !path.is_empty() {
        let path = Path::parse(path)?;
        return at(resource, op, &path, value, (table, false));
    }
    if op == Operation::Remove {
        return Err(ScimError::NoTarget);
    }
    let values = value.and_then(Value::as_object).ok_or_else(|| fault("value"))?;
    for (name, value) in values {
        let path = Path::parse(name)?;
        at(resource, op, &path, Some(value), (table, true))?;
    }
    Ok(())
}

/// One change at one place. What only this service writes may stand in a value beside other things, and is passed over there.
fn at(
    resource: &mut Object,
    op: Operation,
    path: &Path,
    value: Option<&Value>,
    (table, among_others): (&'static [(&str, Kind)], bool),
) -> Result<(), ScimError> {
    let (name, kind) = match known(&path.attribute, table) {
        // What is not kept is not changed either.
        None => return Ok(()),
        Some((_, Kind::Own)) if among_others => return Ok(()),
        Some((name, Kind::Own)) => {
            let attribute = name.to_owned();
            return Err(ScimError::Fixed { attribute });
        }
        Some(known) => known,
    };
    let wrong = || ScimError::Value {
        attribute: name.to_owned(),
    };
    if op != Operation::Remove && value.is_none() {
        return Err(wrong());
    }
    let name = key(resource, name);
    match (kind, &path.which) {
        (Kind::Many, Some(which)) => {
            let inside = path.inside.as_deref();
            chosen(
                resource.entry(name).or_insert_with(|| json!([])),
                op,
                (which, inside),
                value,
            )
            .ok_or_else(wrong)
        }
        (_, Some(_)) => Err(ScimError::NoTarget),
        (Kind::Many, None) => many(resource, op, &name, path, value).ok_or_else(wrong)?,
        (Kind::Complex(_), None) => {
            complex(resource, op, (&name, path.inside.as_deref()), value);
            Ok(())
        }
        (_, None) => {
            match value.filter(|value| op != Operation::Remove && !value.is_null()) {
                Some(value) => resource.insert(name, value.clone()),
                None => resource.remove(&name),
            };
            Ok(())
        }
    }
}

/// A change to an object, or to one thing in it.
fn complex(
    resource: &mut Object,
    op: Operation,
    (name, inside): (&str, Option<&str>),
    value: Option<&Value>,
) {
    let Some(value) = value.filter(|value| op != Operation::Remove && !value.is_null()) else {
        match (inside, resource.get_mut(name).and_then(Value::as_object_mut)) {
            (Some(inside), Some(object)) => drop(object.remove(&key(object, inside))),
            (None, _) => drop(resource.remove(name)),
            (Some(_), None) => {}
        }
        return;
    };
    let object = resource.entry(name.to_owned()).or_insert_with(|| json!({}));
    match (inside, object.as_object_mut(), value) {
        (Some(inside), Some(object), value) => drop(object.insert(key(object, inside), value.clone())),
        (None, Some(object), Value::Object(more)) => merge(object, more),
        _ => *object = value.clone(),
    }
}

/// A change to a whole list. What is added a second time is there once.
fn many(
    resource: &mut Object,
    op: Operation,
    name: &str,
    path: &Path,
    value: Option<&Value>,
) -> Option<Result<(), ScimError>> {
    if path.inside.is_some() {
        return None;
    }
    let given: Vec<Value> = match value {
        Some(Value::Array(all)) => all.clone(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one.clone()],
    };
    if !given.iter().all(Value::is_object) {
        return None;
    }
    let list = resource.entry(name.to_owned()).or_insert_with(|| json!([]));
    let list = list.as_array_mut()?;
    let mark = |value: &Value| value.as_object().and_then(|object| get(object, "value")).cloned();
    match op {
        Operation::Remove if given.is_empty() => list.clear(),
        Operation::Remove => {
            let gone: std::collections::HashSet<String> = given
                .iter()
                .filter_map(|value| mark(value).map(|mark| mark.to_string()))
                .collect();
            list.retain(|value| mark(value).is_none_or(|mark| !gone.contains(&mark.to_string())));
        }
        Operation::Replace => *list = given,
        Operation::Add => {
            let mut there: std::collections::HashSet<String> = list.iter().map(identity).collect();
            for value in given {
                if there.insert(identity(&value)) {
                    list.push(value);
                }
            }
        }
    }
    if list.len() > VALUES {
        return Some(Err(ScimError::TooMany {
            what: "values",
            limit: VALUES,
        }));
    }
    Some(Ok(()))
}

/// What makes a value of a list the same as another: its `value` and its `type`.
fn identity(value: &Value) -> String {
    let of = |name| value.as_object().and_then(|object| get(object, name)).cloned();
    match of("value") {
        Some(mark) => json!([mark, of("type")]).to_string(),
        None => value.to_string(),
    }
}

/// A change to those of several values that a filter means. Where there is none, one is made that the filter would mean, for
/// providers replace a work address before there is one.
fn chosen(
    list: &mut Value,
    op: Operation,
    (which, inside): (&Filter, Option<&str>),
    value: Option<&Value>,
) -> Option<()> {
    let list = list.as_array_mut()?;
    if op == Operation::Remove {
        match inside {
            None => list.retain(|one| !which.holds(one)),
            Some(inside) => {
                let meant = list.iter_mut().filter(|one| which.holds(one));
                for object in meant.filter_map(Value::as_object_mut) {
                    object.remove(&key(object, inside));
                }
            }
        }
        return Some(());
    }
    let value = value?;
    if !list.iter().any(|one| which.holds(one)) {
        let mut fresh = Object::new();
        for (name, value) in which.pairs()? {
            fresh.insert(name.to_owned(), value.clone());
        }
        list.push(Value::Object(fresh));
    }
    let meant = list.iter_mut().filter(|one| which.holds(one));
    for object in meant.filter_map(Value::as_object_mut) {
        match (inside, value) {
            (Some(inside), value) => drop(object.insert(key(object, inside), value.clone())),
            (None, Value::Object(more)) => merge(object, more),
            (None, _) => return None,
        }
    }
    Some(())
}

fn merge(object: &mut Object, more: &Object) {
    for (name, value) in more {
        object.insert(key(object, name), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user() -> Object {
        let user = json!({
            "userName": "alice", "active": true, "displayName": "Alice",
            "name": { "givenName": "Alice", "familyName": "Martin" },
            "emails": [{ "type": "work", "value": "alice@x", "primary": true }, { "type": "home", "value": "a@y" }],
        });
        user.as_object().unwrap().clone()
    }

    fn patched(operations: Value) -> String {
        let body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        match patch(&user(), &body, false) {
            Ok(user) => Value::Object(user).to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_entra_id_sends_is_understood() {
        insta::assert_snapshot!(patched(json!([
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "Add", "path": "title", "value": "Agente" },
            { "op": "Replace", "path": "name.familyName", "value": "Durand" },
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "durand@x" },
            { "op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+33 1" },
            { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "RH" },
        ])), @r#"{"userName":"alice","active":"False","displayName":"Alice","name":{"givenName":"Alice","familyName":"Durand"},"emails":[{"type":"work","value":"durand@x","primary":true},{"type":"home","value":"a@y"}],"title":"Agente","phoneNumbers":[{"type":"work","value":"+33 1"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"RH"}}"#);
        // Everything in one value, with paths for names.
        insta::assert_snapshot!(patched(json!([{ "op": "replace", "value": {
            "displayName": "A. Durand", "name.givenName": "A.",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "DSI",
        } }])), @r#"{"userName":"alice","active":true,"displayName":"A. Durand","name":{"givenName":"A.","familyName":"Martin"},"emails":[{"type":"work","value":"alice@x","primary":true},{"type":"home","value":"a@y"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"DSI"}}"#);
    }

    #[test]
    fn what_okta_sends_is_understood() {
        insta::assert_snapshot!(patched(
            json!([{ "op": "replace", "value": { "active": false } }])
        ), @r#"{"userName":"alice","active":false,"displayName":"Alice","name":{"givenName":"Alice","familyName":"Martin"},"emails":[{"type":"work","value":"alice@x","primary":true},{"type":"home","value":"a@y"}]}"#);
        insta::assert_snapshot!(patched(
            json!([{ "op": "replace", "value": { "id": "u1", "schemas": [], "displayName": "B" } }])
        ), @r#"{"userName":"alice","active":true,"displayName":"B","name":{"givenName":"Alice","familyName":"Martin"},"emails":[{"type":"work","value":"alice@x","primary":true},{"type":"home","value":"a@y"}]}"#);
    }

    #[test]
    fn lists_are_changed_as_rfc_7644_wants_it() {
        for (operation, emails) in [
            (json!({ "op": "remove", "path": "emails" }), json!([])),
            (
                json!({ "op": "remove", "path": "emails[type eq \"home\"]" }),
                json!([{ "type": "work", "value": "alice@x", "primary": true }]),
            ),
            (
                json!({ "op": "remove", "path": "emails", "value": [{ "value": "alice@x" }] }),
                json!([{ "type": "home", "value": "a@y" }]),
            ),
            (
                json!({ "op": "replace", "path": "emails", "value": [{ "value": "z" }] }),
                json!([{ "value": "z" }]),
            ),
            (
                json!({ "op": "replace", "path": "emails[type eq \"home\"]", "value": { "value": "z" } }),
                json!([{ "type": "work", "value": "alice@x", "primary": true }, { "type": "home", "value": "z" }]),
            ),
            (
                json!({ "op": "add", "path": "emails", "value": [{ "type": "home", "value": "a@y" }] }),
                json!(user()["emails"]),
            ),
            (
                json!({ "op": "remove", "path": "emails[type eq \"none\"]" }),
                json!(user()["emails"]),
            ),
            (
                json!({ "op": "remove", "path": "emails[type eq \"home\"].value" }),
                json!([{ "type": "work", "value": "alice@x", "primary": true }, { "type": "home" }]),
            ),
        ] {
            let body = json!({ "Operations": [operation] });
            assert_eq!(
                patch(&user(), &body, false).unwrap()["emails"],
                emails,
                "{operation}"
            );
        }
    }

    #[test]
    fn members_of_a_group_come_and_go() {
        let group = json!({ "displayName": "RH", "members": [{ "value": "a" }, { "value": "b" }] });
        let members = |operation: Value| {
            let body = json!({ "Operations": [operation] });
            let changed = patch(group.as_object().unwrap(), &body, true).unwrap();
            let members = changed["members"].as_array().unwrap();
            let marks: Vec<&str> = members
                .iter()
                .map(|member| member["value"].as_str().unwrap())
                .collect();
            marks.join(" ")
        };
        assert_eq!(
            members(json!({ "op": "Add", "path": "members", "value": [{ "value": "c" }, { "value": "a" }] })),
            "a b c"
        );
        assert_eq!(
            members(json!({ "op": "Add", "path": "members", "value": { "value": "c" } })),
            "a b c"
        );
        assert_eq!(
            members(json!({ "op": "remove", "path": "members[value eq \"a\"]" })),
            "b"
        );
        assert_eq!(
            members(json!({ "op": "Remove", "path": "members", "value": [{ "value": "b" }] })),
            "a"
        );
        assert_eq!(
            members(json!({ "op": "replace", "path": "members", "value": [] })),
            ""
        );
        assert_eq!(
            members(json!({ "op": "replace", "value": { "members": [{ "value": "z" }] } })),
            "z"
        );
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (operation, expected) in [
            (json!({ "op": "remove" }), "noTarget"),
            (json!({ "op": "move", "path": "active" }), "invalidSyntax"),
            (json!({ "path": "active", "value": true }), "invalidSyntax"),
            (json!({ "op": "replace", "value": true }), "invalidSyntax"),
            (json!({ "op": "replace", "path": "active" }), "invalidValue"),
            (
                json!({ "op": "replace", "path": "id", "value": "x" }),
                "mutability",
            ),
            (
                json!({ "op": "add", "path": "groups", "value": [] }),
                "mutability",
            ),
            (
                json!({ "op": "replace", "path": "emails[", "value": 1 }),
                "invalidPath",
            ),
            (
                json!({ "op": "replace", "path": "emails", "value": ["a"] }),
                "invalidValue",
            ),
            (
                json!({ "op": "replace", "path": "emails[type eq \"work\"]", "value": "a" }),
                "invalidValue",
            ),
            (
                json!({ "op": "replace", "path": "emails[value sw \"q\"].value", "value": "a" }),
                "invalidValue",
            ),
            (
                json!({ "op": "replace", "path": "name[a eq 1]", "value": "a" }),
                "noTarget",
            ),
            (json!("remove"), "invalidSyntax"),
        ] {
            let body = json!({ "Operations": [operation] });
            let refused = patch(&user(), &body, false).unwrap_err();
            assert_eq!(refused.scim_type(), Some(expected), "{operation}: {refused}");
        }
        let many = json!({ "Operations": vec![json!({ "op": "add", "path": "title", "value": "a" }); 1001] });
        assert!(matches!(
            patch(&user(), &many, false),
            Err(ScimError::TooMany { .. })
        ));
        assert!(patch(&user(), &json!({}), false).is_err());
        assert!(patch(&user(), &json!([]), false).is_err());
    }

    proptest! {
        #[test]
        fn any_patch_ends(op in "(add|replace|remove)", path in "[a-zA-Z.\\[\\]\" ]{0,20}", value in proptest::option::of(any::<bool>())) {
            let body = json!({ "Operations": [{ "op": op, "path": path, "value": value }] });
            let _ = patch(&user(), &body, false);
        }

        #[test]
        fn adding_twice_is_adding_once(marks in proptest::collection::vec("[a-c]{1,2}", 0..10)) {
            let values: Vec<Value> = marks.iter().map(|mark| json!({ "value": mark })).collect();
            let body = json!({ "Operations": [{ "op": "add", "path": "members", "value": values }] });
            let once = patch(&Object::new(), &body, true).unwrap();
            prop_assert_eq!(patch(&once, &body, true).unwrap(), once);
        }
    }
}
