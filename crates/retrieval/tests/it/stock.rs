//! A data folder, and documents put into it without a gateway.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{Principal, Tenant};
use trousseau_extract::{Format, Limits, read};
use trousseau_retrieval::chunk::chunk;
use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::Library;
use trousseau_retrieval::source::document_id;
use trousseau_retrieval::store::{NewDocument, NewTask, Operation, Task};

/// A document to be put.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) collection: String,
    pub(crate) class: Class,
    pub(crate) readers: Vec<String>,
}

/// A public document of the collection `guides` that everyone may read.
pub(crate) fn draft(name: &str, text: &str) -> Draft {
    Draft {
        name: name.to_owned(),
        text: text.to_owned(),
        collection: "guides".to_owned(),
        class: Class::Public,
        readers: vec!["*".to_owned()],
    }
}

pub(crate) async fn open(data: &Path) -> Library {
    Library::open(data, Access::Write).await.unwrap()
}

/// Puts documents, without bringing the index up to date.
pub(crate) async fn put(library: &Library, drafts: &[Draft]) {
    let tenant = Tenant::default();
    let store = library.store();
    let new = |draft: &Draft| task(Operation::Ingest, draft);
    store
        .enqueue(&tenant, &drafts.iter().map(new).collect::<Vec<_>>(), 0)
        .await
        .unwrap();
    let tasks = store.claim(&tenant, drafts.len()).await.unwrap();
    let documents: Vec<NewDocument> = tasks
        .into_iter()
        .zip(drafts)
        .map(|(task, draft)| document(&tenant, task, draft))
        .collect();
    let committed = store.replace(&tenant, &documents, 0).await.unwrap();
    let ends: Vec<_> = committed
        .iter()
        .map(|done| (done.task, Ok(Some(done.outcome))))
        .collect();
    store.finish(&tenant, &ends, 0).await.unwrap();
}

/// Removes a document, without bringing the index up to date.
pub(crate) async fn remove(library: &Library, draft: &Draft) {
    let tenant = Tenant::default();
    let store = library.store();
    store
        .enqueue(&tenant, &[task(Operation::Remove, draft)], 0)
        .await
        .unwrap();
    let claimed = store.claim(&tenant, 1).await.unwrap();
    let done = store.remove(&tenant, &claimed[0]).await.unwrap().unwrap();
    store
        .finish(&tenant, &[(done.task, Ok(Some(done.outcome)))], 0)
        .await
        .unwrap();
}

fn task(operation: Operation, draft: &Draft) -> NewTask {
    NewTask {
        operation,
        collection: draft.collection.clone(),
        source: PathBuf::from("/files").join(&draft.name),
        label: Label::of(draft.class),
        readers: draft
            .readers
            .iter()
            .map(|reader| reader.parse().unwrap())
            .collect(),
        error: None,
    }
}

fn document(tenant: &Tenant, task: Task, draft: &Draft) -> NewDocument {
    let extracted = read(Format::Markdown, draft.text.as_bytes(), &Limits::default()).unwrap();
    NewDocument {
        id: document_id(tenant, &task.collection, &task.source),
        task,
        format: "markdown".to_owned(),
        digest: Digest::of(draft.text.as_bytes()),
        original: draft.text.clone().into_bytes(),
        label: Label::of(draft.class),
        chunks: chunk(&extracted),
        extracted,
        secret: [7; 32],
    }
}

/// The names of the files that the operator finds by `question`, each hit one name.
pub(crate) async fn found(library: &Library, question: &str) -> Vec<String> {
    let operator = Principal::operator(Tenant::default());
    found_by(library, &operator, question).await.unwrap()
}

pub(crate) async fn found_by(
    library: &Library,
    principal: &Principal,
    question: &str,
) -> Result<Vec<String>, StoreError> {
    let hits = library.search(principal, question, None, 50).await?;
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    Ok(hits.iter().map(|hit| name(&hit.path)).collect())
}

/// Another connection to `documents.sqlite`, to change what the index does not hear of.
pub(crate) async fn behind(data: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(data.join("documents.sqlite"))
        .foreign_keys(true)
        .connect()
        .await
        .unwrap()
}

pub(crate) async fn execute(database: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(database).await.unwrap();
}

/// Every file below `folder` with its bytes, by path.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs_err::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

/// Copies a folder with everything in it, in place of what is at `to`.
pub(crate) fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs_err::remove_dir_all(to).unwrap();
    }
    fs_err::create_dir_all(to).unwrap();
    for (path, bytes) in files(from) {
        let to = to.join(path.strip_prefix(from).unwrap());
        fs_err::create_dir_all(to.parent().unwrap()).unwrap();
        fs_err::write(to, bytes).unwrap();
    }
}
