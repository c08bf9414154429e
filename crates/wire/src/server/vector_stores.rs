//! `/v1/vector_stores`: collections as OpenAI's vector stores, their files, and search in them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::files::Listed;
use crate::fault::Fault;
use crate::json;

/// A vector store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VectorStore {
    /// Names it.
    pub id: String,
    /// Always `vector_store`.
    pub object: &'static str,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// Its name.
    pub name: String,
    /// The size of its files, in bytes.
    pub usage_bytes: u64,
    /// How many files it has.
    pub file_counts: FileCounts,
    /// How far it is.
    pub status: StoreStatus,
    /// When it will be gone; always null: nothing expires.
    pub expires_at: Option<i64>,
    /// When it was last used, in seconds since 1970.
    pub last_active_at: Option<i64>,
    /// What its maker wrote beside it.
    pub metadata: Map<String, Value>,
}

impl VectorStore {
    /// A vector store with these files; it is in progress while some of them are.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        created_at: i64,
        usage_bytes: u64,
        file_counts: FileCounts,
    ) -> Self {
        Self {
            id: id.into(),
            object: "vector_store",
            created_at,
            name: name.into(),
            usage_bytes,
            status: if file_counts.in_progress > 0 {
                StoreStatus::InProgress
            } else {
                StoreStatus::Completed
            },
            file_counts,
            expires_at: None,
            last_active_at: None,
            metadata: Map::new(),
        }
    }
}

/// How many files a vector store has, by how far they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileCounts {
    /// Being taken in.
    pub in_progress: u64,
    /// Taken in.
    pub completed: u64,
    /// Not to be taken in.
    pub failed: u64,
    /// Given up.
    pub cancelled: u64,
    /// All of them.
    pub total: u64,
}

/// How far a vector store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreStatus {
    /// Files are being taken in.
    InProgress,
    /// Every file is taken in or has failed.
    Completed,
}

/// A file of a vector store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoreFile {
    /// The file's id.
    pub id: String,
    /// Always `vector_store.file`.
    pub object: &'static str,
    /// When it was attached, in seconds since 1970.
    pub created_at: i64,
    /// Its size, in bytes.
    pub usage_bytes: u64,
    /// The vector store's id.
    pub vector_store_id: String,
    /// How far it is.
    pub status: StoreFileStatus,
    /// Why it cannot be used.
    pub last_error: Option<StoreFileError>,
    /// What its giver wrote beside it.
    pub attributes: Map<String, Value>,
}

impl StoreFile {
    /// A file of a vector store.
    pub fn new(
        id: impl Into<String>,
        store: impl Into<String>,
        created_at: i64,
        usage_bytes: u64,
        status: StoreFileStatus,
    ) -> Self {
        Self {
            id: id.into(),
            object: "vector_store.file",
            created_at,
            usage_bytes,
            vector_store_id: store.into(),
            status,
            last_error: None,
            attributes: Map::new(),
        }
    }
}

/// How far a file of a vector store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreFileStatus {
    /// It is being taken in.
    InProgress,
    /// It is taken in.
    Completed,
    /// It was given up.
    Cancelled,
    /// It cannot be used.
    Failed,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoreFileError {
    /// In one word.
    pub code: StoreFileErrorCode,
    /// For people.
    pub message: String,
}

/// Why a file cannot be used, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreFileErrorCode {
    /// This program is at fault.
    ServerError,
    /// Its format is not one that can be read.
    UnsupportedFile,
    /// It is damaged.
    InvalidFile,
}

impl Listed for VectorStore {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Listed for StoreFile {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What a search found: OpenAI's `vector_store.search_results.page`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchPage {
    /// Always `vector_store.search_results.page`.
    pub object: &'static str,
    /// What was searched for.
    pub search_query: Vec<String>,
    /// What was found, best first.
    pub data: Vec<SearchHit>,
    /// Whether there is more: always false.
    pub has_more: bool,
    /// Where the rest begins: always null.
    pub next_page: Option<String>,
}

impl SearchPage {
    /// What a search found.
    pub fn new(query: Vec<String>, data: Vec<SearchHit>) -> Self {
        Self {
            object: "vector_store.search_results.page",
            search_query: query,
            data,
            has_more: false,
            next_page: None,
        }
    }
}

/// A file in which something was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchHit {
    /// The file's id.
    pub file_id: String,
    /// The file's name.
    pub filename: String,
    /// Higher is better.
    pub score: f32,
    /// What stands beside the file, and where in it this was found.
    pub attributes: Map<String, Value>,
    /// What was found.
    pub content: Vec<TextContent>,
}

