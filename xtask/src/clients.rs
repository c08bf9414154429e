//! Existing clients of OpenAI's API, run unchanged against a real server: their cases are in `xtask/clients`.
//!
//! Each client gets a server of its own with an empty data folder, and all of them the same small upstream.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process::{answer, say, succeeds};
use crate::repository::Repository;
use crate::test::Run;
use crate::tools::{self, system_packages};
use crate::verdict::Tally;

/// A client: its name, the script with its cases, and where it comes from.
struct Client {
    name: &'static str,
    script: &'static str,
    packages: Packages,
}

enum Packages {
    Python(&'static [&'static str]),
    Node(&'static [&'static str]),
}

const CLIENTS: &[Client] = &[
    Client {
        name: "client-openai-python",
        script: "openai_python.py",
        packages: Packages::Python(&["openai==3.52.0", "langchain-openai==1.7.3"]),
    },
    Client {
        name: "client-langchain",
        script: "langchain_python.py",
        packages: Packages::Python(&["openai==3.52.0", "langchain-openai==1.7.3"]),
    },
    // Apart from the others: it pins an older `openai`.
    Client {
        name: "client-litellm",
        script: "litellm_python.py",
        packages: Packages::Python(&["litellm==1.106.2"]),
    },
    Client {
        name: "client-openai-node",
        script: "openai_node.mjs",
        packages: Packages::Node(&["openai@6.49.0"]),
    },
];

/// Two routes to the upstream, of which one is for what is public, and one to the documents.
const CONFIG: &str = r#"
[[upstream]]
name = "local"
kind = "extractive"

[[upstream]]
name = "mock"
kind = "openai"
url = "{upstream}/v1"
model = "mock-model"

[upstream.card]
provider = "mock"
premises = "own"

[[upstream]]
name = "stranger"
kind = "openai"
url = "{upstream}/v1"
model = "mock-model"

[[route]]
name = "documents"
targets = ["local"]

[[route]]
name = "libre"
targets = ["mock"]
grounded = false

[[route]]
name = "public"
targets = ["stranger"]
grounded = false
"#;

/// Runs the cases of every client.
pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    let node = answer(Command::new("npm").arg("--version")).is_some()
        || system_packages(&["nodejs", "npm"], run.options)?;
    ensure!(node, "Node.js is missing");
    build(run.repository)?;
    let upstream = Upstream::start(run.repository)?;
    for client in CLIENTS {
        if let Err(error) = try_client(run.repository, client, &upstream, &mut tally) {
            tally.fail(format!("{}: {error:#}", client.name));
        }
    }
    Ok(tally)
}

/// Builds the program that is tried.
pub(crate) fn build(repository: &Repository) -> Result<()> {
    ensure!(
        succeeds(repository.cargo().args(["build", "--package", "trousseau"]))?,
        "the program does not build"
    );
    Ok(())
}

fn try_client(
    repository: &Repository,
    client: &Client,
    upstream: &Upstream,
    tally: &mut Tally,
) -> Result<()> {
    let mut command = command(repository, client)?;
    let server = Server::start(repository, client.name, &upstream.url)?;
    command
        .env("TROUSSEAU_URL", &server.url)
        .env("TROUSSEAU_KEY", &server.key)
        .env("UPSTREAM_URL", &upstream.url)
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.stderr(Stdio::inherit()).output()?;
    let mut told = 0;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(name) = line.strip_prefix("ok ") {
            say(&format!("{}: {name} ... ok", client.name));
            tally.pass();
            told += 1;
        } else if let Some(failed) = line.strip_prefix("failed ") {
            tally.fail(format!("{}: {failed}", client.name));
            told += 1;
        }
    }
    ensure!(told > 0, "it told of no case and ended with {}", output.status);
    Ok(())
}

/// The command that runs a client's cases. Node finds packages beside the script, Python in its environment.
fn command(repository: &Repository, client: &Client) -> Result<Command> {
    let script = repository.path("xtask/clients").join(client.script);
    match client.packages {
        Packages::Python(packages) => {
            let environment = if client.name == "client-langchain" {
                "client-openai-python"
            } else {
                client.name
            };
            let programs = tools::python(repository, environment, packages)?;
            let mut command = Command::new(programs.join("python"));
            command.arg(script);
            Ok(command)
        }
        Packages::Node(packages) => {
            let home = tools::node(repository, client.name, packages)?;
            let copy = home.join(client.script);
            fs_err::copy(script, &copy)?;
            let mut command = Command::new("node");
            command.arg(copy);
            Ok(command)
        }
    }
}

/// The small upstream; it ends with the suite.
struct Upstream {
    child: Child,
    url: String,
}

impl Upstream {
    fn start(repository: &Repository) -> Result<Self> {
        let script = repository.path("xtask/clients/upstream.py");
        let mut child = Command::new("python3")
            .arg(script)
            .stdout(Stdio::piped())
            .spawn()?;
        let port = lines(&mut child)?
            .next()
            .context("the upstream does not start")??;
        Ok(Self {
            child,
            url: format!("http://127.0.0.1:{}", port.trim()),
        })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// A server with the key of its administrator; it ends with the client.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) key: String,
}

impl Server {
    pub(crate) fn start(repository: &Repository, name: &str, upstream: &str) -> Result<Self> {
        let folder = repository.path("target/clients").join(name);
        if folder.exists() {
            fs_err::remove_dir_all(&folder)?;
        }
        fs_err::create_dir_all(&folder)?;
        let config = folder.join("trousseau.toml");
        fs_err::write(&config, CONFIG.replace("{upstream}", upstream))?;
        let mut child = serve(repository, &folder, &config)
            .spawn()
            .context("cannot start the server")?;
        let (mut url, mut key) = (None, None);
        for line in lines(&mut child)? {
            let line = line?;
            if let Some((_, address)) = line.split_once("http://") {
                url = Some(format!("http://{}", address.trim_end_matches('/')));
            } else if let Some(told) = line.trim().strip_prefix("key: ") {
                key = Some(told.to_owned());
            }
            if let (Some(url), Some(key)) = (&url, &key) {
                return Ok(Self {
                    child,
                    url: url.clone(),
                    key: key.clone(),
                });
            }
        }
        anyhow::bail!("the server ended without an address and a key: {}", child.wait()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let process = self.child.id().to_string();
        let _asked = Command::new("kill").args(["-TERM", &process]).status();
        let _ended = self.child.wait();
    }
}

fn serve(repository: &Repository, folder: &Path, config: &Path) -> Command {
    let program: PathBuf = repository.path("target/debug/trousseau");
    let mut command = Command::new(program);
    command
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--config")
        .arg(config);
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped());
    command
}

fn lines(child: &mut Child) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>> {
    let output = child.stdout.take().context("it has no output")?;
    Ok(BufReader::new(output).lines())
}
