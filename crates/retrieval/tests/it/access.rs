//! Who finds what: never more than the truth allows, whatever the index believes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{Principal, Reach, Tenant};
use trousseau_retrieval::library::Library;

use crate::stock::{self, Draft, draft, execute, found_by, put};

fn reader(user: &str, groups: &[&str], clearance: Class) -> Principal {
    Principal {
        tenant: Tenant::default(),
        user: user.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        reach: Reach::Granted,
        clearance,
        label_floor: Label::default(),
        role: trousseau_core::principal::Role::User,
        routes: None,
    }
}

fn for_readers(name: &str, class: Class, readers: &[&str]) -> Draft {
    Draft {
        class,
        readers: readers.iter().map(|&reader| reader.to_owned()).collect(),
        ..draft(name, &format!("Le mot commun du fichier {name}.\n"))
    }
}

#[tokio::test]
async fn readers_groups_and_clearance_decide_what_is_found_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let library = stock::open(folder.path()).await;
    let drafts = [
        for_readers("tous.md", Class::Public, &["*"]),
        for_readers("ada.md", Class::Internal, &["user:ada"]),
        for_readers("rh.md", Class::Personal, &["group:rh", "user:grace"]),
        for_readers("secret.md", Class::Restricted, &["*"]),
        for_readers("personne.md", Class::Public, &[]),
        // A user and a group of one name are not the same.
        for_readers("homonyme.md", Class::Public, &["user:rh", "group:ada"]),
    ];
    put(&library, &drafts).await;
    library.refresh(&Tenant::default()).await.unwrap();
    let cases = [
        (
            reader("bob", &[], Class::Restricted),
            vec!["secret.md", "tous.md"],
        ),
        (reader("ada", &[], Class::Personal), vec!["ada.md", "tous.md"]),
        (reader("ada", &[], Class::Public), vec!["tous.md"]),
        (reader("bob", &["rh"], Class::Personal), vec!["rh.md", "tous.md"]),
        (reader("grace", &[], Class::Personal), vec!["rh.md", "tous.md"]),
        (reader("grace", &["rh"], Class::Internal), vec!["tous.md"]),
        (
            Principal::operator(Tenant::default()),
            vec![
                "ada.md",
                "homonyme.md",
                "personne.md",
                "rh.md",
                "secret.md",
                "tous.md",
            ],
        ),
        (Principal::operator(Tenant::new("autre").unwrap()), vec![]),
    ];
    for (principal, expected) in cases {
        let who = format!("{} {:?}", principal.user, principal.groups);
        let mut found = found_by(&library, &principal, "mot commun").await.unwrap();
        found.sort();
        assert_eq!(found, expected, "{who}");
        let listed = library.store().documents(&principal, None).await.unwrap();
        let names: Vec<&str> = listed
            .iter()
            .map(|row| row.path.rsplit('/').next().unwrap())
            .collect();
        assert_eq!(names, expected, "{who}");
        let operator = Principal::operator(Tenant::default());
        for row in library.store().documents(&operator, None).await.unwrap() {
            let may = listed.contains(&row);
            let shown = library.store().document(&principal, &row.id).await;
            let bytes = library.store().original(&principal, &row.id).await;
            assert_eq!((shown.is_ok(), bytes.is_ok()), (may, may), "{who}: {}", row.path);
            if let (Err(shown), Err(bytes)) = (shown, bytes) {
                assert_eq!(
                    (shown.code(), bytes.code()),
                    ("store-no-document", "store-no-document")
                );
            }
        }
    }
    library.close().await;
}

#[tokio::test]
async fn what_the_index_has_not_heard_of_is_not_found_all_the_same() {
    // Each statement takes the document from the reader, without a word to the index.
    let statements = [
        "DELETE FROM readers",
        "UPDATE readers SET reader = 'user:grace'",
        "UPDATE documents SET class = 4",
        "PRAGMA foreign_keys = ON; DELETE FROM documents",
        "DELETE FROM chunks",
        "UPDATE documents SET tenant = 'autre'; UPDATE chunks SET tenant = 'autre'",
    ];
    for sql in statements {
        let folder = tempfile::tempdir().unwrap();
        let library = stock::open(folder.path()).await;
        put(&library, &[for_readers("a.md", Class::Internal, &["user:ada"])]).await;
        library.refresh(&Tenant::default()).await.unwrap();
        let ada = reader("ada", &[], Class::Personal);
        assert_eq!(found_by(&library, &ada, "mot commun").await.unwrap(), ["a.md"]);
        let mut behind = stock::behind(folder.path()).await;
        execute(&mut behind, "PRAGMA foreign_keys = OFF").await;
        execute(&mut behind, sql).await;
        assert_eq!(
            found_by(&library, &ada, "mot commun").await.unwrap(),
            [""; 0],
            "{sql}"
        );
        library.close().await;
    }
}

#[tokio::test]
async fn a_document_that_left_its_collection_is_not_found_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let library = stock::open(folder.path()).await;
    put(&library, &[draft("a.md", "Le mot commun.\n")]).await;
    library.refresh(&Tenant::default()).await.unwrap();
    let mut behind = stock::behind(folder.path()).await;
    let sql = "INSERT INTO collections (tenant, name, created) VALUES ('default', 'autres', 0); UPDATE documents SET collection = 'autres'";
    execute(&mut behind, sql).await;
    let operator = Principal::operator(Tenant::default());
    let guides = ["guides".to_owned()];
    let hits = library
        .search(&operator, "mot commun", Some(&guides), 9)
        .await
        .unwrap();
    assert_eq!(hits, []);
    library.close().await;
}

