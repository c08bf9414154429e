//! Provisioning over a real socket, in the sequences in which Entra ID and Okta ask, and what becomes of sessions, keys and the
//! ledger.

use jiff::Timestamp;
use serde_json::{Value, json};
use trousseau_accounts::{AccountError, Grants, NewKey};
use trousseau_core::label::Class;
use trousseau_core::principal::{Role, Tenant};
use trousseau_limits::Allowance;

use crate::scim_scene::town;
use crate::stage::tenant;
use crate::wired::request;

#[tokio::test]
async fn entra_id_hands_out_people_and_takes_them_back() {
    let town = town(true).await;
    // It looks whether the tenant answers, then for each user, then makes it.
    for path in ["ServiceProviderConfig", "ResourceTypes", "Schemas"] {
        town.well("GET", path, Value::Null).await;
    }
    let none = town
        .well("GET", "Users?filter=userName+eq+%2219af8e31%22", Value::Null)
        .await;
    assert_eq!(
        (&none["totalResults"], &none["Resources"]),
        (&json!(0), &json!([]))
    );
    let made = town
        .well("POST", "Users", json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef", "userName": "Alice@mairie.example", "active": true,
            "emails": [{ "primary": true, "type": "work", "value": "alice@mairie.example" }],
            "meta": { "resourceType": "User" }, "name": { "formatted": "Alice Martin", "familyName": "Martin", "givenName": "Alice" },
        }))
        .await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(made["meta"]["location"], format!("/scim/v2/Users/{id}"));
    assert_eq!(
        town.ill("POST", "Users", json!({ "userName": "ALICE@mairie.example" }))
            .await,
        (409, "uniqueness".to_owned())
    );
    for filter in [
        "userName eq \"alice@MAIRIE.example\"",
        "externalId eq \"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef\"",
        "emails[type eq \"work\"].value eq \"x\" or userName sw \"alice\"",
        "active eq true and not (userName eq \"bob\")",
    ] {
        let path = format!(
            "Users?filter={}&startIndex=1&count=100",
            filter.replace(' ', "+").replace('"', "%22")
        );
        if filter.contains("].value") {
            assert_eq!(
                town.ill("GET", &path, Value::Null).await,
                (400, "invalidFilter".to_owned())
            );
            continue;
        }
        let found = town.well("GET", &path, Value::Null).await;
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["id"]),
            (&json!(1), &json!(id)),
            "{filter}"
        );
    }
    let group = town.group("RH", &[]).await;
    town.well(
        "PATCH",
        &format!("Groups/{group}"),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": id }] }],
        }),
    )
    .await;
    let seen = town
        .well(
            "GET",
            &format!("Groups/{group}?excludedAttributes=members"),
            Value::Null,
        )
        .await;
    assert!(seen.get("members").is_none() && seen["displayName"] == "RH");
    let seen = town
        .well("GET", "Groups?filter=displayName+eq+%22rh%22", Value::Null)
        .await;
    assert_eq!(seen["Resources"][0]["members"][0]["value"], id);

    let alice = town.sign_in("subject-1", "alice@mairie.example").await.unwrap();
    let grants = &alice.session.admitted.principal;
    assert_eq!((grants.clearance, grants.groups.len()), (Class::Personal, 1));
    assert!(
        grants.groups.contains("RH"),
        "what the token says of groups does not count"
    );
    let name = grants.user.clone();
    // A key that she made for a program.
    let (accounts, now) = (&town.wired.server.accounts, Timestamp::now());
    let new = NewKey {
        name: "programme".to_owned(),
        grants: Grants::default(),
        expires: None,
        limits: Allowance::default(),
        created_by: name.clone(),
    };
    let (_, key) = accounts.create_key(&Tenant::default(), new, now).await.unwrap();
    assert!(town.is_in(&alice).await && accounts.key(&key, now).is_ok());

    town.well(
        "PATCH",
        &format!("Users/{id}"),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "Replace", "path": "active", "value": "False" }],
        }),
    )
    .await;
    assert!(!town.is_in(&alice).await, "the session is over at once");
    assert!(alice.session.admitted.ended.is_cancelled());
    assert!(matches!(accounts.key(&key, now), Err(AccountError::UnknownKey)));
    assert!(matches!(
        town.sign_in("subject-1", "alice@mairie.example").await,
        Err(AccountError::Disabled { .. })
    ));
    town.well(
        "PATCH",
        &format!("Users/{id}"),
        json!({ "Operations": [{ "op": "replace", "path": "active", "value": true }] }),
    )
    .await;
    assert!(
        town.is_in(&town.sign_in("subject-1", "other name").await.unwrap())
            .await
    );
    town.well("DELETE", &format!("Users/{id}"), Value::Null).await;
    assert_eq!(town.ill("GET", &format!("Users/{id}"), Value::Null).await.0, 404);
    assert!(town.sign_in("subject-1", "alice@mairie.example").await.is_err());
    assert_eq!(
        town.well("GET", &format!("Groups/{group}"), Value::Null).await["members"],
        json!([])
    );
    assert_eq!(
        town.end().await,
        [
            "user-provisioned",
            "group-provisioned",
            "group-changed",
            "user-disabled",
            "key-revoked",
            "user-reprovisioned",
            "user-enabled",
            "user-reprovisioned",
            "user-disabled",
            "user-unprovisioned",
        ]
    );
}

