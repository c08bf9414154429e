//! A real directory: OpenLDAP's slapd in a folder of its own, on two ports of this machine, with a certificate of a private
//! authority.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test takes for granted fails the test"
)]

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::authority::{Authority, write};
use crate::skip;

/// Where the server's data begin.
pub const BASE: &str = "dc=mairie,dc=example";

/// Who may write everything, and the password.
pub const ROOT: (&str, &str) = ("cn=root,dc=mairie,dc=example", "root: 100%");

/// A running slapd; it ends with the test.
pub struct Slapd {
    child: Child,
    folder: tempfile::TempDir,
    /// The port without TLS, and with StartTLS.
    pub plain: u16,
    /// The port with TLS.
    pub tls: u16,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether slapd is on this machine, or a recorded skip of the test `id`.
fn program(id: &str) -> Option<PathBuf> {
    let folders = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/usr/libexec",
        "/usr/lib/openldap",
    ];
    let found = folders
        .iter()
        .map(|folder| Path::new(folder).join("slapd"))
        .find(|path| path.is_file());
    if found.is_none() {
        skip(id, "needs slapd");
    }
    found
}

impl Slapd {
    /// Starts a server with these entries and these lines more in its configuration, as `localhost`. `None` where the test
    /// `id` is skipped, for there is no slapd.
    pub fn start(id: &str, authority: &Authority, entries: &str, more: &str) -> Option<Self> {
        let installed = program(id)?;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // A copy, for some systems let the installed one into its usual folders only (AppArmor).
        let program = at("slapd");
        fs_err::copy(&installed, &program).unwrap();
        fs_err::create_dir(at("data")).unwrap();
        let files = authority.client("localhost");
        let configuration = format!(
            "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {pid}
TLSCACertificateFile {authority}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
suffix \"{BASE}\"
directory {data}
rootdn \"{root}\"
rootpw \"{password}\"
index objectClass,uid,member eq
{more}
",
            pid = at("pid").display(),
            authority = authority.file().display(),
            certificate = files.certificate.display(),
            key = files.key.display(),
            data = at("data").display(),
            root = ROOT.0,
            password = ROOT.1,
        );
        let configuration = write(&at("slapd.conf"), &configuration);
        let entries = write(&at("entries.ldif"), entries);
        let loaded = Command::new(&program)
            .args(["-T", "add", "-f"])
            .arg(&configuration)
            .arg("-l")
            .arg(&entries)
            .output()
            .unwrap();
        assert!(
            loaded.status.success(),
            "{}",
            String::from_utf8_lossy(&loaded.stderr)
        );
        let [plain, tls] = [free_port(), free_port()];
        let mut slapd = Self {
            child: serve(&program, &configuration, [plain, tls]),
            folder,
            plain,
            tls,
        };
        slapd.wait();
        Some(slapd)
    }

    /// Ends the server in the middle of whatever it does.
    pub fn kill(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }

    /// Starts the server again after [`Self::kill`], on the same ports and with the same data.
    pub fn restart(&mut self) {
        let at = |name: &str| self.folder.path().join(name);
        self.child = serve(&at("slapd"), &at("slapd.conf"), [self.plain, self.tls]);
        self.wait();
    }

    /// Changes entries, as `ldapmodify` takes it.
    pub fn modify(&self, changes: &str) {
        let changes = write(&self.folder.path().join("changes.ldif"), changes);
        let changed = Command::new("ldapmodify")
            .args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.plain)])
            .args(["-D", ROOT.0, "-w", ROOT.1, "-f"])
            .arg(&changes)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&changed.stderr);
        assert!(changed.status.success(), "{told}");
    }

    /// Waits until it accepts connections. It either does or ends.
    fn wait(&mut self) {
        for port in [self.plain, self.tls] {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
                if let Some(status) = self.child.try_wait().unwrap() {
                    panic!("slapd ended with {status}");
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }
}

fn serve(program: &Path, configuration: &Path, [plain, tls]: [u16; 2]) -> Child {
    Command::new(program)
        .args(["-d", "0", "-h"])
        .arg(format!("ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{tls}/"))
        .arg("-f")
        .arg(configuration)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