/// A text in a list of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextContent {
    /// Always `text`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The text.
    pub text: String,
}

impl TextContent {
    /// A text.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            kind: "text",
            text: text.into(),
        }
    }
}

/// `POST /v1/vector_stores`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct NewStore {
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// The files it begins with.
    #[serde(default)]
    pub file_ids: Vec<String>,
    /// What its maker writes beside it.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads the request for a new vector store. An empty body asks for one without a name.
pub fn new_store(bytes: &[u8]) -> Result<NewStore, Fault> {
    if bytes.is_empty() {
        return Ok(NewStore::default());
    }
    let store: NewStore = json::request(bytes, |body| {
        json::misread::<Option<String>>(body, "", "name")
            .or_else(|| json::misread::<Vec<String>>(body, "", "file_ids"))
            .or_else(|| json::misread::<Option<Map<String, Value>>>(body, "", "metadata"))
    })?;
    only_null("", &store.rest, &["description"])?;
    Ok(store)
}

/// `POST /v1/vector_stores/{id}/files`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Attachment {
    /// The file.
    #[serde(default)]
    pub file_id: String,
    /// What its giver writes beside it.
    #[serde(default)]
    pub attributes: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads the request that attaches a file.
pub fn attachment(bytes: &[u8]) -> Result<Attachment, Fault> {
    let attachment: Attachment = json::request(bytes, |body| {
        json::misread::<String>(body, "", "file_id")
            .or_else(|| json::misread::<Option<Map<String, Value>>>(body, "", "attributes"))
    })?;
    if attachment.file_id.is_empty() {
        return Err(Fault::missing("file_id"));
    }
    only_null("", &attachment.rest, &[])?;
    Ok(attachment)
}

/// `POST /v1/vector_stores/{id}/search`.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// What is searched for.
    pub query: Vec<String>,
    /// The most results, from 1 to 50.
    pub limit: usize,
    /// The least score of a result.
    pub threshold: Option<f32>,
}

#[derive(Deserialize)]
struct WireSearch {
    #[serde(default)]
    query: Query,
    #[serde(default)]
    max_num_results: Option<usize>,
    #[serde(default)]
    ranking_options: Option<RankingOptions>,
    #[serde(default)]
    rewrite_query: Option<bool>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a string or an array of strings")]
enum Query {
    One(String),
    Several(Vec<String>),
}

impl Default for Query {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

#[derive(Deserialize)]
struct RankingOptions {
    #[serde(default)]
    ranker: Option<String>,
    #[serde(default)]
    score_threshold: Option<f32>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads a search.
pub fn search(bytes: &[u8]) -> Result<Search, Fault> {
    let search: WireSearch = json::request(bytes, |body| {
        json::misread::<Query>(body, "", "query")
            .or_else(|| json::misread::<Option<usize>>(body, "", "max_num_results"))
            .or_else(|| json::misread::<Option<RankingOptions>>(body, "", "ranking_options"))
            .or_else(|| json::misread::<Option<bool>>(body, "", "rewrite_query"))
    })?;
    only_null("", &search.rest, &[])?;
    if search.rewrite_query == Some(true) {
        return Err(Fault::unsupported("rewrite_query"));
    }
    let query = match search.query {
        Query::One(text) => vec![text],
        Query::Several(texts) => texts,
    };
    if query.iter().all(|text| text.trim().is_empty()) {
        return Err(Fault::missing("query"));
    }
    let limit = search.max_num_results.unwrap_or(10);
    if !(1..=50).contains(&limit) {
        return Err(Fault::invalid("max_num_results", "from 1 to 50"));
    }
    let mut threshold = None;
    if let Some(options) = search.ranking_options {
        only_null("ranking_options.", &options.rest, &[])?;
        if options.ranker.is_some_and(|ranker| ranker != "auto") {
            return Err(Fault::unsupported("ranking_options.ranker"));
        }
        threshold = options.score_threshold;
    }
    Ok(Search {
        query,
        limit,
        threshold,
    })
}

/// Fails on the first field with a value that is not among those that may be left unheard.
pub(super) fn only_null(object: &str, rest: &Map<String, Value>, unheard: &[&str]) -> Result<(), Fault> {
    let asked = |(name, value): &(&String, &Value)| !value.is_null() && !unheard.contains(&name.as_str());
    match rest.iter().find(asked) {
        Some((name, _)) => Err(Fault::unsupported(format!("{object}{name}"))),
        None => Ok(()),
    }
}
