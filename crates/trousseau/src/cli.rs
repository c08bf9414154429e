//! The command line as it is typed. Its help texts stand in the catalogue, under `help-COMMAND--ARGUMENT`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{
    ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{InvalidTenant, Reader, Role, Tenant};
use trousseau_retrieval::store::TaskState;

use crate::messages::Messages;
use trousseau_config::moment::{Beginning, Expiry};

mod catalogue;
mod keys;
mod withdraw;

pub(crate) use catalogue::{Catalogue, CatalogueAttest, CatalogueShow};
pub(crate) use keys::{KeyCreate, KeyRevoke, Keys, Limited, Limits};
pub(crate) use withdraw::{Lift, Withdraw, Withdrawn};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "trousseau", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Action,
}

impl Action {
    /// Whether a server that has the data folder runs the command, rather than the process that it was typed in.
    pub(crate) const fn is_served(&self) -> bool {
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
            | Self::Withdraw(_)
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
pub(crate) struct Global {
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
pub(crate) enum Action {
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
    Withdraw(Withdraw),
    Doctor,
    Completions(Completions),
    #[command(hide = true)]
    ExtractWorker,
    #[command(hide = true)]
    Generate(Generate),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    #[arg(long, value_name = "PATH")]
    pub documents: Option<PathBuf>,
    #[arg(long, value_name = "TEXT")]
    pub question: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    #[arg(long)]
    pub insecure: bool,
    #[arg(long)]
    pub no_first_key: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
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
pub(crate) struct Ask {
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
pub(crate) struct Search {
    #[arg(value_name = "QUESTION")]
    pub question: String,
    #[arg(long, short, value_name = "NAME")]
    pub collection: Vec<String>,
    #[arg(long, short = 'n', value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Tasks {
    #[arg(long, value_name = "STATE")]
    pub state: Option<StateName>,
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,
}

/// A task's state, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StateName {
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
pub(crate) struct Documents {
    #[command(subcommand)]
    pub action: Option<DocumentAction>,
    #[arg(long, short, value_name = "NAME")]
    pub collection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentAction {
    Show(DocumentShow),
    Delete(DocumentDelete),
}

#[derive(Debug, Args)]
pub(crate) struct DocumentShow {
    #[arg(value_name = "DOCUMENT")]
    pub document: String,
    #[arg(long)]
    pub original: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DocumentDelete {
    #[arg(value_name = "DOCUMENT", required = true)]
    pub documents: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    Explain(Explain),
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
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
pub(crate) enum Ledger {
    Verify(LedgerVerify),
    Prove(LedgerProve),
    Show(LedgerShow),
    Where(LedgerWhere),
}

#[derive(Debug, Args)]
pub(crate) struct LedgerVerify {
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    #[arg(long, value_name = "VKEY")]
    pub vkey: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LedgerProve {
    #[arg(value_name = "ENTRY")]
    pub entry: String,
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LedgerShow {
    #[arg(value_name = "ENTRY")]
    pub entry: Option<String>,
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub limit: u64,
    #[arg(long)]
    pub record: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LedgerWhere {
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
pub(crate) enum Config {
    Check(ConfigCheck),
    Show,
    Example,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigCheck {
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// What an account may do.
#[derive(Debug, Args)]
pub(crate) struct Allowed {
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
pub(crate) enum Users {
    First,
    Create(UserCreate),
    List,
    Link(UserName),
    Disable(UserName),
    Enable(UserName),
}

#[derive(Debug, Args)]
pub(crate) struct UserCreate {
    #[arg(value_name = "USER")]
    pub name: String,
    #[arg(long, value_name = "TEXT")]
    pub display: Option<String>,
    #[command(flatten)]
    pub allowed: Allowed,
}

#[derive(Debug, Args)]
pub(crate) struct UserName {
    #[arg(value_name = "USER")]
    pub user: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    Export(RecordsExport),
    Delete(RecordsDelete),
    Purge(RecordsPurge),
}

#[derive(Debug, Args)]
pub(crate) struct RecordsExport {
    #[arg(long, value_name = "USER")]
    pub subject: String,
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RecordsDelete {
    #[arg(long, value_name = "USER")]
    pub subject: String,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RecordsPurge {
    #[arg(long, value_name = "DAYS")]
    pub older_than: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[arg(value_name = "DIR")]
    pub from: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

fn tenant(name: &str) -> Result<Tenant, InvalidTenant> {
    Tenant::new(name)
}

/// Prints one of the reference pages that are kept in the repository.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    pub page: Page,
    /// The folder that man pages are written into.
    #[arg(long)]
    pub into: Option<PathBuf>,
}

/// A reference page.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Page {
    CommandsFr,
    CommandsEn,
    ConfigFr,
    ConfigEn,
    ManFr,
    ManEn,
}

/// The command line with its help in the user's language.
pub(crate) fn command(messages: &Messages) -> Command {
    let help = clap::Arg::new("help")
        .long("help")
        .short('h')
        .global(true)
        .action(ArgAction::Help)
        .help_heading(messages.plain("help-options"))
        .help(messages.plain("help--help"));
    let version = clap::Arg::new("version")
        .long("version")
        .short('V')
        .action(ArgAction::Version)
        .help_heading(messages.plain("help-options"))
        .help(messages.plain("help--version"));
    let root = Cli::command()
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(help)
        .arg(version);
    translate(root, "help", messages)
}

/// Whether what was typed asks for JSON; to be known before it is understood.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--json")
}

/// Reads the arguments; clap's own error when they are wrong, or when help is asked for.
pub(crate) fn parse(
    messages: &Messages,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Cli, clap::Error> {
    let matches = command(messages).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// Gives a command, its arguments and its subcommands their texts.
fn translate(command: Command, key: &str, messages: &Messages) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
        messages.plain("help-usage")
    );
    let mut command = command
        .about(messages.plain(key))
        .help_template(template)
        .subcommand_help_heading(messages.plain("help-commands"))
        .subcommand_value_name(messages.plain("help-command-value"))
        .next_help_heading(messages.plain("help-options"));
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
        let text = messages.plain(&text);
        command = command.mut_arg(name, |argument| {
            let heading = match (argument.is_positional(), global) {
                (true, _) => "help-arguments",
                (false, false) => "help-options",
                (false, true) => "help-global-options",
            };
            let text = format!("{text}{}", choices(&argument, messages));
            let argument = argument.help(text).help_heading(messages.plain(heading));
            match value(&argument) {
                Some(key) => argument
                    .value_name(messages.plain(&key))
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
        command = command.mut_subcommand(&name, |sub| {
            translate(sub.disable_help_flag(true), &key, messages)
        });
    }
    command
}

/// What help says of an argument's possible values and default.
fn choices(argument: &clap::Arg, messages: &Messages) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let told = |key: &str, values: Vec<String>| match values.is_empty() {
        true => String::new(),
        false => format!(" [{}]", messages.text(key, &[("values", &values.join(", "))])),
    };
    let possible = argument.get_possible_values();
    let possible = possible.iter().map(|value| value.get_name().to_owned());
    let defaults = argument.get_default_values().iter();
    let defaults = defaults.map(|value| value.to_string_lossy().into_owned());
    told("help-possible", possible.collect()) + &told("help-default", defaults.collect())
}

/// The key of the name that help gives an argument's value, where it takes one.
fn value(argument: &clap::Arg) -> Option<String> {
    let names = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values())?;
    Some(format!("value-{}", names.first()?.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Language;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        for language in [Language::French, Language::English] {
            command(&Messages::new(language)).debug_assert();
        }
    }

    fn keys(command: &Command, key: &str, found: &mut Vec<String>) {
        found.push(key.to_owned());
        for argument in command.get_arguments() {
            let prefix = if argument.is_global_set() { "help" } else { key };
            found.push(format!("{prefix}--{}", argument.get_id()));
            found.extend(value(argument));
        }
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            keys(sub, &format!("{key}-{}", sub.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_argument_has_its_help_in_both_languages() {
        let mut wanted = Vec::new();
        keys(&Cli::command(), "help", &mut wanted);
        for language in [Language::French, Language::English] {
            let messages = Messages::new(language);
            let missing: Vec<_> = wanted.iter().filter(|key| !messages.has(key)).collect();
            assert!(missing.is_empty(), "{language:?}: {missing:?}");
        }
    }
}
