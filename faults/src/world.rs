//! Everything around the service: the processes of the targets and of the server of names, the disks.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use trousseau_testing::authority::ClientFiles;

use crate::journal;
use crate::names::{Asked, Manner};
use crate::scene::Target;
use crate::target::Noted;

/// The targets' processes: one that dies is started again.
pub(crate) struct World {
    folder: PathBuf,
    ending: Arc<AtomicBool>,
    children: Vec<Arc<Mutex<Option<Child>>>>,
    keepers: Vec<JoinHandle<()>>,
}

/// Sockets that listen for the targets, on ports that the system chooses.
pub(crate) fn listeners(count: usize) -> Result<Vec<TcpListener>> {
    (0..count)
        .map(|_| Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?))
        .collect()
}

impl World {
    pub(crate) fn start(
        folder: &Path,
        seed: u64,
        files: &ClientFiles,
        targets: &[Target],
        listeners: &[TcpListener],
    ) -> Result<Self> {
        let mut world = Self {
            folder: folder.to_owned(),
            ending: Arc::default(),
            children: Vec::new(),
            keepers: Vec::new(),
        };
        let this = std::env::current_exe()?;
        let mut names = Command::new(&this);
        names.arg("names").args(["--seed", &seed.to_string()]);
        names.arg("--journal").arg(folder.join("names.jsonl"));
        for target in targets {
            let manner = match target.manner {
                Manner::Found => "found",
                Manner::Lost => "lost",
                Manner::Closed => "closed",
            };
            names.arg("--name").arg(format!("{}={manner}", target.name));
        }
        world.keep(names, None)?;
        for (target, listener) in targets.iter().zip(listeners) {
            let mut command = Command::new(&this);
            command
                .arg("target")
                .args(["--name", &target.name, "--seed", &seed.to_string()]);
            command
                .arg("--journal")
                .arg(folder.join(format!("{}.jsonl", target.name)));
            command
                .arg("--certificate")
                .arg(&files.certificate)
                .arg("--key")
                .arg(&files.key);
            world.keep(command, Some(listener))?;
        }
        Ok(world)
    }

    /// Starts a process, and starts it again whenever it dies.
    fn keep(&mut self, mut command: Command, listener: Option<&TcpListener>) -> Result<()> {
        let listener = listener.map(TcpListener::try_clone).transpose()?;
        let log = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("world.log"))?;
        let mut start = move || -> Result<Child> {
            let input = match &listener {
                Some(listener) => Stdio::from(OwnedFd::from(listener.try_clone()?)),
                None => Stdio::null(),
            };
            command
                .stdin(input)
                .stdout(Stdio::null())
                .stderr(log.try_clone()?.into_parts().0);
            Ok(command.spawn()?)
        };
        let child = Arc::new(Mutex::new(Some(start()?)));
        self.children.push(Arc::clone(&child));
        let ending = Arc::clone(&self.ending);
        self.keepers.push(std::thread::spawn(move || {
            while !ending.load(Ordering::SeqCst) {
                let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
                let dead = child
                    .as_mut()
                    .is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
                if dead {
                    *child = start().ok();
                }
                drop(child);
                std::thread::sleep(Duration::from_millis(3));
            }
        }));
        Ok(())
    }

    /// Ends all of them, and tells what reached each target and which names were asked for.
    pub(crate) fn end(mut self, targets: &[Target]) -> Result<(Vec<Seen>, Vec<Asked>)> {
        self.stop();
        let seen = targets.iter().map(|target| {
            let noted = journal::read(&self.folder.join(format!("{}.jsonl", target.name)))?;
            Ok(Seen::of(noted))
        });
        let seen: Result<Vec<Seen>> = seen.collect();
        Ok((seen?, journal::read(&self.folder.join("names.jsonl"))?))
    }

    fn stop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        for keeper in self.keepers.drain(..) {
            let _ended = keeper.join();
        }
        for child in self.children.drain(..) {
            if let Some(mut child) = child.lock().unwrap_or_else(PoisonError::into_inner).take() {
                let _killed = child.kill();
                let _ended = child.wait();
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What reached one target.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Connections, before any byte.
    pub(crate) accepted: usize,
    /// Names that TLS asked it for.
    pub(crate) greeted: BTreeSet<String>,
    /// Requests: what of the harness stands in them, for the how manieth time, and whether words of answers do.
    pub(crate) requests: Vec<(Vec<String>, usize, bool)>,
    /// Bytes on the wire, of connections that ended.
    pub(crate) bytes: u64,
}

impl Seen {
    fn of(noted: Vec<Noted>) -> Self {
        let mut seen = Self::default();
        for noted in noted {
            match noted {
                Noted::Accepted { .. } => seen.accepted += 1,
                Noted::Hello { name, .. } => seen.greeted.extend(name),
                Noted::Request {
                    nonces,
                    nth,
                    of_answers,
                    ..
                } => seen.requests.push((nonces, nth, of_answers)),
                Noted::Closed { bytes, .. } => seen.bytes += bytes,
            }
        }
        seen
    }
}

/// A disk in memory, of so many kilobytes; it goes with this value.
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    pub(crate) fn mount(folder: &Path, kilobytes: usize) -> Result<Self> {
        fs_err::create_dir_all(folder)?;
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder)
            .status();
        ensure!(
            mounted.context("cannot run mount")?.success(),
            "cannot mount a disk in memory"
        );
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) -> Result<()> {
        use std::io::Write as _;
        let mut ballast = fs_err::File::create(self.folder.join("ballast"))?;
        for block in [4096, 64, 1] {
            while ballast.write_all(&vec![0; block]).is_ok() {}
        }
        Ok(())
    }

    pub(crate) fn make_room(&self) -> Result<()> {
        Ok(fs_err::remove_file(self.folder.join("ballast"))?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
