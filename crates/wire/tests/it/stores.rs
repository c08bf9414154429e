//! Files and vector stores.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};
use trousseau_core::error::Explain as _;
use trousseau_wire::Fault;
use trousseau_wire::server::files::{Deleted, File, List};
use trousseau_wire::server::vector_stores::{
    FileCounts, SearchHit, SearchPage, StoreFile, StoreFileError, StoreFileErrorCode, StoreFileStatus,
    TextContent, VectorStore, attachment, new_store, search,
};

#[test]
fn files() {
    let files = vec![
        File::new("file-1", "a.md", 12, 1_763_640_000),
        File::new("file-2", "b.md", 3, 0),
    ];
    assert_json_snapshot!(List::new(files, true), @r#"
    {
      "object": "list",
      "data": [
        {
          "id": "file-1",
          "object": "file",
          "bytes": 12,
          "created_at": 1763640000,
          "filename": "a.md",
          "purpose": "assistants",
          "status": "uploaded"
        },
        {
          "id": "file-2",
          "object": "file",
          "bytes": 3,
          "created_at": 0,
          "filename": "b.md",
          "purpose": "assistants",
          "status": "uploaded"
        }
      ],
      "first_id": "file-1",
      "last_id": "file-2",
      "has_more": true
    }
    "#);
    assert_json_snapshot!(List::<File>::new(Vec::new(), false), @r#"
    {
      "object": "list",
      "data": [],
      "first_id": null,
      "last_id": null,
      "has_more": false
    }
    "#);
    let gone = [
        Deleted::file("a"),
        Deleted::vector_store("b"),
        Deleted::vector_store_file("c"),
    ];
    assert_json_snapshot!(gone, @r#"
    [
      {
        "id": "a",
        "object": "file",
        "deleted": true
      },
      {
        "id": "b",
        "object": "vector_store.deleted",
        "deleted": true
      },
      {
        "id": "c",
        "object": "vector_store.file.deleted",
        "deleted": true
      }
    ]
    "#);
}

#[test]
fn stores() {
    let counts = FileCounts {
        in_progress: 1,
        completed: 2,
        total: 3,
        ..FileCounts::default()
    };
    assert_json_snapshot!(VectorStore::new("rh", "rh", 5, 100, counts), @r#"
    {
      "id": "rh",
      "object": "vector_store",
      "created_at": 5,
      "name": "rh",
      "usage_bytes": 100,
      "file_counts": {
        "in_progress": 1,
        "completed": 2,
        "failed": 0,
        "cancelled": 0,
        "total": 3
      },
      "status": "in_progress",
      "expires_at": null,
      "last_active_at": null,
      "metadata": {}
    }
    "#);
    let mut file = StoreFile::new("file-1", "rh", 5, 12, StoreFileStatus::Failed);
    file.last_error = Some(StoreFileError {
        code: StoreFileErrorCode::UnsupportedFile,
        message: "Format inconnu.".to_owned(),
    });
    assert_json_snapshot!(List::new(vec![file], false), @r#"
    {
      "object": "list",
      "data": [
        {
          "id": "file-1",
          "object": "vector_store.file",
          "created_at": 5,
          "usage_bytes": 12,
          "vector_store_id": "rh",
          "status": "failed",
          "last_error": {
            "code": "unsupported_file",
            "message": "Format inconnu."
          },
          "attributes": {}
        }
      ],
      "first_id": "file-1",
      "last_id": "file-1",
      "has_more": false
    }
    "#);
    let hit = SearchHit {
        file_id: "file-1".to_owned(),
        filename: "a.md".to_owned(),
        score: 0.5,
        attributes: serde_json::Map::new(),
        content: vec![TextContent::new("Fait.")],
    };
    assert_json_snapshot!(SearchPage::new(vec!["congés".to_owned()], vec![hit]), @r#"
    {
      "object": "vector_store.search_results.page",
      "search_query": [
        "congés"
      ],
      "data": [
        {
          "file_id": "file-1",
          "filename": "a.md",
          "score": 0.5,
          "attributes": {},
          "content": [
            {
              "type": "text",
              "text": "Fait."
            }
          ]
        }
      ],
      "has_more": false,
      "next_page": null
    }
    "#);
}

fn told<T: std::fmt::Debug>(read: Result<T, Fault>) -> String {
    match read {
        Ok(value) => format!("{value:?}"),
        Err(fault) => format!("{} {}", fault.code(), fault.param().unwrap_or("-")),
    }
}

#[test]
fn searches() {
    let read = |body: Value| told(search(body.to_string().as_bytes()));
    assert_snapshot!(read(json!({ "query": "a" })), @r#"Search { query: ["a"], limit: 10, threshold: None }"#);
    assert_snapshot!(read(json!({
        "query": ["a", "b"],
        "max_num_results": 3,
        "ranking_options": { "ranker": "auto", "score_threshold": 0.5 },
        "rewrite_query": false,
        "filters": null,
    })), @r#"Search { query: ["a", "b"], limit: 3, threshold: Some(0.5) }"#);
    for (body, expected) in [
        (json!({}), "wire-missing query"),
        (json!({ "query": " " }), "wire-missing query"),
        (json!({ "query": 5 }), "wire-invalid query"),
        (
            json!({ "query": "a", "max_num_results": 0 }),
            "wire-invalid max_num_results",
        ),
        (
            json!({ "query": "a", "max_num_results": 51 }),
            "wire-invalid max_num_results",
        ),
        (
            json!({ "query": "a", "max_num_results": "5" }),
            "wire-invalid max_num_results",
        ),
        (
            json!({ "query": "a", "rewrite_query": true }),
            "wire-unsupported rewrite_query",
        ),
        (
            json!({ "query": "a", "filters": { "type": "eq" } }),
            "wire-unsupported filters",
        ),
        (
            json!({ "query": "a", "ranking_options": { "ranker": "x" } }),
            "wire-unsupported ranking_options.ranker",
        ),
        (
            json!({ "query": "a", "ranking_options": { "hybrid": 1 } }),
            "wire-unsupported ranking_options.hybrid",
        ),
    ] {
        assert_eq!(read(body), expected);
    }
}

#[test]
fn new_stores_and_attachments() {
    let store = |body: &str| told(new_store(body.as_bytes()).map(|store| (store.name, store.file_ids)));
    assert_eq!(store(""), "(None, [])");
    assert_eq!(
        store(r#"{"name":"rh","file_ids":["a"],"metadata":{"k":"v"}}"#),
        r#"(Some("rh"), ["a"])"#
    );
    assert_eq!(store(r#"{"name":5}"#), "wire-invalid name");
    assert_eq!(store(r#"{"file_ids":[5]}"#), "wire-invalid file_ids");
    assert_eq!(
        store(r#"{"expires_after":{"days":1}}"#),
        "wire-unsupported expires_after"
    );
    assert_eq!(
        store(r#"{"chunking_strategy":{"type":"static"}}"#),
        "wire-unsupported chunking_strategy"
    );
    let attached = |body: &str| told(attachment(body.as_bytes()).map(|attachment| attachment.file_id));
    assert_eq!(attached(r#"{"file_id":"a"}"#), "\"a\"");
    assert_eq!(attached("{}"), "wire-missing file_id");
    assert_eq!(attached(r#"{"file_id":null}"#), "wire-invalid file_id");
    assert_eq!(attached(""), "wire-not-json -");
}
