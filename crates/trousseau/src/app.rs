//! The composition root: the one place that knows every part and puts them together.
//!
//! [`models`] puts together what answers; `reload` does it again when the configuration has changed. `sharing` is the database of
//! several replicas.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use trousseau_accounts::Accounts;
use trousseau_accounts::oidc::{OidcSettings, Provider};
use trousseau_config::file::create_private;
use trousseau_config::{Config, Oidc};
use trousseau_core::principal::{Principal, Reach, Tenant};
use trousseau_extract::{Pool, PoolOptions};
use trousseau_gateway::backup::check_whole;
use trousseau_gateway::cached::Answers;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::logs::Logs;
use trousseau_gateway::records::Records;
use trousseau_gateway::service::Gateway;
use trousseau_limits::Limits;
use trousseau_plan::{InForce, Plan};
use trousseau_retrieval::database::Access;
use trousseau_retrieval::extraction::Extraction;
use trousseau_retrieval::library::Library;
use trousseau_routing::Router;
use trousseau_state::Postgres;
use trousseau_withdrawals::Withdrawals;

use crate::WORKER;
use crate::cli::Global;
use crate::directory;
use crate::env;
use crate::failure::{AppError, Failure};
use crate::secret;

pub(crate) mod models;
mod reload;
pub(crate) mod sharing;

/// How long the identity provider may take to be reached.
const PROVIDER: Duration = Duration::from_secs(10);

/// The program with its data folder open. Clones share it.
#[derive(Clone)]
pub(crate) struct App {
    /// The service.
    pub gateway: Arc<Gateway>,
    /// The configuration that it runs with.
    config: Arc<ArcSwap<Config>>,
    /// Held while the configuration is read anew, or written.
    changing: Arc<Mutex<()>>,
    /// The data folder.
    data: PathBuf,
    purpose: Purpose,
    accounts: Arc<OnceCell<Arc<Accounts>>>,
    /// The database that several replicas share, where there is one.
    shared: Option<Arc<Postgres>>,
    /// Held while tasks are registered.
    registering: Arc<Mutex<()>>,
    /// Held as long as the folder is written to.
    lock: Option<Arc<fs_err::File>>,
    /// Whether a server has it open for longer than one command.
    served: bool,
}

/// What a data folder is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To have questions answered, and everything else.
    Answer,
    /// For that, and to let people in.
    Serve,
    /// To have questions answered by nothing that is reached over a network.
    Demonstrate,
    /// To write to it.
    Write,
    /// To read from it, whoever writes.
    Read,
}

impl Purpose {
    const fn access(self) -> Access {
        match self {
            Self::Read => Access::Read,
            Self::Answer | Self::Serve | Self::Demonstrate | Self::Write => Access::Write,
        }
    }
}

/// Where the data and the configuration are, and what the configuration says.
pub(crate) struct Place {
    /// The data folder.
    pub data: PathBuf,
    /// The configuration.
    pub config: Arc<Config>,
}

/// Finds the data folder and reads the configuration.
pub(crate) fn place(global: &Global) -> Result<Place, Failure> {
    let named = named_data(global);
    let file = named_config(global);
    let fallback = || named.clone().or_else(default_data).ok_or(AppError::NoData);
    let config = match file {
        Some(file) => Config::load(&file),
        None => {
            let file = fallback()?.join("trousseau.toml");
            if file.is_file() {
                Config::load(&file)
            } else {
                Config::without_file()
            }
        }
    };
    let config = config.map_err(Failure::config)?;
    let data = match (&named, &config.data) {
        (None, Some(data)) => data.clone(),
        _ => fallback()?,
    };
    let data = std::path::absolute(data).map_err(AppError::Io)?;
    let config = Arc::new(config);
    Ok(Place { data, config })
}

/// The data folder that is named beside the command.
fn named_data(global: &Global) -> Option<PathBuf> {
    let variable = || env::DATA.read().map(PathBuf::from);
    global.data.clone().or_else(variable)
}

/// The configuration file that is named beside the command.
pub(crate) fn named_config(global: &Global) -> Option<PathBuf> {
    let variable = || env::CONFIG.read().map(PathBuf::from);
    global.config.clone().or_else(variable)
}

/// The data folder, without a look at the configuration where it can be told without.
pub(crate) fn data_folder(global: &Global) -> Result<PathBuf, Failure> {
    match (named_data(global), named_config(global)) {
        (Some(data), _) => Ok(std::path::absolute(data).map_err(AppError::Io)?),
        _ => Ok(place(global)?.data),
    }
}

/// `trousseau` in the folder of users' data (XDG base directory specification).
fn default_data() -> Option<PathBuf> {
    let home = || {
        env::HOME
            .read()
            .map(|home| PathBuf::from(home).join(".local/share"))
    };
    let base = env::XDG_DATA_HOME
        .read()
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    base.or_else(home).map(|base| base.join("trousseau"))
}

