//! `x-ratelimit-*`: how much of a minute's limits is left, under the names that OpenAI's clients know
//! (platform.openai.com, "Rate limits in headers"). Of several limits, the one with the least left is told.

use std::sync::Arc;

use axum::extract::Request;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use trousseau_limits::{Counting, Standing, What};
use trousseau_plan::Plan;

use super::{Caller, Server};

const REQUESTS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];

const TOKENS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];

/// The limits of a caller who asks something.
pub(super) struct Limited {
    plan: Arc<Plan>,
    counting: Counting,
}

impl Limited {
    /// Those of a request that a guard has let in; `None` where nothing limits it.
    pub(super) fn of(server: &Server, path: &str, request: &Request) -> Option<Self> {
        if request.method() != Method::POST || !path.starts_with("/v1/") {
            return None;
        }
        let caller = request.extensions().get::<Caller>()?;
        let plan = server.gateway.plan();
        let counting = server
            .gateway
            .limits
            .counting(&plan.settings.spending, &caller.principal);
        (!counting.is_empty()).then_some(Self { plan, counting })
    }

    /// Tells how far they are used now.
    pub(super) fn tell(&self, server: &Server, headers: &mut HeaderMap) {
        let gateway = &server.gateway;
        let spending = &self.plan.settings.spending;
        let standings = gateway.limits.mine(&self.counting, spending, (gateway.now)());
        for (what, names) in [(What::Requests, &REQUESTS), (What::Tokens, &TOKENS)] {
            let of_minute = standings.iter().filter(|standing| standing.what == what);
            let tightest = of_minute.min_by(|one, other| one.left.total_cmp(&other.left));
            if let Some(tightest) = tightest {
                let values = values(tightest);
                headers.extend(names.iter().cloned().zip(values));
            }
        }
    }
}

fn values(standing: &Standing) -> [HeaderValue; 3] {
    let number = |amount: f64| HeaderValue::from(amount as u64);
    let reset = told(standing.empty_in.unwrap_or_default());
    let reset = HeaderValue::try_from(reset).unwrap_or(HeaderValue::from_static("60s"));
    [number(standing.most), number(standing.left), reset]
}

/// A time as OpenAI writes it: `20ms`, `7s`, `1m1s`.
fn told(milliseconds: u64) -> String {
    match (milliseconds, milliseconds.div_ceil(1000)) {
        (..1000, _) => format!("{milliseconds}ms"),
        (_, seconds @ ..60) => format!("{seconds}s"),
        (_, seconds) => format!("{}m{}s", seconds / 60, seconds % 60),
    }
}

/// Takes out of a refusal's headers what its whole response has as well.
pub(super) fn keep(headers: &mut HeaderMap) -> HeaderMap {
    let names = REQUESTS.into_iter().chain(TOKENS).chain([header::ALLOW]);
    names
        .filter_map(|name| headers.remove(&name).map(|value| (name, value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_clients_read_them() {
        let all = [0, 20, 999, 1000, 6001, 59_000, 60_000, 61_000];
        assert_eq!(
            all.map(told),
            ["0ms", "20ms", "999ms", "1s", "7s", "59s", "1m0s", "1m1s"]
        );
    }
}
