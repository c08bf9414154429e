//! What must hold after a round: of bytes at targets, of what clients saw, of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use crate::ending::Ending;
use crate::entries::{Entries, of_requests};
use crate::histogram::Histogram;
use crate::names::{Asked, DOMAIN, Manner};
use crate::oracle::{Label, Oracle};
use crate::scene::Scene;
use crate::script::{Fault, OF_ANSWERS, Script};
use crate::wanted::Wanted;
use crate::world::Seen;

/// In which circumstances requests were made.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) scene: Scene,
    /// The service was killed meanwhile.
    pub(crate) killed: bool,
    /// The disk of the ledger was full.
    pub(crate) full: bool,
}

/// A request that was made.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) wanted: Wanted,
    /// Place among the round's states.
    pub(crate) state: usize,
    pub(crate) ending: Ending,
}

/// Everything there is to judge a round by.
pub(crate) struct Evidence<'a> {
    pub(crate) seed: u64,
    pub(crate) oracle: &'a Oracle,
    pub(crate) states: &'a [State],
    pub(crate) done: &'a [Done],
    /// What reached each target, in the order of the scene's.
    pub(crate) seen: &'a [Seen],
    pub(crate) looked_up: &'a [Asked],
    pub(crate) ledger: &'a Entries,
}

/// What a refusal by the policy is called: by its code, and in the form that has none.
const DENIED: [&str; 2] = ["policy-denied", "permission_error"];

/// What the oracle and the ledger say of one request.
pub(crate) struct Judged<'a> {
    pub(crate) done: &'a Done,
    pub(crate) scene: &'a Scene,
    pub(crate) permitted: BTreeSet<String>,
    pub(crate) entry: Option<u64>,
    /// The request's own circumstances let it end in any way.
    pub(crate) uncertain: bool,
}

