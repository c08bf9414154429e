//! What there is, for providers that ask (RFC 7643, sections 5 to 7).

use serde_json::{Value, json};

use crate::attributes::{ENTERPRISE, GROUP, Kind, USER};
use crate::listing::MOST;

/// The schema of users and that of groups.
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// `/ServiceProviderConfig`.
pub fn service_provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer",
            "description": "A key with the role provisioner",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
    })
}

/// `/ResourceTypes`.
pub fn resource_types() -> Vec<Value> {
    let of = |name: &str, endpoint: &str, schema: &str, extensions: Value| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "schema": schema,
            "schemaExtensions": extensions,
        })
    };
    vec![
        of(
            "User",
            "/Users",
            USER_SCHEMA,
            json!([{ "schema": ENTERPRISE, "required": false }]),
        ),
        of("Group", "/Groups", GROUP_SCHEMA, json!([])),
    ]
}

/// `/Schemas`.
pub fn schemas() -> Vec<Value> {
    let inner = |name: &str| match USER.iter().find(|(known, _)| *known == name) {
        Some((_, Kind::Complex(inner))) => *inner,
        _ => &[],
    };
    let enterprise = inner(ENTERPRISE).iter().map(|&name| attribute(name, Kind::Text));
    vec![
        schema(USER_SCHEMA, "User", table(USER)),
        schema(GROUP_SCHEMA, "Group", table(GROUP)),
        schema(ENTERPRISE, "EnterpriseUser", enterprise.collect()),
    ]
}

fn schema(id: &str, name: &str, attributes: Vec<Value>) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "attributes": attributes,
    })
}

fn table(table: &[(&str, Kind)]) -> Vec<Value> {
    let own = table
        .iter()
        .filter(|(name, kind)| *kind != Kind::Own && *name != ENTERPRISE);
    own.map(|(name, kind)| attribute(name, *kind)).collect()
}

fn attribute(name: &str, kind: Kind) -> Value {
    let plain = |name: &str| json!({ "name": name, "type": "string", "multiValued": false, "required": false, "mutability": "readWrite", "returned": "default" });
    let inner: Vec<Value> = match kind {
        Kind::Complex(inner) => inner.iter().map(|name| plain(name)).collect(),
        Kind::Many => ["value", "display", "type"]
            .iter()
            .map(|name| plain(name))
            .collect(),
        Kind::Text | Kind::Boolean | Kind::Own => Vec::new(),
    };
    let required = ["userName", "displayName"].contains(&name);
    let mut attribute = json!({
        "name": name,
        "type": match kind {
            Kind::Boolean => "boolean",
            Kind::Complex(_) | Kind::Many => "complex",
            Kind::Text | Kind::Own => "string",
        },
        "multiValued": kind == Kind::Many,
        "required": required,
        "caseExact": name == "externalId",
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": if name == "userName" { "server" } else { "none" },
    });
    if !inner.is_empty() {
        attribute["subAttributes"] = inner.into();
    }
    attribute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_type_has_its_schema() {
        let known: Vec<Value> = schemas().iter().map(|schema| schema["id"].clone()).collect();
        for kind in resource_types() {
            assert!(known.contains(&kind["schema"]), "{kind}");
        }
        let user = &schemas()[0]["attributes"];
        let names: Vec<&str> = user
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|of| of["name"].as_str())
            .collect();
        assert!(names.contains(&"userName") && !names.contains(&"password"));
        assert_eq!(service_provider_config()["patch"]["supported"], true);
    }
}
