use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::{Config, ConfigError, Kind};

const UPSTREAMS: &str = r#"
[[upstream]]
name = "a"
kind = "openai"
url = "http://10.0.0.1:8000/v1"
model = "m"

[[upstream]]
name = "b"
kind = "extractive"

[[upstream]]
name = "c"
kind = "extractive"
"#;

fn parse(text: &str) -> Result<Config, Vec<String>> {
    Config::parse(&format!("{UPSTREAMS}{text}"), None).map_err(|error| match error {
        ConfigError::Faults { faults, .. } => faults.into_iter().map(|fault| fault.english).collect(),
        other => vec![other.to_string()],
    })
}

#[test]
fn a_list_of_targets_is_tried_in_its_order() {
    let config = parse("[[route]]\nname = \"r\"\ntargets = [\"c\", \"a\"]\n").unwrap();
    let route = &config.settings.routes[0];
    assert_eq!(route.targets, ["c", "a"]);
    assert_eq!(route.way, Way::in_order("r", ["c", "a"]));
    assert_eq!((route.cache, route.way.retries.most), (None, 0));
}

#[test]
fn groups_and_everything_else_a_route_says() {
    let text = r#"
[[route]]
name = "r"
groups = [["c", { target = "a", weight = 3 }], [{ target = "b" }]]
sticky = true
retries = { most = 2, base_ms = 100, cap_seconds = 3, share = 5 }
hedge = { percentile = true }
cache = { seconds = 600, megabytes = 64 }
"#;
    let route = parse(text).unwrap().settings.routes.remove(0);
    assert_eq!(route.targets, ["c", "a", "b"]);
    let named = |name: &str, weight| (name.to_owned(), weight);
    assert_eq!(
        route.way,
        Way {
            name: "r".to_owned(),
            groups: vec![vec![named("c", 1), named("a", 3)], vec![named("b", 1)]],
            sticky: true,
            retries: Retries {
                most: 2,
                base: Duration::from_millis(100),
                cap: Duration::from_secs(3),
                share: 5,
            },
            hedge: Some(Hedge::Percentile),
        }
    );
    let (age, bytes) = (Duration::from_secs(600), 64 << 20);
    assert_eq!(route.cache, Some(Bounds { bytes, age }));
    let fixed = text.replace("percentile = true", "after_ms = 800");
    let route = parse(&fixed).unwrap().settings.routes.remove(0);
    assert_eq!(route.way.hedge, Some(Hedge::After(Duration::from_millis(800))));
}

#[test]
fn a_route_masks_kinds_that_detectors_know_for_targets_of_its_own() {
    let own = "[[policy.detector]]\nname = \"projects\"\nwords = [\"Orme\"]\nlabel = \"restricted\"\n";
    let text = format!(
        "{own}[[route]]\nname = \"r\"\ntargets = [\"c\", \"a\"]\n[route.mask]\nkinds = [\"iban\", \"projects\"]\nupstreams = [\"a\"]\n"
    );
    let route = parse(&text).unwrap().settings.routes.remove(0);
    let mask = route.mask.unwrap();
    assert_eq!(
        mask.kinds,
        Kinds::These(["iban", "projects"].map(str::to_owned).into())
    );
    assert!(mask.is_for("a") && !mask.is_for("c"));
    assert_eq!(mask.label_floor, Label::of(Class::Internal));
    let all = text.replace("\"iban\"", "\"all\"") + "label_floor = \"public\"\n";
    let mask = parse(&all).unwrap().settings.routes.remove(0).mask.unwrap();
    assert_eq!((mask.kinds, mask.label_floor), (Kinds::All, Label::default()));
    // What runs can be shown, and read again.
    let shown = parse(&all).unwrap().shown(Path::new("data"));
    assert_eq!(shown["route"][0]["mask"]["kinds"], serde_json::json!(["all"]));

    let faulty = text
        .replace("\"iban\"", "\"ibam\"")
        .replace("[\"a\"]\n", "[\"b\"]\n");
    let faults = parse(&faulty).unwrap_err();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("route.r.mask.kinds") && faults[1].contains("route.r.mask.upstreams"));
    let empty = parse("[[route]]\nname = \"r\"\ntargets = [\"c\"]\nmask = { kinds = [] }\n").unwrap_err();
    assert!(empty[0].contains("route.r.mask.kinds"), "{empty:?}");
}

