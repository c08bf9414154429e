//! `GET /v1/models`: the routes.

use serde::Serialize;

/// The models of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Models {
    object: &'static str,
    data: Vec<Model>,
}

/// One model: a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Model {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: &'static str,
}

/// One model, `created` in seconds since 1970.
pub fn model(name: &str, created: i64) -> Model {
    Model {
        id: name.to_owned(),
        object: "model",
        created,
        owned_by: "trousseau",
    }
}

/// The list of the models with these names, `created` in seconds since 1970.
pub fn models<'a>(names: impl IntoIterator<Item = &'a str>, created: i64) -> Models {
    Models {
        object: "list",
        data: names.into_iter().map(|name| model(name, created)).collect(),
    }
}
