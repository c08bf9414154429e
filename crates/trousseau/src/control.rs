//! What an administrator does to the configuration over HTTP: has it read anew, tries a server, adds one to the file.
//!
//! `trial` calls a server that is not in the configuration, `drill` tells what a cut would do, or makes it for a while.

pub(crate) mod drill;
mod trial;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use trousseau_config::{Addition, Augmented, Config, Kind, Remote, augment, file};
use trousseau_core::principal::Principal;
use trousseau_drill::cut::Cut;
use trousseau_drill::report::Report;
use trousseau_gateway::configuration::{Attested, Operation};
use trousseau_gateway::error::GatewayError;
use trousseau_http::control::{Added, Control, Doing, NewUpstream, Renewed, Trial, Unchanged};
use trousseau_policy::attestation::Attestation;
use trousseau_retrieval::library::blocking;

use crate::app::App;
use crate::failure::Failure;

/// Where keys are kept, beside the configuration file.
const SECRETS: &str = "secrets";

/// The configuration of a server, as its administrators change it.
pub(crate) struct Steward(pub App);

impl Control for Steward {
    fn reload<'a>(&'a self, by: &'a Principal) -> Doing<'a, Renewed> {
        Box::pin(async move {
            let changes = self.0.reload(by).await?;
            Ok(renewed(changes))
        })
    }

    fn try_upstream<'a>(&'a self, by: &'a Principal, new: NewUpstream) -> Doing<'a, Trial> {
        Box::pin(async move { Ok(self.attempt(by, new).await?) })
    }

    fn add_upstream<'a>(&'a self, by: &'a Principal, new: NewUpstream) -> Doing<'a, Added> {
        Box::pin(async move { Ok(self.add(by, new).await?) })
    }

    fn drill<'a>(&'a self, by: &'a Principal, cut: Cut, since: Timestamp) -> Doing<'a, Report> {
        Box::pin(async move { Ok(drill::foretell(&self.0, &by.tenant, (&cut, since)).await?) })
    }
}

impl From<Failure> for Unchanged {
    fn from(failure: Failure) -> Self {
        let (error, faults) = failure.into_parts();
        let faults = faults.into_iter().map(|fault| Box::new(fault) as Box<_>);
        Self {
            error,
            faults: faults.collect(),
        }
    }
}

fn renewed(changes: trousseau_config::Changes) -> Renewed {
    Renewed {
        taken_up: changes.taken_up,
        waiting: changes.waiting,
    }
}

impl Steward {
    /// The file with a new upstream in it, and what would be configured by it; nothing is written.
    async fn plan(&self, new: &NewUpstream) -> Result<(Augmented, Config), Failure> {
        let file = self.0.file();
        let key_file = new.key.is_some().then(|| format!("{SECRETS}/{}.key", new.name));
        let addition = Addition {
            name: &new.name,
            url: &new.url,
            model: &new.model,
            dialect: new.dialect.as_deref(),
            key_file: key_file.as_deref(),
            streams: new.stream.unwrap_or(true),
            own_premises: new.own_premises,
            provider: new.provider.as_deref(),
            route: new.route.as_deref(),
        };
        let from = file.clone();
        let text = blocking(move || file::read(&from))
            .await
            .map_err(GatewayError::from)??;
        let augmented = augment(&text, &addition)?;
        let config = Config::parse(&augmented.text, Some(&file)).map_err(Failure::config)?;
        Ok((augmented, config))
    }

    async fn add(&self, by: &Principal, new: NewUpstream) -> Result<Added, Failure> {
        let _one_at_a_time = self.0.changing().await;
        let (augmented, _) = self.plan(&new).await?;
        let file = self.0.file();
        let key = new.key.as_ref().map(|key| file::KeyFile {
            path: file.with_file_name(SECRETS).join(format!("{}.key", new.name)),
            text: key.reveal().to_owned().into(),
        });
        let key_file = key.as_ref().map(|key| key.path.display().to_string());
        let (to, text) = (file.clone(), augmented.text.clone());
        let written = blocking(move || file::write(&to, &text, key)).await;
        let renewed = match written.map_err(GatewayError::from)?? {
            None => None,
            Some(written) => match self.0.take_up(by, Operation::UpstreamAdded).await {
                Ok(changes) => Some(renewed(changes)),
                Err(failure) => {
                    blocking(move || written.undo())
                        .await
                        .map_err(GatewayError::from)??;
                    return Err(failure);
                }
            },
        };
        Ok(Added {
            written: renewed.is_some(),
            file: file.display().to_string(),
            key_file,
            block: augmented.block,
            route: augmented.route,
            targets: augmented.targets,
            renewed,
        })
    }
}

/// What came of an attestation.
pub(crate) struct AttestationMade {
    /// The file that it belongs in.
    pub file: PathBuf,
    /// Whether it is written there and taken up; not where this process may not write the file.
    pub written: bool,
    /// The attestation, as the file holds it.
    pub block: String,
}

/// Attests a fact on an upstream: writes it into the configuration file and takes that up, so that the ledger tells of it.
pub(crate) async fn attest(
    app: &App,
    by: &Principal,
    upstream: &str,
    attestation: &Attestation,
) -> Result<AttestationMade, Failure> {
    let _one_at_a_time = app.changing().await;
    let file = app.file();
    let from = file.clone();
    let text = blocking(move || file::read(&from))
        .await
        .map_err(GatewayError::from)??;
    let attested = trousseau_config::attest(&text, upstream, attestation)?;
    // What would be written must hold before anything is.
    Config::parse(&attested.text, Some(&file)).map_err(Failure::config)?;
    let to = file.clone();
    let written = blocking(move || file::write(&to, &attested.text, None)).await;
    let made = |written| AttestationMade {
        file,
        written,
        block: attested.block,
    };
    let Some(written) = written.map_err(GatewayError::from)?? else {
        return Ok(made(false));
    };
    let (value, until) = (
        attestation.statement.value().to_string(),
        attestation.until.to_string(),
    );
    let told = Operation::Attested(Attested {
        upstream,
        field: attestation.statement.field().name(),
        value: &value,
        until: &until,
    });
    if let Err(failure) = app.take_up(by, told).await {
        blocking(move || written.undo())
            .await
            .map_err(GatewayError::from)??;
        return Err(failure);
    }
    Ok(made(true))
}

/// The server called `name` in a configuration.
fn remote(config: &Config, name: &str) -> Option<Box<Remote>> {
    config.kinds.iter().find_map(|(other, kind)| match kind {
        Kind::OpenAi(remote) if other == name => Some(remote.clone()),
        Kind::OpenAi(_) | Kind::Extractive => None,
    })
}

/// Shares the steward of a server.
pub(crate) fn steward(app: &App) -> Arc<dyn Control> {
    Arc::new(Steward(app.for_commands()))
}
