//! What is allowed and yet probably not meant.

use std::collections::BTreeSet;
use std::net::IpAddr;

use trousseau_directory::Transport;
use trousseau_policy::card::Premises;
use trousseau_policy::date::Date;
use trousseau_policy::decide::Target;
use trousseau_policy::fact::Fact;

use super::{Config, Fault, Kind};

/// The last parts of names that are only known inside a network.
const INSIDE: [&str; 12] = [
    "corp",
    "home",
    "home.arpa",
    "intern",
    "internal",
    "intra",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "svc",
];

impl Config {
    /// What is allowed and yet probably not meant on the day `today`, in the order of the file.
    pub fn warnings(&self, today: Date) -> Vec<Fault> {
        let mut warnings = self.own_but_public();
        warnings.extend(self.outdated(today));
        warnings.extend(self.unpriced());
        warnings.extend(self.idle());
        warnings.extend(self.read_by_others());
        warnings
    }

    /// Upstreams that a budget of money keeps requests from, because nobody knows what they cost in its currency.
    fn unpriced(&self) -> Vec<Fault> {
        let spending = &self.settings.spending;
        let budgets = spending
            .limits
            .iter()
            .filter_map(|limit| limit.allowance.budget.as_ref());
        let currencies: BTreeSet<&str> = budgets
            .filter(|budget| budget.money.is_some())
            .map(|budget| budget.currency.as_str())
            .collect();
        if spending.otherwise.is_some() {
            return Vec::new();
        }
        let missing = |target: &Target, currency: &str| match target.card.price.known() {
            Some(price) => !price.currency.eq_ignore_ascii_case(currency),
            None => !target.card.on_own_premises(),
        };
        let mut warnings = Vec::new();
        for currency in currencies {
            for target in self.targets.iter().filter(|target| missing(target, currency)) {
                let key = format!("upstream.{}.card.price", target.name);
                warnings.push(Fault {
                    code: "config-unpriced",
                    english: format!("{key} does not say what it costs in {currency}"),
                    fields: vec![("key", key), ("currency", currency.to_owned())],
                });
            }
        }
        warnings
    }

    /// Cards past the last day on which they may be relied on, and attestations that brought something until then.
    fn outdated(&self, today: Date) -> Vec<Fault> {
        let mut warnings = Vec::new();
        for target in &self.targets {
            if target.card.is_outdated(today) {
                let until = target.card.valid_until.to_string();
                let key = format!("upstream.{}.card", target.name);
                warnings.push(past("config-card-outdated", key, &until));
            }
            for ended in target
                .attestations
                .iter()
                .filter(|attestation| today > attestation.until)
            {
                let field = ended.statement.field();
                let key = format!("upstream.{}.attestation.{field}", target.name);
                warnings.push(past("config-attestation-ended", key, &ended.until.to_string()));
            }
        }
        warnings
    }

    /// Servers of the directory to which passwords go unprotected, over more than this machine.
    fn read_by_others(&self) -> Vec<Fault> {
        let servers = self
            .directory
            .iter()
            .flat_map(|directory| &directory.settings.servers);
        let plain = servers.filter(|server| server.transport == Transport::Plain && !server.is_loopback());
        let warned = plain.map(|server| Fault {
            code: "config-directory-plain",
            fields: vec![("key", "directory.plain".to_owned()), ("url", server.to_string())],
            english: format!("directory.plain sends passwords to {server} for everyone in between to read"),
        });
        warned.collect()
    }

    /// What routes say to no effect.
    fn idle(&self) -> Vec<Fault> {
        let mut warnings = Vec::new();
        for route in &self.settings.routes {
            let mut warn = |code, what: &str, english: &str| {
                let key = format!("route.{}.{what}", route.name);
                let english = format!("{key} {english}");
                let fields = vec![("key", key)];
                warnings.push(Fault {
                    code,
                    fields,
                    english,
                });
            };
            if route.way.hedge.is_some() && route.way.targets().count() < 2 {
                warn("config-hedge-alone", "hedge", "needs a second target");
            }
            if route.cache.is_some() && self.settings.forgets {
                warn(
                    "config-cache-forgets",
                    "cache",
                    "keeps nothing where nothing is kept",
                );
            }
        }
        warnings
    }

    fn own_but_public(&self) -> Vec<Fault> {
        let upstreams = self.targets.iter().zip(&self.kinds);
        let own = upstreams.filter(|(target, _)| target.card.premises == Fact::Known(Premises::Own));
        let public = own.filter_map(|(target, (_, kind))| match kind {
            Kind::OpenAi(remote) if is_public(host(&remote.url)) => Some((target, &remote.url)),
            Kind::OpenAi(_) | Kind::Extractive => None,
        });
        let warned = public.map(|(target, url)| Fault {
            code: "config-own-but-public",
            fields: vec![
                ("key", format!("upstream.{}.card.premises", target.name)),
                ("url", url.clone()),
            ],
            english: format!(
                "upstream.{}.card.premises says own, and {url} looks public",
                target.name
            ),
        });
        warned.collect()
    }
}

fn past(code: &'static str, key: String, until: &str) -> Fault {
    Fault {
        code,
        english: format!("{key} was valid until {until}"),
        fields: vec![("key", key), ("until", until.to_owned())],
    }
}

/// The host of an address, without its port.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Whether a host can be reached from anywhere, as far as its name tells.
fn is_public(host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address.to_canonical() {
            IpAddr::V4(address) => {
                let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
                !(address.is_private()
                    || address.is_loopback()
                    || address.is_link_local()
                    || address.is_unspecified()
                    || shared)
            }
            IpAddr::V6(address) => {
                !(address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
                    || address.is_unspecified())
            }
        };
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let inside = |last: &&str| {
        name.strip_suffix(*last)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    name.contains('.') && !INSIDE.iter().any(inside) && !name.ends_with(".svc.cluster.local")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_reached_from_anywhere_is_public() {
        for url in [
            "https://api.mistral.ai/v1",
            "http://203.0.113.9:8000/v1",
            "https://[2001:db8::1]/v1",
            "https://models.mairie.example:443",
        ] {
            assert!(is_public(host(url)), "{url}");
        }
        for url in [
            "http://gpu:8000/v1",
            "http://127.0.0.1:8000/v1",
            "http://10.1.2.3/v1",
            "http://172.31.0.1",
            "http://100.64.0.1",
            "http://[::1]:8000/v1",
            "http://[fd00::1]/v1",
            "http://vllm.intern/v1",
            "http://vllm.models.svc.cluster.local:8000",
            "http://GPU.Local",
        ] {
            assert!(!is_public(host(url)), "{url}");
        }
    }
}