#[tokio::test]
async fn okta_pushes_people_and_groups() {
    let town = town(true).await;
    // Okta asks with a page first, makes, says everything anew, and shuts with a value without a path.
    let none = town
        .well(
            "GET",
            "Users?filter=userName%20eq%20%22bob%40mairie.example%22&startIndex=1&count=100",
            Value::Null,
        )
        .await;
    assert_eq!(none["totalResults"], 0);
    let made = town
        .well("POST", "Users", json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bob@mairie.example",
            "name": { "givenName": "Bob", "familyName": "B" }, "emails": [{ "primary": true, "value": "bob@mairie.example", "type": "work" }],
            "displayName": "Bob", "locale": "fr-FR", "externalId": "00ujl29u0le5T6Aj10h7", "groups": [], "password": "1mz050nq", "active": true,
        }))
        .await;
    assert!(made.get("password").is_none());
    let id = made["id"].as_str().unwrap().to_owned();
    let mut anew = made.clone();
    anew["title"] = "Chef".into();
    let changed = town.well("PUT", &format!("Users/{id}"), anew).await;
    assert_eq!(
        (&changed["title"], &changed["meta"]["version"]),
        (&json!("Chef"), &json!("W/\"2\""))
    );
    let group = town.group("Trousseau-Admins", &[&id]).await;
    let bob = town.sign_in("okta-bob", "Bob@mairie.example").await.unwrap();
    assert_eq!(bob.session.admitted.principal.role, Role::Administrator);
    // The group is said anew without him: what he was granted is gone, and so is the session.
    town.well(
        "PUT",
        &format!("Groups/{group}"),
        json!({ "displayName": "Trousseau-Admins", "members": [] }),
    )
    .await;
    assert!(!town.is_in(&bob).await);
    let bob = town.sign_in("okta-bob", "Bob@mairie.example").await.unwrap();
    assert_eq!(bob.session.admitted.principal.role, Role::User);
    // By the provider's own mark for a group, and under another name.
    town.well(
        "PATCH",
        &format!("Groups/{group}"),
        json!({ "Operations": [
        { "op": "replace", "value": { "id": group, "displayName": "Audit", "externalId": "mark-of-audit" } },
        { "op": "add", "path": "members", "value": [{ "value": id, "display": "bob" }] },
    ] }),
    )
    .await;
    let bob = town.sign_in("okta-bob", "Bob@mairie.example").await.unwrap();
    assert_eq!(bob.session.admitted.principal.role, Role::Auditor);
    town.well(
        "PATCH",
        &format!("Groups/{group}"),
        json!({ "Operations": [{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }] }),
    )
    .await;
    assert!(!town.is_in(&bob).await);
    let bob = town.sign_in("okta-bob", "Bob@mairie.example").await.unwrap();
    town.well("DELETE", &format!("Groups/{group}"), Value::Null).await;
    assert!(town.is_in(&bob).await, "nothing changed for him");
    town.well(
        "PATCH",
        &format!("Users/{id}"),
        json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] }),
    )
    .await;
    assert!(!town.is_in(&bob).await);
}

