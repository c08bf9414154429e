//! What becomes of routes and people when a provider, a country or an upstream is cut off.
//!
//! [`drill`] takes what was asked (`traffic`: routes, labels, groups, how often, and no content), decides about each of it
//! twice by the rules in force, as things are and with the cut, and tells what changed ([`report`]): which routes live, where
//! their requests go instead, and who is left without an answer. It calls nothing and changes nothing. How soon a route
//! answers again follows from the configuration ([`recovery`]).
//!
//! [`watch`] measures it instead while a cut is made in earnest: it reads the ledger's entries as they come and notes the first
//! answer from elsewhere.
//!
//! The decision is the policy's own: what is withdrawn is told to it in the same way as by a service.

pub mod cut;
pub mod recovery;
pub mod report;
pub mod traffic;
pub mod watch;

use std::collections::{BTreeMap, BTreeSet};

use trousseau_core::digest::Digest;
use trousseau_core::permit::Permit;
use trousseau_plan::Plan;
use trousseau_plan::settings::Route;
use trousseau_policy::date::Date;
use trousseau_policy::decide::{About, Request, decide};
use trousseau_policy::rules::LocalTime;
use trousseau_policy::withdrawn::Withdrawn;

use cut::{Cut, merged};
use recovery::Patience;
use report::{Affected, ClassTold, GroupTold, Move, Report, RouteTold, Verdict};
use traffic::{Asked, Kind};

/// What a drill is held in.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What is withdrawn already.
    pub withdrawn: Option<&'a Withdrawn>,
    /// How long each upstream is waited for, by its name.
    pub patience: &'a BTreeMap<String, Patience>,
    /// The time of the week where the organisation is.
    pub time: LocalTime,
    /// The day, against which attestations are held.
    pub today: Date,
}

/// Decides about everything that was asked as things are and with the cut. A route that nobody asked is tried with what could be
/// asked ([`traffic::assumed`]); `groups` are those that are known.
pub fn drill(
    plan: &Plan,
    cut: &Cut,
    (asked, groups): (&[Asked], &BTreeSet<String>),
    scene: Scene<'_>,
) -> Report {
    let with_cut = merged(scene.withdrawn, &cut.withdrawn());
    let mut report = Report::of(cut, plan);
    let mut affected = Counted::default();
    let mut lost = Counted::default();
    let mut by_group = BTreeMap::<&str, (u64, u64, u64)>::new();
    let tries: Vec<(&Route, bool, Vec<Asked>)> = plan
        .settings
        .routes
        .iter()
        .map(|route| {
            let own: Vec<Asked> = asked
                .iter()
                .filter(|asked| asked.route == route.name)
                .cloned()
                .collect();
            match own.is_empty() {
                true => (route, false, traffic::assumed(plan, route, groups)),
                false => (route, true, own),
            }
        })
        .collect();
    for (route, recorded, tried) in &tries {
        let mut told = RouteSum::default();
        for asked in tried {
            let before = permitted(plan, route, asked, (scene.withdrawn, scene));
            let after = permitted(plan, route, asked, (Some(&with_cut), scene));
            let change = told.take(asked, &before, &after);
            if *recorded && change != Change::None {
                affected.add(asked);
            }
            if *recorded && change == Change::Lost {
                lost.add(asked);
            }
            for group in asked.groups.iter().filter(|_| *recorded) {
                let sum = by_group.entry(group).or_default();
                sum.0 += asked.requests;
                sum.1 += asked.requests * u64::from(change == Change::Moved);
                sum.2 += asked.requests * u64::from(change == Change::Lost);
            }
        }
        report.routes.push(told.told(route, *recorded, scene.patience));
    }
    report.affected = affected.told();
    report.without_answer = lost.told();
    report.groups = by_group
        .into_iter()
        .filter(|(_, (_, moved, lost))| moved + lost > 0)
        .map(|(group, (requests, moved, lost))| GroupTold {
            group: group.to_owned(),
            requests,
            moved,
            lost,
        })
        .collect();
    report
}

