//! What was counted in the last minute, to the second.

/// How many seconds are kept apart: a whole minute beside the second that runs, so that no sixty seconds, wherever they begin,
/// have more than what is counted here.
const SECONDS: usize = 61;

/// A clock that is set back by less than this, in seconds, has not been set back: threads look at it one after the other.
const JITTER: i64 = 2;

/// A sliding minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    /// What was counted in each second, the present one at `head`. None until something is.
    seconds: Option<Box<[u64; SECONDS]>>,
    head: usize,
    /// The second that is present, since 1970.
    latest: i64,
    sum: u64,
}

impl Window {
    /// What was counted in the last minute.
    pub(crate) fn sum(&mut self, now: i64) -> u64 {
        self.advance(now.div_euclid(1000));
        self.sum
    }

    /// Counts so many more.
    pub(crate) fn add(&mut self, now: i64, more: u64) {
        if more == 0 {
            return;
        }
        self.advance(now.div_euclid(1000));
        let seconds = self.seconds.get_or_insert_with(|| Box::new([0; SECONDS]));
        let present = &mut seconds[self.head];
        *present = present.saturating_add(more);
        self.sum = self.sum.saturating_add(more);
    }

    /// In how many milliseconds less than `most` will be counted, nothing more being added.
    pub(crate) fn wait(&mut self, now: i64, most: u64) -> u64 {
        let mut left = self.sum(now);
        let mut wait = 0;
        for (age, count) in self.oldest_first() {
            if left < most {
                break;
            }
            left = left.saturating_sub(count);
            wait = self.until_gone(now, age);
        }
        wait
    }

    /// In how many milliseconds nothing will be counted any more.
    pub(crate) fn empty_in(&mut self, now: i64) -> u64 {
        self.advance(now.div_euclid(1000));
        let youngest = self.oldest_first().filter(|(_, count)| *count > 0).last();
        youngest.map_or(0, |(age, _)| self.until_gone(now, age))
    }

    /// What was counted so many seconds ago, from the minute's beginning on.
    fn oldest_first(&self) -> impl Iterator<Item = (usize, u64)> {
        let at = |age: usize| {
            let seconds = self.seconds.as_ref()?;
            Some((age, seconds[(self.head + SECONDS - age) % SECONDS]))
        };
        (0..SECONDS).rev().filter_map(at)
    }

    fn until_gone(&self, now: i64, age: usize) -> u64 {
        let gone = (self.latest - age as i64 + SECONDS as i64) * 1000;
        u64::try_from(gone.saturating_sub(now)).unwrap_or(0)
    }

    fn advance(&mut self, second: i64) {
        let passed = second.saturating_sub(self.latest);
        if passed < 0 {
            // A clock that was set back: what was counted keeps its age.
            if passed < -JITTER {
                self.latest = second;
            }
            return;
        }
        self.latest = second;
        let Some(seconds) = &mut self.seconds else {
            return;
        };
        for _ in 0..passed.min(SECONDS as i64) {
            self.head = (self.head + 1) % SECONDS;
            self.sum = self.sum.saturating_sub(seconds[self.head]);
            seconds[self.head] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_counted_goes_after_a_minute_and_it_is_told_when() {
        let mut window = Window::default();
        assert_eq!(
            (window.sum(5_000), window.wait(5_000, 1), window.empty_in(5_000)),
            (0, 0, 0)
        );
        window.add(1_500, 3);
        window.add(10_000, 4);
        assert_eq!(window.sum(61_999), 7);
        assert_eq!(window.sum(62_000), 4);
        let mut window = Window::default();
        window.add(1_500, 3);
        window.add(10_000, 4);
        assert_eq!(window.wait(10_000, 8), 0);
        assert_eq!(window.wait(10_000, 7), 52_000);
        assert_eq!(window.wait(10_000, 4), 61_000);
        assert_eq!(window.empty_in(10_000), 61_000);
    }

    #[test]
    fn a_clock_that_is_set_back_neither_forgets_nor_holds_for_ever() {
        let mut window = Window::default();
        window.add(7_200_000, 5);
        assert_eq!(window.sum(3_600_000), 5);
        assert_eq!(window.sum(3_600_000 + 60_999), 5);
        assert_eq!(window.sum(3_600_000 + 61_000), 0);
        // Out of turn by a moment is not set back.
        window.add(4_000_000, 1);
        assert_eq!(window.sum(3_999_000), 1);
        assert_eq!(window.sum(4_061_000), 0);
    }

    proptest! {
        /// Against a list of everything: never less than the last sixty seconds have, never anything older than 61.
        #[test]
        fn it_counts_what_a_list_counts(steps in prop::collection::vec((0_i64..30_000, 0_u64..5), 1..80)) {
            let (mut window, mut all, mut now) = (Window::default(), Vec::new(), 1_000_000);
            for (pause, more) in steps {
                now += pause;
                window.add(now, more);
                all.push((now, more));
                let since = |age: i64| all.iter().filter(|(at, _)| now - at < age).map(|(_, more)| more).sum::<u64>();
                let sum = window.sum(now);
                prop_assert!(since(60_000) <= sum && sum <= since(61_000), "{} {} {}", since(60_000), sum, since(61_000));
                if sum > 0 {
                    let wait = i64::try_from(window.wait(now, sum)).unwrap();
                    prop_assert!(wait > 0 && window.clone().sum(now + wait) < sum);
                    prop_assert_eq!(window.clone().sum(now + wait - 1), sum);
                    let empty = i64::try_from(window.empty_in(now)).unwrap();
                    prop_assert_eq!(window.clone().sum(now + empty), 0);
                    prop_assert!(window.clone().sum(now + empty - 1) > 0);
                }
            }
        }
    }
}
