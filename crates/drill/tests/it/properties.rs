//! What holds whatever the cards, the traffic and the cut.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trousseau_core::label::Class;
use trousseau_drill::report::{Report, Verdict};
use trousseau_drill::traffic::{Asked, Kind};
use trousseau_plan::Plan;
use trousseau_policy::card::Card;
use trousseau_policy::decide::Target;
use trousseau_withdrawals::What;

use crate::scene::{asked, held, in_country, own, plan, route};

const NAMES: [&str; 5] = ["u0", "u1", "u2", "u3", "u4"];

fn targets() -> impl Strategy<Value = Vec<Target>> {
    let kinds = prop::collection::vec(0_usize..5, NAMES.len());
    kinds.prop_map(|kinds| {
        let named = NAMES.into_iter().zip(kinds);
        let made = named.map(|(name, kind)| match kind {
            0 => own(name),
            1 => in_country(name, "A", "FR"),
            2 => in_country(name, "B", "US"),
            3 => in_country(name, "B", "DE"),
            _ => Target::new(name, Card::default()),
        });
        made.collect()
    })
}

/// The targets, and those of each route.
type Places = (Vec<Target>, Vec<Vec<&'static str>>);

fn places() -> impl Strategy<Value = Places> {
    let routes = prop::collection::vec(prop::sample::subsequence(NAMES.to_vec(), 1..=4), 1..4);
    (targets(), routes)
}

fn of((targets, routes): &Places) -> Plan {
    let routes = routes.iter().enumerate();
    let routes = routes.map(|(at, targets)| route(&format!("r{at}"), targets));
    plan(targets.clone(), routes.collect())
}

fn cuts() -> impl Strategy<Value = Vec<What>> {
    let all = vec![
        What::Country("US".parse().unwrap()),
        What::Country("FR".parse().unwrap()),
        What::Provider("A".to_owned()),
        What::Provider("B".to_owned()),
        What::Upstream("u0".to_owned()),
        What::Upstream("u1".to_owned()),
    ];
    prop::sample::subsequence(all, 0..=4)
}

fn traffics() -> impl Strategy<Value = Vec<Asked>> {
    let one = (0_usize..3, prop::sample::select(Class::ALL.to_vec()), 1_u64..50);
    let one = one.prop_map(|(at, class, requests)| {
        asked(
            &format!("r{at}"),
            class,
            ("anne", Kind::User, &["mairie"]),
            requests,
        )
    });
    prop::collection::vec(one, 0..6)
}

fn living(report: &Report, verdicts: &[Verdict]) -> BTreeSet<String> {
    let living = report
        .routes
        .iter()
        .filter(|told| verdicts.contains(&told.verdict));
    living.map(|told| told.route.clone()).collect()
}

proptest! {
    #[test]
    fn what_lives_under_a_larger_cut_lives_under_a_smaller_one(
        places in places(), small in cuts(), more in cuts(), asked in traffics(),
    ) {
        let plan = of(&places);
        let large = small.iter().chain(&more).cloned().collect();
        let small = held(&plan, small, &asked, &["mairie"]);
        let large = held(&plan, large, &asked, &["mairie"]);
        for verdicts in [[Verdict::Lives].as_slice(), &[Verdict::Lives, Verdict::Partly]] {
            prop_assert!(living(&large, verdicts).is_subset(&living(&small, verdicts)));
        }
        for (small, large) in small.routes.iter().zip(&large.routes) {
            prop_assert!(small.lost <= large.lost);
            prop_assert_eq!(small.requests, large.requests);
            prop_assert_eq!(small.verdict == Verdict::Shut, large.verdict == Verdict::Shut);
        }
    }

    #[test]
    fn nothing_goes_to_what_is_cut_and_nothing_is_counted_twice(
        places in places(), cut in cuts(), asked in traffics(),
    ) {
        let report = held(&of(&places), cut, &asked, &[]);
        let out: BTreeSet<&String> = report.cut.iter().flat_map(|taken| &taken.upstreams).collect();
        for told in &report.routes {
            for step in &told.goes {
                prop_assert!(out.contains(&step.from));
                prop_assert!(step.to.as_ref().is_none_or(|to| !out.contains(to)));
            }
            let classes = told.classes.iter();
            let sum = |of: fn(&trousseau_drill::report::ClassTold) -> u64| classes.clone().map(of).sum::<u64>();
            prop_assert_eq!(sum(|class| class.requests), told.requests);
            prop_assert_eq!(sum(|class| class.lost), told.lost);
            let nowhere = told.goes.iter().filter(|step| step.to.is_none());
            prop_assert_eq!(nowhere.map(|step| step.requests).sum::<u64>(), told.lost);
            for class in &told.classes {
                prop_assert!(class.targets.iter().all(|target| !out.contains(target)));
            }
        }
    }

    #[test]
    fn no_cut_changes_nothing(places in places(), asked in traffics()) {
        let report = held(&of(&places), Vec::new(), &asked, &["mairie"]);
        for told in report.routes {
            prop_assert!(told.lost == 0 && told.goes.is_empty());
            prop_assert!(matches!(told.verdict, Verdict::Lives | Verdict::Shut));
        }
    }
}
