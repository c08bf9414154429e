//! Fits the weights of the confidence, and measures them on documents they were not fitted on.
//!
//! The loss is the logistic one, every set and case weighing the same, and a penalty for each bar that is
//! missed at a confidence of one half: one threshold has to serve all sets. The shares that are compared with the
//! bars are softened so that they have a slope.

use trousseau_extractive::confidence::{COUNT, NAMES, Support};

use crate::abstention::{Asked, Trial};

/// What is aimed at: set, case, share to answer or to decline, how much missing it weighs. Somewhat above the bars;
/// for CNIL, whose entries repeat each other, nothing with the document removed.
const AIMS: [(&str, Case, f64, f64); 11] = [
    ("piaf", Case::Present, 0.84, 1.0),
    ("piaf", Case::Removed, 0.58, 1.0),
    ("piaf", Case::Foreign, 0.97, 1.5),
    ("service-public", Case::Present, 0.84, 1.0),
    ("service-public", Case::Removed, 0.60, 1.0),
    ("service-public", Case::Foreign, 0.97, 1.0),
    ("cnil", Case::Present, 0.82, 0.6),
    ("cnil", Case::Foreign, 0.95, 0.4),
    ("xquad-en", Case::Present, 0.83, 0.4),
    ("xquad-en", Case::Removed, 0.60, 0.4),
    ("xquad-en", Case::Foreign, 0.97, 0.4),
];

/// How much a missed aim weighs beside the logistic loss.
const PENALTY: f64 = 30.0;

/// The width of the softened threshold, in logits.
const SOFTNESS: f64 = 0.4;

/// The pull of the standardised weights towards nothing.
const RIDGE: f64 = 2e-3;

const STEPS: usize = 3_000;

/// Weights of the features, then the constant.
type Weights = [f64; COUNT + 1];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Present,
    Removed,
    Foreign,
}

/// The questions of one set and case that are fitted on.
struct Group {
    case: Case,
    /// Features and a 1 for the constant; a question without support has none and is always declined.
    rows: Vec<Weights>,
    asked: f64,
    /// Its weight in the logistic loss.
    weight: f64,
    aim: Option<(f64, f64)>,
}

/// Prints the weights of each half and of all, and what those of one half reach on the other.
pub(crate) fn print(trials: &[Trial]) {
    println!("\nWEIGHTS {NAMES:?}, constant");
    let halves = [0, 1].map(|half| fit(trials, Some(half)));
    for (name, weights) in [
        ("half 0", halves[0]),
        ("half 1", halves[1]),
        ("all", fit(trials, None)),
    ] {
        let rounded: Vec<String> = weights.iter().map(|weight| format!("{weight:.2}")).collect();
        println!("{name:<7} {}", rounded.join(", "));
    }
    println!("\nAt a confidence of one half, each document by the weights fitted on the other half\n");
    for trial in trials {
        print!(
            "{:<15} answered {:.1}%  removed {:.1}% ",
            trial.name,
            100.0 * answered(&halves, trial.present.iter()),
            100.0 - 100.0 * answered(&halves, trial.removed.iter())
        );
        for (name, asked) in &trial.foreign {
            print!(" {name} {:.1}%", 100.0 - 100.0 * answered(&halves, asked.iter()));
        }
        let all = trial.foreign.iter().flat_map(|(_, asked)| asked);
        println!(" all {:.1}%", 100.0 - 100.0 * answered(&halves, all));
    }
}

/// The share that is answered, each question by the weights of the half that its document is not in.
fn answered<'a>(halves: &[Weights; 2], asked: impl Iterator<Item = &'a Asked>) -> f64 {
    let answers: Vec<bool> = asked
        .map(|asked| {
            let row = asked.support.as_ref().map(row);
            row.is_some_and(|row| product(&halves[1 - asked.half], &row) >= 0.0)
        })
        .collect();
    answers.iter().filter(|answered| **answered).count() as f64 / answers.len().max(1) as f64
}

fn row(support: &Support) -> Weights {
    let mut row = [1.0; COUNT + 1];
    for (to, from) in row.iter_mut().zip(support.0) {
        *to = f64::from(from);
    }
    row
}

fn product(weights: &Weights, row: &Weights) -> f64 {
    weights
        .iter()
        .zip(row)
        .map(|(weight, value)| weight * value)
        .sum()
}

