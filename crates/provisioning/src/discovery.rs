//! What there is: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`.

use serde_json::{Value, json};
use trousseau_scim::{ScimError, schema};

use crate::Answer;

/// The answer where one of these is asked for.
pub(super) fn answer(kind: &str, id: Option<&str>, base: &str) -> Option<Answer> {
    let all = match kind {
        "ServiceProviderConfig" => return Some(told(schema::service_provider_config())),
        "ResourceTypes" => schema::resource_types(),
        "Schemas" => schema::schemas(),
        _ => return None,
    };
    let located = all.into_iter().map(|mut one| {
        let id = one["id"].as_str().unwrap_or_default().to_owned();
        let single = kind.trim_end_matches('s');
        one["meta"] = json!({ "resourceType": single, "location": format!("{base}/{kind}/{id}") });
        one
    });
    let all: Vec<Value> = located.collect();
    let Some(id) = id else {
        return Some(told(json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": all.len(),
            "startIndex": 1,
            "itemsPerPage": all.len(),
            "Resources": all,
        })));
    };
    let found = all.into_iter().find(|one| {
        one["id"]
            .as_str()
            .is_some_and(|known| known.eq_ignore_ascii_case(id))
    });
    found.map(told)
}

const fn told(body: Value) -> Answer {
    Answer {
        status: 200,
        body: Some(body),
        location: None,
        etag: None,
    }
}

/// Nothing of that name.
pub(super) fn unknown(id: &str) -> ScimError {
    ScimError::Unknown {
        id: id.chars().take(80).collect(),
    }
}
