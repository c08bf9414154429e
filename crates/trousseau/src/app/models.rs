//! What answers: the built-in answerer, and the servers that the configuration names.
//!
//! A server is only prepared here. Nothing is sent before the policy has permitted it, request by request.

use std::sync::Arc;

use trousseau_config::{Config, Egress, Kind, Remote, SecretPlace};
use trousseau_core::model::ChatModel;
use trousseau_extractive::{Extractive, Wording};
use trousseau_plan::Models;
use trousseau_upstream::egress::{self, ClientCertificate, Clients, Network};
use trousseau_upstream::secret::Secret;
use trousseau_upstream::{self as upstream, Offered, OpenAi};

use crate::checks::Checked;
use crate::failure::Failure;
use crate::messages::{Language, Messages};
use crate::secret;

/// The built-in answerers alone.
pub(super) fn built_in(config: &Config) -> Models {
    let built_in = config.kinds.iter().filter(|(_, kind)| *kind == Kind::Extractive);
    built_in
        .map(|(name, _)| (name.clone(), extractive(name)))
        .collect()
}

/// Prepares every upstream. Its key must be there, and its certificate.
pub(super) fn open(config: &Config) -> Result<Models, Failure> {
    let mut models = Models::new();
    // Read only where something is to be reached: a local answerer needs no list of authorities.
    let mut network = None;
    for (name, kind) in &config.kinds {
        let model = match kind {
            Kind::Extractive => extractive(name),
            Kind::OpenAi(remote) => {
                let network = match &mut network {
                    Some(network) => network,
                    none => none.insert(self::network(&config.egress)?),
                };
                Arc::new(remote_model(name, remote, network)?)
            }
        };
        models.insert(name.clone(), model);
    }
    Ok(models)
}

/// The upstreams that the configuration has checked.
pub(crate) fn checked(config: &Config) -> Result<Vec<Checked>, Failure> {
    let asked = config.kinds.iter().filter_map(|(name, kind)| match kind {
        Kind::OpenAi(remote) => Some((name, remote, remote.health_check?)),
        Kind::Extractive => None,
    });
    let asked: Vec<_> = asked.collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let network = network(&config.egress)?;
    let checked = asked.into_iter().map(|(name, remote, every)| {
        Ok(Checked {
            name: name.clone(),
            every,
            offered: Offered::new(server(name, remote, &network)?, clients(remote, &network)?)?,
        })
    });
    checked.collect()
}

/// The way out that the configuration describes.
pub(crate) fn network(config: &Egress) -> Result<Network, Failure> {
    let proxy = match &config.proxy {
        None => None,
        Some(proxy) => {
            let open = |(user, place): &(String, SecretPlace)| {
                secret::open(place).map(|secret| (user.clone(), secret))
            };
            Some(egress::Proxy {
                url: proxy.url.clone(),
                credentials: proxy.credentials.as_ref().map(open).transpose()?,
            })
        }
    };
    Ok(Network::open(&egress::Egress {
        proxy,
        no_proxy: config.no_proxy.clone(),
        ca_files: config.ca_files.clone(),
        system_authorities: config.system_authorities,
    })?)
}

fn remote_model(name: &str, remote: &Remote, network: &Network) -> Result<OpenAi, Failure> {
    let server = server(name, remote, network)?;
    let clients = clients(remote, network)?;
    Ok(OpenAi::new(server, clients, upstream_wording())?)
}

fn server(name: &str, remote: &Remote, network: &Network) -> Result<upstream::Server, Failure> {
    network.check(&remote.url)?;
    Ok(upstream::Server {
        secret: remote.key.as_ref().map(secret::open).transpose()?,
        key_header: remote.key_header.clone(),
        headers: remote.headers.clone(),
        dialect: remote.dialect,
        continues: remote.continues,
        timeouts: remote.timeouts,
        streams: remote.stream,
        ..upstream::Server::new(name, &remote.model, &remote.url)
    })
}

/// A server that is only tried, and the list of what it offers. Its key is `secret`, whatever its description says.
pub(crate) fn trial(
    (name, remote): (&str, &Remote),
    secret: Option<Secret>,
    egress: &Egress,
) -> Result<(OpenAi, Offered), Failure> {
    let network = network(egress)?;
    let mut server = server(name, remote, &network)?;
    server.secret = secret;
    let clients = clients(remote, &network)?;
    let offered = Offered::new(server.clone(), clients.clone())?;
    Ok((OpenAi::new(server, clients, upstream_wording())?, offered))
}

fn clients(remote: &Remote, network: &Network) -> Result<Clients, Failure> {
    let certificate = remote.client_certificate.clone();
    let certificate = certificate.map(|(certificate, key)| ClientCertificate { certificate, key });
    Ok(network.clients(remote.timeouts.connect, certificate.as_ref())?)
}

fn abstention(language: Language) -> String {
    Messages::new(language).plain("answer-abstained")
}

fn extractive(name: &str) -> Arc<dyn ChatModel> {
    let wording = Wording {
        abstention_fr: abstention(Language::French),
        abstention_en: abstention(Language::English),
    };
    Arc::new(Extractive::new(name, wording))
}

fn upstream_wording() -> upstream::Wording {
    upstream::Wording {
        abstention_fr: abstention(Language::French),
        abstention_en: abstention(Language::English),
    }
}
