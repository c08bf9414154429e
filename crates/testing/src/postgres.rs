//! Real PostgreSQL servers for tests (`xtask/services/postgres`): one that all share, each with a database of its own, and private
//! ones that are killed and started again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test takes for granted fails the test"
)]

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};

/// The exit code by which the script says that it cannot run on this machine.
const CANNOT_RUN: i32 = 77;

/// How long it may take until the system forgets a process that was killed.
const REAPED: Duration = Duration::from_secs(20);

/// A database of a test's own, which is dropped with this.
#[derive(Debug)]
pub struct TestDatabase {
    /// Its address.
    pub url: String,
    /// The address of the server's own database.
    server: String,
    name: String,
}

/// A server of a test's own, which ends with this.
#[derive(Debug)]
pub struct TestServer {
    /// Its address, of the database `postgres`.
    pub url: String,
    folder: tempfile::TempDir,
}

/// A new database on the shared server, or a recorded skip of the test `id`.
pub fn database(id: &str) -> Option<TestDatabase> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    let url = URL.get_or_init(|| start(None, None));
    let Some(url) = url else {
        super::skip(id, "needs Python 3 with pip");
        return None;
    };
    Some(TestDatabase::on(url))
}

/// A new server, or a recorded skip of the test `id`.
pub fn server(id: &str) -> Option<TestServer> {
    let folder = tempfile::tempdir().unwrap();
    let Some(url) = start(Some(folder.path()), None) else {
        super::skip(id, "needs Python 3 with pip");
        return None;
    };
    Some(TestServer { url, folder })
}

impl TestDatabase {
    fn on(server: &str) -> Self {
        // Seeded by the system, another each time.
        let random = RandomState::new().build_hasher().finish();
        let name = format!("trousseau_{}_{random:016x}", std::process::id());
        run(server, &format!("CREATE DATABASE {name}")).unwrap();
        let url = server.strip_suffix("/postgres").unwrap();
        Self {
            url: format!("{url}/{name}"),
            server: server.to_owned(),
            name,
        }
    }

    /// Runs SQL in it, as its administrator.
    ///
    /// # Panics
    ///
    /// When the server refuses it.
    pub fn run(&self, sql: &str) {
        run(&self.url, sql).unwrap();
    }

    /// The one number that a query gives.
    ///
    /// # Panics
    ///
    /// When it gives none.
    pub fn number(&self, sql: &str) -> i64 {
        number(&self.url, sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let dropped = run(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        if let Err(error) = dropped {
            assert!(std::thread::panicking(), "{error}");
        }
    }
}

impl TestServer {
    /// Ends it as an operator would: connections are cut.
    pub fn stop(&self) {
        let stopped = script(&["stop", "--data", self.folder.path().to_str().unwrap()]);
        assert!(stopped.status.success(), "{stopped:?}");
    }

    /// Ends it as a loss of power would.
    pub fn kill(&self) {
        let pid = fs_err::read_to_string(self.folder.path().join("cluster/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap();
        // Its children live on for a while without it, and answer.
        let mut all = children(pid);
        all.insert(0, pid.to_owned());
        let killed = Command::new("kill").arg("-KILL").args(all).output();
        assert!(killed.is_ok());
        // As long as its number is taken, it passes for one that runs.
        let begun = Instant::now();
        while Path::new("/proc").join(pid).exists() {
            assert!(
                begun.elapsed() < REAPED,
                "nobody takes up that the server has ended"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it again, at the same address.
    pub fn start(&self) {
        let port = self.url.rsplit_once(':').unwrap().1;
        let port = port.split('/').next().unwrap();
        assert_eq!(
            start(Some(self.folder.path()), Some(port)),
            Some(self.url.clone())
        );
    }

    /// The folder of its files.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("cluster")
    }

    /// Runs SQL in it, as its administrator.
    ///
    /// # Panics
    ///
    /// When the server refuses it.
    pub fn run(&self, sql: &str) {
        run(&self.url, sql).unwrap();
    }

    /// The one number that a query gives.
    ///
    /// # Panics
    ///
    /// When it gives none.
    pub fn number(&self, sql: &str) -> i64 {
        number(&self.url, sql)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _stopped = script(&["stop", "--data", self.folder.path().to_str().unwrap()]);
    }
}

/// The processes that a process has started.
fn children(parent: &str) -> Vec<String> {
    let is_child = |stat: &str| {
        // The name, in parentheses, may hold anything.
        let rest = stat.rsplit_once(')').map(|(_, rest)| rest);
        rest.and_then(|rest| rest.split_whitespace().nth(1)) == Some(parent)
    };
    let processes = fs_err::read_dir("/proc").unwrap().filter_map(Result::ok);
    let named = processes.filter_map(|entry| {
        let stat = fs_err::read_to_string(entry.path().join("stat")).ok()?;
        is_child(&stat).then(|| entry.file_name().to_string_lossy().into_owned())
    });
    named.collect()
}

/// The address of a server that runs; `None` where none can.
fn start(folder: Option<&Path>, port: Option<&str>) -> Option<String> {
    let folder = folder.map(|folder| folder.to_str().unwrap());
    let mut words = vec!["start"];
    words.extend(folder.into_iter().flat_map(|folder| ["--data", folder]));
    words.extend(port.into_iter().flat_map(|port| ["--port", port]));
    let output = script(&words);
    if output.status.code() == Some(CANNOT_RUN) {
        return None;
    }
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

fn script(words: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/services/postgres");
    Command::new(script)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs SQL on a thread with a runtime of its own, from wherever it is called.
fn run(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    apart(async {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await?;
        connection.close().await
    })
}

fn number(url: &str, sql: &str) -> i64 {
    let asked = apart(async {
        let mut connection = PgConnection::connect(url).await?;
        let number = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<i64, sqlx::Error>(number)
    });
    asked.unwrap()
}

fn apart<T: Send>(asked: impl Future<Output = T> + Send) -> T {
    let own = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(asked)
    };
    std::thread::scope(|scope| match scope.spawn(own).join() {
        Ok(told) => told,
        Err(_) => panic!("the thread of a query died"),
    })
}
