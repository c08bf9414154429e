//! Which part of a list, and which attributes of a resource, somebody asked for (RFC 7644, sections 3.4.2.4 and 3.9).

use serde_json::{Value, json};

use crate::Object;
use crate::error::ScimError;
use crate::filter::Filter;
use crate::path::Place;

/// How many resources one page has at most.
pub const MOST: usize = 200;

/// What the query of a request asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Which resources.
    pub filter: Option<Filter>,
    /// From which on, counted from 1.
    pub start: usize,
    /// How many at most.
    pub count: usize,
    /// Only these attributes, if any are named.
    attributes: Vec<Place>,
    /// All but these.
    excluded: Vec<Place>,
}

impl Asked {
    /// Reads the pairs of a query. What is not known is left alone, numbers out of bounds are brought within them.
    pub fn read<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ScimError> {
        let mut asked = Self {
            start: 1,
            count: MOST,
            ..Self::default()
        };
        for (name, value) in query {
            match name.to_ascii_lowercase().as_str() {
                "filter" if !value.trim().is_empty() => asked.filter = Some(Filter::parse(value)?),
                "startindex" => asked.start = number(name, value)?.max(1),
                "count" => asked.count = number(name, value)?.min(MOST),
                "attributes" => asked.attributes = places(value),
                "excludedattributes" => asked.excluded = places(value),
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Whether somebody wants to see this attribute.
    pub fn wants(&self, attribute: &str) -> bool {
        let names = |places: &[Place], whole: bool| {
            places.iter().any(|place| {
                place.attribute.eq_ignore_ascii_case(attribute) && (!whole || place.inside.is_none())
            })
        };
        match self.attributes.is_empty() {
            true => !names(&self.excluded, true),
            false => names(&self.attributes, false),
        }
    }
}

/// A number; one below zero is none at all.
fn number(name: &str, value: &str) -> Result<usize, ScimError> {
    let number: i64 = value.trim().parse().map_err(|_| ScimError::Value {
        attribute: name.to_owned(),
    })?;
    Ok(usize::try_from(number).unwrap_or(0))
}

fn places(value: &str) -> Vec<Place> {
    value
        .split(',')
        .filter_map(|name| Place::parse(name.trim()))
        .collect()
}

/// A resource with what was asked for of it. What always comes does.
pub fn shown(resource: Object, asked: &Asked) -> Object {
    let always = |name: &str| ["schemas", "id"].contains(&name);
    resource
        .into_iter()
        .filter(|(name, _)| always(name) || asked.wants(name))
        .collect()
}

/// The page of a list that was asked for; `all` are those that the filter fits, of which only the page's are made.
pub fn page<T>(all: Vec<T>, asked: &Asked, made: impl Fn(T) -> Object) -> Value {
    let total = all.len();
    let some = all.into_iter().skip(asked.start - 1).take(asked.count);
    let resources: Vec<Object> = some.map(|one| shown(made(one), asked)).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": asked.start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_was_asked_for() {
        let made = |number: usize| {
            let resource = json!({ "id": number.to_string(), "userName": "a", "emails": [], "name": {} });
            resource.as_object().unwrap().clone()
        };
        let of = |query: &[(&str, &str)]| {
            let page = page(
                (1..=500).collect(),
                &Asked::read(query.iter().copied()).unwrap(),
                made,
            );
            let resources = page["Resources"].as_array().unwrap();
            let first = resources.first().map(ToString::to_string).unwrap_or_default();
            (
                page["itemsPerPage"].as_u64().unwrap(),
                page["startIndex"].as_u64().unwrap(),
                first,
            )
        };
        let (count, start, _) = of(&[]);
        assert_eq!((count, start), (200, 1));
        let (count, start, first) = of(&[
            ("startIndex", "499"),
            ("count", "100"),
            ("attributes", "userName,name.givenName"),
        ]);
        assert_eq!((count, start), (2, 499));
        assert_eq!(first, r#"{"id":"499","userName":"a","name":{}}"#);
        assert_eq!(of(&[("count", "-1")]).0, 0);
        assert_eq!(
            of(&[
                ("startIndex", "0"),
                ("count", "1"),
                ("excludedAttributes", "EMAILS,id")
            ]),
            (1, 1, r#"{"id":"1","userName":"a","name":{}}"#.to_owned())
        );
        assert_eq!(
            of(&[("startIndex", "9999999999999999999")].map(|(name, _)| (name, "999999"))).0,
            0
        );
        assert!(Asked::read([("count", "many")]).is_err());
        assert!(Asked::read([("filter", "a")]).is_err());
        assert_eq!(Asked::read([("filter", "")]).unwrap().filter, None);
    }
}
