//! An upstream written into the configuration file, with its comments and its order kept.
//!
//! The file stays the one truth about what the service works by: what is added on the page stands in it as if somebody
//! had typed it.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};
use trousseau_core::error::{ErrorKind, Explain};

/// What is added.
#[derive(Clone, Debug)]
pub struct Addition<'a> {
    /// The upstream's name.
    pub name: &'a str,
    /// Its address.
    pub url: &'a str,
    /// The model's name there.
    pub model: &'a str,
    /// The way of speaking that it wants, where its address does not tell.
    pub dialect: Option<&'a str>,
    /// The file of its key, from the folder of the configuration.
    pub key_file: Option<&'a str>,
    /// Whether it sends answers as they are made.
    pub streams: bool,
    /// Whether it stands on the organisation's own premises.
    pub own_premises: bool,
    /// Who runs it.
    pub provider: Option<&'a str>,
    /// The route that it is to answer; the first where none is named.
    pub route: Option<&'a str>,
}

/// A file with an upstream more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Augmented {
    /// The whole file.
    pub text: String,
    /// The table of the upstream alone.
    pub block: String,
    /// The route that it answers.
    pub route: String,
    /// All of its targets, in their order.
    pub targets: Vec<String>,
}

/// Why nothing can be added to a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdditionError {
    /// The file is not TOML.
    #[error("the file cannot be read: {reason}")]
    Syntax {
        /// What is wrong.
        reason: String,
    },
    /// `upstream` or `route` is written in a form that nothing can be added to.
    #[error("{key} is not written as [[{key}]]")]
    Form {
        /// The key.
        key: &'static str,
    },
    /// The file, or that of the key, cannot be written.
    #[error("{file}: {reason}")]
    Write {
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
    /// The file of the key is there already, and may belong to somebody else.
    #[error("{file} is there already")]
    KeyThere {
        /// The file.
        file: String,
    },
    /// There is no such upstream in the file.
    #[error("no upstream {name:?}")]
    NoUpstream {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// There is no such route.
    #[error("no route {name:?}")]
    NoRoute {
        /// The name.
        name: String,
    },
}

impl Explain for AdditionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax { .. } | Self::Form { .. } | Self::KeyThere { .. } => ErrorKind::Conflict,
            Self::Write { .. } => ErrorKind::Unavailable,
            Self::NoRoute { .. } | Self::NoUpstream { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "config-addition-syntax",
            Self::Form { .. } => "config-addition-form",
            Self::Write { .. } => "config-addition-changed",
            Self::KeyThere { .. } => "config-addition-key",
            Self::NoUpstream { .. } => "config-addition-upstream",
            Self::NoRoute { .. } => "config-addition-route",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Syntax { reason } => vec![("reason", reason.clone())],
            Self::Form { key } => vec![("key", (*key).to_owned())],
            Self::Write { file, reason } => vec![("file", file.clone()), ("reason", reason.clone())],
            Self::KeyThere { file } => vec![("file", file.clone())],
            Self::NoUpstream { name, known } => vec![("name", name.clone()), ("known", known.clone())],
            Self::NoRoute { name } => vec![("name", name.clone())],
        }
    }
}

/// Adds an upstream to the text of a configuration file, and its name to a route.
///
/// What a file leaves out is written out where the addition would change it: without any upstream the built-in
/// answerer, without any route the one over everything. In the route the name goes before the built-in answerers, which
/// always answer, so that nothing behind them is ever asked; else to the end.
pub fn augment(text: &str, addition: &Addition<'_>) -> Result<Augmented, AdditionError> {
    let syntax = |error: toml_edit::TomlError| AdditionError::Syntax {
        reason: error.message().to_owned(),
    };
    let mut document: DocumentMut = text.parse().map_err(syntax)?;
    let upstreams = tables(&mut document, "upstream")?;
    if upstreams.is_empty() {
        upstreams.push(table([("name", value("local")), ("kind", value("extractive"))]));
    }
    let named = |table: &Table| table.get("name").and_then(Item::as_str).map(str::to_owned);
    let all: Vec<String> = upstreams.iter().filter_map(named).collect();
    let built_in = |table: &&Table| table.get("kind").and_then(Item::as_str) == Some("extractive");
    let built_in: Vec<String> = upstreams.iter().filter(built_in).filter_map(named).collect();
    let block = block(addition);
    upstreams.push(block.clone());
    let routes = tables(&mut document, "route")?;
    if routes.is_empty() {
        let targets = Array::from_iter(all.iter().map(String::as_str));
        routes.push(table([("name", value("documents")), ("targets", value(targets))]));
    }
    let wanted = |table: &&mut Table| match addition.route {
        None => true,
        Some(name) => table.get("name").and_then(Item::as_str) == Some(name),
    };
    let Some(route) = routes.iter_mut().find(wanted) else {
        let name = addition.route.unwrap_or_default().to_owned();
        return Err(AdditionError::NoRoute { name });
    };
    let targets = place(route, addition.name, &built_in)?;
    let route = named(route).unwrap_or_default();
    let mut alone = DocumentMut::new();
    tables(&mut alone, "upstream")?.push(block);
    Ok(Augmented {
        text: document.to_string(),
        block: alone.to_string(),
        route,
        targets,
    })
}

