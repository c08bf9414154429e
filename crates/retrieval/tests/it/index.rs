//! The index is derived: whatever happens to it, a search finds what the store holds.

use std::path::{Path, PathBuf};

use trousseau_core::digest::Digest;
use trousseau_core::error::Explain as _;
use trousseau_core::label::Class;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_retrieval::database::Access;
use trousseau_retrieval::lexical::{Change, Filter, IndexedChunk, IndexedDocument, LexicalIndex};
use trousseau_retrieval::library::Library;

use crate::stock::{self, Draft, copy, draft, files, found, found_by, put, remove};

/// What a file becomes; `None` when it is gone.
type Damage = fn(&[u8]) -> Option<Vec<u8>>;

fn index_of(data: &Path) -> PathBuf {
    data.join("index").join("default")
}

fn drafts() -> Vec<Draft> {
    (0..12).map(|number| marked(&format!("f{number}.md"))).collect()
}

/// A document with a word that all share and one that no other has.
fn marked(name: &str) -> Draft {
    draft(
        name,
        &format!("# Fiche\n\nLe mot commun, et {} seul.\n", word(name)),
    )
}

/// A word of letters alone that is like no other.
fn word(name: &str) -> String {
    let digest = Digest::of(name.as_bytes());
    digest
        .0
        .iter()
        .take(12)
        .map(|byte| char::from(b'a' + byte % 26))
        .collect()
}

/// A data folder with [`drafts`] in it, closed.
async fn stocked(data: &Path) {
    fs_err::create_dir_all(data).unwrap();
    let library = stock::open(data).await;
    put(&library, &drafts()).await;
    library.refresh(&Tenant::default()).await.unwrap();
    library.close().await;
}

/// Opens the folder and checks that each document is found as it stands in the store, and nothing else.
async fn check(data: &Path, expected: &[Draft], gone: &[&str]) {
    let library = stock::open(data).await;
    library.refresh(&Tenant::default()).await.unwrap();
    check_open(&library, expected, gone).await;
    library.close().await;
}

async fn check_open(library: &Library, expected: &[Draft], gone: &[&str]) {
    let mut names: Vec<&str> = expected.iter().map(|draft| draft.name.as_str()).collect();
    names.sort_unstable();
    let mut all = found(library, "commun").await;
    all.sort();
    assert_eq!(all, names);
    for draft in expected {
        assert_eq!(found(library, &word(&draft.name)).await, [draft.name.as_str()]);
    }
    for word in gone {
        assert_eq!(found(library, word).await, [""; 0], "{word}");
    }
}

#[tokio::test]
async fn a_missing_index_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    stocked(data).await;
    check(data, &drafts(), &[]).await;
    fs_err::remove_dir_all(index_of(data)).unwrap();
    check(data, &drafts(), &[]).await;
    fs_err::remove_dir_all(data.join("index")).unwrap();
    check(data, &drafts(), &[]).await;
}

#[tokio::test]
async fn an_index_with_any_file_truncated_garbled_or_gone_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound");
    stocked(&sound).await;
    let damage: [Damage; 4] = [
        |bytes| Some(bytes[..bytes.len() / 2].to_vec()),
        |_| Some(Vec::new()),
        |bytes| Some(bytes.iter().map(|byte| !byte).collect()),
        |_| None,
    ];
    let mut damaged = 0;
    for (path, bytes) in files(&index_of(&sound)) {
        for change in damage {
            let data = folder.path().join("damaged");
            copy(&sound, &data);
            let path = data.join(path.strip_prefix(&sound).unwrap());
            match change(&bytes) {
                Some(changed) => fs_err::write(&path, changed).unwrap(),
                None => fs_err::remove_file(&path).unwrap(),
            }
            check(&data, &drafts(), &[]).await;
            damaged += 1;
        }
    }
    assert!(damaged > 20, "{damaged}");
}

#[tokio::test]
async fn an_index_of_another_store_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    let data = folder.path().join("data");
    stocked(&other).await;
    // A store that has seen less, and one that has seen nothing.
    for count in [3, 0] {
        let library = {
            let _ = fs_err::remove_dir_all(&data);
            fs_err::create_dir_all(&data).unwrap();
            stock::open(&data).await
        };
        let mine: Vec<Draft> = (0..count)
            .map(|number| marked(&format!("m{number}.md")))
            .collect();
        put(&library, &mine).await;
        library.refresh(&Tenant::default()).await.unwrap();
        library.close().await;
        copy(&index_of(&other), &index_of(&data));
        let theirs = word("f1.md");
        check(&data, &mine, &[&theirs]).await;

        // And once it has seen as much as the other, under the same numbers.
        let library = stock::open(&data).await;
        let more: Vec<Draft> = (20..36).map(|number| marked(&format!("m{number}.md"))).collect();
        put(&library, &more).await;
        library.refresh(&Tenant::default()).await.unwrap();
        library.close().await;
        let mut all = mine.clone();
        all.extend(more);
        check(&data, &all, &[&theirs]).await;
    }
}

