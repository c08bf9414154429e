//! `trousseau catalogue`: what is known of providers, from the program's own entries and the organisation's.

use serde_json::json;

use crate::harness::Dir;

const CONFIG: &str = r#"
[[upstream]]
name = "nuage"
kind = "openai"
catalogue = "scaleway/fr-par"
model = "gpt-oss-120b"

[upstream.card]
storage_region = "FR"

[[upstream.attestation]]
field = "processing_contract"
value = true
evidence = "contract 12"
until = 2099-12-31

[[upstream.attestation]]
field = "trains_on_data"
value = false
evidence = "contract 12, article 4"
until = 2099-12-31

[[catalogue]]
id = "maison/salle-3"
provider = "Maison"
region = "salle 3"
reviewed = 2026-01-01
valid_until = 2026-03-31
facts = { premises = "own" }
model = [{ name = "*" }]
"#;

fn configured(config: &str) -> (Dir, String) {
    let dir = Dir::new();
    let config = dir.write("trousseau.toml", config).display().to_string();
    (dir, config)
}

#[test]
fn entries_are_listed_with_those_of_the_organisation_and_who_uses_them() {
    let (dir, config) = configured(CONFIG);
    let listed = dir.json(&["catalogue", "list", "--config", &config]);
    let entries = listed["entries"].as_array().unwrap();
    let entry = |id: &str| entries.iter().find(|entry| entry["id"] == id).unwrap();
    assert_eq!(entry("scaleway/fr-par")["upstreams"], json!(["nuage"]));
    assert_eq!(entry("openai/us")["upstreams"], json!([]));
    assert_eq!(entry("maison/salle-3")["outdated"], true);
    let told = dir
        .french(&["catalogue", "list", "--config", &config])
        .succeeded();
    let line = told
        .out
        .lines()
        .find(|line| line.starts_with("deepseek/cn"))
        .unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells[..6], ["deepseek/cn", "DeepSeek", "CN", "?", "?", "oui"]);
}

#[test]
fn an_entry_is_shown_with_sources_and_what_would_open_it() {
    let (dir, config) = configured(CONFIG);
    let shown = dir.json(&[
        "catalogue",
        "show",
        "ovhcloud/ai-endpoints",
        "--model",
        "gpt-oss-120b",
        "--config",
        &config,
    ]);
    assert_eq!(
        shown["card"]["price"],
        json!({ "input": 0.09, "output": 0.47, "currency": "USD" })
    );
    assert_eq!(shown["card"]["us_law"], "unknown");
    let personal = shown["classes"][2]["missing"].as_array().unwrap();
    let codes: Vec<&str> = personal
        .iter()
        .map(|missing| missing["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "processing-contract-unknown",
            "training-unknown",
            "us-law-unknown",
            "chinese-law-unknown"
        ]
    );
    let told = dir
        .run(&["catalogue", "show", "mistral/eu", "--config", &config])
        .succeeded();
    let seat = told.out.lines().find(|line| line.starts_with("seat ")).unwrap();
    assert!(
        seat.contains("FR") && seat.contains("europealternatives.com") && seat.contains("secondary"),
        "{seat}"
    );
    let missing = dir
        .run(&["catalogue", "show", "mistral/us", "--config", &config])
        .ended_with(1);
    assert!(missing.err.contains("There are: mistral/eu."), "{}", missing.err);
}

#[test]
fn a_route_that_masks_opens_places_that_may_see_the_rest() {
    let doubted = CONFIG.replace("storage_region = \"FR\"", "us_law = \"unknown\"");
    let route = "[[route]]\nname = \"lettres\"\ntargets = [\"nuage\"]\ngrounded = false\n[route.mask]\nkinds = [\"email\"]\n";
    let (dir, config) = configured(&format!("{route}{doubted}"));
    let explain = |text: &str| dir.json(&["policy", "explain", text, "--config", &config]);
    let explained = explain("Écrire à jeanne@exemple.fr");
    assert_eq!(explained["permitted"], json!([]));
    let masked = &explained["masked"];
    assert_eq!(masked["values"], json!({ "email": 1 }));
    assert_eq!(masked["labelling"]["label"], json!({ "class": "internal" }));
    assert_eq!(masked["decision"]["permitted"], json!(["nuage"]));
    let told = dir.run(&[
        "policy",
        "explain",
        "Écrire à jeanne@exemple.fr",
        "--config",
        &config,
    ]);
    let told = told.succeeded().out;
    assert!(
        told.contains("Masked, it would be") || told.contains("Masqué, ce texte serait"),
        "{told}"
    );
    // Another kind stays what it is.
    let both = explain("Écrire à jeanne@exemple.fr, 2 55 08 14 168 025 38");
    assert_eq!(both["masked"]["decision"]["permitted"], json!([]));
    assert_eq!(explain("Bonjour")["masked"], json!(null));
}

