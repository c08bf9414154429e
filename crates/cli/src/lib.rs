//! What can be typed: the commands and their arguments, and nothing of what they do.
//!
//! [`Cli`] is the whole command line, with one type for each command; [`parse`] reads it. The help that clap prints is not
//! written here: [`command`] takes each text from the catalogue of whoever calls, under `help-COMMAND--ARGUMENT`, so that it
//! speaks the user's language; [`moment`] reads days and numbers of days as people type them. What the commands do stands under the same names in `trousseau/src/commands`.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::{
    ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{InvalidTenant, Reader, Role, Tenant};
use trousseau_retrieval::store::TaskState;

mod catalogue;
mod drill;
mod keys;
pub mod moment;
mod state;
mod withdraw;

pub use catalogue::{AttestableField, Catalogue, CatalogueAttest, CatalogueShow};
pub use drill::{Drill, DrillCut};
pub use keys::{InvalidMoney, KeyCreate, KeyRevoke, Keys, Limited, Limits, PeriodName};
pub use moment::{Beginning, Expiry};
pub use state::State;
pub use withdraw::{Lift, Withdraw, Withdrawn};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "trousseau", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Action,
}

impl Action {
    /// Whether a server that has the data folder runs the command, rather than the process that it was typed in.
    pub const fn is_served(&self) -> bool {
        match self {
            Self::Ingest(_)
            | Self::Ask(_)
            | Self::Search(_)
            | Self::Tasks(_)
            | Self::Collections
            | Self::Documents(_)
            | Self::Policy(_)
            | Self::Catalogue(_)
            | Self::Ledger(Ledger::Prove(_) | Ledger::Show(_))
            | Self::Keys(_)
            | Self::Limits(_)
            | Self::Users(_)
            | Self::Records(_)
            | Self::Backup(_)
            | Self::Config(Config::Show)
            | Self::Reload
            | Self::State(_)
            | Self::Withdraw(_)
            | Self::Drill(_)
            | Self::Doctor => true,
            Self::Demo(_)
            | Self::Serve(_)
            | Self::Restore(_)
            | Self::Ledger(Ledger::Verify(_) | Ledger::Where(_))
            | Self::Config(Config::Check(_) | Config::Example)
            | Self::Completions(_)
            | Self::ExtractWorker
            | Self::Generate(_) => false,
        }
    }
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub struct Global {
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[arg(long, global = true)]
    pub json: bool,
    #[arg(long, global = true, value_name = "NAME", value_parser = tenant)]
    pub tenant: Option<Tenant>,
    #[arg(long, global = true, value_name = "NAME")]
    pub key: Option<String>,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Action {
    Demo(Demo),
    Serve(Serve),
    Ingest(Ingest),
    Ask(Ask),
    Search(Search),
    Tasks(Tasks),
    Collections,
    #[command(args_conflicts_with_subcommands = true)]
    Documents(Documents),
    #[command(subcommand)]
    Policy(Policy),
    #[command(subcommand)]
    Catalogue(Catalogue),
    #[command(subcommand)]
    Ledger(Ledger),
    #[command(subcommand)]
    Keys(Keys),
    #[command(subcommand)]
    Limits(Limits),
    #[command(subcommand)]
    Users(Users),
    #[command(subcommand)]
    Records(Records),
    Backup(Backup),
    Restore(Restore),
    #[command(subcommand)]
    Config(Config),
    Reload,
    #[command(subcommand)]
    State(State),
    #[command(subcommand)]
    Withdraw(Withdraw),
    #[command(subcommand)]
    Drill(Drill),
    Doctor,
    Completions(Completions),
    #[command(hide = true)]
    ExtractWorker,
    #[command(hide = true)]
    Generate(Generate),
}

#[derive(Debug, Args)]
pub struct Demo {
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    #[arg(long, value_name = "PATH")]
    pub documents: Option<PathBuf>,
    #[arg(long, value_name = "TEXT")]
    pub question: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Serve {
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    #[arg(long)]
    pub insecure: bool,
    #[arg(long)]
    pub no_first_key: bool,
}

#[derive(Debug, Args)]
pub struct Ingest {
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[arg(long, short, value_name = "NAME")]
    pub collection: Option<String>,
    #[arg(long, value_name = "LABEL")]
    pub label: Option<Label>,
    #[arg(long, value_name = "READER")]
    pub reader: Vec<Reader>,
    #[arg(long, requires = "paths")]
    pub sync: bool,
}

#[derive(Debug, Args)]
pub struct Ask {
    #[arg(value_name = "QUESTION")]
    pub question: String,
    #[arg(long, value_name = "NAME")]
    pub route: Option<String>,
    #[arg(long, short, value_name = "NAME")]
    pub collection: Vec<String>,
    #[arg(long, value_name = "LABEL")]
    pub label: Option<Label>,
}

#[derive(Debug, Args)]
pub struct Search {
    #[arg(value_name = "QUESTION")]
    pub question: String,
    #[arg(long, short, value_name = "NAME")]
    pub collection: Vec<String>,
    #[arg(long, short = 'n', value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: Option<u16>,
}

#[derive(Debug, Args)]
pub struct Tasks {
    #[arg(long, value_name = "STATE")]
    pub state: Option<StateName>,
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,
}

/// A task's state, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StateName {
    Enqueued,
    Processing,
    Committed,
    Succeeded,
    Failed,
}

impl From<StateName> for TaskState {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Enqueued => Self::Enqueued,
            StateName::Processing => Self::Processing,
            StateName::Committed => Self::Committed,
            StateName::Succeeded => Self::Succeeded,
            StateName::Failed => Self::Failed,
        }
    }
}