#[tokio::test]
async fn an_index_older_than_what_the_outbox_remembers_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let earlier = folder.path().join("earlier");
    stocked(&data).await;
    copy(&index_of(&data), &earlier);

    let mut expected = drafts();
    let library = stock::open(&data).await;
    for round in 0..3 {
        remove(&library, &expected.remove(0)).await;
        expected.push(marked(&format!("neuf{round}.md")));
        put(&library, &expected[expected.len() - 1..]).await;
        library.refresh(&Tenant::default()).await.unwrap();
    }
    library.close().await;
    copy(&earlier, &index_of(&data));
    check(&data, &expected, &[&word("f0.md")]).await;
}

#[test]
fn what_a_killed_commit_left_does_not_stop_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let put = |number: i64| {
        Change::Put(IndexedDocument {
            id: format!("doc-{number}"),
            collection: "guides".to_owned(),
            readers: vec!["*".to_owned()],
            class: Class::Public,
            title: String::new(),
            chunks: vec![IndexedChunk {
                id: number,
                heading: Vec::new(),
                text: "Le mot commun.".to_owned(),
            }],
        })
    };
    let (index, _) = LexicalIndex::open(folder.path()).unwrap();
    index.apply((0..9).map(put).collect(), 1).unwrap();
    drop(index);
    let meta = folder.path().join("meta.json");
    let before = fs_err::read(&meta).unwrap();
    let (index, _) = LexicalIndex::open(folder.path()).unwrap();
    index.apply(vec![Change::Remove("doc-4".to_owned())], 2).unwrap();
    drop(index);
    // The commit's files are written and its name is not.
    fs_err::write(&meta, before).unwrap();
    let (index, applied) = LexicalIndex::open(folder.path()).unwrap();
    assert_eq!(applied, Some(1));
    index.apply(vec![Change::Remove("doc-4".to_owned())], 2).unwrap();
    let hits = index.search("commun", &Filter::default(), 20).unwrap();
    assert_eq!(hits.len(), 8);
}

#[tokio::test]
async fn a_rebuild_that_was_cut_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    stocked(data).await;
    fs_err::remove_dir_all(index_of(data)).unwrap();
    let cut = data.join("cut");
    // An index of half the documents, committed as a rebuild commits what is not its last batch.
    let (half, _) = LexicalIndex::open(&cut).unwrap();
    let library = stock::open(data).await;
    let ids = library.store().ever_named(&Tenant::default()).await.unwrap();
    let changes = library
        .store()
        .changes(&Tenant::default(), &ids[..6])
        .await
        .unwrap();
    half.apply(changes, 0).unwrap();
    drop(half);
    library.close().await;
    copy(&cut, &index_of(data));
    check(data, &drafts(), &[]).await;
}

#[tokio::test]
async fn whoever_only_reads_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    stocked(&data).await;
    let operator = Principal::operator(Tenant::default());

    // A sound index is searched, also while somebody writes to it.
    let writer = stock::open(&data).await;
    put(&writer, &[marked("neuf.md")]).await;
    let reader = Library::open(&data, Access::Read).await.unwrap();
    reader.refresh(&Tenant::default()).await.unwrap();
    assert_eq!(found(&reader, "commun").await.len(), 12);
    writer.refresh(&Tenant::default()).await.unwrap();
    remove(&writer, &drafts()[0]).await;
    assert_eq!(found(&reader, "commun").await.len(), 11);
    reader.close().await;
    writer.close().await;

    // A damaged one is told and left alone.
    let damaged = folder.path().join("damaged");
    copy(&data, &damaged);
    let meta = index_of(&damaged).join("meta.json");
    fs_err::write(&meta, "{").unwrap();
    let before = files(&index_of(&damaged));
    let reader = Library::open(&damaged, Access::Read).await.unwrap();
    let refused = found_by(&reader, &operator, "commun").await.unwrap_err();
    assert_eq!(refused.code(), "lexical-damaged");
    reader.close().await;
    assert_eq!(files(&index_of(&damaged)), before);

    // One that is not there yet finds nothing and is not begun.
    fs_err::remove_dir_all(index_of(&damaged)).unwrap();
    let reader = Library::open(&damaged, Access::Read).await.unwrap();
    assert_eq!(found(&reader, "commun").await, [""; 0]);
    reader.close().await;
    assert!(!index_of(&damaged).exists());
}