/// The targets that may see it, in the route's order.
fn permitted(
    plan: &Plan,
    route: &Route,
    asked: &Asked,
    (withdrawn, scene): (Option<&Withdrawn>, Scene<'_>),
) -> Vec<String> {
    let groups: Vec<&str> = asked.groups.iter().map(String::as_str).collect();
    let collections: Vec<&str> = asked.collections.iter().map(String::as_str).collect();
    let request = Request {
        label: &asked.label,
        purpose: asked.purpose,
        // Nothing is sent: the permits are counted and dropped.
        content: Digest::of_fields([b"drill".as_slice()]),
        read: asked.read,
        clearance: asked.clearance,
        about: About {
            tenant: &asked.tenant,
            groups: &groups,
            collections: &collections,
            time: scene.time,
            withdrawn,
        },
    };
    let decision = decide(&request, plan.targets_of(route), &plan.rules, scene.today);
    let permits = decision.permitted.iter();
    permits.map(Permit::target).map(str::to_owned).collect()
}

/// What the cut does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Nothing, or nothing that was not so before.
    None,
    /// It goes elsewhere.
    Moved,
    /// Nothing may answer it any more.
    Lost,
}

/// Who is concerned.
#[derive(Default)]
struct Counted<'a> {
    who: BTreeSet<(Kind, &'a str)>,
    groups: BTreeSet<&'a str>,
}

impl<'a> Counted<'a> {
    fn add(&mut self, asked: &'a Asked) {
        self.who.insert((asked.kind, &asked.who));
        self.groups.extend(asked.groups.iter().map(String::as_str));
    }

    fn told(&self) -> Affected {
        let of = |wanted: Kind| self.who.iter().filter(|(kind, _)| *kind == wanted).count();
        Affected {
            users: of(Kind::User),
            keys: of(Kind::Key),
            others: of(Kind::Other),
            groups: self.groups.len(),
        }
    }
}

/// What becomes of one route.
#[derive(Default)]
struct RouteSum {
    requests: u64,
    answered_before: u64,
    lost: u64,
    classes: BTreeMap<trousseau_core::label::Class, ClassTold>,
    goes: BTreeMap<(String, Option<String>), (u64, u64)>,
    /// The targets that were the first choice and are cut, and how many cut ones are asked before the next that may.
    before_next: BTreeSet<Vec<String>>,
}

impl RouteSum {
    fn take(&mut self, asked: &Asked, before: &[String], after: &[String]) -> Change {
        self.requests += asked.requests;
        let class = self
            .classes
            .entry(asked.label.class)
            .or_insert_with(|| ClassTold::of(asked.label.class));
        class.requests += asked.requests;
        for target in after {
            if !class.targets.contains(target) {
                class.targets.push(target.clone());
            }
        }
        let Some(first) = before.first() else {
            class.refused_before += asked.requests;
            return Change::None;
        };
        self.answered_before += asked.requests;
        if after.is_empty() {
            class.lost += asked.requests;
            self.lost += asked.requests;
        } else {
            let gone = before.iter().take_while(|target| !after.contains(target));
            let gone: Vec<String> = gone.cloned().collect();
            if !gone.is_empty() {
                self.before_next.insert(gone);
            }
        }
        let next = after.first();
        if next == Some(first) {
            return Change::None;
        }
        let sum = self.goes.entry((first.clone(), next.cloned())).or_default();
        sum.0 += asked.requests;
        sum.1 += asked.tokens;
        if next.is_some() {
            Change::Moved
        } else {
            Change::Lost
        }
    }

    fn told(self, route: &Route, recorded: bool, patience: &BTreeMap<String, Patience>) -> RouteTold {
        let verdict = match (self.answered_before, self.lost) {
            (0, _) => Verdict::Shut,
            (_, 0) => Verdict::Lives,
            (before, lost) if before == lost => Verdict::Dies,
            _ => Verdict::Partly,
        };
        let goes = self.goes.into_iter();
        RouteTold {
            route: route.name.clone(),
            verdict,
            recorded,
            requests: self.requests,
            lost: self.lost,
            classes: self.classes.into_values().collect(),
            goes: goes
                .map(|((from, to), (requests, tokens))| Move {
                    from,
                    to,
                    requests,
                    tokens,
                })
                .collect(),
            recovery: recovery::of(route, &self.before_next, patience),
        }
    }
}
