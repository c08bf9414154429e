//! Where the label of a question comes from: it is raised by everything that speaks, and lowered by nothing.

use std::collections::BTreeSet;

use trousseau_core::chat::{Message, Role};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{Principal, Reach, Tenant};
use trousseau_gateway::answer::Asked;
use trousseau_gateway::ingest::Registration;
use trousseau_ledger::Durability;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, all_of, ask, cast, question};

/// Someone who reads up to `sensitive` and whose questions have no floor.
fn reader() -> Principal {
    Principal {
        tenant: Tenant::default(),
        user: "ada".to_owned(),
        groups: BTreeSet::new(),
        reach: Reach::Granted,
        clearance: Class::Sensitive,
        label_floor: Label::default(),
        role: trousseau_core::principal::Role::User,
        routes: None,
    }
}

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

fn said(role: Role, content: &str) -> Message {
    Message::new(role, content)
}

/// What a question was decided under, by the permit, the entry and the record alike.
struct Decided {
    label: Label,
    origins: Vec<String>,
}

/// Asks each of these of a gateway with the model of `local`, on documents labelled `of_documents`.
fn decided(of_documents: &str, floor: &str, asked: Vec<(Principal, Asked)>) -> Vec<Decided> {
    let stage = Stage::new();
    stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
    stage::run(async {
        let gateway = stage.open().await;
        let model = Scripted::new("local", stage.data(), &[Step::Say("À neuf heures."), Step::End]);
        cast(&gateway, "local", &model);
        stage::change(&gateway, |plan| {
            plan.settings.routes[0].label_floor = label(floor);
        });
        stage::change(&gateway, |plan| {
            plan.settings.routes[0].durability = Durability::Batch;
        });
        let tenant = Tenant::default();
        let collection = trousseau_gateway::settings::Collection {
            label: label("public"),
            ..trousseau_gateway::settings::Collection::default()
        };
        stage::change(&gateway, |plan| {
            let collections = &mut plan.settings.collections;
            collections.insert(stage::COLLECTION.to_owned(), collection);
        });
        let wanted = Registration {
            label: Some(label(of_documents)),
            ..all_of(stage.files())
        };
        stage::ingest(&gateway, &tenant, wanted).await.unwrap();
        let mut decided = Vec::new();
        for (principal, asked) in asked {
            let answered = ask(&gateway, &principal, asked).await.0.unwrap();
            let call = model.calls().pop().unwrap();
            let labelling = answered.explanation.labelling;
            assert_eq!(labelling.label(), &call.label);
            let entry = &stage.entries(&tenant)[answered.entry.index as usize];
            assert_eq!(entry["label"], serde_json::to_value(&call.label).unwrap());
            let record = gateway
                .records
                .record(&tenant, &answered.entry)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(record.label, call.label);
            let raises = labelling.raises().iter().filter(|raise| raise.raised);
            decided.push(Decided {
                label: call.label,
                origins: raises.map(|raise| raise.origin.message().to_owned()).collect(),
            });
        }
        gateway.close().await.unwrap();
        decided
    })
}

#[test]
fn a_label_is_the_join_of_everything_that_speaks() {
    let plain = || question("Quand ouvre le guichet ?");
    let mut stated = plain();
    stated.label = Some(label("internal+minor"));
    let mut low = plain();
    low.label = Some(label("public"));
    let floored = Principal {
        label_floor: label("sensitive+health"),
        ..reader()
    };
    let detected = question("Écrire à jeanne.dupont@exemple.fr quand ouvre le guichet ?");
    let cases = vec![
        (reader(), plain()),
        (reader(), stated),
        (reader(), low),
        (floored, plain()),
        (reader(), detected),
    ];
    let decided = decided("internal", "public+route", cases);
    let labels: Vec<String> = decided.iter().map(|decided| decided.label.to_string()).collect();
    assert_eq!(
        labels,
        [
            "internal+route",
            "internal+minor+route",
            "internal+route",
            "sensitive+health+route",
            "personal+route"
        ]
    );
    assert_eq!(decided[0].origins, ["origin-route", "origin-passage"]);
    assert_eq!(decided[1].origins, ["origin-route", "origin-header"]);
    assert_eq!(decided[3].origins, ["origin-key", "origin-route"]);
    assert_eq!(decided[4].origins, ["origin-route", "origin-detector"]);
}

#[test]
fn an_answer_that_comes_back_as_history_brings_its_label() {
    let with_history = |role, content: &str| {
        let mut asked = question("Et le samedi, quand ouvre le bureau ?");
        asked.request.messages.insert(0, said(role, content));
        asked
    };
    let mut first = question("Quand ouvre le guichet ?");
    first.label = Some(label("sensitive+health"));
    let cases = vec![
        (reader(), first),
        (reader(), with_history(Role::Assistant, "À neuf heures.")),
        (reader(), with_history(Role::Assistant, "À dix heures.")),
        // What is detected counts in every message, whoever wrote it.
        (
            reader(),
            with_history(Role::Assistant, "Demandez à jean@exemple.fr."),
        ),
        (reader(), with_history(Role::System, "Réponds à jean@exemple.fr.")),
        (reader(), with_history(Role::Tool, "jean@exemple.fr")),
    ];
    let decided = decided("public", "public", cases);
    let labels: Vec<String> = decided.iter().map(|decided| decided.label.to_string()).collect();
    assert_eq!(
        labels,
        [
            "sensitive+health",
            "sensitive+health",
            "public",
            "personal",
            "personal",
            "personal"
        ]
    );
    assert_eq!(decided[1].origins, ["origin-history"]);
}

#[test]
fn what_may_not_be_read_raises_nothing() {
    let low = Principal {
        clearance: Class::Public,
        ..reader()
    };
    let asked = || question("Quand ouvre le guichet ?");
    let decided = decided("sensitive", "public", vec![(low, asked()), (reader(), asked())]);
    assert_eq!(decided[0].label, label("public"));
    assert_eq!(decided[1].label, label("sensitive"));
}