#[tokio::test]
async fn only_who_was_handed_out_comes_in_and_only_as_oneself() {
    let town = town(true).await;
    assert!(matches!(
        town.sign_in("stranger", "stranger").await,
        Err(AccountError::NotProvisioned)
    ));
    town.user("alice").await;
    let alice = town.sign_in("subject-alice", "ALICE").await.unwrap();
    // Another subject that takes on her name is not her, and a provider's mark in another place is not either.
    assert!(matches!(
        town.sign_in("subject-mallory", "alice").await,
        Err(AccountError::NotProvisioned)
    ));
    assert!(town.is_in(&alice).await);
    // By the mark, when the name is another.
    town.user("bob").await;
    assert!(town.sign_in("subject-bob", "mark-bob").await.is_ok());
    // Before anybody signed in, a user that is shut stays out.
    let carol = town.user("carol").await;
    town.well(
        "PATCH",
        &format!("Users/{carol}"),
        json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] }),
    )
    .await;
    assert!(matches!(
        town.sign_in("subject-carol", "carol").await,
        Err(AccountError::Disabled { .. })
    ));
    let open = self::town(false).await;
    let stranger = open.sign_in("stranger", "stranger").await.unwrap();
    assert!(
        stranger
            .session
            .admitted
            .principal
            .groups
            .contains("of the token")
    );
}

#[tokio::test]
async fn versions_pages_and_attributes_are_kept_to() {
    let town = town(true).await;
    let mut last = String::new();
    for number in 0..5 {
        last = town.user(&format!("user-{number}")).await;
    }
    let listed = town
        .well(
            "GET",
            "Users?startIndex=4&count=10&attributes=userName",
            Value::Null,
        )
        .await;
    assert_eq!(
        (
            &listed["totalResults"],
            &listed["itemsPerPage"],
            &listed["startIndex"]
        ),
        (&json!(5), &json!(2), &json!(4))
    );
    let one = &listed["Resources"][0];
    assert_eq!(one.as_object().unwrap().len(), 3, "{one}");
    let path = format!("Users/{last}");
    let seen = town.send("GET", &path, &[], &Value::Null).await;
    assert_eq!(seen.header("etag"), Some("W/\"1\""));
    assert_eq!(seen.header("content-type"), Some("application/scim+json"));
    assert_eq!(
        town.send("GET", &path, &["if-none-match: W/\"1\""], &Value::Null)
            .await
            .status,
        304
    );
    let body = json!({ "userName": "renamed" });
    assert_eq!(
        town.send("PUT", &path, &["if-match: W/\"7\""], &body)
            .await
            .status,
        412
    );
    assert_eq!(
        town.send("PUT", &path, &["if-match: W/\"1\""], &body)
            .await
            .status,
        200
    );
    // What changes nothing is no new version.
    assert_eq!(
        town.send("PUT", &path, &[], &body).await.header("etag"),
        Some("W/\"2\"")
    );
    assert_eq!(
        town.ill("PUT", &path, json!({ "userName": "user-0" })).await,
        (409, "uniqueness".to_owned())
    );
}