#[derive(Debug, Args)]
pub struct Documents {
    #[command(subcommand)]
    pub action: Option<DocumentAction>,
    #[arg(long, short, value_name = "NAME")]
    pub collection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum DocumentAction {
    Show(DocumentShow),
    Delete(DocumentDelete),
}

#[derive(Debug, Args)]
pub struct DocumentShow {
    #[arg(value_name = "DOCUMENT")]
    pub document: String,
    #[arg(long)]
    pub original: bool,
}

#[derive(Debug, Args)]
pub struct DocumentDelete {
    #[arg(value_name = "DOCUMENT", required = true)]
    pub documents: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Policy {
    Explain(Explain),
}

#[derive(Debug, Args)]
pub struct Explain {
    #[arg(value_name = "TEXT")]
    pub text: String,
    #[arg(long, value_name = "NAME")]
    pub route: Option<String>,
    #[arg(long, value_name = "LABEL")]
    pub label: Option<Label>,
    #[arg(long, short, value_name = "NAME")]
    pub collection: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Ledger {
    Verify(LedgerVerify),
    Prove(LedgerProve),
    Show(LedgerShow),
    Where(LedgerWhere),
}

#[derive(Debug, Args)]
pub struct LedgerVerify {
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    #[arg(long, value_name = "VKEY")]
    pub vkey: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct LedgerProve {
    #[arg(value_name = "ENTRY")]
    pub entry: String,
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct LedgerShow {
    #[arg(value_name = "ENTRY")]
    pub entry: Option<String>,
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub limit: u64,
    #[arg(long)]
    pub record: bool,
}

#[derive(Debug, Args)]
pub struct LedgerWhere {
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    #[arg(long, value_name = "CLASS")]
    pub class: Class,
    #[arg(long, value_name = "DATE")]
    pub since: Option<Beginning>,
    #[arg(long, value_name = "DATE")]
    pub until: Option<Expiry>,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    Check(ConfigCheck),
    Show,
    Example,
}

#[derive(Debug, Args)]
pub struct ConfigCheck {
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// What an account may do.
#[derive(Debug, Args)]
pub struct Allowed {
    #[arg(long, value_name = "ROLE")]
    pub role: Option<Role>,
    #[arg(long, value_name = "NAME")]
    pub group: Vec<String>,
    #[arg(long, value_name = "CLASS")]
    pub clearance: Option<Class>,
    #[arg(long, value_name = "LABEL")]
    pub label_floor: Option<Label>,
    #[arg(long, value_name = "NAME")]
    pub route: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Users {
    First,
    Create(UserCreate),
    List,
    Link(UserName),
    Disable(UserName),
    Enable(UserName),
}

#[derive(Debug, Args)]
pub struct UserCreate {
    #[arg(value_name = "USER")]
    pub name: String,
    #[arg(long, value_name = "TEXT")]
    pub display: Option<String>,
    #[command(flatten)]
    pub allowed: Allowed,
}

#[derive(Debug, Args)]
pub struct UserName {
    #[arg(value_name = "USER")]
    pub user: String,
}

#[derive(Debug, Subcommand)]
pub enum Records {
    Export(RecordsExport),
    Delete(RecordsDelete),
    Purge(RecordsPurge),
}

#[derive(Debug, Args)]
pub struct RecordsExport {
    #[arg(long, value_name = "USER")]
    pub subject: String,
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct RecordsDelete {
    #[arg(long, value_name = "USER")]
    pub subject: String,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct RecordsPurge {
    #[arg(long, value_name = "DAYS")]
    pub older_than: Option<u32>,
}

#[derive(Debug, Args)]
pub struct Backup {
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
}

#[derive(Debug, Args)]
pub struct Restore {
    #[arg(value_name = "DIR")]
    pub from: PathBuf,
}

#[derive(Debug, Args)]
pub struct Completions {
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

fn tenant(name: &str) -> Result<Tenant, InvalidTenant> {
    Tenant::new(name)
}

/// Prints one of the reference pages that are kept in the repository.
#[derive(Debug, Args)]
pub struct Generate {
    pub page: Page,
    /// The folder that man pages are written into.
    #[arg(long)]
    pub into: Option<PathBuf>,
}

/// A reference page.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Page {
    CommandsFr,
    CommandsEn,
    ConfigFr,
    ConfigEn,
    ManFr,
    ManEn,
}

/// The catalogue: the text under a key, with its fields filled in.
pub type Words<'a> = dyn Fn(&str, &[(&str, &dyn fmt::Display)]) -> String + 'a;

/// The command line with its help in the user's language.
pub fn command(words: &Words<'_>) -> Command {
    let help = clap::Arg::new("help")
        .long("help")
        .short('h')
        .global(true)
        .action(ArgAction::Help)
        .help_heading(words("help-options", &[]))
        .help(words("help--help", &[]));
    let version = clap::Arg::new("version")
        .long("version")
        .short('V')
        .action(ArgAction::Version)
        .help_heading(words("help-options", &[]))
        .help(words("help--version", &[]));
    let root = Cli::command()
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(help)
        .arg(version);
    translate(root, "help", words)
}

/// Whether what was typed asks for JSON; to be known before it is understood.
pub fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--json")
}

/// Reads the arguments; clap's own error when they are wrong, or when help is asked for.
pub fn parse(words: &Words<'_>, arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let matches = command(words).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// Gives a command, its arguments and its subcommands their texts.
fn translate(command: Command, key: &str, words: &Words<'_>) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
        words("help-usage", &[])
    );
    let mut command = command
        .about(words(key, &[]))
        .help_template(template)
        .subcommand_help_heading(words("help-commands", &[]))
        .subcommand_value_name(words("help-command-value", &[]))
        .next_help_heading(words("help-options", &[]));
    let names: Vec<clap::Id> = command
        .get_arguments()
        .map(|argument| argument.get_id().clone())
        .collect();
    for name in names
        .iter()
        .filter(|name| !["help", "version"].contains(&name.as_str()))
    {
        let global = command
            .get_arguments()
            .any(|argument| argument.get_id() == name && argument.is_global_set());
        let text = if global {
            format!("help--{name}")
        } else {
            format!("{key}--{name}")
        };
        let text = words(&text, &[]);
        command = command.mut_arg(name, |argument| {
            let heading = match (argument.is_positional(), global) {
                (true, _) => "help-arguments",
                (false, false) => "help-options",
                (false, true) => "help-global-options",
            };
            let text = format!("{text}{}", choices(&argument, words));
            let argument = argument.help(text).help_heading(words(heading, &[]));
            match value(&argument) {
                Some(key) => argument
                    .value_name(words(&key, &[]))
                    .hide_possible_values(true)
                    .hide_default_value(true),
                None => argument,
            }
        });
    }
    let subcommands: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in subcommands {
        let key = format!("{key}-{name}");
        command = command.mut_subcommand(&name, |sub| translate(sub.disable_help_flag(true), &key, words));
    }
    command
}

/// What help says of an argument's possible values and default.
fn choices(argument: &clap::Arg, words: &Words<'_>) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let told = |key: &str, values: Vec<String>| match values.is_empty() {
        true => String::new(),
        false => format!(" [{}]", words(key, &[("values", &values.join(", "))])),
    };
    let possible = argument.get_possible_values();
    let possible = possible.iter().map(|value| value.get_name().to_owned());
    let defaults = argument.get_default_values().iter();
    let defaults = defaults.map(|value| value.to_string_lossy().into_owned());
    told("help-possible", possible.collect()) + &told("help-default", defaults.collect())
}

/// The key of the name that help gives an argument's value, where it takes one.
pub fn value(argument: &clap::Arg) -> Option<String> {
    let names = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values())?;
    Some(format!("value-{}", names.first()?.to_lowercase()))
}
