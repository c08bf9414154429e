//! Filters, patches and resources of whoever hands out accounts. Whatever comes is read to an end, and what comes out of a patch is
//! read like what came in.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use trousseau_scim::{Asked, Filter, Group, User, patch};

fuzz_target!(|text: &str| {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let alice = json!({
        "userName": "alice", "active": true, "name": { "givenName": "Alice" },
        "emails": [{ "type": "work", "value": "alice@x" }], "members": [{ "value": "u1" }],
    });
    if let Ok(filter) = Filter::parse(first) {
        let _ = filter.holds(&alice);
        if let Some((attribute, value)) = filter.asked() {
            assert!(first.contains(attribute) && value.len() <= first.len());
        }
    }
    let _ = Asked::read([("filter", first), ("attributes", rest), ("count", first)]);
    let object = alice.as_object().expect("an object");
    for operation in ["add", "replace", "remove"] {
        let body = json!({ "Operations": [{ "op": operation, "path": first, "value": rest }] });
        if let Ok(changed) = patch(object, &body, false) {
            let _ = User::read(&changed);
        }
    }
    if let Ok(body) = serde_json::from_str::<Value>(rest) {
        for of_group in [false, true] {
            let _ = patch(object, &body, of_group);
        }
        if let Some(resource) = body.as_object() {
            let _ = Group::read(resource);
            if let Ok(user) = User::read(resource) {
                // What is kept is the same when it is read again.
                assert_eq!(User::read(&user.attributes).as_ref(), Ok(&user));
            }
        }
    }
});
