//! `docs/openapi.yaml` against what requests are read into: the fields of the types that take them in, and the server
//! itself.

use std::collections::BTreeSet;

use trousseau_core::principal::Role;

use crate::openapi_document::Document;
use crate::stage::Stage;
use crate::wired::{new_key, request, scripted};

/// Schemas of requests, with the place inside, and the types that they are read into.
const TYPES: &[(&str, &str, &str, &str)] = &[
    ("ChatRequest", "", "wire/src/server/request.rs", "Body"),
    (
        "ChatRequest",
        "/properties/stream_options",
        "wire/src/server/request.rs",
        "StreamOptions",
    ),
    (
        "ChatRequest",
        "/properties/trousseau",
        "wire/src/server/request.rs",
        "WireOptions",
    ),
    ("ChatMessage", "", "wire/src/server/message.rs", "WireMessage"),
    ("ToolCall", "", "wire/src/server/message.rs", "WireCall"),
    (
        "ToolCall",
        "/properties/function",
        "wire/src/server/message.rs",
        "WireFunction",
    ),
    (
        "ResponsesRequest",
        "",
        "wire/src/server/responses.rs",
        "WireRequest",
    ),
    (
        "MessagesRequest",
        "",
        "wire/src/server/anthropic.rs",
        "WireRequest",
    ),
    (
        "CountedRequest",
        "",
        "wire/src/server/anthropic.rs",
        "WireRequest",
    ),
    (
        "CompletionRequest",
        "",
        "wire/src/server/completions.rs",
        "WireCompletion",
    ),
    (
        "EmbeddingsRequest",
        "",
        "wire/src/server/embeddings.rs",
        "WireEmbeddings",
    ),
    ("RerankRequest", "", "wire/src/server/rerank.rs", "WireRerank"),
    (
        "NewVectorStore",
        "",
        "wire/src/server/vector_stores.rs",
        "NewStore",
    ),
    ("Attachment", "", "wire/src/server/vector_stores.rs", "Attachment"),
    ("Search", "", "wire/src/server/vector_stores.rs", "WireSearch"),
    (
        "Search",
        "/properties/ranking_options",
        "wire/src/server/vector_stores.rs",
        "RankingOptions",
    ),
    ("NewBatch", "", "wire/src/server/file_batches.rs", "WireBatch"),
    (
        "NewBatch",
        "/properties/files/items",
        "wire/src/server/file_batches.rs",
        "WireFile",
    ),
    (
        "AttributesChange",
        "",
        "wire/src/server/attributes.rs",
        "WireChange",
    ),
    ("Login", "", "http/src/auth.rs", "Login"),
    ("NewPassword", "", "http/src/auth.rs", "NewPassword"),
    ("FirstPassword", "", "http/src/auth.rs", "Following"),
    ("NewKey", "", "http/src/auth_admin.rs", "KeyWanted"),
    ("NewUser", "", "http/src/auth_admin.rs", "UserWanted"),
    ("UserChange", "", "http/src/auth_admin.rs", "UserChanged"),
    ("Grants", "", "accounts/src/grants.rs", "Grants"),
    ("Title", "", "http/src/conversations.rs", "Renamed"),
    ("NewCollection", "", "http/src/stock.rs", "CollectionWanted"),
    ("CollectionChange", "", "http/src/stock.rs", "CollectionChanged"),
    ("NewUpstream", "", "http/src/control.rs", "NewUpstream"),
    ("NewDrill", "", "http/src/drills.rs", "Held"),
    (
        "NewDrill",
        "/properties/cut/items",
        "http/src/drills.rs",
        "Cutting",
    ),
    ("NewWithdrawal", "", "http/src/withdrawals.rs", "Wanted"),
    ("Questioned", "", "http/src/explain.rs", "Questioned"),
    ("NewFeedback", "", "http/src/records.rs", "Rated"),
    ("AccessReason", "", "http/src/records.rs", "Reason"),
];

/// Fields of OpenAI's that are read among those that are passed on.
const CHECKED: [&str; 3] = ["n", "store", "modalities"];

