//! What a changed file changes while the program runs, and what waits for its next start.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::Config;

/// What is read once, at the start: addresses that are listened on, worker processes, ledgers that are open, who signs
/// people in, the database of the replicas, and how long what is there is kept.
const AT_START: [&str; 8] = [
    "data", "server", "page", "oidc", "records", "ledger", "ingest", "state",
];

/// What differs between the configuration that runs and the one that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What is taken up: `upstream.mistral`, `policy.deny`, `route`.
    pub taken_up: BTreeSet<String>,
    /// What is read at the start only, and waits for the next one: `server.listen`.
    pub waiting: BTreeSet<String>,
}

impl Changes {
    /// The tables of the file in which something is taken up, each once.
    pub fn tables(&self) -> Vec<&str> {
        let tables = self.taken_up.iter().filter_map(|key| key.split('.').next());
        tables.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Config {
    /// The configuration that a program which runs with this one goes on with once it has read `fresh`, and what is
    /// other. `data` is its data folder.
    #[must_use]
    pub fn renewed(&self, fresh: Self, data: &Path) -> (Self, Changes) {
        let mut changes = Changes::default();
        let (old, new) = (
            self.shown(data),
            fresh.shown(fresh.data.as_deref().unwrap_or(data)),
        );
        for key in differences(&old, &new) {
            let table = key.split('.').next().unwrap_or_default();
            if AT_START.contains(&table) {
                changes.waiting.insert(key);
            } else {
                // People sign in by the way out that was configured at the start.
                if table == "egress" && self.oidc.is_some() {
                    changes.waiting.insert(key.clone());
                }
                changes.taken_up.insert(key);
            }
        }
        let running = self.clone();
        let mut renewed = fresh;
        renewed.data = running.data;
        renewed.server = running.server;
        renewed.oidc = running.oidc;
        renewed.state = running.state;
        renewed.retention_days = running.retention_days;
        renewed.extraction = running.extraction;
        let settings = &mut renewed.settings;
        settings.forgets = running.settings.forgets;
        settings.incognito = running.settings.incognito;
        settings.replica = running.settings.replica;
        settings.origin = running.settings.origin;
        settings.limits.file_bytes = running.settings.limits.file_bytes;
        settings.limits.extraction = running.settings.limits.extraction;
        (renewed, changes)
    }
}

/// The keys whose values differ: `table.key`, or `table.name` for tables that are listed, or the table alone where its
/// entries are the same in another order.
fn differences(old: &Value, new: &Value) -> BTreeSet<String> {
    let empty = Map::new();
    let (old, new) = (
        old.as_object().unwrap_or(&empty),
        new.as_object().unwrap_or(&empty),
    );
    let mut found = BTreeSet::new();
    for table in old.keys().chain(new.keys()) {
        let (before, after) = (old.get(table), new.get(table));
        if before == after {
            continue;
        }
        let (before, after) = (parts(before), parts(after));
        let names = before.iter().chain(&after).map(|(name, _)| *name);
        let changed: Vec<_> = names
            .filter(|name| value(&before, name) != value(&after, name))
            .map(|name| format!("{table}.{name}"))
            .collect();
        if changed.is_empty() {
            found.insert(table.clone());
        }
        found.extend(changed);
    }
    found
}

/// The named parts of a table, or of a list of tables.
fn parts<'a>(table: Option<&'a Value>) -> Vec<(&'a str, &'a Value)> {
    match table {
        Some(Value::Object(fields)) => fields
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
        Some(Value::Array(entries)) => {
            let named = |entry: &'a Value| Some((entry.get("name")?.as_str()?, entry));
            entries.iter().filter_map(named).collect()
        }
        _ => Vec::new(),
    }
}

fn value<'a>(parts: &[(&str, &'a Value)], name: &str) -> Option<&'a Value> {
    parts
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = r#"
        [server]
        listen = "127.0.0.1:1"
        [[upstream]]
        name = "a"
        kind = "extractive"
        [[upstream]]
        name = "b"
        kind = "extractive"
        [[route]]
        name = "one"
        targets = ["a"]
        [[route]]
        name = "two"
        targets = ["b"]
    "#;

    fn renewed(from: &str, to: &str) -> (Config, Vec<String>, Vec<String>) {
        let parse = |text: &str| Config::parse(text, None).unwrap();
        let (config, changes) = parse(from).renewed(parse(to), Path::new("/data"));
        (
            config,
            changes.taken_up.into_iter().collect(),
            changes.waiting.into_iter().collect(),
        )
    }

    #[test]
    fn what_differs_is_named_and_what_needs_a_start_is_not_taken_up() {
        let none: [&str; 0] = [];
        let (_, taken, waiting) = renewed(RUNNING, RUNNING);
        assert_eq!((taken, waiting), (Vec::new(), Vec::new()));
        let other = RUNNING
            .replace("127.0.0.1:1", "127.0.0.1:2")
            .replace("targets = [\"b\"]", "targets = [\"b\", \"a\"]");
        let (config, taken, waiting) = renewed(RUNNING, &other);
        assert_eq!(taken, ["route.two"]);
        assert_eq!(waiting, ["server.listen"]);
        assert_eq!(config.server.listen.port(), 1);
        assert_eq!(config.settings.routes[1].targets, ["b", "a"]);
        let (_, taken, waiting) = renewed(RUNNING, &format!("{RUNNING}\n[ask]\nmax_question_bytes = 10"));
        assert_eq!(taken, ["ask.max_question_bytes"]);
        assert_eq!(waiting, none);
        let (config, taken, waiting) = renewed(RUNNING, &format!("{RUNNING}\n[records]\nretention_days = 0"));
        assert_eq!(
            (taken, waiting),
            (Vec::new(), vec!["records.retention_days".to_owned()])
        );
        assert!(!config.settings.forgets);
        let (config, _, waiting) = renewed(RUNNING, &format!("{RUNNING}\n[records]\nincognito = true"));
        assert_eq!(waiting, ["records.incognito"]);
        assert!(!config.settings.incognito);
    }

    #[test]
    fn an_entry_that_is_gone_or_new_is_named_and_another_order_is_of_the_table() {
        let (before, after) = RUNNING.split_at(RUNNING.rfind("[[route]]").unwrap());
        let (_, taken, _) = renewed(RUNNING, before);
        assert_eq!(taken, ["route.two"]);
        let first = before.rfind("[[route]]").unwrap();
        let swapped = format!("{}{after}{}", &before[..first], &before[first..]);
        let (_, taken, _) = renewed(RUNNING, &swapped);
        assert_eq!(taken, ["route"]);
    }

    #[test]
    fn the_tables_of_a_change_name_nobody() {
        let changes = Changes {
            taken_up: ["key.anne", "key.paul", "policy"].map(str::to_owned).into(),
            waiting: BTreeSet::new(),
        };
        assert_eq!(changes.tables(), ["key", "policy"]);
    }
}
