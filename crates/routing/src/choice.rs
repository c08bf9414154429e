//! In which order the targets of one group are tried.
//!
//! *By load.* Two are drawn by their weights, and the first is taken unless the second is clearly better: its measured time to
//! the first byte, times what already runs and waits there, is less than four fifths of the other's (power of two choices:
//! Mitzenmacher, IEEE TPDS 12(10), 2001). So weights hold among targets that are about as good, and a slow or busy one is
//! passed over. One draw in 32 is not compared, so that a target that was slow once is measured again.
//!
//! *By beginning.* Each target gets a number from its name and the beginning of the prompt, and the highest is first (weighted
//! rendezvous hashing: Thaler and Ravishankar, IEEE/ACM ToN 6(1), 1998; the weights as in Schindelhauer and Schomaker, SPAA
//! 2005). A target that comes or goes moves only its own share. One with far more to do than the others comes after them.

use crate::random::{self, Random, mix};
use crate::target::Target;

/// One draw in so many is not compared.
const UNCOMPARED: u64 = 32;
/// A target of so much more load than twice the others' mean is overloaded.
const SLACK: f64 = 4.0;

/// A target that can be chosen.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'a> {
    pub name: &'a str,
    /// A number for the name.
    pub key: u64,
    pub weight: u32,
    /// The mean time to its first byte, once there is one.
    pub latency: Option<f64>,
    /// The calls that run or wait there.
    pub load: usize,
}

impl<'a> Candidate<'a> {
    /// What is known of a target; one that was never called has nothing to do, and nobody knows how soon it answers.
    pub(crate) fn new(name: &'a str, weight: u32, known: Option<&Target>) -> Self {
        Self {
            name,
            key: known.map_or_else(|| random::of_name(name), |target| target.key),
            weight,
            latency: known.and_then(Target::latency),
            load: known.map_or(0, Target::load),
        }
    }
}

/// Appends the candidates to `ordered`, by latency and load.
pub(crate) fn by_load<'a>(mut left: Vec<Candidate<'a>>, random: &mut Random, ordered: &mut Vec<&'a str>) {
    while !left.is_empty() {
        let chosen = choose(&left, random);
        ordered.push(left.swap_remove(chosen).name);
    }
}

/// Appends the candidates to `ordered`, by what `prefix` says.
pub(crate) fn by_beginning<'a>(mut all: Vec<Candidate<'a>>, prefix: u64, ordered: &mut Vec<&'a str>) {
    all.sort_by(|a, b| score(b, prefix).total_cmp(&score(a, prefix)));
    let mean = mean_weight(&all);
    let total: f64 = all.iter().map(|candidate| pressure(candidate, mean)).sum();
    let others = others(all.len());
    // A stable sort: among those of one rank the order stays.
    all.sort_by_cached_key(|candidate| {
        let own = pressure(candidate, mean);
        let overloaded = own > SLACK + 2.0 * (total - own) / others;
        (candidate.weight == 0, overloaded)
    });
    ordered.extend(all.into_iter().map(|candidate| candidate.name));
}

fn choose(left: &[Candidate<'_>], random: &mut Random) -> usize {
    let first = draw(left, None, random);
    let second = draw(left, Some(first), random);
    if second == first || random.below(UNCOMPARED) == 0 || left[second].weight == 0 {
        return first;
    }
    let mean = mean_weight(left);
    let best = left.iter().filter_map(|candidate| candidate.latency);
    let best = best.min_by(f64::total_cmp).unwrap_or(1.0);
    let cost = |candidate: &Candidate<'_>| {
        // Of one that was never measured the best is thought, until it has its share of calls.
        candidate.latency.unwrap_or(best) * (1.0 + pressure(candidate, mean))
    };
    if cost(&left[second]) < 0.8 * cost(&left[first]) {
        second
    } else {
        first
    }
}

/// Draws one by its weight; any of them where none of those that are left has one.
fn draw(left: &[Candidate<'_>], without: Option<usize>, random: &mut Random) -> usize {
    let others = || (0..left.len()).filter(|at| Some(*at) != without);
    let total: u64 = others().map(|at| u64::from(left[at].weight)).sum();
    let weight = |at: usize| if total == 0 { 1 } else { u64::from(left[at].weight) };
    let mut drawn = random.below(others().map(weight).sum());
    for at in others() {
        match drawn.checked_sub(weight(at)) {
            Some(rest) => drawn = rest,
            None => return at,
        }
    }
    without.unwrap_or_default()
}

/// The load of a target for the weight that it has.
fn pressure(candidate: &Candidate<'_>, mean: f64) -> f64 {
    candidate.load as f64 * mean / f64::from(candidate.weight.max(1))
}

fn mean_weight(all: &[Candidate<'_>]) -> f64 {
    let total: f64 = all
        .iter()
        .map(|candidate| f64::from(candidate.weight.max(1)))
        .sum();
    total / all.len().max(1) as f64
}

fn others(all: usize) -> f64 {
    all.saturating_sub(1).max(1) as f64
}

/// Higher for the target that a prompt belongs to: -weight / ln(u), with u drawn from name and beginning.
fn score(candidate: &Candidate<'_>, prefix: u64) -> f64 {
    let bits = mix(candidate.key ^ mix(prefix)) >> 11;
    let drawn = (bits as f64 + 0.5) / (1_u64 << 53) as f64;
    -f64::from(candidate.weight) / drawn.ln()
}

#[cfg(test)]
mod tests;
