//! What is a person's own is listed, searched, read, rated and deleted by that person, and by nobody else.

use trousseau_core::error::Explain as _;
use trousseau_core::principal::{Principal, Role, Tenant};
use trousseau_gateway::answer::Asked;
use trousseau_gateway::records::own::Listing;
use trousseau_gateway::records::{EntryId, Feedback, Rating};
use trousseau_gateway::service::Gateway;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, REPLICA, Stage, ask, cast, operator, question};
use crate::truth;

pub(crate) fn person(name: &str) -> Principal {
    Principal {
        user: name.to_owned(),
        role: Role::User,
        ..operator()
    }
}

/// A gateway whose model always says the same.
pub(crate) async fn staged(stage: &Stage, says: &'static str) -> Gateway {
    let gateway = stage.open().await;
    let model = Scripted::new("local", stage.data(), &[Step::Say(says), Step::End]);
    cast(&gateway, "local", &model);
    gateway
}

pub(crate) async fn tell(gateway: &Gateway, who: &Principal, asked: Asked) -> EntryId {
    ask(gateway, who, asked).await.0.unwrap().entry
}

fn all(limit: usize) -> Listing {
    Listing {
        limit,
        ..Listing::default()
    }
}

#[test]
fn a_conversation_takes_its_title_from_its_first_question_and_moves_up_when_it_goes_on() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Oui.").await;
        let (alice, bob) = (person("alice"), person("bob"));
        let mut ids = Vec::new();
        for text in ["Quand ouvre le guichet ?", "Combien coûte un passeport ?"] {
            let begun = gateway.begin_conversation(&alice).await.unwrap();
            assert_eq!(begun.title, "");
            let mut asked = question(text);
            asked.conversation = Some(begun.id.clone());
            tell(&gateway, &alice, asked).await;
            ids.push(begun.id);
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
        let mut asked = question("Et le samedi ?");
        asked.conversation = Some(ids[0].clone());
        let last = tell(&gateway, &alice, asked).await;
        let page = gateway.conversations(&alice, None, 10).await.unwrap();
        let titles: Vec<&str> = page.items.iter().map(|found| found.title.as_str()).collect();
        assert_eq!(
            titles,
            ["Quand ouvre le guichet ?", "Combien coûte un passeport ?"]
        );
        assert!(!page.more);
        let first = gateway.conversations(&alice, None, 1).await.unwrap();
        assert_eq!((first.items.len(), first.more), (1, true));
        let rest = gateway.conversations(&alice, Some(&ids[0]), 1).await.unwrap();
        assert_eq!((rest.items[0].id.as_str(), rest.more), (ids[1].as_str(), false));

        let turns = gateway.turns(&alice, &ids[0], None, 10).await.unwrap();
        let said: Vec<&str> = turns.items.iter().map(|turn| turn.question.as_str()).collect();
        assert_eq!(said, ["Quand ouvre le guichet ?", "Et le samedi ?"]);
        assert_eq!(turns.items[1].answer.as_deref(), Some("Oui."));
        let after = EntryId {
            replica: REPLICA.to_owned(),
            index: turns.items[0].entry,
        };
        let later = gateway.turns(&alice, &ids[0], Some(&after), 10).await.unwrap();
        assert_eq!(later.items[0].entry, last.index);
        assert_eq!(later.items.len(), 1);

        let renamed = gateway
            .rename_conversation(&alice, &ids[1], "Passeports")
            .await
            .unwrap();
        assert_eq!(renamed.title, "Passeports");
        for refused in [
            gateway.conversation(&bob, &ids[0]).await.unwrap_err(),
            gateway.rename_conversation(&bob, &ids[0], "x").await.unwrap_err(),
            gateway.delete_conversation(&bob, &ids[0]).await.unwrap_err(),
            gateway.turns(&bob, &ids[0], None, 10).await.unwrap_err(),
        ] {
            assert_eq!(refused.code(), "gateway-no-conversation");
        }
        let mut asked = question("À qui est-ce ?");
        asked.conversation = Some(ids[0].clone());
        let refused = ask(&gateway, &bob, asked).await.0.unwrap_err();
        assert_eq!(refused.code(), "gateway-no-conversation");
        assert_eq!(gateway.conversations(&bob, None, 10).await.unwrap().items, []);
        gateway.close().await.unwrap();
    });
}

