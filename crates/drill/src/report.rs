//! What a drill tells. It serialises to the JSON of `trousseau drill cut --json` and `POST /api/drills`.

use serde::Serialize;
use trousseau_core::label::Class;
use trousseau_plan::Plan;

use crate::cut::{Cut, Taken};
use crate::recovery::Recovery;

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What is cut off.
    pub cut: Vec<Taken>,
    /// What becomes of each route, in the order of the configuration.
    pub routes: Vec<RouteTold>,
    /// Whose requests go elsewhere or nowhere. Only what was asked counts, not what could be.
    pub affected: Affected,
    /// Whose requests go nowhere.
    pub without_answer: Affected,
    /// The groups among them.
    pub groups: Vec<GroupTold>,
}

impl Report {
    pub(crate) fn of(cut: &Cut, plan: &Plan) -> Self {
        Self {
            cut: cut.taken(plan),
            routes: Vec::new(),
            affected: Affected::default(),
            without_answer: Affected::default(),
            groups: Vec::new(),
        }
    }

    /// The routes that answer nothing more.
    pub fn died(&self) -> impl Iterator<Item = &str> {
        let died = self.routes.iter().filter(|told| told.verdict == Verdict::Dies);
        died.map(|told| told.route.as_str())
    }
}

/// What becomes of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Whatever it answers now it answers then.
    Lives,
    /// Some of what it answers now it answers no more.
    Partly,
    /// It answers nothing more.
    Dies,
    /// It answers nothing now either.
    Shut,
}

impl Verdict {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lives => "lives",
            Self::Partly => "partly",
            Self::Dies => "dies",
            Self::Shut => "shut",
        }
    }
}

/// One route.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteTold {
    /// Its name.
    pub route: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Whether that is told of what was asked; else of what could be.
    pub recorded: bool,
    /// How many requests were decided about.
    pub requests: u64,
    /// How many are answered now and no more with the cut.
    pub lost: u64,
    /// The same by class, the lowest first.
    pub classes: Vec<ClassTold>,
    /// Where the requests go that change their place.
    pub goes: Vec<Move>,
    /// How soon it answers again, where something of it is cut and something is left.
    pub recovery: Option<Recovery>,
}

/// One class of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassTold {
    /// The class.
    pub class: Class,
    /// How many requests.
    pub requests: u64,
    /// How many are answered now and no more with the cut.
    pub lost: u64,
    /// How many are answered by nothing now.
    pub refused_before: u64,
    /// The targets that may see some of them with the cut, in the route's order.
    pub targets: Vec<String>,
}

impl ClassTold {
    pub(crate) const fn of(class: Class) -> Self {
        Self {
            class,
            requests: 0,
            lost: 0,
            refused_before: 0,
            targets: Vec::new(),
        }
    }
}

/// Requests that change their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The first place that may see them now.
    pub from: String,
    /// The first one with the cut; none where there is none.
    pub to: Option<String>,
    /// How many.
    pub requests: u64,
    /// Their tokens, read and written, where somebody counted.
    pub tokens: u64,
}

/// How many are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// People with an account.
    pub users: usize,
    /// Keys.
    pub keys: usize,
    /// The operator, and accounts that are not there any more.
    pub others: usize,
    /// Groups that one of them is in.
    pub groups: usize,
}

/// What becomes of the requests of a group's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupTold {
    /// The group.
    pub group: String,
    /// How many requests.
    pub requests: u64,
    /// How many go elsewhere.
    pub moved: u64,
    /// How many go nowhere.
    pub lost: u64,
}
