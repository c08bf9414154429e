//! What answers: the built-in answerer, and the servers that the configuration names.
//!
//! A server is only prepared here. Nothing is sent before the policy has permitted it, request by request.

use std::sync::Arc;

use trousseau_config::{Config, Egress, Kind, Remote, SecretPlace};
use trousseau_core::model::ChatModel;
use trousseau_core::permit::Purpose;
use trousseau_extractive::{Extractive, Wording};
use trousseau_plan::{Embedders, Models, Rerankers};
use trousseau_upstream::egress::{self, ClientCertificate, Clients, Network};
use trousseau_upstream::secret::Secret;
use trousseau_upstream::{self as upstream, HttpReranker, Offered, OpenAi, OpenAiEmbedder};

use crate::checks::Checked;
use crate::failure::Failure;
use crate::messages::{Language, Messages};
use crate::secret;

/// What can be called, by what it is made for.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) models: Models,
    pub(super) embedders: Embedders,
    pub(super) rerankers: Rerankers,
}

/// The built-in answerers alone.
pub(super) fn built_in(config: &Config) -> Opened {
    let built_in = config.kinds.iter().filter(|(_, kind)| *kind == Kind::Extractive);
    let models = built_in.map(|(name, _)| (name.clone(), extractive(name)));
    Opened {
        models: models.collect(),
        ..Opened::default()
    }
}

/// Prepares every upstream. Its key must be there, and its certificate.
pub(super) fn open(config: &Config) -> Result<Opened, Failure> {
    let mut opened = Opened::default();
    // Read only where something is to be reached: a local answerer needs no list of authorities.
    let mut network = None;
    for (name, kind) in &config.kinds {
        let remote = match kind {
            Kind::Extractive => {
                opened.models.insert(name.clone(), extractive(name));
                continue;
            }
            Kind::OpenAi(remote) => remote,
        };
        let network = match &mut network {
            Some(network) => network,
            none => none.insert(self::network(&config.egress)?),
        };
        let target = config.targets.iter().find(|target| target.name == *name);
        let is_for = |purpose| target.is_some_and(|target| target.is_for(purpose));
        opened.add((name, remote), network, is_for)?;
    }
    Ok(opened)
}

impl Opened {
    /// Adds a server for everything that its model is made for.
    fn add(
        &mut self,
        (name, remote): (&str, &Remote),
        network: &Network,
        is_for: impl Fn(Purpose) -> bool,
    ) -> Result<(), Failure> {
        let (server, clients) = (server(name, remote, network)?, clients(remote, network)?);
        if is_for(Purpose::Embedding) {
            let embedder = OpenAiEmbedder::new(server.clone(), clients.clone(), remote.embedding.clone())?;
            self.embedders.insert(name.to_owned(), Arc::new(embedder));
        }
        if is_for(Purpose::Reranking) {
            let reranker = HttpReranker::new(server.clone(), clients.clone())?;
            self.rerankers.insert(name.to_owned(), Arc::new(reranker));
        }
        if is_for(Purpose::Chat) {
            let model = OpenAi::new(server, clients, upstream_wording())?;
            self.models.insert(name.to_owned(), Arc::new(model));
        }
        Ok(())
    }
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