#[tokio::test]
async fn a_chunk_number_that_is_another_documents_by_now_brings_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let library = stock::open(folder.path()).await;
    put(
        &library,
        &[
            draft("a.md", "Le chat dort.\n"),
            draft("b.md", "Le chien mange.\n"),
        ],
    )
    .await;
    library.refresh(&Tenant::default()).await.unwrap();
    let mut behind = stock::behind(folder.path()).await;
    let swap = "UPDATE chunks SET id = -id; UPDATE chunks SET id = CASE id WHEN -1 THEN 2 ELSE 1 END";
    execute(&mut behind, swap).await;
    for question in ["chat", "chien"] {
        assert_eq!(stock::found(&library, question).await, [""; 0], "{question}");
    }
    library.close().await;
}

const USERS: [&str; 3] = ["ada", "grace", "bob"];
const GROUPS: [&str; 3] = ["rh", "dsi", "maire"];
const COLLECTIONS: [&str; 3] = ["guides", "notes", "personnel"];

/// Many documents for all kinds of readers; the index lags behind what the truth says of some of them.
struct Shelf {
    runtime: tokio::runtime::Runtime,
    library: Library,
    _folder: tempfile::TempDir,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let library = runtime.block_on(async {
        let library = stock::open(folder.path()).await;
        let drafts: Vec<Draft> = (0..60).map(various).collect();
        put(&library, &drafts).await;
        library.refresh(&Tenant::default()).await.unwrap();
        let mut behind = stock::behind(folder.path()).await;
        execute(
            &mut behind,
            "DELETE FROM readers WHERE substr(document, -1) IN ('0', '7')",
        )
        .await;
        execute(
            &mut behind,
            "UPDATE documents SET class = 4 WHERE substr(id, -1) IN ('1', 'a')",
        )
        .await;
        execute(&mut behind, "DELETE FROM documents WHERE substr(id, -1) = '2'").await;
        library
    });
    Shelf {
        runtime,
        library,
        _folder: folder,
    }
});

fn various(number: usize) -> Draft {
    let some = |names: &[&str], kind: &str| {
        let chosen = names.iter().enumerate().filter(|(at, _)| (number >> at) & 1 == 1);
        chosen
            .map(|(_, name)| format!("{kind}:{name}"))
            .collect::<Vec<_>>()
    };
    let mut readers = if number.is_multiple_of(2) {
        some(&USERS, "user")
    } else {
        some(&GROUPS, "group")
    };
    if number.is_multiple_of(11) {
        readers.push("*".to_owned());
    }
    Draft {
        collection: COLLECTIONS[number % 3].to_owned(),
        class: Class::ALL[number % 5],
        readers,
        ..draft(
            &format!("f{number}.md"),
            &format!("Le mot commun, et le mot rare{}.\n", number % 7),
        )
    }
}

fn anyone() -> impl Strategy<Value = Principal> {
    let groups = prop::collection::btree_set(prop::sample::select(&GROUPS[..]), 0..3);
    let user = prop::sample::select(&["ada", "grace", "bob", "eve"][..]);
    (user, groups, 0_usize..5, prop::bool::weighted(0.1)).prop_map(|(user, groups, class, whole)| Principal {
        reach: if whole { Reach::Whole } else { Reach::Granted },
        groups: groups.into_iter().map(str::to_owned).collect(),
        ..reader(user, &[], Class::ALL[class])
    })
}

proptest! {
    #[test]
    fn nobody_finds_what_is_not_listed_for_them(
        principal in anyone(),
        question in prop::sample::select(&["mot commun", "rare0", "rare3 rare5", "Le mot"][..]),
        collections in prop::option::of(prop::collection::btree_set(prop::sample::select(&COLLECTIONS[..]), 0..3)),
        limit in 1_usize..80,
    ) {
        let Shelf { runtime, library, .. } = &*SHELF;
        let collections: Option<Vec<String>> =
            collections.map(|names| names.into_iter().map(str::to_owned).collect());
        let (hits, listed) = runtime.block_on(async {
            let hits = library.search(&principal, question, collections.as_deref(), limit).await.unwrap();
            (hits, library.store().documents(&principal, None).await.unwrap())
        });
        prop_assert!(hits.len() <= limit);
        let allowed: BTreeSet<&str> = listed
            .iter()
            .filter(|row| collections.as_ref().is_none_or(|names| names.contains(&row.collection)))
            .map(|row| row.id.as_str())
            .collect();
        for hit in &hits {
            prop_assert!(allowed.contains(hit.document.as_str()), "{}", hit.path);
            prop_assert!(hit.label.class <= principal.clearance);
        }
        // And whoever asks for enough finds all of it.
        if limit >= 60 && question == "mot commun" {
            let found: BTreeSet<&str> = hits.iter().map(|hit| hit.document.as_str()).collect();
            prop_assert_eq!(found, allowed);
        }
    }
}