/// Puts a name before the built-in answerers of a route, in a group of its own where the route has groups; returns the names
/// of its targets.
fn place(route: &mut Table, name: &str, built_in: &[String]) -> Result<Vec<String>, AdditionError> {
    let grouped = route.contains_key("groups");
    let key = if grouped { "groups" } else { "targets" };
    let entries = route.entry(key).or_insert_with(|| value(Array::new()));
    let entries = entries
        .as_array_mut()
        .ok_or(AdditionError::Form { key: "route" })?;
    let is_built_in = |entry: &Value| names(entry).iter().any(|name| built_in.contains(name));
    let at = entries.iter().position(is_built_in).unwrap_or(entries.len());
    if grouped {
        entries.insert(at, Array::from_iter([name]));
    } else {
        entries.insert(at, name);
    }
    Ok(entries.iter().flat_map(names).collect())
}

/// The names of the targets in an entry of `targets` or `groups`.
fn names(entry: &Value) -> Vec<String> {
    match entry {
        Value::Array(group) => group.iter().flat_map(names).collect(),
        Value::InlineTable(member) => member.get("target").map(names).unwrap_or_default(),
        name => name.as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// The list of tables under a key, made where there is none.
pub(super) fn tables<'a>(
    document: &'a mut DocumentMut,
    key: &'static str,
) -> Result<&'a mut ArrayOfTables, AdditionError> {
    let item = document
        .entry(key)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut().ok_or(AdditionError::Form { key })
}

fn table<const N: usize>(fields: [(&str, Item); N]) -> Table {
    Table::from_iter(fields)
}

