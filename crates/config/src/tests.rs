use trousseau_core::error::Explain as _;
use trousseau_core::label::Class;
use trousseau_core::permit::Purpose;
use trousseau_upstream::{Continues, Dialect};

use super::*;

#[test]
fn both_examples_resolve() {
    for example in [EXAMPLE_FR, EXAMPLE_EN] {
        let config = Config::parse(example, None).unwrap();
        assert_eq!(config.targets.len(), 2);
        assert_eq!(config.settings.routes[0].targets.len(), 2);
        assert_eq!(
            config.settings.collections.values().next().unwrap().label.class,
            Class::Personal
        );
    }
}

/// The example with everything switched on: of several ways to say a thing, the last.
fn whole(example: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in example.lines() {
        let line = match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => setting,
            _ => line,
        };
        let setting = |line: &str| line.split_once(" = ").map(|(key, _)| key.to_owned());
        if setting(line).is_some_and(|key| key == "key")
            && let Some(last) = lines.iter().rposition(|earlier| earlier.starts_with("key = "))
        {
            lines.remove(last);
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[test]
fn both_examples_resolve_with_everything_switched_on() {
    for example in [EXAMPLE_FR, EXAMPLE_EN] {
        let text = whole(example);
        let config =
            Config::parse(&text, None).unwrap_or_else(|error| panic!("{:?}\n{text}", error.fields()));
        let Kind::OpenAi(remote) = &config.kinds[1].1 else {
            panic!("the second upstream is a server");
        };
        assert!(matches!(remote.key, Some(SecretPlace::Credential(_))));
        assert!(remote.client_certificate.is_some() && remote.key_header.is_some());
        assert!(config.server.tls.is_some() && config.data.is_some());
        assert_eq!(config.warnings(day()), []);
        assert_eq!(config.oidc.unwrap().settings.roles.len(), 3);
        assert_eq!(config.egress.proxy.unwrap().credentials.unwrap().0, "trousseau");
    }
}

#[test]
fn every_key_that_is_read_stands_in_the_examples() {
    // What serde would accept, as it says itself when it meets a key that it does not know.
    for (table, example_of) in [
        ("", ""),
        ("[server]", "server."),
        ("[server.limits]", "server.limits."),
        ("[server.sessions]", "server.sessions."),
        ("[page]", "page."),
        ("[egress]", "egress."),
        ("[records]", "records."),
        ("[ledger]", "ledger."),
        ("[ingest]", "ingest."),
        ("[ask]", "ask."),
        ("[oidc]", "oidc."),
        ("[state]", "state."),
        ("[[collection]]", "collection."),
        ("[[key]]", "key."),
        ("[[upstream]]", "upstream."),
        ("[[route]]", "route."),
    ] {
        let error = Config::parse(&format!("{table}\nno-such-key = 1\n"), None).unwrap_err();
        let known = error
            .fields()
            .into_iter()
            .find(|(name, _)| *name == "known")
            .unwrap()
            .1;
        for example in [EXAMPLE_FR, EXAMPLE_EN] {
            let written: toml::Table = whole(example).parse().unwrap();
            let keys = |value: &toml::Value| {
                value
                    .as_table()
                    .map(|table| table.keys().cloned().collect::<Vec<_>>())
            };
            let of = example_of.trim_end_matches('.');
            let mut present: Vec<String> = Vec::new();
            if of.is_empty() {
                present.extend(written.keys().cloned());
            } else {
                let mut at: Vec<toml::Value> = vec![toml::Value::Table(written.clone())];
                for part in of.split('.') {
                    let next = at.iter().flat_map(|value| match value.get(part) {
                        Some(toml::Value::Array(rows)) => rows.clone(),
                        Some(other) => vec![other.clone()],
                        None => Vec::new(),
                    });
                    at = next.collect();
                }
                present.extend(at.iter().filter_map(keys).flatten());
            }
            for key in known.split(", ") {
                assert!(
                    present.contains(&key.to_owned()),
                    "{table}: {key} is in no example"
                );
            }
        }
    }
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    for text in [String::new(), EXAMPLE_EN.to_owned(), whole(EXAMPLE_FR)] {
        let config = Config::parse(&text, None).unwrap();
        let shown = config.shown(Path::new("/data"));
        let written = toml::to_string_pretty(&shown).unwrap();
        let again =
            Config::parse(&written, None).unwrap_or_else(|error| panic!("{:?}\n{written}", error.fields()));
        assert_eq!(again.shown(Path::new("/data")), shown);
        // Without the lines, which are the file's.
        let rules = |config: &Config| toml::Value::try_from(&config.rules).unwrap();
        assert_eq!(rules(&again), rules(&config));
        assert_eq!(again.targets, config.targets);
        assert_eq!(again.kinds, config.kinds);
    }
}

#[test]
fn the_dialect_is_the_one_that_is_written_or_the_one_that_the_host_tells() {
    for (url, written, expected) in [
        ("https://api.mistral.ai/v1", "", Dialect::Mistral),
        ("https://gateway.example/mistral/v1", "", Dialect::OpenAi),
        (
            "https://gateway.example/mistral/v1",
            "dialect = \"mistral\"",
            Dialect::Mistral,
        ),
        (
            "https://api.mistral.ai/v1",
            "dialect = \"openai\"",
            Dialect::OpenAi,
        ),
    ] {
        let text = format!(
            "[[upstream]]\nname = \"u\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"m\"\n{written}\n"
        );
        let config = Config::parse(&text, None).unwrap();
        let Kind::OpenAi(remote) = &config.kinds[0].1 else {
            panic!("the upstream is a server");
        };
        assert_eq!(remote.dialect, expected, "{text}");
    }
}

#[test]
fn how_an_answer_is_gone_on_with_is_written_or_what_the_dialect_knows() {
    for (written, expected) in [
        ("", Continues::Prompt),
        ("dialect = \"mistral\"", Continues::MistralPrefix),
        ("dialect = \"mistral\"\ncontinues = \"no\"", Continues::No),
        ("continues = \"vllm-prefix\"", Continues::VllmPrefix),
    ] {
        let text = format!(
            "[[upstream]]\nname = \"u\"\nkind = \"openai\"\nurl = \"https://a.example/v1\"\nmodel = \"m\"\n{written}\n"
        );
        let config = Config::parse(&text, None).unwrap();
        let Kind::OpenAi(remote) = &config.kinds[0].1 else {
            panic!("the upstream is a server");
        };
        assert_eq!(remote.continues, expected, "{text}");
    }
}

#[test]
fn a_secret_that_is_written_out_is_refused_and_not_repeated() {
    let text = r#"
[egress]
proxy = "http://user:hunter2@proxy.example:3128"

[[upstream]]
name = "u"
kind = "openai"
url = "https://u:hunter2@models.example/v1"
model = "m"
key = "hunter2"
headers = { Authorization = "Bearer hunter2", X-Team = "hr" }

[[upstream]]
name = "v"
kind = "openai"
url = "https://models.example/v1"
model = "m"
key = { file = "a", env = "B" }
key_header = "not a header"

[oidc]
issuer = "sso.example"
client_id = "c"
client_secret = "hunter2"
base_url = "https://t.example/"

[oidc.roles]
admin = ["x"]
"#;
    let error = Config::parse(text, None).unwrap_err();
    assert!(!format!("{error:?} {error} {:?}", error.fields()).contains("hunter2"));
    let ConfigError::Faults { faults, .. } = error else {
        panic!("the text reads well");
    };
    let told: Vec<&str> = faults.iter().map(|fault| fault.english.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    upstream.u.url is written out: say where it stands instead
    upstream.u.key is written out: say where it stands instead
    upstream.u.headers.Authorization carries a secret: use key and key_header
    upstream.v.key_header: "not a header" is not one of api-key, x-api-key
    upstream.v.key needs exactly one of file, env and credential
    egress.proxy is written out: say where it stands instead
    oidc.issuer: "sso.example" is not one of https://..., http://...
    oidc.client_secret is written out: say where it stands instead
    oidc.roles: "admin" is not one of user, administrator, auditor, data-protection-officer
    "#);
}

#[test]
fn the_server_and_its_limits_are_checked() {
    let text = r#"
[server]
listen = "everywhere"
tls_key = "k.pem"
base_path = "trousseau/../x"
trusted_proxies = ["proxy.example"]
allowed_origins = ["*"]
language = "de"

[server.limits]
body_bytes = 1
drain_seconds = 0

[records]
retention_days = 36501

[ask]
model_loading_seconds = 3601

[page]
accessibility = "yes"
accessibility_contact = " "
"#;
    let ConfigError::Faults { faults, .. } = Config::parse(text, None).unwrap_err() else {
        panic!("the text reads well");
    };
    let told: Vec<&str> = faults.iter().map(|fault| fault.english.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    ask.model_loading_seconds: "3601" is not one of 0..3600
    server.listen: "everywhere" is not one of 127.0.0.1:8642, [::1]:8642, 0.0.0.0:443
    server.tls_certificate is missing
    server.language: "de" is not one of fr, en
    server.trusted_proxies: "proxy.example" is not one of 10.0.0.5, 10.0.0.0/8, fd00::/8
    server.allowed_origins: "*" is not one of https://intranet.example
    server.limits.body_bytes: "1" is not one of 1024..1073741824
    server.limits.drain_seconds: "0" is not one of 1..86400
    server.base_path: "trousseau/../x" is not one of /trousseau
    records.retention_days: "36501" is not one of 0..36500
    page.accessibility: "yes" is not one of none, partial, full
    page.accessibility_contact: " " is not one of accessibilite@example.org
    "#);
}

#[test]
fn five_lines_connect_a_server() {
    let text = r#"
[[upstream]]
name = "vllm"
kind = "openai"
url = "http://gpu:8000/v1"
model = "mistral-small"
"#;
    let config = Config::parse(text, None).unwrap();
    assert_eq!(config.settings.routes[0].targets, ["vllm"]);
    let own = Config::parse(&format!("{text}card = {{ premises = \"own\" }}\n"), None).unwrap();
    assert_eq!(own.warnings(day()), []);
    let public = text.replace("http://gpu:8000", "https://api.models.example");
    let public = Config::parse(&format!("{public}card = {{ premises = \"own\" }}\n"), None).unwrap();
    assert_eq!(public.warnings(day())[0].code, "config-own-but-public");
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_key_that_was_meant() {
    let error = Config::parse("[ingest]\nmax_file_byte = 3\n", None).unwrap_err();
    assert_eq!(error.code(), "config-mistyped-key");
    let fields = error.fields();
    assert!(fields.contains(&("line", "2".to_owned())), "{fields:?}");
    assert!(
        fields.contains(&("meant", "max_file_bytes".to_owned())),
        "{fields:?}"
    );
}

#[test]
fn a_wrong_type_is_refused_with_its_place() {
    let error = Config::parse("[ingest]\n\nworkers = \"two\"\n", None).unwrap_err();
    assert_eq!(error.code(), "config-wrong-type");
    assert!(
        error.fields().contains(&("line", "3".to_owned())),
        "{:?}",
        error.fields()
    );
}

#[test]
fn every_fault_is_listed_at_once() {
    let text = r#"
[ledger]
replica = "Main One"

[ingest]
workers = 0

[[collection]]
name = "a"
label = "secret"
readers = ["alice"]

[[collection]]
name = "a"

[[upstream]]
name = "u"
kind = "openai"

[[upstream]]
name = "v"
kind = "claude"

[[upstream]]
name = "x"
kind = "openai"
url = "https://models.example/v1"
model = "m"
dialect = "Mistral"
continues = "yes"

[[route]]
name = "r"
targets = ["u", "w"]
label_floor = "sensitive"
durability = "batch"

[policy]
banned = ["nobody"]
"#;
    let ConfigError::Faults { faults, .. } = Config::parse(text, None).unwrap_err() else {
        panic!("the text reads well");
    };
    let told: Vec<&str> = faults.iter().map(|fault| fault.english.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    upstream.u.url is missing
    upstream.u.model is missing
    upstream.v.kind: "claude" is not one of extractive, openai
    upstream.x.dialect: "Mistral" is not one of openai, mistral
    upstream.x.continues: "yes" is not one of mistral-prefix, vllm-prefix, assistant-prefix, prompt, no
    route.r.targets: there is no "w"; there are u, x
    route.r.durability: "batch" is not one of request
    collection: the name "a" is taken twice
    collection.a.label: "secret" is not one of public, internal, personal, sensitive, restricted
    collection.a.readers: "alice" is not one of *, user:NAME, group:NAME
    policy.banned names "nobody", but there is no such upstream
    ledger.replica: "Main One" is not one of a-z, 0-9, -
    ingest.workers: "0" is not one of 1..64
    "#);
}

#[test]
fn rules_know_the_line_they_begin_on_and_their_time_zone() {
    let text = "[policy]\ntime_zone = \"Europe/Paris\"\n\n[[policy.rule]]\nname = \"a\"\ndeny = true\ndays = [\"sat\"]\n\n\
                # é\n[[policy.rule]]\nname = \"b\"\nrequire = [\"own-premises\"]\n";
    let config = Config::parse(text, None).unwrap();
    let lines: Vec<usize> = config.policy.rule.iter().map(|rule| rule.line).collect();
    assert_eq!(lines, [4, 10]);
    assert_eq!(config.settings.time_zone.iana_name(), Some("Europe/Paris"));
    let lost = Config::parse(&text.replace("Europe/Paris", "Europe/Lutèce"), None).unwrap_err();
    let ConfigError::Faults { faults, .. } = lost else {
        panic!("{lost}");
    };
    assert_eq!(faults[0].fields[0].1, "policy.time_zone");
    // The line is the file's, not the operator's to write.
    assert!(Config::parse("[[policy.rule]]\nname = \"a\"\nline = 3\ndeny = true", None).is_err());
}

fn day() -> trousseau_policy::date::Date {
    "2026-11-21".parse().unwrap()
}

#[test]
fn a_card_of_the_catalogue_is_taken_with_its_address_and_what_is_written_outweighs_it() {
    let text = r#"
[[upstream]]
name = "nuage"
kind = "openai"
catalogue = "scaleway/fr-par"
model = "gpt-oss-120b"

[upstream.card]
us_law = "unknown"
storage_region = "FR"

[[upstream]]
name = "chez-nous"
kind = "openai"
catalogue = "ici/salle-3"
model = "eurollm"

[[catalogue]]
id = "ici/salle-3"
provider = "La maison"
region = "salle 3"
url = "http://10.0.0.7:8000/v1"
reviewed = 2026-11-01
valid_until = 2026-11-20

[catalogue.facts]
premises = "own"

[[catalogue.model]]
name = "*"
"#;
    let config = Config::parse(text, None).unwrap();
    let card = &config.targets[0].card;
    assert_eq!(card.provider, "Scaleway");
    assert_eq!(card.model, "gpt-oss-120b");
    assert_eq!(card.us_law.known(), None);
    assert_eq!(card.chinese_law.known(), Some(&false));
    assert_eq!(card.storage_region.to_string(), "FR");
    let sourced: Vec<&String> = card.evidence.iter().flat_map(|one| &one.fields).collect();
    assert!(sourced.iter().any(|field| *field == "seat") && sourced.iter().all(|field| *field != "us_law"));
    let Kind::OpenAi(remote) = &config.kinds[0].1 else {
        panic!("a server");
    };
    assert_eq!(remote.url, "https://api.scaleway.ai/v1");
    assert!(config.targets[1].card.on_own_premises());
    let warned: Vec<(&str, String)> = config
        .warnings(day())
        .into_iter()
        .map(|fault| (fault.code, fault.fields[0].1.clone()))
        .collect();
    assert_eq!(
        warned,
        [("config-card-outdated", "upstream.chez-nous.card".to_owned())]
    );

    let fault = Config::parse(&text.replace("scaleway/fr-par", "scaleway/fr-pax"), None).unwrap_err();
    let ConfigError::Faults { faults, .. } = fault else {
        panic!("{fault}");
    };
    assert_eq!(faults[0].fields[2], ("known", "scaleway/fr-par".to_owned()));
}

#[test]
fn what_an_upstream_serves_is_read_and_its_faults_told_together() {
    let text = "[[upstream]]\nname = 'v'\nkind = 'openai'\nurl = 'http://127.0.0.1:1/v1'\nmodel = 'm'\n\
        serves = ['embedding', 'reranking']\nembedding = { before_question = 'query: ' }\n\
        [[upstream]]\nname = 'local'\nkind = 'extractive'\n";
    let config = Config::parse(text, None).unwrap();
    let serves = |at: usize| config.targets[at].serves.clone();
    assert_eq!(serves(0), [Purpose::Embedding, Purpose::Reranking]);
    assert_eq!(serves(1), [Purpose::Chat]);
    let Kind::OpenAi(remote) = &config.kinds[0].1 else {
        panic!("{:?}", config.kinds)
    };
    assert_eq!(
        (remote.embedding.batch, remote.embedding.before_question.as_str()),
        (32, "query: ")
    );

    let wrong = text
        .replace("'embedding', ", "'vectors', ")
        .replace("embedding = {", "embedding = { batch = 0,")
        .replace("'extractive'\n", "'extractive'\nserves = ['embedding']\n");
    let error = Config::parse(&wrong, None).unwrap_err();
    let ConfigError::Faults { faults, .. } = error else {
        panic!("{error}")
    };
    let keys: Vec<&str> = faults.iter().map(|fault| fault.fields[0].1.as_str()).collect();
    assert_eq!(
        keys,
        [
            "upstream.v.serves",
            "upstream.v.embedding.batch",
            "upstream.local.serves"
        ]
    );
}
