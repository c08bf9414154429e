//! A round's configuration: targets with their cards, routes, keys, rules, all drawn at random.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use toml::{Table, Value};

use crate::card::{Card, Deck, PROVIDERS};
use crate::names::{DOMAIN, Manner};
use crate::oracle::{Case, Label, Oracle, Out, Rule};
use crate::random::Random;

/// How many targets a round has.
pub(crate) const TARGETS: usize = 10;

/// Everything that a round's configuration says, and what was changed of it by then.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) targets: Vec<Target>,
    pub(crate) routes: Vec<Route>,
    pub(crate) keys: Vec<Key>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) banned: Out,
    pub(crate) withdrawn: Out,
    /// Kinds of what is out: at first, after the change, withdrawn in between.
    pub(crate) out: [&'static str; 3],
}

#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) card: Card,
    pub(crate) manner: Manner,
    pub(crate) port: u16,
    /// Whether it is asked for streams.
    streams: bool,
    continues: &'static str,
    few: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) name: String,
    /// Places among the targets.
    pub(crate) targets: Vec<usize>,
    pub(crate) floor: Label,
    /// Whether answers with personal data are held back.
    pub(crate) holds_back: bool,
    /// Lines of its own.
    rest: &'static str,
    /// Whether its targets are two groups.
    groups: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
    pub(crate) floor: Label,
    /// What is shown to the server.
    pub(crate) secret: String,
}

/// What is written to each route beside its targets, and how many of these it has.
const ROUTES: [(&str, usize, &str); 4] = [
    (
        "ordered",
        5,
        "retries = { most = 2, base_ms = 10, cap_seconds = 1, share = 100 }\ncontinue = true",
    ),
    (
        "hedged",
        6,
        "retries = { most = 1, base_ms = 10, cap_seconds = 1, share = 100 }\nhedge = { after_ms = 150 }\ndurability = \"batch\"",
    ),
    (
        "kept",
        6,
        "sticky = true\ncache = { seconds = 600, megabytes = 8 }\nhold_back = \"personal\"",
    ),
    (
        "plain",
        5,
        "continue = false\nretries = { most = 1, base_ms = 10, cap_seconds = 1, share = 50 }",
    ),
];

/// Least labels of keys, and their groups.
const KEYS: [(&str, &[&str], &[&str]); 7] = [
    ("public", &[], &[]),
    ("public", &[], &["etudes"]),
    ("internal", &[], &["etudes"]),
    ("personal", &[], &[]),
    ("sensitive", &[], &[]),
    ("sensitive", &["health"], &["soins"]),
    ("restricted", &[], &[]),
];

/// What rules ask for, as the table and as the configuration calls it.
const ASKS: [(&str, &str); 5] = [
    ("own-premises", "own-premises"),
    ("secnumcloud", "secnumcloud"),
    ("no-us-law", "not-under-us-law"),
    ("runs-in-the-eea", "inference-in-eea"),
    ("hds", "hds"),
];

/// What is out in each round of three: at first, after the change, and withdrawn in between. A country that is out shuts so much that
/// it hides other conditions, so that it is never out for a whole round.
const OUT: [[&str; 3]; 3] = [
    ["", "country", "provider"],
    ["provider", "", "country"],
    ["country", "upstream", "upstream"],
];

/// Something of a kind that is out; nothing where there is no kind.
pub(crate) fn draw_out(kind: &'static str, random: &mut Random) -> Option<(&'static str, String)> {
    let name = match kind {
        "" => return None,
        "upstream" => format!("t{}", random.below(TARGETS)),
        "provider" => (*random.pick(&PROVIDERS)).to_owned(),
        _ => (*random.pick(&["US", "CN", "CH", "IE", "DE", "NO"])).to_owned(),
    };
    Some((kind, name))
}

impl Scene {
    pub(crate) fn draw(random: &mut Random, deck: &mut Deck, ports: &[u16], round: u64) -> Self {
        let manners = [Manner::Found, Manner::Lost, Manner::Closed];
        let targets = ports.iter().enumerate().map(|(place, port)| Target {
            name: format!("t{place}"),
            card: deck.deal(place),
            manner: manners[place % 3],
            port: *port,
            streams: !random.percent(20),
            continues: random.pick::<&str>(&["prompt", "prompt", "assistant-prefix", "no"]),
            few: random.percent(10),
        });
        let targets: Vec<Target> = targets.collect();
        let mut order: Vec<usize> = (2..targets.len()).collect();
        let routes = ROUTES.map(|(name, count, rest)| {
            random.shuffle(&mut order);
            // Each has a place for what must not leave the house, or for what is sensitive.
            let mut targets = order[..count - 1].to_vec();
            targets.push(random.below(2));
            random.shuffle(&mut targets);
            Route {
                name: name.to_owned(),
                targets,
                floor: Label::new(if name == "plain" { "internal" } else { "public" }, &[]),
                holds_back: name == "kept",
                groups: name == "hedged",
                rest,
            }
        });
        let keys = KEYS.iter().enumerate().map(|(place, (class, tags, groups))| Key {
            name: format!("cle{place}"),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            floor: Label::new(class, tags),
            secret: String::new(),
        });
        let mut scene = Self {
            targets,
            routes: routes.to_vec(),
            keys: keys.collect(),
            rules: Vec::new(),
            banned: Out::default(),
            withdrawn: Out::default(),
            out: OUT[usize::try_from(round % 3).unwrap_or(0)],
        };
        scene.rule(random, 0);
        scene
    }

