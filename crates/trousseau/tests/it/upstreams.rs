//! Servers that the configuration names: asked with their key, streamed to the terminal, left out by the
//! demonstration.

use crate::harness::Dir;
use crate::model::Model;
use crate::service::Service;

fn configured(url: &str) -> Dir {
    let dir = Dir::new();
    dir.write("secrets/key", "sk-first\n");
    dir.write(
        "data/trousseau.toml",
        format!(
            "[[upstream]]\nname = \"vllm\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"mistral-small\"\n\
             key = {{ file = \"../secrets/key\" }}\ncard = {{ premises = \"own\" }}\n\
             [[route]]\nname = \"local\"\ntargets = [\"vllm\"]\n"
        ),
    );
    dir.write("docs/guichet.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    dir
}

#[test]
fn a_question_goes_to_a_server_with_its_key_and_comes_back_cited() {
    let model = Model::plain();
    let dir = configured(&model.url());
    let question = ["ask", "À quelle heure ouvre le guichet ?", "--route", "local"];
    for served in [false, true] {
        let _service = served.then(|| Service::start(&dir, &[]));
        let told = dir.run(&question).succeeded();
        assert!(told.out.starts_with("Il ouvre à huit heures [1]."), "{told:#?}");
        assert!(
            !told.out.contains("Cherchons"),
            "what is piped on is the answer: {told:#?}"
        );
        assert!(told.out.contains("guichet (characters"), "{told:#?}");
        let sent = model.next();
        assert!(sent.contains("authorization: Bearer sk-first"), "{sent}");
        assert!(
            sent.contains("\"model\":\"mistral-small\"") && sent.contains("huit heures"),
            "{sent}"
        );
    }
    // A key that was renewed is used without a restart, and stands nowhere.
    let service = Service::start(&dir, &[]);
    dir.write("secrets/key", "sk-second\n");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    dir.run(&question).succeeded();
    assert!(model.next().contains("Bearer sk-second"));
    let shown = dir.run(&["config", "show"]).succeeded();
    assert!(
        shown.out.contains("secrets/key") && !shown.out.contains("sk-"),
        "{shown:#?}"
    );
    let doctor = dir.run(&["doctor"]);
    assert!(doctor.out.contains("and its key can be read"), "{doctor:#?}");
    assert!(!service.stop().err.contains("sk-"));
}

#[test]
fn a_server_under_another_name_is_spoken_to_in_the_dialect_that_is_written() {
    for (written, asked) in [
        ("", true),
        ("dialect = \"openai\"", true),
        ("dialect = \"mistral\"", false),
    ] {
        let model = Model::plain();
        let dir = configured(&model.url());
        let config = fs_err::read_to_string(dir.data().join("trousseau.toml")).unwrap();
        let config = config.replace("kind = \"openai\"\n", &format!("kind = \"openai\"\n{written}\n"));
        dir.write("data/trousseau.toml", config);
        dir.run(&["ask", "À quelle heure ouvre le guichet ?", "--route", "local"])
            .succeeded();
        let sent = model.next();
        assert_eq!(sent.contains("stream_options"), asked, "{written}: {sent}");
    }
}

#[test]
fn the_demonstration_calls_no_server_whatever_is_configured() {
    let model = Model::plain();
    let dir = configured(&model.url());
    let config = dir.data().join("trousseau.toml");
    let config = config.to_string_lossy();
    let ran = dir.run(&[
        "demo",
        "--config",
        &config,
        "--documents",
        "docs",
        "--question",
        "Quand ouvre le guichet ?",
    ]);
    assert!(model.is_idle(), "{ran:#?}");
}

#[test]
fn config_check_warns_of_own_premises_that_everybody_can_reach() {
    let dir = Dir::new();
    dir.write(
        "t.toml",
        "[[upstream]]\nname = \"u\"\nkind = \"openai\"\nurl = \"https://api.models.example/v1\"\nmodel = \"m\"\n\
         card = { premises = \"own\" }\n",
    );
    let told = dir.french(&["config", "check", "t.toml"]).succeeded();
    assert!(
        told.err.contains("attention") && told.err.contains("api.models.example"),
        "{told:#?}"
    );
    let told = dir.json(&["config", "check", "t.toml"]);
    assert_eq!(told["warnings"][0]["code"], "config-own-but-public");
}

#[test]
fn a_key_that_is_written_out_is_refused_in_words_and_not_repeated() {
    let dir = Dir::new();
    dir.write(
        "t.toml",
        "[[upstream]]\nname = \"u\"\nkind = \"openai\"\nurl = \"https://m.example/v1\"\nmodel = \"m\"\nkey = \"sk-hidden\"\n",
    );
    let told = dir.french(&["config", "check", "t.toml"]).ended_with(1);
    insta::assert_snapshot!(told.err, @r#"
    erreur : t.toml contient une faute :
      - upstream.u.key : un secret est écrit ici en toutes lettres, à la vue de tous ceux qui lisent le fichier ; dites plutôt où il se trouve : { file = "…" }, { env = "…" } ou { credential = "…" }
    conseil : « trousseau config example » donne un exemple commenté.
    "#);
}
