//! A network and a file system of its own: names are asked of the server that is started here, disks can be mounted, and nothing
//! outside this machine can be reached, whatever the program tries.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Starts this program again, alone; whether it found nothing wrong.
pub(crate) fn again() -> Result<bool> {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "--net"]);
    command.arg(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).arg("--alone");
    let status = command.status().context("cannot run unshare")?;
    Ok(status.success())
}

/// Sets up what is found there; the files lie in a folder that goes with the value.
pub(crate) fn settle() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    run("ip", &["link", "set", "lo", "up"])?;
    let files = [
        (
            "/etc/resolv.conf",
            "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n",
        ),
        ("/etc/nsswitch.conf", "hosts: files dns\n"),
    ];
    for (place, text) in files {
        if !Path::new(place).exists() {
            continue;
        }
        let file = folder.path().join(place.rsplit('/').next().unwrap_or_default());
        fs_err::write(&file, text)?;
        run("mount", &["--bind", &file.to_string_lossy(), place])?;
    }
    Ok(folder)
}

/// Ends this process when whoever started it is gone, and with it everybody who could ask.
pub(crate) fn end_with_parent() {
    let parent = std::os::unix::process::parent_id();
    std::thread::spawn(move || {
        while std::os::unix::process::parent_id() == parent {
            std::thread::sleep(Duration::from_millis(200));
        }
        std::process::abort();
    });
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(program).args(arguments).status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{program} {arguments:?} failed");
    Ok(())
}
