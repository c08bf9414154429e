//! The search language (RFC 7644, section 3.4.2.2), with limits: what is read is short, not deep and asks few things.

use serde_json::Value;

use crate::Object;
use crate::attributes::{boolean, get};
use crate::error::ScimError;
use crate::path::Place;

/// The longest filter, in bytes; how deep it may be nested, and how many things it may ask.
const LONGEST: usize = 4096;
const DEPTH: usize = 16;
const QUESTIONS: usize = 64;

/// What a value is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Contains,
    Begins,
    Ends,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

const OPERATORS: [(&str, Operator); 9] = [
    ("eq", Operator::Equal),
    ("ne", Operator::NotEqual),
    ("co", Operator::Contains),
    ("sw", Operator::Begins),
    ("ew", Operator::Ends),
    ("gt", Operator::Greater),
    ("ge", Operator::GreaterOrEqual),
    ("lt", Operator::Less),
    ("le", Operator::LessOrEqual),
];

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Present(Place),
    Compare(Place, Operator, Value),
    /// One of several values fits.
    Within(Place, Box<Self>),
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let mut reader = Reader::new(text)?;
        let filter = reader.whole()?;
        if reader.rest().trim().is_empty() {
            Ok(filter)
        } else {
            Err(reader.fault("something stands behind it"))
        }
    }

    /// Whether it holds of a resource, or of one of several values.
    pub fn holds(&self, of: &Value) -> bool {
        of.as_object().is_some_and(|object| self.0.holds(object))
    }

    /// The attribute and the text of a filter that asks for nothing but one attribute to be a text.
    pub fn asked(&self) -> Option<(&str, &str)> {
        match &self.0 {
            Node::Compare(place, Operator::Equal, Value::String(text)) if place.inside.is_none() => {
                Some((&place.attribute, text))
            }
            _ => None,
        }
    }

    /// The attributes and values that a value must have for this to hold of it, where it only asks for some to be equal.
    pub(crate) fn pairs(&self) -> Option<Vec<(&str, &Value)>> {
        self.0.pairs()
    }
}

impl Node {
    fn holds(&self, of: &Object) -> bool {
        match self {
            Self::And(one, other) => one.holds(of) && other.holds(of),
            Self::Or(one, other) => one.holds(of) || other.holds(of),
            Self::Not(inner) => !inner.holds(of),
            Self::Present(place) => values(of, place).into_iter().any(is_something),
            Self::Compare(place, operator, with) => {
                let exact = ["id", "externalId"]
                    .iter()
                    .any(|name| place.attribute.eq_ignore_ascii_case(name));
                let found = values(of, place);
                match operator {
                    // Nothing there is other than everything.
                    Operator::NotEqual => !found
                        .into_iter()
                        .any(|value| fits(value, Operator::Equal, with, exact)),
                    _ => found.into_iter().any(|value| fits(value, *operator, with, exact)),
                }
            }
            Self::Within(place, inner) => match get(of, &place.attribute) {
                Some(Value::Array(all)) => all
                    .iter()
                    .any(|value| value.as_object().is_some_and(|value| inner.holds(value))),
                Some(Value::Object(one)) => inner.holds(one),
                _ => false,
            },
        }
    }

    fn pairs(&self) -> Option<Vec<(&str, &Value)>> {
        match self {
            Self::And(one, other) => {
                let mut pairs = one.pairs()?;
                pairs.extend(other.pairs()?);
                Some(pairs)
            }
            Self::Compare(place, Operator::Equal, value) if place.inside.is_none() => {
                Some(vec![(&place.attribute, value)])
            }
            _ => None,
        }
    }
}

