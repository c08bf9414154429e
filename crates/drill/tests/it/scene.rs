//! A town with a place of its own, one in France and one in the United States.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;
use trousseau_drill::cut::Cut;
use trousseau_drill::recovery::Patience;
use trousseau_drill::report::Report;
use trousseau_drill::traffic::{Asked, Kind};
use trousseau_drill::{Scene, drill};
use trousseau_ledger::Durability;
use trousseau_plan::Plan;
use trousseau_plan::settings::{Hedge, Route, Settings, TargetLimits, Way};
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::date::Date;
use trousseau_policy::decide::Target;
use trousseau_policy::fact::Fact;
use trousseau_policy::rules::{LocalTime, Rules, Weekday};
use trousseau_withdrawals::What;

pub(crate) fn own(name: &str) -> Target {
    let card = Card {
        premises: Fact::Known(Premises::Own),
        provider: "Montclair".to_owned(),
        ..Card::default()
    };
    Target::new(name, card)
}

/// Somewhere, known to be in one country with everything.
pub(crate) fn in_country(name: &str, provider: &str, country: &str) -> Target {
    let here = country.parse().unwrap();
    let region = country.parse().unwrap();
    let card = Card {
        provider: provider.to_owned(),
        seat: Fact::Known(here),
        ultimate_parent: Fact::Known(here),
        inference_region: Fact::Known(region),
        storage_region: Fact::Known(region),
        us_law: Fact::Known(country == "US"),
        chinese_law: Fact::Known(false),
        processing_contract: Fact::Known(true),
        trains_on_data: Fact::Known(false),
        ..Card::default()
    };
    Target::new(name, card)
}

pub(crate) fn route(name: &str, targets: &[&str]) -> Route {
    Route {
        name: name.to_owned(),
        targets: targets.iter().map(|&target| target.to_owned()).collect(),
        way: Way::in_order(name, targets.iter().copied()),
        continues: true,
        hold_back: None,
        mask: None,
        grounded: false,
        collections: None,
        label_floor: Label::default(),
        passages: 5,
        durability: Durability::Request,
        cache: None,
    }
}

pub(crate) fn plan(targets: Vec<Target>, routes: Vec<Route>) -> Plan {
    let settings = Settings {
        routes,
        ..Settings::default()
    };
    Plan::new(settings, (targets, Rules::default()), Default::default()).unwrap()
}

/// Four routes: with a way out, without one, with one for what is public only, and one that nobody asks.
pub(crate) fn town() -> Plan {
    let targets = vec![
        in_country("boston", "Acme", "US"),
        in_country("lille", "Nuage", "FR"),
        own("cellar"),
        Target::new("stranger", Card::default()),
    ];
    let mut hedged = route("quick", &["boston", "lille"]);
    hedged.way.hedge = Some(Hedge::After(Duration::from_secs(2)));
    let routes = vec![
        route("office", &["boston", "lille", "cellar"]),
        route("abroad", &["boston"]),
        route("files", &["cellar", "stranger"]),
        hedged,
    ];
    plan(targets, routes)
}

pub(crate) fn asked(
    route: &str,
    class: Class,
    (who, kind, groups): (&str, Kind, &[&str]),
    requests: u64,
) -> Asked {
    Asked {
        route: route.to_owned(),
        label: Label::of(class),
        purpose: Purpose::Chat,
        read: Class::Public,
        collections: Vec::new(),
        tenant: "default".to_owned(),
        who: who.to_owned(),
        kind,
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        clearance: Class::Restricted,
        requests,
        tokens: requests * 100,
    }
}

pub(crate) fn patience(plan: &Plan) -> BTreeMap<String, Patience> {
    let remote = plan.targets.iter().filter(|target| target.name != "cellar");
    let patience = remote.map(|target| {
        let patience = Patience {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            health_check: (target.name == "boston").then_some(Duration::from_secs(30)),
            limits: TargetLimits::default(),
        };
        (target.name.clone(), patience)
    });
    patience.collect()
}

pub(crate) fn held(plan: &Plan, cut: Vec<What>, asked: &[Asked], groups: &[&str]) -> Report {
    let groups: BTreeSet<String> = groups.iter().map(|&group| group.to_owned()).collect();
    let patience = patience(plan);
    let scene = Scene {
        withdrawn: None,
        patience: &patience,
        time: LocalTime {
            day: Weekday::ALL[0],
            minute: 600,
        },
        today: "2026-12-01".parse::<Date>().unwrap(),
    };
    drill(plan, &Cut(cut), (asked, &groups), scene)
}

pub(crate) fn us() -> What {
    What::Country("US".parse().unwrap())
}