impl App {
    /// Opens the data folder to write to it, creating it when it is new. One process at a time.
    pub(crate) async fn open(global: &Global) -> Result<Self, Failure> {
        Self::open_for(global, Purpose::Write).await
    }

    /// The same, to have questions answered as well: every key of an upstream must be there.
    pub(crate) async fn open_to_answer(global: &Global) -> Result<Self, Failure> {
        Self::open_for(global, Purpose::Answer).await
    }

    /// The same, for a server: people can sign in at the identity provider as well.
    pub(crate) async fn open_to_serve(global: &Global) -> Result<Self, Failure> {
        Self::open_for(global, Purpose::Serve).await
    }

    /// The same, with the built-in answerer alone: no other upstream can be called, whatever is decided.
    pub(crate) async fn open_to_demonstrate(global: &Global) -> Result<Self, Failure> {
        Self::open_for(global, Purpose::Demonstrate).await
    }

    async fn open_for(global: &Global, purpose: Purpose) -> Result<Self, Failure> {
        let place = place(global)?;
        let lock = Self::take(&place.data)?;
        Box::pin(Self::assemble(place, purpose, Some(lock))).await
    }

    /// Takes a data folder, creating it when it is new, for as long as what is returned lives.
    pub(crate) fn take(data: &Path) -> Result<fs_err::File, AppError> {
        create_private(data)?;
        lock(data)
    }

    /// Opens the data folder to write to it, or, while another process does, to read what it has so far.
    pub(crate) async fn open_or_read(global: &Global) -> Result<Self, Failure> {
        match Self::open(global).await {
            Err(failure) if failure.is_locked() => Self::read(global).await,
            opened => opened,
        }
    }

    /// Opens the data folder to read from it, whoever writes to it meanwhile.
    pub(crate) async fn read(global: &Global) -> Result<Self, Failure> {
        let place = place(global)?;
        if !place.data.join("documents.sqlite").is_file() {
            return Err(AppError::NothingYet { data: place.data }.into());
        }
        Box::pin(Self::assemble(place, Purpose::Read, None)).await
    }

    async fn assemble(place: Place, purpose: Purpose, lock: Option<fs_err::File>) -> Result<Self, Failure> {
        let Place { data, config } = place;
        check_whole(&data)?;
        let lock = lock.map(Arc::new);
        let access = purpose.access();
        let shared = Box::pin(sharing::open(&config, access)).await?;
        let library = Library::open(&data, access).await?;
        let replica = config.settings.replica.as_str();
        let records = Records::open(&data, access).await?;
        let records = Box::pin(records.share(shared.as_ref().map(|shared| (shared, replica)))).await?;
        let opened = match purpose {
            Purpose::Answer | Purpose::Serve => models::open(&config)?,
            Purpose::Demonstrate => models::built_in(&config),
            Purpose::Write | Purpose::Read => models::Opened::default(),
        };
        let limits = match &shared {
            Some(postgres) => Box::pin(Limits::share(&data, access, (postgres, replica))).await?,
            None => Limits::open(&data, access).await?,
        };
        let now = Timestamp::now();
        let withdrawals = match &shared {
            Some(postgres) => Box::pin(Withdrawals::share(&data, postgres, access, now)).await?,
            None => Withdrawals::open(&data, now)?,
        };
        let gateway = Arc::new(Gateway {
            logs: Logs::new(&data, &config.settings.replica, &config.settings.origin),
            plan: InForce::new(plan(&config, opened)?),
            limits: Arc::new(limits),
            router: Arc::new(Router::new(seed())),
            withdrawals: Arc::new(withdrawals),
            answers: Answers::default(),
            extraction: extraction(&config)?,
            library,
            records,
            now: Timestamp::now,
        });
        Ok(Self {
            gateway,
            config: Arc::new(ArcSwap::new(config)),
            changing: Arc::default(),
            data,
            purpose,
            accounts: Arc::default(),
            shared,
            registering: Arc::default(),
            lock,
            served: false,
        })
    }

    /// The same, for the commands that a server runs: they do not close what it goes on with.
    pub(crate) fn for_commands(&self) -> Self {
        Self {
            served: true,
            ..self.clone()
        }
    }

    /// The accounts, opened when they are first needed.
    pub(crate) async fn accounts(&self) -> Result<Arc<Accounts>, Failure> {
        let open = async || self.open_accounts().await;
        Ok(Arc::clone(self.accounts.get_or_try_init(open).await?))
    }

