use proptest::prelude::*;

use super::*;

const BREAKER: Breaker = Breaker {
    failures: 3,
    window: Duration::from_secs(20),
    open_for: Duration::from_secs(10),
    longest: Duration::from_secs(35),
};

/// The breaker as the manual tells it: plain numbers of seconds.
#[derive(Debug)]
struct Model {
    open: Option<u64>,
    lasting: u64,
    probing: bool,
    /// When the calls of this window were made, and how they ended.
    window: Option<u64>,
    good: u32,
    bad: u32,
    row: u32,
}

impl Model {
    const fn closed() -> Self {
        Self {
            open: None,
            lasting: 5,
            probing: false,
            window: None,
            good: 0,
            bad: 0,
            row: 0,
        }
    }

    fn admits(&mut self, now: u64) -> bool {
        match self.open {
            None => true,
            Some(until) if until > now || self.probing => false,
            Some(_) => {
                self.probing = true;
                true
            }
        }
    }

    fn opens(&mut self, now: u64) {
        self.lasting = (self.lasting * 2).min(35);
        *self = Self {
            open: Some(now + self.lasting),
            lasting: self.lasting,
            ..Self::closed()
        };
    }

    fn ends(&mut self, good: bool, now: u64) {
        if self.probing && good {
            *self = Self::closed();
        } else if self.probing {
            self.opens(now);
        } else {
            if self.window.is_some_and(|since| now - since >= 20) {
                (self.window, self.good, self.bad) = (None, 0, 0);
            }
            self.window.get_or_insert(now);
            if good {
                (self.good, self.row) = (self.good + 1, 0);
            } else {
                (self.bad, self.row) = (self.bad + 1, self.row + 1);
            }
            if self.row >= 3 || self.bad >= 3 && self.bad >= self.good {
                self.opens(now);
            }
        }
    }

    fn checked(&mut self, alive: bool, now: u64) {
        match self.open {
            Some(until) if until <= now && !self.probing => {
                if alive {
                    *self = Self::closed();
                } else {
                    self.opens(now);
                }
            }
            _ => {}
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Call {
        good: bool,
    },
    /// A call whose end is told later, or never.
    Begin,
    /// Its answer begins.
    Answer,
    End {
        good: bool,
    },
    Abandon,
    Check {
        alive: bool,
    },
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|good| Step::Call { good }),
        1 => Just(Step::Begin),
        1 => Just(Step::Answer),
        1 => any::<bool>().prop_map(|good| Step::End { good }),
        1 => Just(Step::Abandon),
        1 => any::<bool>().prop_map(|alive| Step::Check { alive }),
        2 => (0_u64..15).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn it_does_what_the_model_does(steps in proptest::collection::vec(step(), 1..200)) {
        let began = Instant::now();
        let (mut circuit, mut model, mut second) = (Circuit::new(), Model::closed(), 0);
        // The one call that runs meanwhile, with how often the model had changed its mind when it began.
        let mut running: Option<(Pass, u64)> = None;
        let mut changes = 0;
        for step in steps {
            let now = began + Duration::from_secs(second);
            let before = (model.open, model.probing);
            match step {
                Step::Wait(seconds) => second += seconds,
                Step::Call { good } => {
                    let pass = circuit.admit(now);
                    prop_assert_eq!(pass.is_ok(), model.admits(second));
                    if let Ok(pass) = pass {
                        if good {
                            circuit.succeed(pass, &BREAKER, now);
                        } else {
                            circuit.fail(pass, &BREAKER, now);
                        }
                        model.ends(good, second);
                    }
                }
                Step::Begin if running.is_none() => {
                    let pass = circuit.admit(now);
                    prop_assert_eq!(pass.is_ok(), model.admits(second));
                    changes += u64::from((model.open, model.probing) != before);
                    running = pass.ok().map(|pass| (pass, changes));
                    continue;
                }
                Step::End { good } => {
                    if let Some((pass, of)) = running.take() {
                        if good {
                            circuit.succeed(pass, &BREAKER, now);
                        } else {
                            circuit.fail(pass, &BREAKER, now);
                        }
                        if of == changes {
                            model.ends(good, second);
                        }
                    }
                }
                Step::Answer => {
                    let Some((pass, of)) = running.take() else { continue };
                    let told = model.probing && of == changes;
                    if told {
                        model.ends(true, second);
                        changes += 1;
                    }
                    let of = if told { changes } else { of };
                    running = Some((circuit.begin(pass), of));
                    continue;
                }
                Step::Abandon => {
                    if let Some((pass, of)) = running.take() {
                        circuit.abandon(pass);
                        model.probing &= of != changes;
                    }
                }
                Step::Check { alive } => {
                    circuit.check(alive, now);
                    model.checked(alive, second);
                }
                Step::Begin => {}
            }
            // A probe that is over at once has changed it twice, or left it open for another time.
            changes += u64::from((model.open, model.probing) != before);
            prop_assert_eq!(circuit.is_closed(), model.open.is_none());
            let until = model.open.filter(|_| !model.probing);
            prop_assert_eq!(circuit.until(), until.map(|until| began + Duration::from_secs(until)));
        }
    }
}

#[test]
fn one_probe_at_a_time() {
    let now = Instant::now();
    let mut circuit = Circuit::new();
    for _ in 0..3 {
        let pass = circuit.admit(now).unwrap();
        circuit.fail(pass, &BREAKER, now);
    }
    assert_eq!(circuit.admit(now), Err(BREAKER.open_for));
    let later = now + BREAKER.open_for;
    let probe = circuit.admit(later).unwrap();
    assert_eq!(circuit.admit(later), Err(PROBED));
    circuit.abandon(probe);
    let probe = circuit.admit(later).unwrap();
    circuit.fail(probe, &BREAKER, later);
    assert_eq!(circuit.admit(later), Err(BREAKER.open_for * 2));
}

#[test]
fn what_began_before_it_opened_says_nothing_after() {
    let now = Instant::now();
    let mut circuit = Circuit::new();
    let early = circuit.admit(now).unwrap();
    for _ in 0..3 {
        let pass = circuit.admit(now).unwrap();
        circuit.fail(pass, &BREAKER, now);
    }
    circuit.succeed(early, &BREAKER, now);
    assert!(!circuit.is_closed());
    let probe = circuit.admit(now + BREAKER.open_for).unwrap();
    circuit.fail(early, &BREAKER, now + BREAKER.open_for);
    circuit.succeed(probe, &BREAKER, now + BREAKER.open_for);
    assert!(circuit.is_closed());
}
