//! The book of one replica among several: what it draws before a request is let in, and what it gives back.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Applied, Book, Cost, Span, most};
use crate::cost::Asked;
use crate::counter::Counter;
use crate::share::{Draw, Drawn, THINGS, place};

impl Book {
    /// Says that other replicas hold the same limits: nothing is let in that is not covered by a grant.
    pub(crate) const fn share(&mut self) {
        self.is_shared = true;
    }

    /// Whether the grants of every counter cover a request that may cost so much.
    pub(super) fn covers(&mut self, parts: &[(Applied, Cost)], now: Timestamp, zone: &TimeZone) -> bool {
        !self.is_shared
            || parts.iter().all(|(applied, cost)| {
                let allowance = &applied.limit.allowance;
                let counter = self.counter(applied);
                let measures = counter.measures(allowance, now, zone);
                let mut measures = measures.into_iter().flatten();
                let more = needs(*cost);
                measures.all(|measure| {
                    let at = place(measure.what);
                    measure.own().saturating_add(more[at]) <= counter.shares[at].grant
                })
            })
    }

    /// What is to be drawn before such a request is let in. Until the answer is there, nobody uses what of these counters is
    /// granted and not used, for it is given back in the same step.
    pub(crate) fn draws(
        &mut self,
        applied: &[Applied],
        asked: &Asked<'_>,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Vec<Draw> {
        let mut draws = Vec::new();
        for applied in applied {
            let Some(cost) = most(&applied.limit, asked) else {
                continue;
            };
            let mut draw = Draw {
                limit: applied.limit.name.clone(),
                counter: applied.counter.clone(),
                span: Span::default(),
                used: [0; THINGS],
                more: Some(needs(cost)),
                most: [None; THINGS],
            };
            let counter = self.counter(applied);
            for measure in counter
                .measures(&applied.limit.allowance, now, zone)
                .into_iter()
                .flatten()
            {
                let at = place(measure.what);
                draw.used[at] = measure.own();
                draw.most[at] = Some(measure.most);
                counter.shares[at].grant = measure.own();
            }
            draw.span = counter.span;
            counter.touched = true;
            draws.push(draw);
        }
        // Always in the same order, whoever asks.
        draws.sort_by(|one, other| (&one.limit, &one.counter).cmp(&(&other.limit, &other.counter)));
        draws
    }

    /// The counters of which the others are to be told: those that were used since the last time, and those of which more is
    /// granted than used.
    pub(crate) fn unsettled(&mut self, at: i64) -> Vec<(String, String)> {
        let mut unsettled = Vec::new();
        for (limit, counters) in &mut self.counters {
            let open = counters.iter_mut().filter_map(|(name, counter)| {
                let grants = counter.shares.map(|share| share.grant);
                (counter.touched || counter.own(at) != grants).then(|| (limit.clone(), name.clone()))
            });
            unsettled.extend(open);
        }
        unsettled
    }

    /// What the others are to be told of a counter. One that was used since the last time keeps what it is granted; of another,
    /// nobody uses from here on what is given back.
    pub(crate) fn settlement(&mut self, (limit, name): (&str, &str), at: i64) -> Option<Draw> {
        let counter = self.counters.get_mut(limit)?.get_mut(name)?;
        let mut used = counter.own(at);
        let touched = std::mem::take(&mut counter.touched);
        for (share, used) in counter.shares.iter_mut().zip(&mut used) {
            if touched {
                *used = share.grant.max(*used);
            } else {
                share.grant = share.grant.min(*used);
            }
        }
        Some(Draw {
            limit: limit.to_owned(),
            counter: name.to_owned(),
            span: counter.span,
            used,
            more: None,
            most: [None; THINGS],
        })
    }

    /// Takes in what came of a draw, unless another period has begun since.
    pub(crate) fn take(&mut self, draw: &Draw, drawn: Drawn) {
        let counters = self.counters.get_mut(&draw.limit);
        let Some(counter) = counters.and_then(|counters| counters.get_mut(&draw.counter)) else {
            return;
        };
        let is_same = counter.span.from == draw.span.from;
        for (at, share) in drawn.shares.into_iter().enumerate() {
            if is_same || at < 2 {
                counter.shares[at] = share;
            }
        }
    }

    /// Says that a draw was not answered: what it would have told is to be told again.
    pub(crate) fn again(&mut self, draw: &Draw) {
        let counters = self.counters.get_mut(&draw.limit);
        if let Some(counter) = counters.and_then(|counters| counters.get_mut(&draw.counter)) {
            counter.touched = true;
        }
    }

    /// Takes in what this replica held of a budget when it last told, where nothing is kept of that here.
    pub(crate) fn restore_unknown(&mut self, (limit, counter): (&str, &str), span: Span, held: Cost) {
        let of_limit = self.counters.entry(limit.to_owned()).or_default();
        let known = of_limit.entry(counter.to_owned()).or_default();
        if known.span.from < span.from {
            *known = Counter::kept(span, held);
        }
    }
}

/// What a request needs of each thing: to be one, its tokens, twice, and its money.
const fn needs(cost: Cost) -> [u64; THINGS] {
    [1, cost.tokens, cost.tokens, cost.money.0]
}

impl Counter {
    /// What this replica has used and reserved of each thing, limited or not.
    fn own(&mut self, at: i64) -> [u64; THINGS] {
        let [requests, tokens] = self.minute(at);
        let reserved = self.reserved;
        [
            requests,
            tokens.saturating_add(reserved.tokens),
            self.spent.tokens.saturating_add(reserved.tokens),
            self.spent.money.0.saturating_add(reserved.money.0),
        ]
    }
}