#[test]
fn a_card_of_the_catalogue_decides_and_a_card_past_its_time_is_told() {
    let (dir, config) = configured(CONFIG);
    let explain = [
        "policy",
        "explain",
        "Écrire à jeanne@exemple.fr",
        "--config",
        &config,
    ];
    assert_eq!(dir.json(&explain)["permitted"], json!(["nuage"]));
    let checked = dir.json(&["catalogue", "check", "--config", &config]);
    assert_eq!(checked["sound"], true);
    assert_eq!(
        checked["without_source"],
        json!([{ "upstream": "nuage", "fields": ["storage_region"] }])
    );

    // What the organisation writes outweighs the catalogue; a fact that it doubts closes the door.
    let doubted = CONFIG.replace(
        "storage_region = \"FR\"",
        "us_law = \"unknown\"\nvalid_until = 2026-10-01",
    );
    let (dir, config) = configured(&doubted);
    let explain = [
        "policy",
        "explain",
        "Écrire à jeanne@exemple.fr",
        "--config",
        &config,
    ];
    assert_eq!(dir.json(&explain)["permitted"], json!([]));
    let checked = dir
        .run(&["catalogue", "check", "--config", &config])
        .ended_with(1);
    assert!(
        checked.out.contains("upstream.nuage.card") && checked.out.contains("2026-10-01"),
        "{}",
        checked.out
    );
    let doctor = dir.run(&["doctor", "--config", &config]).ended_with(1);
    assert!(doctor.out.contains("upstream.nuage.card"), "{}", doctor.out);
}

#[test]
fn what_only_the_customer_knows_is_attested_written_and_told_by_the_ledger() {
    let (dir, config) = configured(
        &CONFIG
            .split("[[upstream.attestation]]")
            .next()
            .unwrap()
            .replace("[[upstream]]", "# le nuage\n[[upstream]]"),
    );
    let explain = [
        "policy",
        "explain",
        "Écrire à jeanne@exemple.fr",
        "--config",
        &config,
    ];
    assert_eq!(dir.json(&explain)["permitted"], json!([]));
    let attest = |field, value| {
        let fields = [
            "catalogue",
            "attest",
            "nuage",
            field,
            value,
            "--evidence",
            "marché 12",
            "--until",
            "2099-12-31",
        ];
        dir.json(&[&fields[..], &["--config", &config]].concat())
    };
    assert_eq!(attest("processing_contract", "true")["written"], true);
    assert_eq!(attest("trains_on_data", "false")["written"], true);
    assert_eq!(dir.json(&explain)["permitted"], json!(["nuage"]));
    let text = fs_err::read_to_string(&config).unwrap();
    assert!(
        text.contains("# le nuage") && text.matches("[[upstream.attestation]]").count() == 2,
        "{text}"
    );
    let shown = dir.json(&["ledger", "show", "--config", &config]);
    let told = shown["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["leaf"]["operation"] == "attested");
    assert_eq!(
        told.unwrap()["leaf"]["attested"]["upstream"],
        "nuage",
        "{shown:#}"
    );
    for (wrong, said) in [
        (["nuagee", "trains_on_data", "false"], "nuage"),
        (["nuage", "trains_on_data", "3"], "trains_on_data"),
        (["nuage", "retention_days", "soon"], "soon"),
    ] {
        let fields = [
            &["catalogue", "attest"][..],
            &wrong,
            &["--evidence", "e", "--until", "2099-01-01", "--config", &config],
        ]
        .concat();
        let refused = dir.run(&fields);
        assert!(
            refused.code != Some(0) && refused.err.contains(said),
            "{}",
            refused.err
        );
    }
    assert_eq!(fs_err::read_to_string(&config).unwrap(), text);
}
