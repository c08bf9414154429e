//! What is reached without the proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use super::EgressError;

/// A list of hosts and networks; this machine itself is always on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    Everything,
    /// A name, and all names below it.
    Name(String),
    /// Addresses that share their first bits with this one.
    Network(IpAddr, u32),
}

impl Exceptions {
    /// Reads the entries of a configuration.
    pub(super) fn parse(entries: &[String]) -> Result<Self, EgressError> {
        entries
            .iter()
            .map(|entry| Exception::parse(entry))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether `url` is reached directly.
    pub(super) fn hold(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match host.parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                address.is_loopback() || self.0.iter().any(|exception| exception.holds_address(address))
            }
            Err(_) => below(&host, "localhost") || self.0.iter().any(|exception| exception.holds_name(&host)),
        }
    }
}

impl Exception {
    fn parse(entry: &str) -> Result<Self, EgressError> {
        let fault = || EgressError::Exception {
            entry: entry.to_owned(),
        };
        let text = entry.trim();
        if text == "*" {
            return Ok(Self::Everything);
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        if let Ok(address) = address.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse).map_err(|_| fault())?;
            return if bits <= most {
                Ok(Self::Network(address, bits))
            } else {
                Err(fault())
            };
        }
        let name = text
            .trim_start_matches("*.")
            .trim_start_matches('.')
            .to_ascii_lowercase();
        let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || !name.bytes().all(of_a_name) {
            return Err(fault());
        }
        Ok(Self::Name(name.trim_end_matches('.').to_owned()))
    }

    fn holds_name(&self, host: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Name(name) => below(host, name),
            Self::Network(..) => false,
        }
    }

    fn holds_address(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Everything, _) => true,
            (Self::Network(IpAddr::V4(network), bits), IpAddr::V4(address)) => {
                within_v4(address, *network, *bits)
            }
            (Self::Network(IpAddr::V6(network), bits), IpAddr::V6(address)) => {
                within_v6(address, *network, *bits)
            }
            _ => false,
        }
    }
}

/// Whether `host` is `name` or ends in `.name`.
fn below(host: &str, name: &str) -> bool {
    host.strip_suffix(name)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn within_v4(address: Ipv4Addr, network: Ipv4Addr, bits: u32) -> bool {
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    (address.to_bits() ^ network.to_bits()) & mask == 0
}

fn within_v6(address: Ipv6Addr, network: Ipv6Addr, bits: u32) -> bool {
    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    (address.to_bits() ^ network.to_bits()) & mask == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[&str], url: &str) -> bool {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        Exceptions::parse(&entries)
            .unwrap()
            .hold(&Url::parse(url).unwrap())
    }

    #[test]
    fn names_cover_what_is_below_them() {
        for entry in [
            "intra.example",
            ".intra.example",
            "*.intra.example",
            "INTRA.example.",
        ] {
            assert!(check(&[entry], "https://vllm.intra.example/v1"), "{entry}");
            assert!(check(&[entry], "https://Intra.Example./v1"), "{entry}");
            assert!(!check(&[entry], "https://notintra.example/v1"), "{entry}");
            assert!(!check(&[entry], "https://intra.example.evil/v1"), "{entry}");
        }
    }

    #[test]
    fn networks_cover_their_addresses() {
        let entries = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "172.16.0.0/12"];
        for inside in [
            "10.255.0.1",
            "192.0.2.7",
            "[2001:db8:1::1]",
            "172.31.255.255",
            "[::ffff:10.0.0.1]",
        ] {
            assert!(check(&entries, &format!("https://{inside}/")), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "[2001:db9::1]", "172.32.0.1"] {
            assert!(!check(&entries, &format!("https://{outside}/")), "{outside}");
        }
        assert!(check(&["0.0.0.0/0"], "http://203.0.113.9/"));
        assert!(!check(&["0.0.0.0/0"], "http://name.example/"));
    }

    #[test]
    fn this_machine_and_everything() {
        for url in [
            "http://localhost:8000",
            "http://127.3.2.1",
            "http://[::1]:9",
            "http://a.localhost",
        ] {
            assert!(check(&[], url), "{url}");
        }
        assert!(check(&["*"], "https://model.example"));
        assert!(!check(&[], "https://model.example"));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for entry in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "host:8080",
            "a b",
            "http://x",
            "::1/129",
            "host/8",
        ] {
            let fault = Exceptions::parse(&[entry.to_owned()]);
            assert!(matches!(fault, Err(EgressError::Exception { .. })), "{entry}");
        }
    }
}
