//! `/v1/vector_stores/{id}/file_batches`: files that are attached to a vector store together.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::vector_stores::{FileCounts, StoreFileStatus, only_null};
use crate::fault::Fault;
use crate::json;

/// The most files of a batch.
const FILES: usize = 500;

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileBatch {
    /// Names it.
    pub id: String,
    /// Always `vector_store.files_batch`.
    pub object: &'static str,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// The vector store's id.
    pub vector_store_id: String,
    /// How far it is: completed when every file is taken in or has failed.
    pub status: StoreFileStatus,
    /// How many files it has, by how far they are.
    pub file_counts: FileCounts,
}

impl FileBatch {
    /// A batch with these files.
    pub fn new(
        id: impl Into<String>,
        store: impl Into<String>,
        created_at: i64,
        file_counts: FileCounts,
    ) -> Self {
        Self {
            id: id.into(),
            object: "vector_store.files_batch",
            created_at,
            vector_store_id: store.into(),
            status: if file_counts.in_progress > 0 {
                StoreFileStatus::InProgress
            } else {
                StoreFileStatus::Completed
            },
            file_counts,
        }
    }
}

#[derive(Deserialize)]
struct WireBatch {
    #[serde(default)]
    file_ids: Option<Vec<String>>,
    #[serde(default)]
    files: Option<Vec<WireFile>>,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct WireFile {
    file_id: String,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A file's id, and what its giver writes beside it.
pub type NamedFile = (String, Map<String, Value>);

/// Reads the request for a new batch.
pub fn new_batch(bytes: &[u8]) -> Result<Vec<NamedFile>, Fault> {
    let batch: WireBatch = json::request(bytes, |body| {
        json::misread::<Option<Vec<String>>>(body, "", "file_ids")
            .or_else(|| json::misread::<Option<Vec<WireFile>>>(body, "", "files"))
            .or_else(|| json::misread::<Option<Map<String, Value>>>(body, "", "attributes"))
    })?;
    only_null("", &batch.rest, &[])?;
    let files = match (batch.file_ids, batch.files) {
        (Some(_), Some(_)) => return Err(Fault::invalid("files", "either files or file_ids")),
        (None, None) => return Err(Fault::missing("file_ids")),
        (Some(ids), None) => {
            let attributes = batch.attributes.unwrap_or_default();
            let file = |id| (id, attributes.clone());
            check_count("file_ids", ids.len())?;
            ids.into_iter().map(file).collect()
        }
        (None, Some(files)) => {
            if batch.attributes.is_some() {
                return Err(Fault::invalid("attributes", "each of files has its own"));
            }
            check_count("files", files.len())?;
            let mut named = Vec::with_capacity(files.len());
            for file in files {
                only_null("files.", &file.rest, &[])?;
                named.push((file.file_id, file.attributes.unwrap_or_default()));
            }
            named
        }
    };
    Ok(files)
}

fn check_count(param: &str, found: usize) -> Result<(), Fault> {
    if found == 0 {
        return Err(Fault::missing(param));
    }
    if found > FILES {
        let param = param.to_owned();
        return Err(Fault::TooMany { param, limit: FILES });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let read = new_batch(text.as_bytes()).map_err(|fault| fault.to_string())?;
        let told = read
            .into_iter()
            .map(|(id, attributes)| format!("{id} {}", Value::Object(attributes)));
        Ok(told.collect())
    }

    #[test]
    fn a_batch_is_read_in_both_of_its_forms() {
        assert_eq!(
            read(r#"{"file_ids":["a","b"],"attributes":{"x":1}}"#).unwrap(),
            [r#"a {"x":1}"#, r#"b {"x":1}"#]
        );
        assert_eq!(
            read(r#"{"files":[{"file_id":"a","attributes":{"x":1}},{"file_id":"b"}]}"#).unwrap(),
            [r#"a {"x":1}"#, "b {}"]
        );
        for (text, fault) in [
            ("{}", "file_ids is missing"),
            (r#"{"file_ids":[]}"#, "file_ids is missing"),
            (
                r#"{"file_ids":["a"],"files":[]}"#,
                "files: either files or file_ids",
            ),
            (
                r#"{"file_ids":["a"],"chunking_strategy":{"type":"static"}}"#,
                "chunking_strategy is not supported",
            ),
            (
                r#"{"files":[{"file_id":"a","chunking_strategy":{}}]}"#,
                "files.chunking_strategy is not supported",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), fault, "{text}");
        }
        let many = serde_json::json!({ "file_ids": vec!["a"; 501] }).to_string();
        assert_eq!(read(&many).unwrap_err(), "file_ids: more than 500");
    }
}
