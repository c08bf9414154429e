//! The groups of a person.

use std::collections::BTreeSet;

use crate::connection::{Connection, Found};
use crate::error::DirectoryError;
use crate::filter::{Filter, Values};
use crate::message::{Entry, Scope, Search};
use crate::name::{folded, is_below, leading_value};
use crate::person::{Group, Person};
use crate::settings::{GroupSearch, Nested, Settings};

/// How many levels of groups in groups are walked up, and how many groups somebody may be in.
const LEVELS: usize = 8;
const GROUPS: usize = 1000;

/// Finds the groups of a person whose entry is `entry`.
pub(crate) async fn find(
    connection: &mut Connection,
    (person, entry): (&Person, &Entry),
    settings: &Settings,
) -> Result<BTreeSet<Group>, DirectoryError> {
    let mut look = Look {
        connection,
        settings,
        seen: BTreeSet::new(),
        groups: BTreeSet::new(),
    };
    let mut level = look.first((person, entry)).await?;
    if settings.nested == Nested::Walk {
        for _ in 1..LEVELS {
            let mut next = Vec::new();
            for group in std::mem::take(&mut level) {
                next.extend(look.above(&group).await?);
            }
            if next.is_empty() || look.groups.len() >= GROUPS {
                break;
            }
            level = next;
        }
    }
    Ok(look.groups)
}

/// A look for groups.
struct Look<'a> {
    connection: &'a mut Connection,
    settings: &'a Settings,
    /// The groups that were met, as their names are compared.
    seen: BTreeSet<String>,
    groups: BTreeSet<Group>,
}

impl Look<'_> {
    /// The names of the groups that name the person.
    async fn first(&mut self, (person, entry): (&Person, &Entry)) -> Result<Vec<String>, DirectoryError> {
        match &self.settings.groups {
            GroupSearch::Attribute(attribute) => {
                let texts = entry
                    .values(attribute)
                    .filter_map(|value| std::str::from_utf8(value).ok());
                Ok(self.note(texts.map(|name| (name.to_owned(), None)).collect()))
            }
            GroupSearch::Search(filter) => {
                let values = Values {
                    login: Some(&person.login),
                    name: Some(&person.entry),
                    id: None,
                };
                match self.settings.nested {
                    Nested::InChain => self.search(&filter.in_chain(), &values).await,
                    Nested::No | Nested::Walk => self.search(filter, &values).await,
                }
            }
        }
    }

    /// The names of the groups that name a group and were not met before.
    async fn above(&mut self, group: &str) -> Result<Vec<String>, DirectoryError> {
        match &self.settings.groups {
            GroupSearch::Attribute(attribute) => {
                let anything = Filter::anything().write(&Values::default()).unwrap_or_default();
                let search = Search {
                    base: group,
                    scope: Scope::Base,
                    filter: &anything,
                    attributes: &[attribute],
                    entries: 1,
                    seconds: seconds(self.settings),
                };
                let found = match self.connection.search(search).await {
                    // A group that this service may not see has none above it.
                    Err(DirectoryError::NoEntry { .. }) => Found::default(),
                    found => found?,
                };
                let values = found.entries.iter().flat_map(|entry| entry.values(attribute));
                let names = values.filter_map(|value| std::str::from_utf8(value).ok());
                let names: Vec<_> = names.map(|name| (name.to_owned(), None)).collect();
                Ok(self.note(names))
            }
            GroupSearch::Search(filter) => {
                let values = Values {
                    name: Some(group),
                    ..Values::default()
                };
                self.search(filter, &values).await
            }
        }
    }

    async fn search(&mut self, filter: &Filter, values: &Values<'_>) -> Result<Vec<String>, DirectoryError> {
        let Some(filter) = filter.write(values) else {
            return Ok(Vec::new());
        };
        let search = Search {
            base: &self.settings.group_base,
            scope: Scope::Subtree,
            filter: &filter,
            attributes: &[&self.settings.group_name],
            entries: GROUPS as u32,
            seconds: seconds(self.settings),
        };
        let found = self.connection.search(search).await?;
        if found.more {
            tracing::warn!(GROUPS, "somebody is in more groups than are read");
        }
        let named = found.entries.into_iter().map(|entry| {
            let called = entry.text(&self.settings.group_name).map(str::to_owned);
            (entry.name, called)
        });
        let named = named.collect();
        Ok(self.note(named))
    }

    /// Takes in groups by their names and what they are called; gives back the names of those that are new.
    fn note(&mut self, found: Vec<(String, Option<String>)>) -> Vec<String> {
        let mut new = Vec::new();
        for (name, called) in found {
            let entry = folded(&name);
            if !is_below(&name, &self.settings.group_base) || self.groups.len() >= GROUPS {
                continue;
            }
            let Some(called) = called.or_else(|| leading_value(&name)) else {
                continue;
            };
            let sound = called.chars().count() <= 256 && !called.chars().any(char::is_control);
            if sound && self.seen.insert(entry.clone()) {
                self.groups.insert(Group { name: called, entry });
                new.push(name);
            }
        }
        new
    }
}

/// How long a server may look for one search.
pub(crate) fn seconds(settings: &Settings) -> u32 {
    u32::try_from(settings.patience.as_secs())
        .unwrap_or(u32::MAX)
        .max(1)
}
