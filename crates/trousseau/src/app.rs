//! The composition root: the one place that knows every part and puts them together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use trousseau_core::model::ChatModel;
use trousseau_core::principal::{Principal, Reach, Tenant};
use trousseau_extract::{Pool, PoolOptions};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::logs::Logs;
use trousseau_gateway::records::Records;
use trousseau_gateway::service::{Gateway, policy_digest};
use trousseau_retrieval::database::Access;
use trousseau_retrieval::extraction::Extraction;
use trousseau_retrieval::extractive::{Extractive, Wording};
use trousseau_retrieval::library::Library;

use crate::WORKER;
use crate::cli::Global;
use crate::config::{Config, Kind};
use crate::env;
use crate::failure::{AppError, Failure};
use crate::messages::{Language, Messages};

/// The program with its data folder open.
pub(crate) struct App {
    /// The service.
    pub gateway: Gateway,
    /// The configuration it was made from.
    pub config: Config,
    /// Held as long as the folder is written to.
    _lock: Option<fs_err::File>,
}

/// Where the data and the configuration are, and what the configuration says.
pub(crate) struct Place {
    /// The data folder.
    pub data: PathBuf,
    /// The configuration.
    pub config: Config,
}

/// Finds the data folder and reads the configuration.
pub(crate) fn place(global: &Global) -> Result<Place, Failure> {
    let named = global
        .data
        .clone()
        .or_else(|| env::DATA.read().map(PathBuf::from));
    let file = global
        .config
        .clone()
        .or_else(|| env::CONFIG.read().map(PathBuf::from));
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
    Ok(Place { data, config })
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
        let place = place(global)?;
        create_private(&place.data).map_err(AppError::Io)?;
        let lock = lock(&place.data)?;
        Self::assemble(place, Access::Write, Some(lock)).await
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
        Self::assemble(place, Access::Read, None).await
    }

    async fn assemble(place: Place, access: Access, lock: Option<fs_err::File>) -> Result<Self, Failure> {
        let Place { data, config } = place;
        let library = Library::open(&data, access).await?;
        let records = Records::open(&data, access).await?;
        let settings = config.settings.clone();
        let gateway = Gateway {
            logs: Logs::new(&data, &settings.replica, &settings.origin),
            targets: config.targets.clone(),
            policy: policy_digest(&config.rules, &config.targets).map_err(GatewayError::Entry)?,
            rules: config.rules.clone(),
            models: models(&config),
            extraction: extraction(&config)?,
            settings,
            library,
            records,
            now: Timestamp::now,
        };
        Ok(Self {
            gateway,
            config,
            _lock: lock,
        })
    }

    /// In whose name the command acts: a key of the configuration, or the operator.
    pub(crate) fn principal(&self, global: &Global) -> Result<Principal, AppError> {
        let tenant = tenant(global);
        let Some(name) = &global.key else {
            return Ok(Principal::operator(tenant));
        };
        let key = self
            .config
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
    pub(crate) async fn close(self) -> Result<(), Failure> {
        Ok(self.gateway.close().await?)
    }
}

/// The tenant that is named, or the default one.
pub(crate) fn tenant(global: &Global) -> Tenant {
    global.tenant.clone().unwrap_or_default()
}

/// The models behind the upstreams that this program can call.
fn models(config: &Config) -> HashMap<String, Arc<dyn ChatModel>> {
    let abstention = |language| Messages::new(language).plain("answer-abstained");
    let wording = Wording {
        abstention_fr: abstention(Language::French),
        abstention_en: abstention(Language::English),
    };
    let mut models: HashMap<String, Arc<dyn ChatModel>> = HashMap::new();
    for (name, kind) in &config.kinds {
        if *kind == Kind::Extractive {
            models.insert(name.clone(), Arc::new(Extractive::new(name, wording.clone())));
        }
    }
    models
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

/// Creates a folder that only its owner may enter.
pub(crate) fn create_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if folder.is_dir() {
        return Ok(());
    }
    fs_err::create_dir_all(folder)?;
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
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