#[test]
fn own_records_are_listed_searched_read_and_rated() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Le bureau d’état civil, à l’hôtel de ville.").await;
        let (alice, bob) = (person("alice"), person("bob"));
        for text in [
            "Où déclarer une naissance ?",
            "Quel est le prix du télétravail ?",
            "Et encore ?",
        ] {
            tell(&gateway, &alice, question(text)).await;
        }
        let entry = tell(&gateway, &bob, question("Où est la mairie ?")).await;
        let found = |text: &str| {
            let listing = Listing {
                text: Some(text.to_owned()),
                ..all(10)
            };
            let (gateway, alice) = (&gateway, &alice);
            async move {
                let page = gateway.records_of(alice, &listing).await.unwrap();
                page.items
                    .into_iter()
                    .map(|found| found.question)
                    .collect::<Vec<_>>()
            }
        };
        assert_eq!(
            found("TELETRAVAIL prix").await,
            ["Quel est le prix du télétravail ?"]
        );
        assert_eq!(found("hotel DE ville").await.len(), 3);
        assert_eq!(found("mairie").await.len(), 0);
        assert_eq!(
            found("%").await.len(),
            3,
            "a sign finds everything, as no word does"
        );
        let page = gateway.records_of(&alice, &all(2)).await.unwrap();
        assert_eq!((page.items.len(), page.more), (2, true));
        assert_eq!(page.items[0].question, "Et encore ?");
        let after = EntryId {
            replica: REPLICA.to_owned(),
            index: page.items[1].entry,
        };
        let rest = gateway
            .records_of(
                &alice,
                &Listing {
                    after: Some(after),
                    ..all(2)
                },
            )
            .await
            .unwrap();
        assert_eq!((rest.items.len(), rest.more), (1, false));
        assert_eq!(rest.items[0].question, "Où déclarer une naissance ?");

        assert_eq!(
            gateway.own_record(&bob, &entry).await.unwrap().question,
            "Où est la mairie ?"
        );
        let down = Feedback {
            rating: Rating::Down,
            comment: "C’est faux.".to_owned(),
        };
        for refused in [
            gateway.own_record(&alice, &entry).await.map(drop),
            gateway.rate(&alice, &entry, &down).await,
            gateway.unrate(&alice, &entry).await,
            gateway.delete_record(&alice, &entry).await,
        ] {
            assert_eq!(refused.unwrap_err().code(), "gateway-no-entry");
        }
        let up = Feedback {
            rating: Rating::Up,
            comment: String::new(),
        };
        for feedback in [&up, &down] {
            gateway.rate(&bob, &entry, feedback).await.unwrap();
            let record = gateway.own_record(&bob, &entry).await.unwrap();
            assert_eq!(record.feedback.as_ref(), Some(feedback));
        }
        gateway.unrate(&bob, &entry).await.unwrap();
        assert_eq!(gateway.own_record(&bob, &entry).await.unwrap().feedback, None);
        let long = Feedback {
            rating: Rating::Up,
            comment: "x".repeat(5000),
        };
        let refused = gateway.rate(&bob, &entry, &long).await.unwrap_err();
        assert_eq!(refused.code(), "gateway-long-text");
        gateway.close().await.unwrap();
    });
}

#[test]
fn another_tenant_has_records_of_its_own() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Oui.").await;
        let here = person("alice");
        let there = Principal {
            tenant: stage::tenant("autre"),
            ..person("alice")
        };
        let begun = gateway.begin_conversation(&here).await.unwrap();
        let entry = tell(&gateway, &here, question("Ici ?")).await;
        assert_eq!(gateway.records_of(&there, &all(10)).await.unwrap().items, []);
        assert!(gateway.own_record(&there, &entry).await.is_err());
        assert!(gateway.conversation(&there, &begun.id).await.is_err());
        gateway.close().await.unwrap();
    });
}

#[test]
fn the_officer_reads_with_a_reason_and_the_ledger_says_so_first() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = staged(&stage, "Oui.").await;
        let entry = tell(&gateway, &person("alice"), question("Suis-je malade ?")).await;
        let officer = Principal {
            role: Role::DataProtectionOfficer,
            ..person("dpo")
        };
        for role in [Role::User, Role::Administrator, Role::Auditor] {
            let other = Principal {
                role,
                ..person("autre")
            };
            let refused = gateway
                .inspect_record(&other, &entry, "Par curiosité")
                .await
                .unwrap_err();
            assert_eq!(refused.code(), "gateway-not-allowed", "{role}");
            let lists = gateway.metadata(&other, None, None, 10).await.is_ok();
            assert_eq!(lists, role == Role::Auditor, "{role}");
        }
        let refused = gateway.inspect_record(&officer, &entry, " \n").await.unwrap_err();
        assert_eq!(refused.code(), "gateway-no-reason");
        let nowhere = EntryId {
            replica: REPLICA.to_owned(),
            index: 99,
        };
        let refused = gateway
            .inspect_record(&officer, &nowhere, "Plainte")
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "gateway-no-entry");
        assert_eq!(stage.entries(&Tenant::default()).len(), 2);

        let record = gateway
            .inspect_record(&officer, &entry, "Plainte no 7")
            .await
            .unwrap();
        assert_eq!(record.question, "Suis-je malade ?");
        let entries = stage.entries(&Tenant::default());
        let told = &entries[2];
        assert_eq!(
            (&told["type"], &told["record"]),
            (&"access".into(), &"main/0".into())
        );
        assert!(!told.to_string().contains("Plainte"));
        let accesses = gateway
            .records
            .accesses(&Tenant::default(), "alice")
            .await
            .unwrap();
        assert_eq!(
            (accesses[0].officer.as_str(), accesses[0].reason.as_str()),
            ("dpo", "Plainte no 7")
        );
        assert_eq!(accesses[0].logged, Some(2));
        let listed = gateway.metadata(&officer, Some("alice"), None, 10).await.unwrap();
        assert_eq!(listed.items[0].actor, "alice");
        gateway.close().await.unwrap();
    });
    truth::check_ledger(&stage.data(), &Tenant::default());
}
