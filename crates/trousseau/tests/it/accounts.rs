//! `trousseau keys` and `trousseau users`: made here, asked with over HTTP, gone at once.

use serde_json::{Value, json};

use crate::harness::Dir;
use crate::service::{Service, ask, get};

fn question(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "Quand poser ses congés ?" }] })
}

fn town() -> Dir {
    let dir = Dir::new();
    dir.write(
        "data/trousseau.toml",
        "[[collection]]\nname = \"rh\"\nlabel = \"personal\"\nreaders = [\"group:rh\"]\n\
         [[route]]\nname = \"default\"\ntargets = [\"local\"]\n[[route]]\nname = \"other\"\ntargets = [\"local\"]\n",
    );
    dir.write("rh/conges.txt", "Les congés se posent un mois avant.\n");
    dir.run(&["ingest", "rh", "-c", "rh"]).succeeded();
    dir
}

#[test]
fn a_key_reads_what_it_was_granted_and_nothing_after_it_was_revoked() {
    let dir = town();
    // One made before the server starts, one while it runs.
    let agent = dir.json(&[
        "keys",
        "create",
        "--name",
        "agent",
        "--group",
        "rh",
        "--clearance",
        "personal",
        "--route",
        "default",
    ]);
    let service = Service::start(&dir, &[]);
    assert_eq!(service.key, None, "there is a key already");
    let visitor = dir.json(&["keys", "create", "--name", "visiteur", "--expires", "30d"]);
    let secret = |made: &Value| made["key"].as_str().unwrap().to_owned();
    let abstained = |key: &str, model: &str| {
        let (status, answer) = ask(&service.address, key, &question(model));
        (status, answer["trousseau"]["abstained"].as_bool())
    };
    assert_eq!(abstained(&secret(&agent), "default"), (200, Some(false)));
    assert_eq!(abstained(&secret(&agent), "other").0, 404);
    assert_eq!(abstained(&secret(&visitor), "other"), (200, Some(true)));
    let id = agent["id"].as_str().unwrap();
    dir.run(&["keys", "revoke", id]).succeeded();
    assert_eq!(abstained(&secret(&agent), "default").0, 401);

    let listed = dir.run(&["keys", "list", "--json"]).succeeded();
    assert!(!listed.out.contains("trs-"), "{listed:#?}");
    let keys = listed.object()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 2);
    assert!(
        keys.iter()
            .any(|key| key["name"] == "visiteur" && key["expires"].is_string())
    );
    let told = dir.french(&["keys", "list"]).succeeded().out;
    assert!(
        told.contains("utilisateur") && told.contains("révoquée"),
        "{told}"
    );
    // The ledger knows of all of it, and names nobody.
    let entries = dir.french(&["ledger", "show"]).succeeded().out;
    assert!(
        entries.contains("clé créée") && entries.contains("clé révoquée"),
        "{entries}"
    );
    assert!(
        !entries.contains("agent") && !entries.contains("visiteur"),
        "{entries}"
    );
}

#[test]
fn wrong_rights_are_refused_in_words() {
    let dir = town();
    for (arguments, code, exit) in [
        (&["keys", "create", "--name", "a b"][..], "account-name", 1),
        (&["keys", "create", "--name", "operator"], "account-name", 1),
        (
            &["keys", "create", "--name", "a", "--expires", "2020-01-01"],
            "account-passed",
            1,
        ),
        (
            &["keys", "create", "--name", "a", "--route", "x"],
            "gateway-no-route",
            1,
        ),
        (
            &["keys", "create", "--name", "a", "--role", "root"],
            "usage-role",
            2,
        ),
        (
            &["keys", "create", "--name", "a", "--clearance", "top"],
            "usage-label",
            2,
        ),
        (
            &["keys", "create", "--name", "a", "--expires", "soon"],
            "usage-expiry",
            2,
        ),
        (&["keys", "revoke", "nobody"], "account-none", 1),
        (&["users", "link", "nobody"], "account-none", 1),
    ] {
        let ran = dir.run(&[arguments, &["--json"]].concat()).ended_with(exit);
        assert_eq!(ran.error(), code, "{arguments:?}: {ran:#?}");
    }
    dir.run(&["keys", "create", "--name", "deux"]).succeeded();
    let twice = dir
        .run(&["keys", "create", "--name", "deux", "--json"])
        .ended_with(4);
    assert_eq!(twice.error(), "account-taken");
}

#[test]
fn a_user_comes_in_by_a_link_and_stays_out_when_disabled() {
    let dir = town();
    let service = Service::start(&dir, &["--no-first-key"]);
    let first = dir.json(&["users", "first"]);
    assert!(first["link"].as_str().unwrap().starts_with("first-"), "{first:#}");
    let made = dir.json(&[
        "users",
        "create",
        "jeanne",
        "--display",
        "Jeanne M.",
        "--group",
        "rh",
    ]);
    assert_eq!(
        (&made["name"], &made["display"]),
        (&json!("jeanne"), &json!("Jeanne M."))
    );
    let told = dir.french(&["users", "list"]).succeeded().out;
    assert!(
        told.contains("jeanne") && told.contains("sans mot de passe"),
        "{told}"
    );
    let link = dir.run(&["users", "link", "jeanne"]).succeeded();
    assert!(link.out.starts_with("link: first-"), "{link:#?}");
    dir.run(&["users", "disable", "jeanne"]).succeeded();
    assert_eq!(dir.run(&["users", "link", "jeanne", "--json"]).code, Some(3));
    dir.run(&["users", "enable", "jeanne"]).succeeded();
    let users = dir.json(&["users", "list"]);
    assert_eq!(users["users"][0]["disabled"], Value::Null);
    assert!(get(&service.address, "/api/users", None).starts_with("HTTP/1.1 401 "));
}
