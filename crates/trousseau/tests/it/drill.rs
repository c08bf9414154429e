//! `trousseau drill cut`: what it foretells, and what it does in earnest while a server runs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Dir;
use crate::model::Model;
use crate::service::{PATIENCE, Service};

const FRENCH: &str = "provider = \"Nuage\", seat = \"FR\", ultimate_parent = \"FR\", inference_region = \"FR\", \
    storage_region = \"FR\", us_law = false, chinese_law = false";
const AMERICAN: &str = "provider = \"Acme\", seat = \"US\", ultimate_parent = \"US\", inference_region = \"US\", \
    storage_region = \"US\", us_law = true, chinese_law = false";

/// One place in each country; a route over both and one over the American one alone.
fn configure(dir: &Dir, american: &str, french: &str) {
    configure_with(dir, (american, french), "");
}

fn configure_with(dir: &Dir, (american, french): (&str, &str), more: &str) {
    let upstream = |name: &str, url: &str, card: &str, more: &str| {
        format!(
            "[[upstream]]\nname = \"{name}\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"m\"\n{more}card = {{ {card} }}\n"
        )
    };
    let route = |name: &str, targets: &str| {
        format!("[[route]]\nname = \"{name}\"\ntargets = [{targets}]\ngrounded = false\n")
    };
    let text = [
        upstream("boston", american, AMERICAN, more),
        upstream("lille", french, FRENCH, ""),
        route("free", "\"boston\", \"lille\""),
        route("abroad", "\"boston\""),
    ]
    .concat();
    dir.write("data/trousseau.toml", text);
}

fn question(route: &str) -> Value {
    json!({ "model": route, "messages": [{ "role": "user", "content": "Bonjour ?" }] })
}

/// Waits until something holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn withdrawn(dir: &Dir) -> Vec<Value> {
    let listed = dir.json(&["withdraw", "list"]);
    listed["withdrawals"].as_array().unwrap().clone()
}

