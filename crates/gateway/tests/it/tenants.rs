//! Two tenants with the same file names and contents share nothing.

use std::collections::BTreeSet;

use trousseau_core::error::Explain as _;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_gateway::records::EntryId;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, REPLICA, Stage, all_of, ask, cast, ingest, question, tenant, told};
use crate::truth;

#[test]
fn documents_tasks_answers_records_and_entries_stay_apart() {
    let stage = Stage::new();
    let tenants = [tenant("mairie"), tenant("hopital")];
    stage::run(async {
        let gateway = stage.open().await;
        let model = Scripted::new("local", stage.data(), &[Step::Say("Oui."), Step::Cite, Step::End]);
        cast(&gateway, "local", &model);
        stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
        stage.write("b.txt", "Le stationnement est gratuit.\n");
        let [one, other] = &tenants;
        let operators = tenants.clone().map(Principal::operator);
        for tenant in &tenants {
            let ended = ingest(&gateway, tenant, all_of(stage.files())).await.unwrap();
            assert_eq!(told(&ended), ["a.txt: added", "b.txt: added"]);
        }
        // The same files with other words, for one of them.
        stage.write("b.txt", "Le stationnement est payant.\n");
        let ended = ingest(&gateway, one, all_of(stage.files())).await.unwrap();
        assert_eq!(told(&ended), ["a.txt: unchanged", "b.txt: replaced"]);

        let store = gateway.library.store();
        let mut ids = BTreeSet::new();
        let mut chunks = BTreeSet::new();
        for (operator, word) in operators.iter().zip(["payant", "gratuit"]) {
            let rows = store.documents(operator, None).await.unwrap();
            assert_eq!(rows.len(), 2);
            ids.extend(rows.iter().map(|row| row.id.clone()));
            let hits = gateway
                .library
                .search(operator, "stationnement", None, 9)
                .await
                .unwrap();
            assert_eq!(hits.len(), 1);
            assert!(hits[0].text.contains(word), "{:?}", hits[0].text);
            chunks.extend(hits.iter().map(|hit| hit.chunk));
        }
        assert_eq!((ids.len(), chunks.len()), (4, 2));
        for id in &ids {
            let owners = [
                store.document(&operators[0], id).await,
                store.document(&operators[1], id).await,
            ];
            let found: Vec<_> = owners.iter().filter(|owner| owner.is_ok()).collect();
            assert_eq!(found.len(), 1, "{id}");
            let refused = owners.iter().find_map(|owner| owner.as_ref().err()).unwrap();
            assert_eq!(refused.code(), "store-no-document");
        }
        assert_eq!(store.tasks(one, None, 99).await.unwrap().len(), 4);
        assert_eq!(store.tasks(other, None, 99).await.unwrap().len(), 2);

        for (operator, word) in operators.iter().zip(["payant", "gratuit"]) {
            let (answered, _) = ask(&gateway, operator, question("Le stationnement ?")).await;
            assert!(answered.unwrap().answer.citations[0].text.contains(word));
        }
        // Each decision is entry 3 or 2 of its own ledger.
        let record = |tenant: Tenant, index| {
            let replica = REPLICA.to_owned();
            let records = &gateway.records;
            async move {
                records
                    .record(&tenant, &EntryId { replica, index })
                    .await
                    .unwrap()
            }
        };
        assert!(
            record(one.clone(), 3).await.unwrap().passages[0]
                .text
                .contains("payant")
        );
        assert!(
            record(other.clone(), 2).await.unwrap().passages[0]
                .text
                .contains("gratuit")
        );
        assert_eq!(record(one.clone(), 2).await, None);
        assert_eq!(record(other.clone(), 3).await, None);

        // What one removes the other keeps, the original included.
        fs_err::remove_file(stage.files().join("a.txt")).unwrap();
        let mut synced = all_of(stage.files());
        synced.sync = true;
        ingest(&gateway, one, synced).await.unwrap();
        let left = gateway
            .library
            .search(&operators[0], "guichet", None, 9)
            .await
            .unwrap();
        assert_eq!(left, []);
        let kept = gateway
            .library
            .search(&operators[1], "guichet", None, 9)
            .await
            .unwrap();
        let original = gateway
            .library
            .store()
            .original(&operators[1], &kept[0].document)
            .await;
        assert_eq!(original.unwrap(), "Le guichet ouvre à neuf heures.\n".as_bytes());
        gateway.close().await.unwrap();
    });
    let kinds = tenants.each_ref().map(|tenant| {
        truth::check_ledger(&stage.data(), tenant);
        let entries = stage.entries(tenant);
        entries
            .iter()
            .map(|entry| entry["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    let [one, other] = kinds;
    assert_eq!(
        one,
        [
            "document", "document", "document", "decision", "outcome", "document"
        ]
    );
    assert_eq!(other, ["document", "document", "decision", "outcome"]);
    stage::run(truth::check(&stage.data()));
}

#[test]
fn an_answer_of_one_tenant_says_nothing_to_the_other() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let model = Scripted::new("local", stage.data(), &[Step::Say("Une réponse."), Step::End]);
        cast(&gateway, "local", &model);
        let [one, other] = ["mairie", "hopital"].map(|name| Principal::operator(tenant(name)));
        let mut asked = question("Une question ?");
        asked.label = Some("sensitive+health".parse().unwrap());
        ask(&gateway, &one, asked).await.0.unwrap();
        let known = gateway
            .records
            .label_of_answer(&one.tenant, "Une réponse.")
            .await
            .unwrap();
        assert_eq!(known, Some("sensitive+health".parse().unwrap()));
        let known = gateway
            .records
            .label_of_answer(&other.tenant, "Une réponse.")
            .await
            .unwrap();
        assert_eq!(known, None);
        gateway.close().await.unwrap();
    });
}