/// The weights fitted on the documents of one half, or on all.
fn fit(trials: &[Trial], half: Option<usize>) -> Weights {
    let mut groups: Vec<Group> = trials.iter().flat_map(|trial| of_trial(trial, half)).collect();
    let scales = standardise(&mut groups);
    let mut weights = [0.0; COUNT + 1];
    let (mut mean, mut square) = ([0.0; COUNT + 1], [0.0; COUNT + 1]);
    // Adam (Kingma and Ba 2015), with a step that shrinks to nothing.
    for step in 1..=STEPS {
        let slope = slope(&groups, &weights);
        let rate = 0.05 * (1.0 - step as f64 / (STEPS + 1) as f64);
        for place in 0..=COUNT {
            mean[place] = 0.9 * mean[place] + 0.1 * slope[place];
            square[place] = 0.999 * square[place] + 0.001 * slope[place] * slope[place];
            let unbiased = mean[place] / (1.0 - 0.9_f64.powf(step as f64));
            let spread = (square[place] / (1.0 - 0.999_f64.powf(step as f64))).sqrt();
            weights[place] -= rate * unbiased / (spread + 1e-9);
        }
    }
    for (place, (mean, deviation)) in scales.iter().enumerate() {
        weights[place] /= deviation;
        weights[COUNT] -= weights[place] * mean;
    }
    weights
}

fn of_trial(trial: &Trial, half: Option<usize>) -> Vec<Group> {
    let foreign = trial.foreign.iter().flat_map(|(_, asked)| asked);
    let cases: [(Case, f64, Vec<&Asked>); 3] = [
        (Case::Present, 1.0, trial.present.iter().collect()),
        (Case::Removed, 0.5, trial.removed.iter().collect()),
        (Case::Foreign, 0.5, foreign.collect()),
    ];
    let of_case = |(case, weight, asked): (Case, f64, Vec<&Asked>)| {
        let kept: Vec<&Asked> = asked
            .into_iter()
            .filter(|asked| half.is_none_or(|half| asked.half == half))
            .collect();
        let aim = AIMS
            .iter()
            .find(|(set, of, ..)| (*set, *of) == (trial.name, case));
        Group {
            case,
            rows: kept
                .iter()
                .filter_map(|asked| asked.support.as_ref())
                .map(row)
                .collect(),
            asked: kept.len() as f64,
            weight,
            aim: aim.map(|(.., share, weight)| (*share, *weight)),
        }
    };
    cases.into_iter().map(of_case).collect()
}

/// Gives every feature a mean of 0 and a deviation of 1; what they were.
fn standardise(groups: &mut [Group]) -> [(f64, f64); COUNT] {
    let all = || groups.iter().flat_map(|group| &group.rows);
    let count = all().count() as f64;
    let scales = std::array::from_fn(|place| {
        let mean = all().map(|row| row[place]).sum::<f64>() / count;
        let variance = all().map(|row| (row[place] - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt() + 1e-6)
    });
    for row in groups.iter_mut().flat_map(|group| &mut group.rows) {
        for (value, (mean, deviation)) in row.iter_mut().zip(scales) {
            *value = (*value - mean) / deviation;
        }
    }
    scales
}

/// The slope of the loss.
fn slope(groups: &[Group], weights: &Weights) -> Weights {
    let sigmoid = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    let mut slope = weights.map(|weight| 2.0 * RIDGE * weight);
    slope[COUNT] = 0.0;
    let total: f64 = groups.iter().map(|group| group.weight).sum();
    for group in groups {
        let sign = if group.case == Case::Present { 1.0 } else { -1.0 };
        let logits: Vec<f64> = group.rows.iter().map(|row| product(weights, row)).collect();
        let soft = |logit: f64| sigmoid(logit / SOFTNESS);
        let answered = logits.iter().map(|logit| soft(*logit)).sum::<f64>() / group.asked;
        let reached = if sign > 0.0 { answered } else { 1.0 - answered };
        let missed = group
            .aim
            .map_or(0.0, |(share, weight)| weight * (share - reached).max(0.0));
        for (row, logit) in group.rows.iter().zip(&logits) {
            let logistic = -sign * sigmoid(-sign * logit) * group.weight / total / group.rows.len() as f64;
            let steep = soft(*logit) * (1.0 - soft(*logit)) / SOFTNESS / group.asked;
            let change = logistic - 2.0 * PENALTY * missed * sign * steep;
            for (slope, value) in slope.iter_mut().zip(row) {
                *slope += change * value;
            }
        }
    }
    slope
}