/// The drills that the ledger tells of.
fn told(dir: &Dir) -> Vec<Value> {
    let shown = dir.json(&["ledger", "show", "-n", "1000"]);
    let leaves = shown["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["leaf"]);
    leaves.filter(|leaf| leaf["type"] == "drill").cloned().collect()
}

#[test]
fn a_cut_is_foretold_without_a_server_or_a_record() {
    let dir = Dir::new();
    let places = ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1");
    configure_with(&dir, places, "health_check = { every_seconds = 30 }\n");
    let ran = dir.french(&["drill", "cut", "--country", "us"]).ended_with(6);
    insta::assert_snapshot!(ran.out, @"
    Coupé pour l’exercice : pays US. Destinations emportées : boston.
    route   sort   demandes prises  demandes  perdues  vont                     reprise
    free    tient  supposées        5         0        boston → lille (1)       retirée : aussitôt ; injoignable : 5 s ; muette : 60 s, jusqu’à 5 échecs ou 40 s (contrôle)
    abroad  tombe  supposées        5         1        boston → nulle part (1)
    Route abroad, classe public : 1 sur 1 demandes resteraient sans réponse.
    Touchés, d’après les demandes enregistrées : aucune personne, aucune clé, aucun groupe, aucun autre compte.
    Sans réponse : aucune personne, aucune clé, aucun groupe, aucun autre compte.
    Le retrait vaut dès l’appel suivant. Une panne sans retrait coûte à chaque demande l’attente indiquée, jusqu’à ce que le disjoncteur ou le contrôle de santé laisse la destination de côté.
    ");
    let ran = dir.run(&["drill", "cut", "--upstream", "lille"]).succeeded();
    insta::assert_snapshot!(ran.out, @"
    Cut off for the drill: upstream lille. Upstreams that it takes along: lille.
    route   verdict  requests taken  requests  lost  go  recovery
    free    lives    assumed         5         0
    abroad  lives    assumed         5         0
    Affected, by the requests that were recorded: 0 people, 0 keys, 0 groups, 0 other accounts.
    Without an answer: 0 people, 0 keys, 0 groups, 0 other accounts.
    A withdrawal holds from the next call on. A failure without one costs each request the wait that is named, until the breaker or the health check has the upstream left alone.
    ");
    let nobody = dir.french(&["drill", "cut", "--provider", "Acmé"]).succeeded();
    assert!(nobody.out.contains("vérifiez le nom"), "{nobody:#?}");
    assert_eq!(withdrawn(&dir), [] as [Value; 0]);
}

#[test]
fn what_is_typed_wrongly_is_said() {
    let dir = Dir::new();
    configure(&dir, "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1");
    dir.french(&["drill", "cut"]).ended_with(2);
    let lasting = dir
        .french(&["drill", "cut", "--country", "US", "--duration", "60"])
        .ended_with(2);
    assert!(lasting.err.contains("n’est pas une durée"), "{lasting:#?}");
    let country = dir
        .french(&["drill", "cut", "--country", "Amérique"])
        .ended_with(1);
    assert!(country.err.contains("n’est pas un pays"), "{country:#?}");
    let live = dir
        .run(&["--json", "drill", "cut", "--country", "US", "--live"])
        .ended_with(4);
    assert_eq!(live.error(), "app-no-server");
}

#[test]
fn what_was_asked_is_replayed_and_nothing_is_called() {
    let (dir, american, french) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &american.url(), &french.url());
    let service = Service::start(&dir, &[]);
    for _ in 0..2 {
        assert_eq!(service.ask(&question("free")).0, 200);
        american.next();
    }
    let told = dir
        .run(&[
            "--json",
            "drill",
            "cut",
            "--country",
            "US",
            "--provider",
            "nobody",
        ])
        .ended_with(6)
        .object();
    let free = &told["routes"][0];
    assert_eq!(
        json!([
            free["route"],
            free["verdict"],
            free["recorded"],
            free["requests"],
            free["lost"]
        ]),
        json!(["free", "lives", true, 2, 0])
    );
    let goes = &free["goes"][0];
    assert_eq!(
        json!([goes["from"], goes["to"], goes["requests"]]),
        json!(["boston", "lille", 2])
    );
    assert_eq!(told["routes"][1]["verdict"], "dies");
    assert_eq!(
        told["affected"],
        json!({ "users": 0, "keys": 1, "others": 0, "groups": 0 })
    );
    assert_eq!(told["cut"][1]["upstreams"], json!([]));
    // Of tomorrow nothing is recorded: what could be asked is tried.
    let later = dir
        .run(&[
            "--json",
            "drill",
            "cut",
            "--country",
            "US",
            "--since",
            "2099-01-01",
        ])
        .ended_with(6)
        .object();
    assert_eq!(later["routes"][0]["recorded"], false);
    assert!(american.is_idle() && french.is_idle(), "something was called");
    assert_eq!(withdrawn(&dir), [] as [Value; 0]);
    assert_eq!(self::told(&dir), [] as [Value; 0]);
}

#[test]
fn a_cut_in_earnest_is_measured_and_ends_when_its_command_is_killed() {
    let (dir, american, french) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &american.url(), &french.url());
    let service = Service::start(&dir, &[]);
    assert_eq!(service.ask(&question("free")).0, 200);
    american.next();
    let mut command = dir.start(&["drill", "cut", "--country", "US", "--duration", "1h", "--live"]);
    until("the drill begins", || !told(&dir).is_empty());
    let there = withdrawn(&dir);
    assert_eq!(
        (&there[0]["name"], there[0]["until"].is_string()),
        (&json!("US"), true)
    );
    assert_eq!(service.ask(&question("free")).0, 200);
    french.next();
    assert_eq!(service.ask(&question("abroad")).0, 403);
    // As by `kill -9`: the server hears of it, and lets in again what was cut.
    command.kill().unwrap();
    command.wait().unwrap();
    until("the drill ends", || told(&dir).len() == 2);
    assert_eq!(withdrawn(&dir), [] as [Value; 0]);
    assert_eq!(service.ask(&question("free")).0, 200);
    american.next();
    let [begun, ended] = told(&dir).try_into().unwrap();
    assert_eq!(
        json!([begun["operation"], begun["died"], begun["answered"]]),
        json!(["begun", ["abroad"], null])
    );
    assert_eq!(
        json!([ended["operation"], ended["answered"]]),
        json!(["ended", ["free"]])
    );
    assert_eq!(begun["withdrawals"], ended["withdrawals"]);
    let shown = dir.french(&["ledger", "show"]).succeeded().out;
    assert!(
        shown.contains("coupure commencée") && shown.contains("exercice"),
        "{shown}"
    );
}

#[test]
fn a_cut_in_earnest_comes_to_its_end() {
    let (dir, american, french) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &american.url(), &french.url());
    let service = Service::start(&dir, &[]);
    let ran = dir
        .run(&[
            "--json",
            "drill",
            "cut",
            "--upstream",
            "boston",
            "--duration",
            "1s",
            "--live",
        ])
        .ended_with(6)
        .object();
    assert_eq!(
        json!([ran["duration_seconds"], ran["measured"]]),
        json!([1, {}]),
        "nobody asked"
    );
    assert_eq!(withdrawn(&dir), [] as [Value; 0]);
    assert_eq!(service.ask(&question("free")).0, 200);
    american.next();
    let told_of = told(&dir);
    assert_eq!(told_of.len(), 2);
    let spoken = dir
        .french(&[
            "drill",
            "cut",
            "--upstream",
            "lille",
            "--duration",
            "1s",
            "--live",
        ])
        .succeeded();
    assert!(spoken.out.contains("La coupure est levée"), "{spoken:#?}");
}

#[test]
fn a_cut_outlives_its_server_no_longer_than_it_was_to_last() {
    let (dir, american, french) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &american.url(), &french.url());
    let service = Service::start(&dir, &[]);
    let mut command = dir.start(&["drill", "cut", "--country", "US", "--duration", "1h", "--live"]);
    until("the drill begins", || !told(&dir).is_empty());
    service.signal(rustix::process::Signal::KILL);
    command.wait().unwrap();
    drop(service);
    // What is on disk ends by itself, and still holds.
    let [one] = withdrawn(&dir).try_into().unwrap();
    let moment = |field: &str| one[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let lasts = moment("until").duration_since(moment("since"));
    assert!(lasts <= jiff::SignedDuration::from_hours(1), "{one}");
    // As if that moment had come.
    let file = dir.data().join("withdrawals.json");
    let text = fs_err::read_to_string(&file).unwrap();
    let now = jiff::Timestamp::now().to_string();
    fs_err::write(&file, text.replace(one["until"].as_str().unwrap(), &now)).unwrap();
    assert_eq!(withdrawn(&dir), [] as [Value; 0]);
    let service = Service::start(&dir, &[]);
    let key = dir.json(&["keys", "create", "--name", "essai"]);
    let asked = crate::service::ask(
        &service.address,
        key["key"].as_str().unwrap(),
        &question("abroad"),
    );
    assert_eq!(asked.0, 200, "{asked:?}");
    american.next();
}
