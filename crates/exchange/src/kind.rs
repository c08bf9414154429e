//! What replicas have in common, each kind with its table: how it is read out as JSON, put in again, and taken away.

use trousseau_core::digest::Digest;

/// A kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A question with its answer.
    Record,
    /// What its owner says of it.
    Feedback,
    /// A conversation without its title.
    Conversation,
    /// The title of one: it is changed elsewhere than where a conversation goes on.
    Title,
    /// The secret of a person's pseudonym in a ledger.
    Subject,
    /// That an officer read another's record.
    Access,
}

/// What of a record is in common: all but its place in this replica's index of searches.
const RECORD: &[&str] = &[
    "outcome",
    "state",
    "created",
    "finished",
    "actor",
    "route",
    "label",
    "question",
    "messages",
    "passages",
    "decision",
    "target",
    "model",
    "attempts",
    "answer",
    "answer_digest",
    "citations",
    "usage",
    "conversation",
    "parent",
    "reasoning",
    "seams",
    "tool_calls",
    "secret",
];

impl Kind {
    const ALL: [Self; 6] = [
        Self::Record,
        Self::Feedback,
        Self::Conversation,
        Self::Title,
        Self::Subject,
        Self::Access,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Feedback => "feedback",
            Self::Conversation => "conversation",
            Self::Title => "title",
            Self::Subject => "subject",
            Self::Access => "access",
        }
    }

    /// The kind of this name; none where a newer replica has more.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether what was deleted never comes back under the same name.
    pub(crate) const fn is_gone_for_good(self) -> bool {
        matches!(self, Self::Record | Self::Conversation)
    }

    /// The name under which something stands in the database: nobody's own.
    pub(crate) fn shared_id(self, id: &str) -> String {
        match self {
            Self::Subject => subject_id(id),
            _ => id.to_owned(),
        }
    }

    /// See `kept.place` in the schema.
    pub(crate) fn place(self, id: &str) -> &str {
        match self {
            Self::Record => id.split_once('@').map_or(id, |(place, _)| place),
            _ => id,
        }
    }

    /// Reads one out of the file as JSON, by its tenant and its name's parts.
    pub(crate) fn reading(self) -> String {
        let Form { table, keys, columns } = self.form();
        let fields: Vec<String> = keys
            .iter()
            .chain(columns)
            .map(|column| match *column {
                "secret" => "'secret', hex(secret)".to_owned(),
                column => format!("'{column}', {column}"),
            })
            .collect();
        let mut places: Vec<String> = keys
            .iter()
            .zip(2..)
            .map(|(key, place)| format!(" AND {key} = ?{place}"))
            .collect();
        if self == Self::Record {
            places.push(" AND created = ?4".to_owned());
        }
        let (fields, places) = (fields.join(", "), places.concat());
        format!("SELECT json_object({fields}) FROM {table} WHERE tenant = ?1{places}")
    }

    /// Puts one into the file: its tenant, and what it is as JSON.
    pub(crate) fn putting(self) -> String {
        if self == Self::Title {
            return "UPDATE conversations SET title = ?2 ->> '$.title' WHERE tenant = ?1 AND id = ?2 ->> '$.id'"
                .to_owned();
        }
        let Form { table, keys, columns } = self.form();
        let all: Vec<&str> = keys.iter().chain(columns).copied().collect();
        let values: Vec<String> = all
            .iter()
            .map(|column| match *column {
                "secret" => "unhex(?2 ->> '$.secret')".to_owned(),
                column => format!("?2 ->> '$.{column}'"),
            })
            .collect();
        let changes: Vec<String> = columns
            .iter()
            .map(|column| match (self, *column) {
                (Self::Conversation, "updated") => {
                    "updated = max(conversations.updated, excluded.updated)".to_owned()
                }
                (_, column) => format!("{column} = excluded.{column}"),
            })
            .collect();
        let (names, values, changes) = (all.join(", "), values.join(", "), changes.join(", "));
        let (more, nothing, target, only) = match self {
            Self::Conversation => (", title", ", ''", "tenant, id", ""),
            Self::Access => ("", "", "uid", ""),
            Self::Subject => ("", "", "tenant, replica, actor", ""),
            Self::Record => (
                "",
                "",
                "tenant, replica, entry",
                " WHERE records.created = excluded.created",
            ),
            _ => ("", "", "tenant, replica, entry", ""),
        };
        let provided = match self {
            Self::Feedback => {
                "EXISTS (SELECT 1 FROM records WHERE tenant = ?1 AND replica = ?2 ->> '$.replica' AND entry = ?2 ->> '$.entry')"
            }
            _ => "TRUE",
        };
        format!(
            "INSERT INTO {table} (tenant, {names}{more}) SELECT ?1, {values}{nothing} WHERE {provided}
             ON CONFLICT ({target}) DO UPDATE SET {changes}{only}"
        )
    }

    const fn form(self) -> Form {
        let (table, keys, columns): (_, &[&str], &[&str]) = match self {
            Self::Record => ("records", &["replica", "entry"], RECORD),
            Self::Feedback => (
                "feedback",
                &["replica", "entry"],
                &["rating", "comment", "created"],
            ),
            Self::Conversation => ("conversations", &["id"], &["actor", "created", "updated"]),
            Self::Title => ("conversations", &["id"], &["title"]),
            Self::Subject => ("subjects", &["replica", "actor"], &["secret"]),
            Self::Access => (
                "accesses",
                &["uid"],
                &[
                    "replica", "entry", "officer", "subject", "reason", "created", "logged", "secret",
                ],
            ),
        };
        Form { table, keys, columns }
    }
}

/// A table, what tells its rows apart beside the tenant, and the rest of what is in common.
struct Form {
    table: &'static str,
    keys: &'static [&'static str],
    columns: &'static [&'static str],
}

/// The name of a person's secret: who it is is not told by what is left when it was deleted.
pub(crate) fn subject_id(id: &str) -> String {
    Digest::of(id.as_bytes()).to_string()
}

/// The parts of a record's name, `replica/entry@created`, or of its feedback's, `replica/entry`.
pub(crate) fn parts(id: &str) -> Option<(&str, i64, Option<i64>)> {
    let (place, created) = match id.rsplit_once('@') {
        Some((place, created)) => (place, Some(created.parse().ok()?)),
        None => (id, None),
    };
    let (replica, entry) = place.rsplit_once('/')?;
    Some((replica, entry.parse().ok()?, created))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_nonsense_is_none() {
        assert_eq!(parts("one/12@1790"), Some(("one", 12, Some(1790))));
        assert_eq!(parts("one/12"), Some(("one", 12, None)));
        for nonsense in ["", "one", "one/x", "one/12@", "one/@3", "@"] {
            assert_eq!(parts(nonsense), None, "{nonsense}");
        }
        assert_eq!(Kind::Record.place("one/12@1790"), "one/12");
        assert_ne!(Kind::Subject.shared_id("one/alice"), "one/alice");
    }
}
