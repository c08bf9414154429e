//! `trousseau serve`: keeps the data folder open and answers, over HTTP and on the admin socket, until it is told to
//! end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use trousseau_accounts::{AccountError, Grants, NewKey};
use trousseau_config::{Changes, Config, TlsFiles};
use trousseau_core::label::Class;
use trousseau_core::principal::{Principal, Role, Tenant};
use trousseau_gateway::account_changes::{FailedSignIns, Operation};
use trousseau_gateway::error::GatewayError;
use trousseau_http::tls::{Files, Tls};
use trousseau_http::{Listener, Logo};
use trousseau_limits::Allowance;
use trousseau_retrieval::library::blocking;

use super::keys::{OPERATOR, enter};
use super::records::before;
use crate::admin::Admin;
use crate::app::{App, sharing, tenant};
use crate::caller::Caller;
use crate::checks;
use crate::cli::Serve;
use crate::control;
use crate::directory;
use crate::failure::{AppError, Exit, Failure};
use crate::texts::Catalogue;

/// How often it is noted when keys and sessions were last used.
const NOTED: Duration = Duration::from_secs(60);

/// How often what was spent is put onto the disk: a loss of power takes no more.
const FOLDED: Duration = Duration::from_secs(1);

/// How often records that are too old are looked for, in rounds of [`NOTED`].
const PURGED: u32 = 60;

/// How often the list of withdrawals is looked at.
const LOOKED: Duration = Duration::from_millis(500);

/// The name of the key that is made at the first start.
const FIRST_KEY: &str = "first-start";

pub(super) async fn run(caller: &Caller, serve: Serve) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(AppError::Io)?;
    let place = caller.place()?;
    let address = address(&serve, &place.config)?;
    let tls = certificate(&place.config)?;
    check_exposure(&serve, &place.config, address)?;
    let logo = place.config.server.settings.page.logo.as_deref();
    let logo = logo.map(Logo::open).transpose()?;
    // The address first: who finds it taken has changed nothing.
    let listener = Listener::bind(&address.to_string(), tls.clone()).await?;
    let app = App::open_to_serve(&caller.global).await?;
    if let Err(error) = app.gateway.settle_ledgers().await {
        tracing::error!(%error, "the ledgers are not as they should be");
    }
    let admin = Admin::bind(app.data()).map_err(AppError::Io)?;
    let mut server = trousseau_http::Server::new(
        Arc::clone(&app.gateway),
        app.accounts().await?,
        Arc::new(Catalogue::new()),
        app.config().server.settings.clone(),
    );
    server = server.with_control(control::steward(&app));
    if let Some(logo) = logo {
        server = server.with_logo(logo);
    }
    let server = Arc::new(server);
    let key = match serve.no_first_key {
        true => None,
        false => first_key(caller, &app).await?,
    };
    tell(
        caller,
        listener.address().map_err(AppError::Io)?,
        tls.is_some(),
        key,
    );
    let stop = CancellationToken::new();
    let serving = async {
        let served = trousseau_http::serve(server, listener, stop.clone()).await;
        stop.cancel();
        served
    };
    let serving = async {
        tokio::join!(
            serving,
            admin.serve(&app, &stop),
            rounds(&app, &stop),
            checks::run(&app, &stop),
            withdrawals(&app, &stop),
            folds(&app, &stop),
            Box::pin(sharing::follow(&app, &stop)),
            Box::pin(sharing::follow_records(&app, &stop)),
            Box::pin(directory::refresh(&app, &stop))
        )
    };
    let served = tokio::select! {
        (served, (), (), (), (), (), (), (), ()) = serving => served,
        never = signals.obey(&stop, tls, &app) => match never {},
    };
    if let Err(failure) = enter_failures(&app).await {
        let error = failure.english();
        tracing::error!(error, "sign-ins that failed are not in the ledger");
    }
    if let Err(error) = app.gateway.record_turned().await {
        tracing::error!(%error, "requests that limits refused are not in the ledger");
    }
    app.close().await?;
    tracing::info!("ended");
    served?;
    Ok(Exit::SUCCESS)
}