    /// Draws the organisation's rules and bans anew.
    fn rule(&mut self, random: &mut Random, time: usize) {
        self.rules = (0..random.below(3)).map(|number| rule(number, random)).collect();
        let out = draw_out(self.out[time], random);
        self.banned = out.map_or_else(Out::default, |(kind, name)| Out::of(kind, &name));
    }

    /// Another configuration of the same targets: some cards are new, and so are the rules.
    pub(crate) fn change(&mut self, random: &mut Random, deck: &mut Deck) {
        for _ in 0..4 {
            let place = 2 + random.below(self.targets.len() - 2);
            self.targets[place].card = deck.deal(place);
        }
        self.rule(random, 1);
    }

    /// The targets of a route that may see what is labelled so, for someone of these groups.
    pub(crate) fn permitted(
        &self,
        oracle: &Oracle,
        route: &Route,
        label: &Label,
        groups: &[String],
    ) -> BTreeSet<String> {
        let targets = route.targets.iter().map(|place| &self.targets[*place]);
        let permitted = targets.filter(|target| {
            oracle.permits(Case {
                name: &target.name,
                card: &target.card,
                label,
                groups,
                rules: &self.rules,
                out: [&self.banned, &self.withdrawn],
            })
        });
        permitted.map(|target| target.name.clone()).collect()
    }

    /// The configuration's file; the authority's certificate lies at `authority`.
    pub(crate) fn written(&self, authority: &Path) -> Result<String> {
        let mut root: Table = toml::from_str(BASE)?;
        let mut egress = Table::new();
        egress.insert("system_authorities".to_owned(), false.into());
        egress.insert(
            "ca_files".to_owned(),
            vec![authority.display().to_string()].into(),
        );
        root.insert("egress".to_owned(), egress.into());
        let upstreams: Result<Vec<Value>> = self.targets.iter().map(Target::written).collect();
        root.insert("upstream".to_owned(), Value::Array(upstreams?));
        let routes: Result<Vec<Value>> = self.routes.iter().map(Route::written).collect();
        root.insert("route".to_owned(), Value::Array(routes?));
        let Some(Value::Table(policy)) = root.get_mut("policy") else {
            anyhow::bail!("the beginning of the configuration has no policy");
        };
        self.banned.write(policy);
        let rules = self.rules.iter().map(|rule| rule.written().into()).collect();
        policy.insert("rule".to_owned(), Value::Array(rules));
        Ok(toml::to_string(&root)?)
    }
}

/// What every configuration begins with. A text is refused above 16 KiB, so that one can be drawn that is.
const BASE: &str = r#"
[server]
language = "en"
[server.limits]
body_bytes = 262144
[ask]
max_question_bytes = 16384
[policy]
[[policy.detector]]
name = "projets"
words = ["Grand Cèdre"]
label = "restricted+project"
"#;

fn rule(number: usize, random: &mut Random) -> Rule {
    let class = random.below(4);
    let deny = random.percent(50);
    let group = random
        .percent(if deny { 30 } else { 60 })
        .then(|| (*random.pick(&["etudes", "soins"])).to_owned());
    let all = group.is_some() && random.percent(60);
    Rule {
        name: format!("regle-{number}"),
        class,
        group,
        provider: (deny || !all).then(|| (*random.pick(&PROVIDERS)).to_owned()),
        asks: (!deny).then(|| *random.pick(&ASKS)),
    }
}

impl Target {
    fn written(&self) -> Result<Value> {
        let mut table: Table = toml::from_str(
            "kind = \"openai\"\nmodel = \"modele\"\n\
             timeouts = { connect_seconds = 1, first_byte_seconds = 1, idle_seconds = 1, total_seconds = 3 }",
        )?;
        let mut put = |key: &str, value: Value| table.insert(key.to_owned(), value);
        put("name", self.name.as_str().into());
        put(
            "url",
            format!("https://{}.{DOMAIN}:{}/v1", self.name, self.port).into(),
        );
        put("stream", self.streams.into());
        put("continues", self.continues.into());
        let breaker = if self.few {
            "failures = 3\nopen_seconds = 1\nlongest_seconds = 1"
        } else {
            "failures = 1000"
        };
        put("breaker", Value::Table(toml::from_str(breaker)?));
        if self.few {
            put(
                "limits",
                Value::Table(toml::from_str("concurrency = 2\nqueue = 4\nwait_seconds = 1")?),
            );
        }
        put("card", self.card.facts.clone().into());
        let attestations = self.card.attestations.iter().cloned().map(Value::Table);
        put("attestation", Value::Array(attestations.collect()));
        Ok(table.into())
    }
}

impl Route {
    fn written(&self) -> Result<Value> {
        let mut table: Table = toml::from_str(self.rest)?;
        let mut put = |key: &str, value: Value| table.insert(key.to_owned(), value);
        let names: Vec<String> = self.targets.iter().map(|place| format!("t{place}")).collect();
        if self.groups {
            let (first, second) = names.split_at(2);
            put("groups", vec![first.to_vec(), second.to_vec()].into());
        } else {
            put("targets", names.into());
        }
        put("name", self.name.as_str().into());
        put("grounded", false.into());
        put("label_floor", self.floor.written().into());
        Ok(table.into())
    }
}