impl Evidence<'_> {
    /// Everything that is wrong, each a sentence; what happened is counted in `histogram`.
    pub(crate) fn judge(&self, histogram: &mut Histogram) -> Vec<String> {
        let mut faults = Vec::new();
        let judged: Vec<Judged<'_>> = self.done.iter().map(|done| self.about(done)).collect();
        self.reached(&judged, &mut faults);
        let mut counted = BTreeSet::new();
        for judged in &judged {
            let found = self.request(judged);
            faults.extend(found.into_iter().map(|fault| self.told(judged, &fault)));
            // A request that is made again meets what the first one met.
            let again = !counted.insert(&judged.done.wanted.nonce);
            self.count(judged, again, histogram);
        }
        let known: BTreeSet<u64> = judged.iter().filter_map(|judged| judged.entry).collect();
        for (index, decision) in &self.ledger.decisions {
            if decision.continues.is_none() && !known.contains(index) {
                faults.push(format!("decision {index} is about no request that was made"));
            }
            let ends = decision.continues.unwrap_or(*index);
            if !self.ledger.outcomes.contains_key(&ends) {
                faults.push(format!("decision {index} has no outcome"));
            }
        }
        faults
    }

    fn about<'a>(&'a self, done: &'a Done) -> Judged<'a> {
        let state = &self.states[done.state];
        let entry = match done.wanted.tagged {
            true => self
                .ledger
                .by_tags
                .get(&of_requests(&done.wanted.label.tags))
                .copied(),
            false => done.ending.entry(),
        };
        let uncertain = match &done.ending {
            Ending::HungUp => true,
            Ending::Cut { .. } => state.killed,
            Ending::Told { .. } => state.full || state.killed,
            Ending::Clean { .. } => false,
        };
        Judged {
            done,
            scene: &state.scene,
            permitted: self.permitted(done, &done.wanted.label),
            entry,
            uncertain,
        }
    }

    pub(crate) fn permitted(&self, done: &Done, label: &Label) -> BTreeSet<String> {
        let scene = &self.states[done.state].scene;
        let wanted = &done.wanted;
        if wanted.unreadable.is_some() {
            return BTreeSet::new();
        }
        scene.permitted(
            self.oracle,
            &scene.routes[wanted.route],
            label,
            &scene.keys[wanted.key].groups,
        )
    }

    /// Bytes, names and connections, held against what was permitted at all and for each request.
    fn reached(&self, judged: &[Judged<'_>], faults: &mut Vec<String>) {
        let personal = Label::new("personal", &[]);
        let mut may: BTreeMap<(&str, bool), BTreeSet<String>> = BTreeMap::new();
        let mut ever: BTreeSet<&String> = BTreeSet::new();
        for judged in judged.iter().filter(|judged| judged.entry.is_some()) {
            let nonce = judged.done.wanted.nonce.as_str();
            ever.extend(&judged.permitted);
            may.entry((nonce, false))
                .or_default()
                .extend(judged.permitted.clone());
            // With words of an answer in it that are personal, it is at least that.
            let mut label = judged.done.wanted.label.clone();
            label.join(&personal);
            let permitted = self.permitted(judged.done, &label);
            may.entry((nonce, true)).or_default().extend(permitted);
        }
        let targets = self.states[0].scene.targets.iter().zip(self.seen);
        for (target, seen) in targets {
            let name = format!("{}.{DOMAIN}", target.name);
            for (nonces, _, of_answers) in &seen.requests {
                let permitted = match nonces.as_slice() {
                    [nonce] => may.get(&(nonce.as_str(), *of_answers)),
                    _ => None,
                };
                if !permitted.is_some_and(|permitted| permitted.contains(&target.name)) {
                    faults.push(format!("{} had {nonces:?}, which it may not see", target.name));
                }
            }
            if let Some(other) = seen.greeted.iter().find(|greeted| **greeted != name) {
                faults.push(format!("{name} was greeted as {other}"));
            }
            let asked = self.looked_up.iter().filter(|asked| asked.name == name).count();
            if !ever.contains(&target.name) && (seen.accepted, asked) != (0, 0) {
                faults.push(format!(
                    "{} may see nothing, and there were {asked} questions for its name and {} connections: {}",
                    target.name,
                    seen.accepted,
                    target.card.told()
                ));
            }
        }
        let known: BTreeSet<String> = self.states[0]
            .scene
            .targets
            .iter()
            .map(|target| format!("{}.{DOMAIN}", target.name))
            .collect();
        if let Some(other) = self.looked_up.iter().find(|asked| !known.contains(&asked.name)) {
            faults.push(format!(
                "a name was asked for that is no target's: {}",
                other.name
            ));
        }
    }

    /// What is wrong with one request.
    fn request(&self, judged: &Judged<'_>) -> Vec<String> {
        let mut faults = Vec::new();
        let Judged { done, permitted, .. } = judged;
        if let Some(why) = done.wanted.unreadable {
            if judged.entry.is_some() {
                faults.push(format!("it was decided about though no detector reads it: {why}"));
            }
            if !matches!(
                &done.ending,
                Ending::Told {
                    status: 400..=499,
                    ..
                }
            ) && !judged.uncertain
            {
                faults.push(format!("it was not refused: {why}"));
            }
            return faults;
        }
        match (&done.ending, permitted.is_empty()) {
            (Ending::Told { status, code, .. }, true)
                if !judged.uncertain && (*status, code.as_str()) != (403, DENIED[0]) && code != DENIED[1] =>
            {
                faults.push(format!("it was refused with {status} {code}, not by the policy"));
            }
            (
                Ending::Told {
                    status: 403, code, ..
                },
                false,
            ) => {
                faults.push(format!("it was refused ({code}), and may go to {permitted:?}"));
            }
            (Ending::Clean { .. }, true) => faults.push("it was answered, and may go nowhere".to_owned()),
            (Ending::Cut { .. }, _) if !judged.uncertain => {
                faults.push("its answer ended neither clean nor with an error".to_owned());
            }
            _ => {}
        }
        let holds_back = judged.scene.routes[done.wanted.route].holds_back;
        let (Ending::Clean { text, .. } | Ending::Told { text, .. } | Ending::Cut { text }) = &done.ending
        else {
            return self.ledger_of(judged, faults);
        };
        if holds_back && text.contains(&OF_ANSWERS[..4]) {
            faults.push("what is held back was let out".to_owned());
        }
        self.ledger_of(judged, faults)
    }

    /// The targets that had a request, each with what it did then.
    pub(crate) fn had<'a>(&'a self, nonce: &'a str) -> impl Iterator<Item = (&'a str, Script)> {
        let targets = self.states[0].scene.targets.iter().zip(self.seen);
        targets.flat_map(move |(target, seen)| {
            let of_it = seen
                .requests
                .iter()
                .filter(move |(nonces, ..)| nonces.iter().any(|one| one == nonce));
            let name = target.name.as_str();
            of_it.map(move |(_, nth, _)| (name, Script::of(self.seed, name, nonce, *nth)))
        })
    }

    fn count(&self, judged: &Judged<'_>, again: bool, histogram: &mut Histogram) {
        let Judged { done, permitted, .. } = judged;
        let state = &self.states[done.state];
        let mut met = BTreeSet::new();
        let mut lost: BTreeMap<&str, usize> = BTreeMap::new();
        if !again {
            for (target, script) in self.had(&done.wanted.nonce) {
                met.extend(Histogram::name(script.fault));
                if matches!(
                    script.fault,
                    Fault::Crash | Fault::ServerError | Fault::Cut | Fault::Stall
                ) {
                    *lost.entry(target).or_default() += 1;
                }
            }
        }
        // Tries of a target that was not reached: more of them than there are requests there that failed like that.
        let outcome = judged.entry.and_then(|index| self.ledger.outcomes.get(&index));
        let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
        for attempt in outcome.into_iter().flat_map(|outcome| &outcome.attempts) {
            if attempt.error == "model-unavailable" {
                *tried.entry(&attempt.target).or_default() += 1;
            }
        }
        for (name, times) in tried {
            let target = state.scene.targets.iter().find(|target| target.name == name);
            let beyond = times > lost.get(name).copied().unwrap_or(0);
            met.extend(target.filter(|_| beyond).and_then(|target| match target.manner {
                Manner::Found => None,
                Manner::Lost => Some("DNS failure"),
                Manner::Closed => Some("refuse"),
            }));
        }
        if done.wanted.unreadable.is_some() {
            met.insert("detector error");
        }
        if state.full && matches!(&done.ending, Ending::Told { status: 500.., .. }) {
            met.insert("ledger disk full");
        }
        histogram.add(&met, &done.ending, permitted.is_empty());
    }

    fn told(&self, judged: &Judged<'_>, fault: &str) -> String {
        let Done {
            wanted,
            ending,
            state,
        } = judged.done;
        let entry = judged
            .entry
            .map_or_else(|| "none".to_owned(), |entry| entry.to_string());
        let scene = judged.scene;
        let outcome = judged.entry.and_then(|index| self.ledger.outcomes.get(&index));
        let said: Vec<_> = self.had(&wanted.nonce).collect();
        format!(
            "{fault}\n  request {} in state {state} ({:?}, streams: {}), key {}, route {}, label {}, entry {entry}\n  body: {}\n  \
             came: {ending:?}\n  outcome: {outcome:?}\n  targets: {said:?}\n  \
             rules: {:?}, banned: {:?}, withdrawn: {:?}",
            wanted.nonce,
            wanted.form,
            wanted.streams,
            scene.keys[wanted.key].name,
            scene.routes[wanted.route].name,
            wanted.label.written(),
            String::from_utf8_lossy(&wanted.body)
                .chars()
                .take(600)
                .collect::<String>(),
            scene.rules,
            scene.banned,
            scene.withdrawn,
        )
    }
}