/// Takes up what another process has withdrawn or lifted in this data folder.
async fn withdrawals(app: &App, stop: &CancellationToken) {
    let mut looks = interval(LOOKED);
    let mut readable = true;
    while stop.run_until_cancelled(looks.tick()).await.is_some() {
        let gateway = Arc::clone(&app.gateway);
        let looked = blocking(move || gateway.withdrawals.look((gateway.now)())).await;
        let error = match looked {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = error.as_ref().filter(|_| readable) {
            tracing::error!(
                error,
                "the list of withdrawals cannot be read; the one of before is in force"
            );
        }
        readable = error.is_none();
    }
}

/// Where to listen: as typed, as configured, or on this machine alone.
fn address(serve: &Serve, config: &Config) -> Result<SocketAddr, AppError> {
    let Some(typed) = &serve.listen else {
        return Ok(config.server.listen);
    };
    trousseau_config::address(typed).ok_or_else(|| AppError::NotAnAddress { text: typed.clone() })
}

fn certificate(config: &Config) -> Result<Option<Arc<Tls>>, Failure> {
    let open = |files: &TlsFiles| {
        Tls::open(Files {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
        })
    };
    let tls = config.server.tls.as_ref().map(open).transpose()?;
    Ok(tls.map(Arc::new))
}

/// Other machines are not listened to without TLS, unless somebody says that a proxy does it.
fn check_exposure(serve: &Serve, config: &Config, address: SocketAddr) -> Result<(), AppError> {
    let covered = config.server.tls.is_some() || config.server.insecure || serve.insecure;
    if address.ip().to_canonical().is_loopback() || covered {
        return Ok(());
    }
    Err(AppError::Exposed {
        address: address.to_string(),
    })
}

/// Makes the first administrator's key where nobody can come in yet.
async fn first_key(caller: &Caller, app: &App) -> Result<Option<String>, Failure> {
    let accounts = app.accounts().await?;
    if !accounts.is_empty().await? {
        return Ok(None);
    }
    let new = NewKey {
        name: FIRST_KEY.to_owned(),
        grants: Grants {
            role: Role::Administrator,
            clearance: Class::Restricted,
            ..Grants::default()
        },
        expires: None,
        limits: Allowance::default(),
        created_by: OPERATOR.to_owned(),
    };
    let now = (app.gateway.now)();
    let (row, key) = match accounts.create_key(&tenant(&caller.global), new, now).await {
        // Another replica that starts at the same time was sooner.
        Err(AccountError::Taken { .. }) => return Ok(None),
        created => created?,
    };
    enter(caller, app, Operation::KeyCreated, (&row.name, row.grants.role)).await?;
    Ok(Some(key))
}

fn tell(caller: &Caller, address: SocketAddr, tls: bool, key: Option<String>) {
    let printer = &caller.printer;
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    if printer.json() {
        printer.object(&json!({ "url": url, "key": key }));
        return;
    }
    printer.line(&printer.messages.text("serve-listens", &[("url", &url)]));
    if let Some(key) = key {
        printer.line(&format!("key: {key}"));
        printer.note(&printer.messages.plain("serve-first-key"));
    }
}

/// What is done from time to time.
async fn rounds(app: &App, stop: &CancellationToken) {
    let mut rounds = interval(NOTED);
    let mut round: u32 = 0;
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        if let Err(failure) = keep_house(app, stop, round.is_multiple_of(PURGED)).await {
            tracing::error!(
                error = failure.english(),
                "the round was not finished; the next one follows"
            );
        }
        round = round.wrapping_add(1);
    }
}

/// Puts what was spent onto the disk, again and again.
async fn folds(app: &App, stop: &CancellationToken) {
    let mut rounds = interval(FOLDED);
    let mut was_sound = true;
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        if let Err(error) = app.gateway.limits.settle_shares((app.gateway.now)()).await {
            tracing::debug!(%error, "the other replicas were not told what was spent; it is tried again");
        }
        let folded = app.gateway.limits.fold((app.gateway.now)()).await;
        if let (true, Err(error)) = (was_sound, &folded) {
            tracing::error!(%error, "what was spent is not on the disk; it is tried again");
        }
        was_sound = folded.is_ok();
    }
}

async fn keep_house(app: &App, stop: &CancellationToken, purge: bool) -> Result<(), Failure> {
    let now = (app.gateway.now)();
    // The accounts' file may be gone for a while: the rest does not need it.
    let used = app.accounts().await?.write_used(now).await;
    let failures = enter_failures(app).await;
    app.gateway.record_turned().await?;
    if purge {
        let erased = app
            .gateway
            .purge(before(now, app.config().retention_days))
            .await?;
        if erased > 0 {
            tracing::info!(erased, "records past their time were erased");
        }
    }
    while !stop.is_cancelled() && app.gateway.index_records().await? {}
    used?;
    failures
}

/// Enters the sign-ins that failed since the last round in the ledger: one entry for an account, whatever their number.
async fn enter_failures(app: &App) -> Result<(), Failure> {
    let accounts = app.accounts().await?;
    let mut all = accounts.take_failures().await?.into_iter();
    while let Some(one) = all.next() {
        let failed = FailedSignIns {
            user: one.user.as_deref(),
            since: one.since,
            reasons: &one.reasons,
        };
        if let Err(error) = app.gateway.record_failed_sign_ins(&one.tenant, failed).await {
            accounts.keep_failures(std::iter::once(one).chain(all));
            return Err(error.into());
        }
    }
    Ok(())
}

/// What the operating system and its administrator say.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::hangup())?,
        })
    }

    /// The first signal to end cancels `stop`; the second ends the process at once, which loses nothing that was
    /// answered.
    async fn obey(
        &mut self,
        stop: &CancellationToken,
        tls: Option<Arc<Tls>>,
        app: &App,
    ) -> std::convert::Infallible {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
                _ = self.reload.recv() => {
                    renew(tls.clone()).await;
                    reload(app).await;
                    continue;
                }
            }
            if stop.is_cancelled() {
                tracing::warn!("ending at once");
                let own = rustix::process::getpid();
                // One may always end oneself, and nothing follows.
                let _ended = rustix::process::kill_process(own, rustix::process::Signal::KILL);
            }
            tracing::info!("ending: what is under way is finished");
            stop.cancel();
        }
    }
}

/// Takes up a changed configuration. Secrets in files are looked at before each use and need no word.
async fn reload(app: &App) {
    match app.reload(&Principal::operator(Tenant::default())).await {
        Ok(Changes { taken_up, waiting }) => {
            tracing::info!(?taken_up, ?waiting, "the configuration was read anew");
        }
        Err(failure) => {
            tracing::error!(
                error = failure.english(),
                "the new configuration cannot be used; the earlier one stays"
            );
            for (code, fault) in failure.english_faults() {
                tracing::error!(code, fault, "a fault of the new configuration");
            }
        }
    }
}

/// Takes up a renewed certificate.
async fn renew(tls: Option<Arc<Tls>>) {
    let Some(tls) = tls else {
        return;
    };
    match blocking(move || tls.reload()).await.map_err(GatewayError::from) {
        Ok(Ok(renewed)) => tracing::info!(renewed, "the certificate was looked at"),
        Ok(Err(error)) => {
            tracing::error!(%error, "the new certificate cannot be used; the earlier one stays");
        }
        Err(error) => tracing::error!(%error, "the certificate was not looked at"),
    }
}
