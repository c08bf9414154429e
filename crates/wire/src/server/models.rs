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
    trousseau: Report,
}

/// What only Trousseau says of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Report {
    places: Vec<Place>,
}

/// A target that may answer for a route, as far as its card tells; what is not established is `unknown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its name in the configuration.
    pub target: String,
    /// The provider's name.
    pub provider: String,
    /// `own` machines of the organisation, or others over a `network`.
    pub premises: String,
    /// Where the model runs: a country's ISO 3166-1 code, `EU` or `EEA`.
    pub region: String,
    /// Whether anyone may run the same weights.
    pub open_weights: Option<bool>,
}

/// One model with the places that may answer for it, `created` in seconds since 1970.
pub fn model((name, places): (&str, Vec<Place>), created: i64) -> Model {
    Model {
        id: name.to_owned(),
        object: "model",
        created,
        owned_by: "trousseau",
        trousseau: Report { places },
    }
}

/// The list of these models, `created` in seconds since 1970.
pub fn models<'a>(routes: impl IntoIterator<Item = (&'a str, Vec<Place>)>, created: i64) -> Models {
    Models {
        object: "list",
        data: routes.into_iter().map(|route| model(route, created)).collect(),
    }
}