/// The values at a place; of objects in a list their own `value` where nothing inside is named.
fn values<'a>(of: &'a Object, place: &Place) -> Vec<&'a Value> {
    let inside = |value: &'a Value| match (value, &place.inside) {
        (Value::Object(object), Some(name)) => get(object, name),
        (Value::Object(object), None) => get(object, "value").or(Some(value)),
        (_, Some(_)) => None,
        (plain, None) => Some(plain),
    };
    match get(of, &place.attribute) {
        Some(Value::Array(all)) => all.iter().filter_map(inside).collect(),
        Some(one) => inside(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn fits(value: &Value, operator: Operator, with: &Value, exact: bool) -> bool {
    if let (Some(one), Some(other)) = (boolean(value), boolean(with)) {
        return operator == Operator::Equal && one == other;
    }
    if let (Some(one), Some(other)) = (value.as_f64(), with.as_f64()) {
        return ordered(operator, one.partial_cmp(&other));
    }
    let (Value::String(one), Value::String(other)) = (value, with) else {
        return operator == Operator::Equal && value == with;
    };
    let folded = |text: &str| {
        if exact {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let (one, other) = (folded(one), folded(other));
    match operator {
        Operator::Contains => one.contains(&other),
        Operator::Begins => one.starts_with(&other),
        Operator::Ends => one.ends_with(&other),
        _ => ordered(operator, Some(one.cmp(&other))),
    }
}

fn ordered(operator: Operator, order: Option<std::cmp::Ordering>) -> bool {
    let Some(order) = order else { return false };
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::Begins | Operator::Ends => false,
    }
}

/// A filter that is being read.
pub(crate) struct Reader<'a> {
    all: &'a str,
    rest: &'a str,
    questions: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Result<Self, ScimError> {
        let reader = Self {
            all: text,
            rest: text,
            questions: 0,
        };
        match text.len() > LONGEST {
            true => Err(reader.fault("it is too long")),
            false => Ok(reader),
        }
    }

    /// What has not been read.
    pub(crate) const fn rest(&self) -> &'a str {
        self.rest
    }

    /// Reads as much as is one filter.
    pub(crate) fn whole(&mut self) -> Result<Filter, ScimError> {
        self.either(DEPTH).map(Filter)
    }

    fn fault(&self, reason: &'static str) -> ScimError {
        ScimError::Filter {
            text: self.all.chars().take(80).collect(),
            reason,
        }
    }

    fn either(&mut self, depth: usize) -> Result<Node, ScimError> {
        let mut node = self.both(depth)?;
        while self.word("or") {
            node = Node::Or(Box::new(node), Box::new(self.both(depth)?));
        }
        Ok(node)
    }

    fn both(&mut self, depth: usize) -> Result<Node, ScimError> {
        let mut node = self.one(depth)?;
        while self.word("and") {
            node = Node::And(Box::new(node), Box::new(self.one(depth)?));
        }
        Ok(node)
    }

    fn one(&mut self, depth: usize) -> Result<Node, ScimError> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| self.fault("it is nested too deep"))?;
        if self.word("not") {
            self.skip();
            if !self.rest.starts_with('(') {
                return Err(self.fault("'(' is missing after 'not'"));
            }
            return Ok(Node::Not(Box::new(self.one(depth)?)));
        }
        self.skip();
        if let Some(inside) = self.rest.strip_prefix('(') {
            self.rest = inside;
            let node = self.either(depth)?;
            self.skip();
            self.rest = self
                .rest
                .strip_prefix(')')
                .ok_or_else(|| self.fault("')' is missing"))?;
            return Ok(node);
        }
        self.question(depth)
    }

    fn question(&mut self, depth: usize) -> Result<Node, ScimError> {
        self.questions += 1;
        if self.questions > QUESTIONS {
            return Err(self.fault("it asks too many things"));
        }
        let end = self.rest.find(|c: char| c.is_whitespace() || "[]()".contains(c));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let place = Place::parse(name).ok_or_else(|| self.fault("an attribute is missing"))?;
        self.rest = rest;
        if let Some(inside) = self.rest.strip_prefix('[') {
            self.rest = inside;
            let node = self.either(depth)?;
            self.skip();
            self.rest = self
                .rest
                .strip_prefix(']')
                .ok_or_else(|| self.fault("']' is missing"))?;
            return Ok(Node::Within(place, Box::new(node)));
        }
        if self.word("pr") {
            return Ok(Node::Present(place));
        }
        let found = OPERATORS.into_iter().find(|(word, _)| self.word(word));
        let (_, operator) = found.ok_or_else(|| self.fault("what it compares by is missing"))?;
        Ok(Node::Compare(place, operator, self.value()?))
    }

    /// A value in JSON's form that holds no others.
    fn value(&mut self) -> Result<Value, ScimError> {
        self.skip();
        let end = if self.rest.starts_with('"') {
            let mut escaped = false;
            let mut end = None;
            for (at, c) in self.rest.char_indices().skip(1) {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => {
                        end = Some(at + 1);
                        break;
                    }
                    _ => {}
                }
            }
            end.ok_or_else(|| self.fault("'\"' is missing"))?
        } else {
            let end = self.rest.find(|c: char| c.is_whitespace() || "[]()".contains(c));
            end.unwrap_or(self.rest.len())
        };
        let (text, rest) = self.rest.split_at(end);
        let value: Value =
            serde_json::from_str(text).map_err(|_| self.fault("a value is not written as in JSON"))?;
        if value.is_array() || value.is_object() {
            return Err(self.fault("a value is not written as in JSON"));
        }
        self.rest = rest;
        Ok(value)
    }

    /// Takes a word, in any case of letters, if it stands here by itself.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let (Some(found), Some(after)) = (rest.get(..word.len()), rest.get(word.len()..)) else {
            return false;
        };
        let ends = after
            .chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || "()[]".contains(c));
        let stands = found.eq_ignore_ascii_case(word) && ends;
        if stands {
            self.rest = after;
        }
        stands
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn alice() -> Value {
        json!({
            "id": "u1", "externalId": "Ab-1", "userName": "Alice@mairie.example", "active": true,
            "name": { "familyName": "Martin" },
            "emails": [{ "type": "work", "value": "alice@mairie.example", "primary": true }, { "type": "home", "value": "a@x" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "RH" },
            "meta": { "lastModified": "2026-11-20T10:00:00Z" },
        })
    }

    #[test]
    fn filters_hold_as_rfc_7644_wants_it() {
        let alice = alice();
        for (text, holds) in [
            (r#"userName eq "alice@MAIRIE.example""#, true),
            (r#"USERNAME EQ "alice@mairie.example""#, true),
            (r#"userName eq "bob""#, false),
            (r#"userName ne "bob""#, true),
            (r#"externalId eq "Ab-1""#, true),
            (r#"externalId eq "ab-1""#, false),
            (r#"userName sw "alice" and active eq true"#, true),
            (r#"active eq "True""#, true),
            ("active eq false", false),
            ("active ne false", true),
            (r#"name.familyName co "art""#, true),
            (r#"name.familyName ew "tin" and not (userName sw "bob")"#, true),
            ("title pr", false),
            ("not (title pr)", true),
            ("emails pr", true),
            (r#"emails eq "a@x""#, true),
            (r#"emails.type eq "home""#, true),
            (r#"emails[type eq "home" and value ew "example"]"#, false),
            (r#"emails[type eq "work" and value ew "example"]"#, true),
            (
                r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "rh""#,
                true,
            ),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName pr"#, true),
            (r#"meta.lastModified gt "2026-11-01T00:00:00Z""#, true),
            // `and` binds closer than `or`.
            (r#"userName eq "bob" and active eq false or active eq true"#, true),
            (
                r#"userName eq "bob" and (active eq false or active eq true)"#,
                false,
            ),
            (r#"title eq null"#, false),
        ] {
            assert_eq!(Filter::parse(text).unwrap().holds(&alice), holds, "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = format!("{}a pr{}", "(".repeat(40), ")".repeat(40));
        let long = format!(r#"a eq "{}""#, "x".repeat(5000));
        let many = vec!["a pr"; 100].join(" or ");
        for text in [
            "",
            "a",
            "a eq",
            "a eq b",
            "eq",
            r#"a eq "b"#,
            r#"a eq "b" c"#,
            "(a pr",
            "a pr)",
            "not a pr",
            "a xx 1",
            "a[b pr",
            "a eq {}",
            "a eq [1]",
            "1 pr",
            "a pr and",
            "and a pr",
            &deep,
            &long,
            &many,
            "[a pr]",
            "a.b.c pr",
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in ".{0,80}") {
            let _ = Filter::parse(&text).map(|filter| filter.holds(&alice()));
        }

        #[test]
        fn words_of_the_language_in_any_order(words in proptest::collection::vec(
            proptest::sample::select(vec!["a", "emails[", "]", "(", ")", "and", "or", "not", "eq", "pr", "\"x\"", "true", "1"]), 0..30)) {
            let _ = Filter::parse(&words.join(" ")).map(|filter| filter.holds(&alice()));
        }

        #[test]
        fn any_name_is_found_by_itself_and_not_otherwise(name in ".{1,30}", other in ".{1,30}") {
            let user = json!({ "userName": name });
            let asks = |text: &str| Filter::parse(&format!("userName eq {}", json!(text))).unwrap();
            prop_assert!(asks(&name).holds(&user));
            prop_assert_eq!(asks(&other).holds(&user), crate::is_same(&name, &other));
            let filter = asks(&name);
            prop_assert_eq!(filter.asked(), Some(("userName", name.as_str())));
        }
    }
}
