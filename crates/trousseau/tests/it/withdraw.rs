//! `trousseau withdraw` while a server runs, and `trousseau ledger where` on what came of it.

use serde_json::{Value, json};

use crate::harness::Dir;
use crate::model::Model;
use crate::service::Service;

/// Two model servers on own premises behind one route.
fn configure(dir: &Dir, first: &Model, second: &Model) {
    let upstream = |name: &str, url: &str| {
        format!(
            "[[upstream]]\nname = \"{name}\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"m\"\ncard = {{ premises = \"own\", provider = \"{name} SA\" }}\n"
        )
    };
    let route = "[[route]]\nname = \"free\"\ntargets = [\"first\", \"second\"]\ngrounded = false\n";
    let text = [
        upstream("first", &first.url()),
        upstream("second", &second.url()),
        route.to_owned(),
    ]
    .concat();
    dir.write("data/trousseau.toml", text);
}

fn question(text: &str) -> Value {
    json!({ "model": "free", "messages": [{ "role": "user", "content": text }] })
}

#[test]
fn a_provider_is_withdrawn_from_a_running_server_and_the_ledger_tells_where_requests_went() {
    let (dir, first, second) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &first, &second);
    let service = Service::start(&dir, &[]);
    assert_eq!(service.ask(&question("Bonjour ?")).0, 200);
    first.next();
    let made = dir.json(&["withdraw", "provider", "FIRST sa", "--until", "2099-12-31"]);
    assert_eq!(
        (&made["what"], &made["upstreams"]),
        (&json!("provider"), &json!(["first"]))
    );
    // The very next question goes elsewhere.
    assert_eq!(
        service
            .ask(&question("Mon numéro est 2 55 08 14 168 025 38. Et le tien ?"))
            .0,
        200
    );
    second.next();
    let listed = dir.french(&["withdraw", "list"]).succeeded().out;
    assert!(
        listed.contains("fournisseur FIRST sa") && listed.contains("2100-01-01"),
        "{listed}"
    );

    dir.run(&["withdraw", "upstream", "second"]).succeeded();
    assert_eq!(service.ask(&question("Bonjour ?")).0, 403);
    let doctor = dir.french(&["doctor"]);
    assert!(doctor.out.contains("lever le retrait"), "{doctor:#?}");
    let id = made["id"].as_str().unwrap();
    let lifted = dir.french(&["withdraw", "lift", id]).succeeded().out;
    assert!(lifted.contains("Levé"), "{lifted}");
    assert_eq!(service.ask(&question("Bonjour ?")).0, 200);
    first.next();

    let all = dir.json(&["ledger", "where", "--class", "public"]);
    assert_eq!(
        (&all["requests"], &all["nowhere"], &all["open"]),
        (&json!(4), &json!(1), &json!(0))
    );
    assert_eq!(
        all["targets"],
        json!([
            { "target": "first", "requests": 2, "answered": 2, "masked": 0 },
            { "target": "second", "requests": 1, "answered": 1, "masked": 0 },
        ])
    );
    let personal = dir.json(&["ledger", "where", "--class", "personal", "--since", "1d"]);
    assert_eq!(
        personal["targets"],
        json!([{ "target": "second", "requests": 1, "answered": 1, "masked": 0 }])
    );
    let later = dir.json(&["ledger", "where", "--class", "public", "--since", "2099-01-01"]);
    assert_eq!((&later["requests"], &later["targets"]), (&json!(0), &json!([])));
    let told = dir
        .french(&["ledger", "where", "--class", "personal"])
        .succeeded()
        .out;
    assert!(
        !told.contains("column-") && told.contains("destination"),
        "{told}"
    );
    assert!(
        told.contains("Une demande de classe personal") && told.contains("Portée"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_withdrawn_or_lifted_is_said() {
    let (dir, first, second) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &first, &second);
    let refused = dir.french(&["withdraw", "country", "Amérique"]).ended_with(1);
    assert!(refused.err.contains("n’est pas un pays"), "{refused:#?}");
    let nobody = dir.french(&["withdraw", "provider", "Frist"]).succeeded();
    assert!(nobody.out.contains("vérifiez le nom"), "{nobody:#?}");
    let unknown = dir.french(&["withdraw", "lift", "0"]).ended_with(1);
    assert!(unknown.err.contains("withdraw list"), "{unknown:#?}");
    // A list that cannot be read opens nothing.
    dir.write("data/withdrawals.json", "{}");
    let refused = dir.french(&["ask", "Bonjour ?"]).ended_with(5);
    assert!(
        refused.err.contains("n’est pas une liste de retraits"),
        "{refused:#?}"
    );
}
