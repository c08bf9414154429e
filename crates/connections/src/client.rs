//! Who is at the other end: the address, and whether the way is encrypted, as a trusted reverse proxy tells it.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::FORWARDED;

use crate::network::Network;

/// The client of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its address: the last one before the trusted proxies.
    pub address: IpAddr,
    /// Whether it speaks TLS to this server or to the proxy before it.
    pub secure: bool,
}

/// How far back a chain of proxies is followed.
const PROXIES: usize = 16;

impl Client {
    /// Reads `Forwarded` (RFC 7239), else `X-Forwarded-For` and `X-Forwarded-Proto`, from the nearest proxy
    /// outwards, as long as each stop is trusted. What an untrusted peer says of itself counts for nothing.
    pub fn of(peer: IpAddr, tls: bool, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let peer = peer.to_canonical();
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut client = Self {
            address: peer,
            secure: tls,
        };
        if !is_trusted(peer) {
            return client;
        }
        for stop in stops(headers).take(PROXIES) {
            if let Some(secure) = stop.secure {
                client.secure = secure;
            }
            let Some(address) = stop.address else {
                break;
            };
            client.address = address;
            if !is_trusted(address) {
                break;
            }
        }
        client
    }
}

/// What one proxy says of whoever called it.
#[derive(Debug, PartialEq, Eq)]
struct Stop {
    address: Option<IpAddr>,
    secure: Option<bool>,
}

/// The stops, nearest first.
fn stops(headers: &HeaderMap) -> Box<dyn Iterator<Item = Stop> + '_> {
    if headers.contains_key(FORWARDED) {
        return Box::new(values(headers, FORWARDED.as_str()).map(forwarded));
    }
    let mut protocols = values(headers, "x-forwarded-proto");
    let addresses = values(headers, "x-forwarded-for").map(move |address| Stop {
        address: host(address),
        secure: protocols.next().map(is_secure),
    });
    Box::new(addresses)
}

/// The comma-separated values of a header, last first.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    lines
        .into_iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .map(str::trim)
}

fn forwarded(element: &str) -> Stop {
    let mut stop = Stop {
        address: None,
        secure: None,
    };
    for pair in element.split(';') {
        let Some((name, value)) = pair.trim().split_once('=') else {
            continue;
        };
        let value = value.trim_matches('"');
        if name.eq_ignore_ascii_case("for") {
            stop.address = host(value);
        } else if name.eq_ignore_ascii_case("proto") {
            stop.secure = Some(is_secure(value));
        }
    }
    stop
}

fn is_secure(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("https")
}

/// An address that may stand in brackets and have a port.
fn host(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => text.rsplit_once(':')?.0,
    };
    Some(bare.parse::<IpAddr>().ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"]
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let Client { address, secure } = Client::of(peer.parse().unwrap(), false, &map, &trusted);
        format!("{address} {}", if secure { "tls" } else { "plain" })
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let forged = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")];
        assert_eq!(client("203.0.113.9", &forged), "203.0.113.9 plain");
        assert_eq!(client("10.0.0.1", &forged), "1.2.3.4 tls");
        assert_eq!(client("::ffff:10.0.0.1", &forged), "1.2.3.4 tls");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1 plain");
    }

    #[test]
    fn the_last_stop_before_the_trusted_ones_is_the_client() {
        let chain = [("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.0.0.2")];
        assert_eq!(client("10.0.0.1", &chain), "203.0.113.9 plain");
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("10.0.0.1", &lines), "203.0.113.9 plain");
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_says_its_own_address_counts(forwarded in "\\PC{0,80}", older in "[0-9a-f.:, \\[\\]]{0,60}") {
            let mut headers = HeaderMap::new();
            for (name, value) in [("forwarded", forwarded), ("x-forwarded-for", older)] {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    headers.insert(name, value);
                }
            }
            let (stranger, proxy): (IpAddr, IpAddr) = ("203.0.113.9".parse().unwrap(), "10.0.0.1".parse().unwrap());
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            prop_assert_eq!(Client::of(stranger, false, &headers, &trusted).address, stranger);
            // A trusted proxy's words are read, whatever they are.
            Client::of(proxy, false, &headers, &trusted);
        }
    }

    #[test]
    fn forwarded_goes_before_the_older_headers() {
        let both = [
            (
                "forwarded",
                r#"for=6.6.6.6, for="[2001:db8::7]:4711";proto=https"#,
            ),
            ("x-forwarded-for", "1.2.3.4"),
        ];
        assert_eq!(client("::1", &both), "2001:db8::7 tls");
        let hidden = [("forwarded", "for=_hidden;proto=https")];
        assert_eq!(client("10.0.0.1", &hidden), "10.0.0.1 tls");
        let odd = [("forwarded", ";;=, for=, for=1.2.3.4:80")];
        assert_eq!(client("10.0.0.1", &odd), "1.2.3.4 plain");
    }
}