#[tokio::test]
async fn nonsense_is_refused_with_the_standards_words() {
    let town = town(true).await;
    let id = town.user("alice").await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let patch = |operation: Value| json!({ "Operations": [operation] });
    for (method, path, body, expected) in [
        ("POST", "Users".to_owned(), json!({}), (400, "invalidValue")),
        ("POST", "Users".to_owned(), json!([]), (400, "invalidSyntax")),
        (
            "POST",
            "Users".to_owned(),
            json!({ "userName": "x".repeat(300) }),
            (400, "invalidValue"),
        ),
        (
            "POST",
            "Users".to_owned(),
            json!({ "userName": "x", "title": "x".repeat(100_000) }),
            (400, "tooMany"),
        ),
        (
            "POST",
            "Groups".to_owned(),
            json!({ "displayName": "g", "members": [{ "value": "nobody" }] }),
            (400, "invalidValue"),
        ),
        (
            "GET",
            "Users?filter=userName".to_owned(),
            Value::Null,
            (400, "invalidFilter"),
        ),
        (
            "GET",
            format!("Users?filter={}", "(".repeat(500)),
            Value::Null,
            (400, "invalidFilter"),
        ),
        (
            "GET",
            "Users?count=many".to_owned(),
            Value::Null,
            (400, "invalidValue"),
        ),
        ("GET", "Users/nobody".to_owned(), Value::Null, (404, "")),
        ("DELETE", "Groups/nobody".to_owned(), Value::Null, (404, "")),
        ("GET", "Schemas/nothing".to_owned(), Value::Null, (404, "")),
        ("PATCH", format!("Users/{id}"), json!({}), (400, "invalidSyntax")),
        (
            "PATCH",
            format!("Users/{id}"),
            patch(json!({ "op": "remove" })),
            (400, "noTarget"),
        ),
        (
            "PATCH",
            format!("Users/{id}"),
            patch(json!({ "op": "replace", "path": "id", "value": "x" })),
            (400, "mutability"),
        ),
        (
            "PATCH",
            format!("Users/{id}"),
            patch(json!({ "op": "replace", "path": "][", "value": "x" })),
            (400, "invalidPath"),
        ),
        (
            "PATCH",
            format!("Users/{id}"),
            patch(json!({ "op": "replace", "path": "userName", "value": "" })),
            (400, "invalidValue"),
        ),
        (
            "PATCH",
            format!("Users/{id}"),
            patch(json!({ "op": "remove", "path": "userName" })),
            (400, "invalidValue"),
        ),
    ] {
        let found = town.ill(method, &path, body).await;
        assert_eq!((found.0, found.1.as_str()), expected, "{method} {path}");
    }
    let bearer = format!("authorization: Bearer {}", town.key);
    let raw = town
        .wired
        .send(request("POST", "/scim/v2/Users", &[&bearer], &deep))
        .await;
    assert_eq!(
        (raw.status, raw.json()["scimType"].as_str()),
        (400, Some("invalidSyntax"))
    );
    let large = " ".repeat((4 << 20) + 1);
    let raw = town
        .wired
        .send(request("POST", "/scim/v2/Users", &[&bearer], &large))
        .await;
    assert_eq!(raw.status, 413);
    // None of it left a trace.
    assert_eq!(town.well("GET", "Users", Value::Null).await["totalResults"], 1);
    assert_eq!(
        town.well("GET", &format!("Users/{id}"), Value::Null).await["meta"]["version"],
        "W/\"1\""
    );
}

#[tokio::test]
async fn a_key_hands_out_its_own_tenants_people_and_does_nothing_else() {
    let town = town(true).await;
    let bearer = format!("authorization: Bearer {}", town.key);
    for (method, path) in [
        ("GET", "/v1/models"),
        ("GET", "/api/auth/session"),
        ("GET", "/api/users"),
        ("POST", "/v1/chat/completions"),
    ] {
        let refused = town.wired.send(request(method, path, &[&bearer], "{}")).await;
        assert_eq!(refused.status, 403, "{path}");
    }
    // Neither a stranger nor an administrator hands out people, and the errors are SCIM's.
    let administrator = format!("authorization: Bearer {}", town.wired.key);
    for (headers, status) in [
        (vec![], 401),
        (vec!["authorization: Bearer trs-x"], 401),
        (vec![administrator.as_str()], 403),
    ] {
        let refused = town
            .wired
            .send(request("GET", "/scim/v2/Users", &headers, ""))
            .await;
        assert_eq!(
            (refused.status, &refused.json()["status"]),
            (status, &json!(status.to_string()))
        );
    }
    // A key of another tenant finds nothing configured.
    let new = NewKey {
        name: "other".to_owned(),
        grants: Grants {
            role: Role::Provisioner,
            ..Grants::default()
        },
        expires: None,
        limits: Allowance::default(),
        created_by: "test".to_owned(),
    };
    let made = town
        .wired
        .server
        .accounts
        .create_key(&tenant("elsewhere"), new, Timestamp::now())
        .await;
    let other = format!("authorization: Bearer {}", made.unwrap().1);
    let refused = town
        .wired
        .send(request("GET", "/scim/v2/Users", &[&other], ""))
        .await;
    assert_eq!(refused.status, 404);
}