    async fn open_accounts(&self) -> Result<Arc<Accounts>, Failure> {
        let access = self.purpose.access();
        let accounts = match &self.shared {
            Some(postgres) => Box::pin(Accounts::share(postgres, access)).await?,
            None => Accounts::open(&self.data, access).await?,
        };
        let config = self.config();
        let accounts = accounts
            .with_limits(config.server.sessions)
            .telling(self.gateway.limits.own());
        let accounts = match &config.oidc {
            Some(oidc) if self.purpose == Purpose::Serve => accounts.with_provider(provider(oidc, &config)?),
            _ => accounts,
        };
        let accounts = match &config.directory {
            Some(described) if self.purpose == Purpose::Serve => {
                accounts.with_directory(directory::open(described, &config)?, described.people.clone())
            }
            _ => accounts,
        };
        let accounts = match &config.provisioning {
            Some(provisioning) => accounts.with_provisioning(provisioning.settings.clone()),
            None => accounts,
        };
        Ok(Arc::new(accounts))
    }

    /// The configuration that it runs with now.
    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// To be held by a command that wants to know which tasks it registered.
    pub(crate) async fn registering(&self) -> MutexGuard<'_, ()> {
        self.registering.lock().await
    }

    /// The data folder and its configuration.
    pub(crate) fn place(&self) -> Place {
        Place {
            data: self.data.clone(),
            config: self.config(),
        }
    }

    /// In whose name the command acts: a key of the configuration, or the operator.
    pub(crate) fn principal(&self, global: &Global) -> Result<Principal, AppError> {
        let tenant = tenant(global);
        let Some(name) = &global.key else {
            return Ok(Principal::operator(tenant));
        };
        let config = self.config();
        let key = config
            .settings
            .key(name)
            .ok_or_else(|| AppError::NoKey { name: name.clone() })?;
        Ok(Principal {
            tenant,
            user: key.name.clone(),
            groups: key.groups.clone(),
            reach: Reach::Granted,
            clearance: key.clearance,
            label_floor: key.label_floor.clone(),
            role: trousseau_core::principal::Role::User,
            routes: None,
        })
    }

    /// Ends the worker processes, publishes the checkpoints and closes every file.
    /// What a server has open stays open.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        if self.served {
            return Ok(());
        }
        let now = (self.gateway.now)();
        let accounts = Arc::into_inner(self.accounts).and_then(OnceCell::into_inner);
        if let Some(accounts) = accounts.and_then(Arc::into_inner) {
            Box::pin(accounts.close(now)).await;
        }
        match Arc::into_inner(self.gateway) {
            Some(gateway) => Box::pin(gateway.close()).await?,
            None => tracing::warn!("something still uses the data folder: it is closed as by a kill"),
        }
        if let Some(shared) = self.shared {
            shared.close().await;
        }
        drop(self.lock);
        Ok(())
    }
}

/// The tenant that is named, or the default one.
pub(crate) fn tenant(global: &Global) -> Tenant {
    global.tenant.clone().unwrap_or_default()
}

/// The identity provider that people sign in at.
fn provider(oidc: &Oidc, config: &Config) -> Result<Provider, Failure> {
    let client = models::network(&config.egress)?.client(PROVIDER, None)?;
    let client_secret = oidc.client_secret.as_ref().map(secret::open).transpose()?;
    let provisioned = config.provisioning.as_ref();
    let settings = OidcSettings {
        client_secret,
        handle: provisioned.map(|provisioning| provisioning.claim.clone()),
        ..oidc.settings.clone()
    };
    Ok(Provider::new(settings, client)?)
}

/// What the service works by, as a configuration says.
fn plan(config: &Config, opened: models::Opened) -> Result<Plan, GatewayError> {
    let decides = (config.targets.clone(), config.rules.clone());
    let plan = Plan::new(config.settings.clone(), decides, opened.models).map_err(GatewayError::Entry)?;
    Ok(plan.with_measures(opened.embedders, opened.rerankers))
}

fn extraction(config: &Config) -> Result<Extraction, AppError> {
    let program = std::env::current_exe()?;
    let mut options = PoolOptions::new(program, [WORKER]);
    options.workers = config.extraction.workers;
    options.memory_limit = config.extraction.memory_bytes;
    options.timeout = config.settings.limits.extraction;
    options.limits.max_bytes = config.settings.limits.file_bytes;
    Ok(Extraction::new(Pool::new(options)))
}

/// Takes the data folder for this process; the lock ends with it, however it ends.
fn lock(data: &Path) -> Result<fs_err::File, AppError> {
    use std::io::Write as _;
    let path = data.join("lock");
    let mut options = fs_err::OpenOptions::new();
    let mut file = options
        .create(true)
        .truncate(false)
        .write(true)
        .read(true)
        .open(&path)?;
    if flock(file.file(), FlockOperation::NonBlockingLockExclusive).is_err() {
        let holder = fs_err::read_to_string(&path).unwrap_or_default();
        return Err(AppError::Locked {
            data: data.to_path_buf(),
            holder: holder.trim().to_owned(),
        });
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

/// What the router's random choices follow from: another for each start, nothing that must be hard to guess.
fn seed() -> u64 {
    Timestamp::now().as_millisecond().unsigned_abs()
}