/// The fields of a type, by the names they have on the wire.
fn fields_of(file: &str, name: &str) -> BTreeSet<String> {
    let path = format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"));
    let source = fs_err::read_to_string(path).unwrap();
    let begins = format!("struct {name} {{\n");
    let (_, rest) = source
        .split_once(&begins)
        .unwrap_or_else(|| panic!("{file} has no {name}"));
    let (body, _) = rest.split_once("\n}").unwrap();
    let (mut fields, mut flattened, mut renamed) = (BTreeSet::new(), false, None);
    for line in body.lines().map(str::trim) {
        if line.starts_with("#[") {
            flattened |= line.contains("flatten");
            let name = line.split_once("rename = \"").map(|(_, rest)| rest);
            renamed = name.and_then(|rest| Some(rest.split_once('"')?.0)).or(renamed);
        } else if let Some((field, _)) = line.split_once(": ").filter(|_| !line.starts_with("//")) {
            let field = field.strip_prefix("pub ").unwrap_or(field);
            if !std::mem::take(&mut flattened) {
                fields.insert(renamed.take().unwrap_or(field).to_owned());
            }
        }
    }
    fields
}

#[test]
fn requests_are_documented_with_the_fields_that_are_read() {
    let document = Document::read();
    for (schema, place, file, name) in TYPES {
        let schema = document.schema(schema).pointer(place).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let documented: BTreeSet<String> = properties
            .keys()
            .filter(|field| *name != "Body" || !CHECKED.contains(&field.as_str()))
            .cloned()
            .collect();
        assert_eq!(documented, fields_of(file, name), "{name} of {file}");
    }
    let mut read: BTreeSet<&str> = TYPES.iter().map(|(schema, ..)| *schema).collect();
    // Read as a new vector store without files, and taken apart in `upload`.
    read.insert("VectorStoreChange");
    for (method, path, operation) in document.operations() {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        if let Some(name) = body["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            assert!(
                read.contains(name),
                "{name} of {method} {path} is compared with nothing"
            );
        }
    }
}

/// The path with something in its places.
fn filled(path: &str) -> String {
    path.replace("{entry}", "0").replace(['{', '}'], "")
}

#[tokio::test]
async fn what_is_not_documented_is_refused() {
    let document = Document::read();
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    let officer = new_key(&wired.server, Role::DataProtectionOfficer, |_| {}).await;
    let mut tried = 0;
    for (method, path, operation) in document.operations() {
        let content = &operation["requestBody"]["content"]["application/json"]["schema"];
        if content.is_null() || document.resolve(content)["additionalProperties"] == true {
            continue;
        }
        let key = if path.ends_with("/access") {
            &officer
        } else {
            &wired.key
        };
        let key = format!("authorization: Bearer {key}");
        let headers = [key.as_str(), "content-type: application/json"];
        let reply = wired
            .send(request(&method, &filled(path), &headers, r#"{"nowhere":1}"#))
            .await;
        assert_eq!(reply.status, 400, "{method} {path}: {reply:?}");
        let code = reply.code();
        let found = code == "auth-body" || code == "wire-unsupported" || code == "wire-missing";
        assert!(found, "{method} {path}: {reply:?}");
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
}

#[tokio::test]
async fn documented_parameters_are_taken_and_no_others() {
    let document = Document::read();
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    let auditor = new_key(&wired.server, Role::Auditor, |_| {}).await;
    for (method, path, operation) in document.operations() {
        let named: BTreeSet<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
        let documented = document.parameters(path, operation, "path");
        let documented: BTreeSet<&str> = documented
            .iter()
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(documented, named, "{method} {path}");
        let queries = document.parameters(path, operation, "query");
        // A provider's own parameters are left alone, as its standard wants it.
        let lenient = path.starts_with("/api/auth/") || path.starts_with("/scim/");
        if queries.is_empty() || path.contains('{') || lenient {
            continue;
        }
        let key = if path.ends_with("/metadata") {
            &auditor
        } else {
            &wired.key
        };
        let key = format!("authorization: Bearer {key}");
        let nowhere = format!("{path}?nowhere=1");
        let reply = wired.send(request("GET", &nowhere, &[&key], "")).await;
        assert_eq!(reply.code(), "wire-unsupported", "{path}");
        for parameter in queries {
            let schema = document.resolve(&parameter["schema"]);
            let value = schema["enum"][0].as_str().unwrap_or("1");
            let asked = format!("{path}?{}={value}", parameter["name"].as_str().unwrap());
            let reply = wired.send(request("GET", &asked, &[&key], "")).await;
            let refused = reply.status != 200 && reply.json()["error"]["code"] == "wire-unsupported";
            assert!(!refused, "{asked}: {reply:?}");
        }
    }
}
