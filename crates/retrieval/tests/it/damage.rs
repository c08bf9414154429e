//! `documents.sqlite` damaged, emptied, or of another version: told, and nothing pretended.

use std::path::Path;

use trousseau_core::error::Explain as _;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::Library;

use crate::stock::{self, copy, draft, execute, put};

type Damage = fn(&mut Vec<u8>);

async fn stocked(data: &Path) {
    fs_err::create_dir_all(data).unwrap();
    let library = stock::open(data).await;
    let text = "Le mot commun. ".repeat(40);
    let drafts: Vec<_> = (0..60)
        .map(|number| draft(&format!("f{number}.md"), &text))
        .collect();
    put(&library, &drafts).await;
    library.refresh(&Tenant::default()).await.unwrap();
    library.close().await;
}

/// Opens the folder and reads all there is of every document.
async fn read_all(data: &Path, access: Access) -> Result<usize, StoreError> {
    let library = Library::open(data, access).await?;
    let operator = Principal::operator(Tenant::default());
    let read = async {
        let rows = library.store().documents(&operator, None).await?;
        for row in &rows {
            library.store().document(&operator, &row.id).await?;
            library.store().original(&operator, &row.id).await?;
        }
        library.search(&operator, "mot commun", None, 100).await?;
        Ok(rows.len())
    };
    let read = read.await;
    library.close().await;
    read
}

#[tokio::test]
async fn a_damaged_file_is_named_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound");
    stocked(&sound).await;
    assert_eq!(read_all(&sound, Access::Write).await.unwrap(), 60);
    let damage: [(&str, Damage); 5] = [
        ("garbled from its beginning", |bytes| bytes[..200].fill(b'x')),
        ("garbled after its first page", |bytes| bytes[4096..].fill(b'x')),
        ("truncated to half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("truncated to less than a page", |bytes| bytes.truncate(1000)),
        ("emptied", Vec::clear),
    ];
    for (what, change) in damage {
        for access in [Access::Write, Access::Read] {
            let data = folder.path().join("damaged");
            copy(&sound, &data);
            let path = data.join("documents.sqlite");
            let mut bytes = fs_err::read(&path).unwrap();
            change(&mut bytes);
            fs_err::write(&path, &bytes).unwrap();
            let refused = read_all(&data, access).await.expect_err(what);
            assert_eq!(refused.code(), "store-damaged", "{what}: {refused}");
            assert!(refused.to_string().contains("documents.sqlite"), "{refused}");
            assert_eq!(
                fs_err::read(&path).unwrap(),
                bytes,
                "{what}: the file is left as it is"
            );
        }
    }
}

#[tokio::test]
async fn a_file_that_a_newer_program_wrote_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    stocked(&data).await;
    execute(&mut stock::behind(&data).await, "PRAGMA user_version = 99").await;
    for access in [Access::Write, Access::Read] {
        let refused = read_all(&data, access).await.unwrap_err();
        assert_eq!(refused.code(), "store-newer", "{refused}");
    }
    execute(&mut stock::behind(&data).await, "PRAGMA user_version = 2").await;
    assert_eq!(read_all(&data, Access::Write).await.unwrap(), 60);
}

#[tokio::test]
async fn a_start_that_was_killed_before_it_wrote_anything_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("documents.sqlite"), "").unwrap();
    fs_err::create_dir_all(folder.path().join("index")).unwrap();
    assert_eq!(read_all(folder.path(), Access::Write).await.unwrap(), 0);
}
