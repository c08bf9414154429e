use proptest::prelude::*;

use super::*;

const AGE: Duration = Duration::from_secs(60);

fn key(number: u8) -> Key {
    [number; 32]
}

#[derive(Clone, Debug)]
enum Step {
    Find(u8),
    Keep(u8, usize),
    Forget(u8),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u8..12).prop_map(Step::Find),
        (0_u8..12, 0_usize..900).prop_map(|(key, bytes)| Step::Keep(key, bytes)),
        (0_u8..12).prop_map(Step::Forget),
        (0_u64..40).prop_map(Step::Wait),
    ]
}

proptest! {
    /// The same as a plain list, the last asked for in front.
    #[test]
    fn it_is_a_bounded_list_by_last_use(steps in proptest::collection::vec(step(), 1..120)) {
        let bounds = Bounds { bytes: 3000, age: AGE };
        let (cache, mut now) = (Cache::default(), Instant::now());
        let mut model: Vec<(u8, usize, Instant)> = Vec::new();
        for step in steps {
            match step {
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
                Step::Find(number) => {
                    let at = model.iter().position(|(known, ..)| *known == number);
                    let entry = at.map(|at| model.remove(at)).filter(|(_, _, since)| now - *since < AGE);
                    prop_assert_eq!(cache.find(&key(number), AGE, now).ok().map(|value| *value), entry.map(|_| number));
                    model.splice(0..0, entry);
                }
                Step::Keep(number, bytes) => {
                    // A miss of another key hands out the epoch.
                    let epoch = cache.find(&key(99), AGE, now).unwrap_err();
                    prop_assert!(cache.keep(key(number), (Arc::new(number), bytes), bounds, (epoch, now)));
                    model.retain(|(known, ..)| *known != number);
                    model.insert(0, (number, bytes + ENTRY, now));
                    while model.iter().map(|(_, bytes, _)| bytes).sum::<usize>() > bounds.bytes {
                        model.pop();
                    }
                }
                Step::Forget(number) => {
                    cache.forget(|value| *value == number);
                    model.retain(|(known, ..)| *known != number);
                }
            }
            prop_assert_eq!(cache.bytes(), model.iter().map(|(_, bytes, _)| bytes).sum::<usize>());
        }
    }
}

#[test]
fn what_is_made_while_something_is_forgotten_is_not_kept() {
    let (cache, now) = (Cache::default(), Instant::now());
    let bounds = Bounds {
        bytes: 3000,
        age: AGE,
    };
    let epoch = cache.find(&key(1), AGE, now).unwrap_err();
    cache.forget(|value: &&str| *value == "erased");
    assert!(!cache.keep(key(1), (Arc::new("erased"), 6), bounds, (epoch, now)));
    let epoch = cache.find(&key(1), AGE, now).unwrap_err();
    assert!(cache.keep(key(1), (Arc::new("made anew"), 9), bounds, (epoch, now)));
    cache.clear();
    assert!(cache.find(&key(1), AGE, now).is_err());
}

#[test]
fn what_is_larger_than_all_of_it_is_not_kept() {
    let (cache, now) = (Cache::default(), Instant::now());
    let bounds = Bounds {
        bytes: 3000,
        age: AGE,
    };
    let epoch = cache.find(&key(1), AGE, now).unwrap_err();
    assert!(cache.keep(key(1), (Arc::new(1), 100), bounds, (epoch, now)));
    assert!(!cache.keep(key(2), (Arc::new(2), 3000), bounds, (epoch, now)));
    assert!(!cache.keep(key(3), (Arc::new(3), usize::MAX), bounds, (epoch, now)));
    assert!(cache.find(&key(1), AGE, now).is_ok());
}
