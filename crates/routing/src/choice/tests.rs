use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::random::{Source, of_name};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn group(weights: &[u32]) -> Vec<Candidate<'static>> {
    NAMES
        .into_iter()
        .zip(weights)
        .map(|(name, weight)| Candidate {
            name,
            key: of_name(name),
            weight: *weight,
            latency: None,
            load: 0,
        })
        .collect()
}

/// How often each is first, of `times`.
fn firsts(times: usize, mut order: impl FnMut(u64) -> Vec<&'static str>) -> HashMap<&'static str, usize> {
    let mut firsts = HashMap::new();
    for time in 0..times {
        *firsts.entry(order(time as u64)[0]).or_default() += 1;
    }
    firsts
}

fn by_load_of(all: &[Candidate<'static>], random: &mut Random) -> Vec<&'static str> {
    let mut ordered = Vec::new();
    by_load(all.to_vec(), random, &mut ordered);
    ordered
}

fn by_beginning_of(all: &[Candidate<'static>], prefix: u64) -> Vec<&'static str> {
    let mut ordered = Vec::new();
    by_beginning(all.to_vec(), prefix, &mut ordered);
    ordered
}

#[test]
fn equal_weights_are_spread_evenly_and_others_as_they_say() {
    for weights in [&[1, 1][..], &[5, 5, 5, 5], &[3, 1], &[4, 2, 1, 1]] {
        let (all, mut random) = (group(weights), Source::new(7).draw());
        let firsts = firsts(8_000, |_| by_load_of(&all, &mut random));
        let total: u32 = weights.iter().sum();
        for candidate in &all {
            let share = firsts[candidate.name] as f64 / 8_000.0;
            let meant = f64::from(candidate.weight) / f64::from(total);
            assert!(
                (share - meant).abs() < 0.02,
                "{weights:?}: {} has {share}",
                candidate.name
            );
        }
    }
}

#[test]
fn a_slow_target_is_passed_over_and_measured_again() {
    let (mut all, mut random) = (group(&[1, 1]), Source::new(7).draw());
    (all[0].latency, all[1].latency) = (Some(900.0), Some(300.0));
    let slow = firsts(8_000, |_| by_load_of(&all, &mut random))["a"];
    // Half of the draws that are not compared.
    assert!((60..190).contains(&slow), "{slow}");
}

#[test]
fn a_busy_target_is_passed_over_for_its_weight() {
    let (mut all, mut random) = (group(&[3, 1]), Source::new(7).draw());
    (all[0].load, all[1].load) = (12, 4);
    let share = firsts(8_000, |_| by_load_of(&all, &mut random))["a"] as f64 / 8_000.0;
    assert!((share - 0.75).abs() < 0.02, "as busy for its weight: {share}");
    all[0].load = 24;
    let share = firsts(8_000, |_| by_load_of(&all, &mut random))["a"] as f64 / 8_000.0;
    assert!(share < 0.05, "twice as busy for its weight: {share}");
}

#[test]
fn a_target_without_weight_is_last() {
    let (mut all, mut random) = (group(&[0, 2, 0, 1]), Source::new(7).draw());
    (all[1].latency, all[3].load) = (Some(9e9), 80);
    for prefix in 0..200 {
        for ordered in [by_load_of(&all, &mut random), by_beginning_of(&all, prefix)] {
            let first: Vec<_> = ordered[..2].to_vec();
            assert!(first.contains(&"b") && first.contains(&"d"), "{ordered:?}");
        }
    }
}

#[test]
fn beginnings_are_spread_by_weight() {
    let all = group(&[1, 1, 2]);
    let firsts = firsts(8_000, |prefix| by_beginning_of(&all, prefix));
    for (name, meant) in [("a", 0.25), ("b", 0.25), ("c", 0.5)] {
        let share = firsts[name] as f64 / 8_000.0;
        assert!((share - meant).abs() < 0.02, "{name} has {share}");
    }
}

#[test]
fn an_overloaded_target_comes_after_the_others() {
    let mut all = group(&[1, 1, 1]);
    let prefix = (0..)
        .find(|prefix| by_beginning_of(&all, *prefix)[0] == "b")
        .unwrap();
    all[1].load = 4;
    assert_eq!(by_beginning_of(&all, prefix)[0], "b");
    all[1].load = 40;
    assert_eq!(by_beginning_of(&all, prefix)[2], "b");
    (all[0].load, all[2].load) = (30, 30);
    assert_eq!(by_beginning_of(&all, prefix)[0], "b");
}

proptest! {
    #[test]
    fn both_ways_give_a_permutation(
        weights in proptest::collection::vec(0_u32..5, 1..6),
        loads in proptest::collection::vec(0_usize..100, 6),
        latencies in proptest::collection::vec(proptest::option::of(1.0_f64..1e7), 6),
        seed: u64,
    ) {
        let mut all = group(&weights);
        for ((candidate, load), latency) in all.iter_mut().zip(loads).zip(latencies) {
            (candidate.load, candidate.latency) = (load, latency);
        }
        let names: Vec<_> = all.iter().map(|candidate| candidate.name).collect();
        for mut ordered in [by_load_of(&all, &mut Source::new(seed).draw()), by_beginning_of(&all, seed)] {
            ordered.sort_unstable();
            prop_assert_eq!(&ordered, &names);
        }
    }

    /// The order of the others is what it was: only what the removed one had goes elsewhere.
    #[test]
    fn a_removed_target_moves_only_its_own_share(
        weights in proptest::collection::vec(1_u32..5, 2..6),
        removed in 0_usize..6,
        prefix: u64,
    ) {
        let mut all = group(&weights);
        let mut before = by_beginning_of(&all, prefix);
        let gone = all.remove(removed % all.len()).name;
        before.retain(|name| *name != gone);
        prop_assert_eq!(by_beginning_of(&all, prefix), before);
    }
}