#[test]
fn every_fault_of_routes_and_limits_is_told_at_once() {
    let text = r#"
[[upstream]]
name = "d"
kind = "extractive"
limits = { concurrency = 0, queue = 1000000, wait_seconds = 0 }
breaker = { failures = 0, open_seconds = 60, longest_seconds = 30 }
health_check = { every_seconds = 5 }

[[upstream]]
name = "e"
kind = "openai"
url = "http://10.0.0.2:8000/v1"
model = "m"
health_check = { every_seconds = 0 }

[[route]]
name = "none"

[[route]]
name = "both"
targets = ["a"]
groups = [["b"]]

[[route]]
name = "twice"
groups = [["a", "b"], ["a", "nowhere"], []]

[[route]]
name = "weightless"
groups = [[{ target = "a", weight = 0 }, { target = "b", weight = 0 }], [{ target = "c", weight = 1001 }]]
retries = { most = 11, base_ms = 0, cap_seconds = 301, share = 101 }
hedge = { after_ms = 800, percentile = true }
cache = { seconds = 0, megabytes = 0 }
"#;
    let faults = parse(text).unwrap_err();
    insta::assert_snapshot!(faults.join("\n"), @r#"
    upstream.d.limits.concurrency: "0" is not one of 1..100000
    upstream.d.limits.queue: "1000000" is not one of 0..100000
    upstream.d.limits.wait_seconds: "0" is not one of 1..3600
    upstream.d.breaker.failures: "0" is not one of 1..1000
    upstream.d.breaker.longest_seconds: "30" is not one of 60..3600
    upstream.d.health_check: "extractive" is not one of openai
    upstream.e.health_check.every_seconds: "0" is not one of 1..300
    route.none.targets is missing
    route.both has targets or groups, not both
    route.twice.groups is missing
    route.twice.groups: the name "a" is taken twice
    route.twice.groups: there is no "nowhere"; there are a, b, c, d, e
    route.weightless.groups.weight: "1001" is not one of 0..1000
    route.weightless.groups.weight: "0" is not one of 1..1000
    route.weightless.retries.base_ms: "0" is not one of 1..60000
    route.weightless.retries.cap_seconds: "301" is not one of 1..300
    route.weightless.retries.most: "11" is not one of 0..10
    route.weightless.retries.share: "101" is not one of 0..100
    route.weightless.hedge says one of after_ms and percentile = true
    route.weightless.cache.seconds: "0" is not one of 1..604800
    route.weightless.cache.megabytes: "0" is not one of 1..65536
    "#);
}

#[test]
fn a_key_of_a_group_that_is_not_known_is_refused_with_what_is() {
    let text = "[[route]]\nname = \"r\"\ngroups = [[{ target = \"a\", wieght = 2 }]]\n";
    let error = Config::parse(&format!("{UPSTREAMS}{text}"), None).unwrap_err();
    use trousseau_core::error::Explain as _;
    assert_eq!(error.code(), "config-mistyped-key");
    assert!(error.fields().contains(&("meant", "weight".to_owned())));
}

#[test]
fn what_has_no_effect_is_warned_of() {
    let text = r#"
[records]
retention_days = 0

[[route]]
name = "r"
targets = ["a"]
hedge = { after_ms = 800 }
cache = { seconds = 60, megabytes = 1 }
"#;
    let config = parse(text).unwrap();
    let warned: Vec<_> = config.warnings("2026-11-21".parse().unwrap());
    let warned: Vec<_> = warned.iter().map(|fault| fault.english.as_str()).collect();
    assert_eq!(
        warned,
        [
            "route.r.hedge needs a second target",
            "route.r.cache keeps nothing where nothing is kept"
        ]
    );
}

#[test]
fn limits_stand_by_the_name_of_their_target() {
    let text = r#"
[[upstream]]
name = "d"
kind = "openai"
url = "http://10.0.0.2:8000/v1"
model = "m"
limits = { concurrency = 8, queue = 4, wait_seconds = 2 }
breaker = { failures = 3, window_seconds = 10, open_seconds = 400 }
health_check = { every_seconds = 15 }
"#;
    let config = parse(text).unwrap();
    let limits = config.settings.limits_of("d");
    assert_eq!((limits.concurrency, limits.queue), (Some(8), 4));
    assert_eq!(limits.wait, Duration::from_secs(2));
    let open_for = Duration::from_secs(400);
    assert_eq!((limits.breaker.failures, limits.breaker.open_for), (3, open_for));
    assert_eq!(limits.breaker.longest, open_for);
    assert_eq!(config.settings.limits_of("a"), Default::default());
    let checks = config.kinds.iter().map(|(_, kind)| match kind {
        Kind::OpenAi(remote) => remote.health_check,
        Kind::Extractive => None,
    });
    assert_eq!(checks.flatten().collect::<Vec<_>>(), [Duration::from_secs(15)]);
}

proptest! {
    /// Whatever a route says is shown so that it says the same again.
    #[test]
    fn what_is_shown_of_a_route_reads_back_as_the_same(
        split in 0_usize..3,
        weights in proptest::collection::vec(1_u32..4, 3),
        sticky: bool,
        retries in (0_u32..=10, 1_u64..60_000, 1_u64..300, 0_u32..=100),
        hedge in proptest::option::of(proptest::option::of(1_u64..600_000)),
        cache in proptest::option::of((1_u64..604_800, 1_usize..65_536)),
    ) {
        let member = |at: usize| format!("{{ target = \"{}\", weight = {} }}", ["a", "b", "c"][at], weights[at]);
        let all: Vec<_> = (0..3).map(member).collect();
        let (first, second) = all.split_at(split);
        let groups = [first, second].into_iter().filter(|group| !group.is_empty());
        let groups: Vec<_> = groups.map(|group| format!("[{}]", group.join(", "))).collect();
        let (most, base, cap, share) = retries;
        let mut text = format!(
            "[[route]]\nname = \"r\"\ngroups = [{}]\nsticky = {sticky}\n\
             retries = {{ most = {most}, base_ms = {base}, cap_seconds = {cap}, share = {share} }}\n",
            groups.join(", ")
        );
        match hedge {
            Some(Some(after)) => text.push_str(&format!("hedge = {{ after_ms = {after} }}\n")),
            Some(None) => text.push_str("hedge = { percentile = true }\n"),
            None => {}
        }
        if let Some((seconds, megabytes)) = cache {
            text.push_str(&format!("cache = {{ seconds = {seconds}, megabytes = {megabytes} }}\n"));
        }
        let config = parse(&text).unwrap();
        let shown = toml::to_string(&config.shown(Path::new("/data"))).unwrap();
        let again = Config::parse(&shown, None).unwrap();
        prop_assert_eq!(again.settings.routes, config.settings.routes);
        prop_assert_eq!(again.settings.target_limits, config.settings.target_limits);
    }
}