fn block(addition: &Addition<'_>) -> Table {
    let mut block = table([
        ("name", value(addition.name)),
        ("kind", value("openai")),
        ("url", value(addition.url)),
        ("model", value(addition.model)),
    ]);
    if let Some(dialect) = addition.dialect {
        block.insert("dialect", value(dialect));
    }
    if let Some(file) = addition.key_file {
        block.insert("key", value(InlineTable::from_iter([("file", file)])));
    }
    if !addition.streams {
        block.insert("stream", value(false));
    }
    let mut card = InlineTable::new();
    if addition.own_premises {
        card.insert("premises", "own".into());
    }
    if let Some(provider) = addition.provider {
        card.insert("provider", provider.into());
    }
    if !card.is_empty() {
        block.insert("card", value(card));
    }
    block
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Config;

    fn addition() -> Addition<'static> {
        Addition {
            name: "vllm",
            url: "http://10.0.0.5:8000/v1",
            model: "mistral-small",
            dialect: None,
            key_file: Some("secrets/vllm.key"),
            streams: true,
            own_premises: true,
            provider: None,
            route: None,
        }
    }

    #[test]
    fn an_empty_file_gets_what_it_left_out() {
        let added = augment("", &addition()).unwrap();
        insta::assert_snapshot!(added.text, @r#"
        [[upstream]]
        name = "local"
        kind = "extractive"

        [[upstream]]
        name = "vllm"
        kind = "openai"
        url = "http://10.0.0.5:8000/v1"
        model = "mistral-small"
        key = { file = "secrets/vllm.key" }
        card = { premises = "own" }

        [[route]]
        name = "documents"
        targets = ["vllm", "local"]
        "#);
        let config = Config::parse(&added.text, None).unwrap();
        assert_eq!(config.settings.routes[0].targets, ["vllm", "local"]);
        assert!(config.settings.routes[0].grounded);
        assert_eq!(
            (added.route.as_str(), added.targets),
            ("documents", vec!["vllm".to_owned(), "local".to_owned()])
        );
    }

    #[test]
    fn comments_and_order_stay() {
        let text = "# Notre maison\ndata = \"/var/lib/t\" # ici\n\n[[upstream]] # le premier\nname = \"a\"\nkind = \"openai\"\n\
                    url = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n\n# les parcours\n[[route]]\nname = \"one\"\n\
                    targets = [ \"a\" ] # dans l’ordre\n\n[[route]]\nname = \"two\"\ntargets = [\"a\"]\n\n[records]\nretention_days = 30\n";
        let added = augment(
            text,
            &Addition {
                route: Some("two"),
                ..addition()
            },
        )
        .unwrap();
        insta::assert_snapshot!(added.text, @r#"
        # Notre maison
        data = "/var/lib/t" # ici

        [[upstream]] # le premier
        name = "a"
        kind = "openai"
        url = "http://127.0.0.1:1/v1"
        model = "m"

        [[upstream]]
        name = "vllm"
        kind = "openai"
        url = "http://10.0.0.5:8000/v1"
        model = "mistral-small"
        key = { file = "secrets/vllm.key" }
        card = { premises = "own" }

        # les parcours
        [[route]]
        name = "one"
        targets = [ "a" ] # dans l’ordre

        [[route]]
        name = "two"
        targets = ["a", "vllm"]

        [records]
        retention_days = 30
        "#);
        let config = Config::parse(&added.text, None).unwrap();
        assert_eq!(config.settings.routes[0].targets, ["a"]);
        assert_eq!(config.settings.routes[1].targets, ["a", "vllm"]);
        assert_eq!(config.retention_days, 30);
    }

    #[test]
    fn in_groups_it_is_a_group_before_the_one_that_always_answers() {
        let text = "[[upstream]]\nname = \"a\"\nkind = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n\
                    [[upstream]]\nname = \"local\"\nkind = \"extractive\"\n\
                    [[route]]\nname = \"r\"\ngroups = [[{ target = \"a\", weight = 2 }], [{ target = \"local\" }]]\n";
        let added = augment(text, &addition()).unwrap();
        assert_eq!(added.targets, ["a", "vllm", "local"]);
        let config = Config::parse(&added.text, None).unwrap();
        let groups = &config.settings.routes[0].way.groups;
        let named = |name: &str, weight| vec![(name.to_owned(), weight)];
        assert_eq!(*groups, [named("a", 2), named("vllm", 1), named("local", 1)]);
    }

    #[test]
    fn what_cannot_be_added_to_is_said() {
        let wrong = |text: &str, route| augment(text, &Addition { route, ..addition() }).unwrap_err();
        assert!(matches!(wrong("a = ", None), AdditionError::Syntax { .. }));
        assert_eq!(
            wrong("upstream = [{ name = \"a\", kind = \"extractive\" }]", None),
            AdditionError::Form { key: "upstream" }
        );
        assert_eq!(
            wrong("", Some("none")),
            AdditionError::NoRoute {
                name: "none".to_owned()
            }
        );
    }

    proptest! {
        #[test]
        fn whatever_is_typed_stays_one_value(name in "[a-z0-9._-]{1,20}", url in "\\PC{1,40}", model in "\\PC{1,40}", provider in "\\PC{1,40}") {
            let added = augment("", &Addition { name: &name, url: &url, model: &model, provider: Some(&provider), ..addition() }).unwrap();
            let read: toml::Table = added.text.parse().unwrap();
            let upstream = &read["upstream"][1];
            prop_assert_eq!(upstream["name"].as_str(), Some(name.as_str()));
            prop_assert_eq!(upstream["url"].as_str(), Some(url.as_str()));
            prop_assert_eq!(upstream["model"].as_str(), Some(model.as_str()));
            prop_assert_eq!(upstream["card"]["provider"].as_str(), Some(provider.as_str()));
            prop_assert_eq!(read["upstream"].as_array().unwrap().len(), 2);
        }
    }
}
