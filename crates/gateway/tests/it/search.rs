//! The index of people's own records: it finds what is theirs in the order of the list, and lets go of what is erased.

use sqlx::SqliteConnection;
use trousseau_accounts::Accounts;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_gateway::backup::{backup, restore};
use trousseau_gateway::records::EntryId;
use trousseau_gateway::records::own::Listing;
use trousseau_gateway::service::Gateway;

use crate::conversations::{person, staged, tell};
use crate::stage::{self, Stage, question};
use crate::truth;

/// The questions that a search finds, in its order.
async fn found(gateway: &Gateway, who: &Principal, text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut after: Option<EntryId> = None;
    loop {
        let listing = Listing {
            after: after.take(),
            limit: 2,
            text: Some(text.to_owned()),
            conversation: None,
        };
        let page = gateway.records_of(who, &listing).await.unwrap();
        after = page.items.last().map(|last| EntryId {
            replica: last.replica.clone(),
            index: last.entry,
        });
        all.extend(page.items.into_iter().map(|found| found.question));
        if !page.more {
            return all;
        }
    }
}

/// Every word of the index, with in how many records it stands.
async fn vocabulary(data: &std::path::Path) -> Vec<(String, i64)> {
    let mut database: SqliteConnection = truth::database(data, "records.sqlite").await;
    sqlx::raw_sql("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab ('main', 'searched', 'row')")
        .execute(&mut database)
        .await
        .unwrap();
    sqlx::raw_sql("INSERT INTO searched (searched, rank) VALUES ('integrity-check', 0)")
        .execute(&mut database)
        .await
        .unwrap();
    sqlx::query_as("SELECT term, doc FROM temp.vocabulary WHERE length(term) < 32")
        .fetch_all(&mut database)
        .await
        .unwrap()
}

async fn ask_all(gateway: &Gateway) {
    for number in 0..5 {
        let text = format!("Question {number} : l’accueil est-il ouvert au rendez-vous n° {number} ?");
        tell(gateway, &person("alice"), question(&text)).await;
    }
    tell(gateway, &person("bob"), question("Et l’accueil de Bob ?")).await;
}

#[test]
fn a_search_finds_beginnings_of_ones_own_words_newest_first() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Le musée est fermé.").await;
        ask_all(&gateway).await;
        let (alice, bob) = (person("alice"), person("bob"));
        let all = found(&gateway, &alice, "accueil").await;
        assert_eq!(all.len(), 5);
        assert!(
            all[0].starts_with("Question 4") && all[4].starts_with("Question 0"),
            "{all:?}"
        );
        for (text, count) in [
            ("ACCU mus", 5),
            ("l'accueil", 5),
            ("rendez-vous", 5),
            ("vous", 5),
            ("question 3", 1),
            ("fermé bob", 0),
            ("ccueil", 0),
            ("\" OR owner:* NEAR(a b) -", 0),
            ("*", 5),
        ] {
            assert_eq!(found(&gateway, &alice, text).await.len(), count, "{text}");
        }
        assert_eq!(found(&gateway, &bob, "accueil").await, ["Et l’accueil de Bob ?"]);
        let elsewhere = Principal {
            tenant: Tenant::new("autre").unwrap(),
            ..alice.clone()
        };
        assert_eq!(found(&gateway, &elsewhere, "accueil").await, [""; 0]);
        // What comes after is found as well.
        tell(&gateway, &alice, question("Une girafe ?")).await;
        assert_eq!(found(&gateway, &alice, "giraf").await, ["Une girafe ?"]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn nothing_of_what_is_erased_stays_in_the_index() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Xylophone.").await;
        ask_all(&gateway).await;
        let (alice, tenant) = (person("alice"), Tenant::default());
        let mut rounds = 0;
        while gateway.index_records().await.unwrap() {
            rounds += 1;
        }
        assert_eq!(rounds, 2, "one for each person");
        let words = vocabulary(&stage.data()).await;
        assert!(words.contains(&("accueil".to_owned(), 6)), "{words:?}");
        assert!(words.contains(&("xylophone".to_owned(), 6)), "{words:?}");

        let entry = "main/0".parse().unwrap();
        gateway.delete_record(&alice, &entry).await.unwrap();
        let words = vocabulary(&stage.data()).await;
        assert!(words.contains(&("accueil".to_owned(), 5)), "{words:?}");
        assert!(!words.iter().any(|(word, _)| word == "0"), "{words:?}");
        assert_eq!(found(&gateway, &alice, "question").await.len(), 4);

        gateway.erase_subject(&tenant, "alice").await.unwrap();
        let words = vocabulary(&stage.data()).await;
        assert!(!words.iter().any(|(word, _)| word == "question"), "{words:?}");
        assert!(words.contains(&("bob".to_owned(), 1)), "{words:?}");
        let later = (gateway.now)() + jiff::SignedDuration::from_secs(1);
        gateway.purge(later).await.unwrap();
        assert_eq!(vocabulary(&stage.data()).await, []);
        gateway.close().await.unwrap();
    });
}

#[test]
fn the_index_of_a_backup_belongs_to_its_records() {
    let stage = Stage::new();
    let (copy, data) = (stage.root().join("copy"), stage.root().join("restored"));
    stage::run(async {
        let gateway = staged(&stage, "Oui.").await;
        ask_all(&gateway).await;
        assert_eq!(found(&gateway, &person("alice"), "accueil").await.len(), 5);
        // A gap: rows change their place when the file is copied without it.
        let entry = "main/2".parse().unwrap();
        gateway.delete_record(&person("alice"), &entry).await.unwrap();
        tell(&gateway, &person("alice"), question("Pas encore dans l’index ?")).await;
        backup(&gateway, &stage.data(), &copy, None).await.unwrap();
        gateway.close().await.unwrap();
        restore(&copy, &data, Accounts::FORMAT).await.unwrap();
        let gateway = stage::open(&data).await.unwrap();
        let kept = found(&gateway, &person("alice"), "accueil").await;
        assert_eq!(kept.len(), 4, "{kept:?}");
        assert_eq!(found(&gateway, &person("alice"), "question 4").await.len(), 1);
        assert_eq!(found(&gateway, &person("alice"), "index").await.len(), 1);
        gateway.erase_subject(&Tenant::default(), "alice").await.unwrap();
        let words = vocabulary(&data).await;
        assert!(!words.iter().any(|(word, _)| word == "question"), "{words:?}");
        gateway.close().await.unwrap();
    });
}
