//! `cargo xtask package`: what is handed to those who install it, under `target/package`.
//!
//! - `trousseau`, linked statically, with man pages and completions in both languages;
//! - `trousseau_VERSION_ARCH.deb`, built with `dpkg-deb` from a tree that is laid out here;
//! - `image/`, the context of `packaging/Containerfile`, and `trousseau-VERSION.oci.tar` where buildah is there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{answer, say, succeeds};
use crate::repository::Repository;

/// Where the system keeps the certificate authorities that go into the image.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What was built.
pub(crate) struct Packages {
    /// The static program.
    pub(crate) program: PathBuf,
    /// The Debian package.
    pub(crate) debian: PathBuf,
    /// The folder that the image is built from.
    pub(crate) image: PathBuf,
    /// The version.
    pub(crate) version: String,
}

/// Builds everything and says where it lies.
pub(crate) fn run(repository: &Repository) -> Result<bool> {
    let packages = build(repository)?;
    for path in [&packages.program, &packages.debian] {
        say(&format!("built {}", path.display()));
    }
    if answer(Command::new("buildah").arg("--version")).is_some() {
        let archive = build_image(repository, &packages)?;
        say(&format!("built {}", archive.display()));
    } else {
        say("no buildah here: the image's context is target/package/image, the file packaging/Containerfile");
    }
    Ok(true)
}

/// Builds the program and the Debian package, and lays out the image.
pub(crate) fn build(repository: &Repository) -> Result<Packages> {
    let out = repository.path("target/package");
    fs_err::create_dir_all(&out)?;
    let program = build_program(repository, &out)?;
    let told = answer(Command::new(&program).arg("--version")).context("the program does not start")?;
    let version = told
        .split_whitespace()
        .nth(1)
        .context("it tells no version")?
        .to_owned();
    let pages = write_pages(&program, &out)?;
    let debian = build_debian(repository, &out, &program, &pages, &version)?;
    let image = lay_out_image(&out, &program)?;
    Ok(Packages {
        program,
        debian,
        image,
        version,
    })
}

/// A program that needs no library of the system it runs on. The C library's name lookup is linked in as well.
fn build_program(repository: &Repository, out: &Path) -> Result<PathBuf> {
    let host = repository.host()?;
    let mut cargo = repository.cargo();
    cargo
        .args([
            "build",
            "--profile",
            "dist",
            "--locked",
            "--package",
            "trousseau",
            "--target",
            &host,
        ])
        .arg("--target-dir")
        .arg(out.join("build"))
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    ensure!(succeeds(&mut cargo)?, "the program could not be built");
    let built = out.join("build").join(&host).join("dist/trousseau");
    let program = out.join("trousseau");
    fs_err::copy(built, &program)?;
    Ok(program)
}

/// Man pages and completions, written by the program itself.
fn write_pages(program: &Path, out: &Path) -> Result<PathBuf> {
    let pages = out.join("pages");
    clear(&pages)?;
    for (folder, page) in [("man/man1", "man-en"), ("man/fr/man1", "man-fr")] {
        let folder = pages.join(folder);
        fs_err::create_dir_all(&folder)?;
        let mut command = Command::new(program);
        command.args(["generate", page, "--into"]).arg(&folder);
        ensure!(succeeds(&mut command)?, "{page} could not be written");
    }
    for (shell, file) in [
        ("bash", "bash-completion/completions/trousseau"),
        ("zsh", "zsh/vendor-completions/_trousseau"),
        ("fish", "fish/vendor_completions.d/trousseau.fish"),
    ] {
        let script = answer(Command::new(program).args(["completions", shell]));
        let script = script.with_context(|| format!("no completions for {shell}"))?;
        write(&pages.join(file), script, 0o644)?;
    }
    Ok(pages)
}

fn build_debian(
    repository: &Repository,
    out: &Path,
    program: &Path,
    pages: &Path,
    version: &str,
) -> Result<PathBuf> {
    let root = out.join("debian");
    clear(&root)?;
    copy(program, &root.join("usr/bin/trousseau"), 0o755)?;
    let packaging = repository.path("packaging");
    let unit = root.join("usr/lib/systemd/system/trousseau.service");
    copy(&packaging.join("trousseau.service"), &unit, 0o644)?;
    let example = repository.path("docs/reference/trousseau.toml");
    // The service's user has no name before it runs, and so no group: everybody reads a file that holds no secret.
    copy(&example, &root.join("etc/trousseau/trousseau.toml"), 0o644)?;
    let doc = root.join("usr/share/doc/trousseau");
    copy(&packaging.join("debian/copyright"), &doc.join("copyright"), 0o644)?;
    let version = &format!("{version}-1");
    write(
        &doc.join("changelog.Debian"),
        debian_changelog(repository, version)?,
        0o644,
    )?;
    let overrides = root.join("usr/share/lintian/overrides/trousseau");
    copy(&packaging.join("debian/lintian-overrides"), &overrides, 0o644)?;
    copy(&repository.path("CHANGELOG.md"), &doc.join("changelog"), 0o644)?;
    let french = repository.path("docs/reference/trousseau.fr.toml");
    copy(&french, &doc.join("examples/trousseau.fr.toml"), 0o644)?;
    let dashboards = repository.path("packaging/monitoring");
    copy_tree(&dashboards, &doc.join("monitoring"))?;
    copy_tree(pages, &root.join("usr/share"))?;
    compress(&root.join("usr/share/man"))?;
    compress_file(&doc.join("changelog"))?;
    compress_file(&doc.join("changelog.Debian"))?;

    let architecture = answer(Command::new("dpkg").arg("--print-architecture")).context("no dpkg here")?;
    let architecture = architecture.trim();
    let control = fs_err::read_to_string(packaging.join("debian/control"))?
        .replace("{version}", version)
        .replace("{architecture}", architecture)
        .replace("{size}", &(size_of(&root)? / 1024).to_string());
    write(&root.join("DEBIAN/md5sums"), digests(&root)?, 0o644)?;
    write(&root.join("DEBIAN/control"), control, 0o644)?;
    copy(
        &packaging.join("debian/conffiles"),
        &root.join("DEBIAN/conffiles"),
        0o644,
    )?;
    for script in ["postinst", "prerm", "postrm"] {
        copy(
            &packaging.join("debian").join(script),
            &root.join("DEBIAN").join(script),
            0o755,
        )?;
    }
    let package = out.join(format!("trousseau_{version}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    build
        .args(["--root-owner-group", "--build"])
        .arg(&root)
        .arg(&package);
    ensure!(succeeds(&mut build)?, "dpkg-deb refused the package");
    Ok(package)
}

/// What changed in the package, dated like the commit that it is built from.
fn debian_changelog(repository: &Repository, version: &str) -> Result<String> {
    let date = answer(
        repository
            .command("git")
            .args(["log", "-1", "--format=%cD", "HEAD"]),
    );
    let date = date.context("no commit to date the package by")?;
    let form = fs_err::read_to_string(repository.path("packaging/debian/changelog"))?;
    Ok(form.replace("{version}", version).replace("{date}", date.trim()))
}

/// The digests of all files, by which `dpkg --verify` finds what was changed since.
fn digests(root: &Path) -> Result<String> {
    let mut sum = Command::new("md5sum");
    sum.current_dir(root).arg("--");
    each_file(root, &mut |file| {
        sum.arg(file.strip_prefix(root)?);
        Ok(())
    })?;
    answer(&mut sum).context("md5sum cannot read the files of the package")
}

fn lay_out_image(out: &Path, program: &Path) -> Result<PathBuf> {
    let image = out.join("image");
    clear(&image)?;
    copy(program, &image.join("trousseau"), 0o755)?;
    copy(Path::new(AUTHORITIES), &image.join("ca-certificates.crt"), 0o644)
        .with_context(|| format!("no certificate authorities at {AUTHORITIES}"))?;
    fs_err::create_dir_all(image.join("empty"))?;
    Ok(image)
}

/// Builds the image without a daemon and saves it as an OCI archive.
pub(crate) fn build_image(repository: &Repository, packages: &Packages) -> Result<PathBuf> {
    let name = format!("localhost/trousseau:{}", packages.version);
    let mut build = buildah();
    build.args(["bud", "--isolation=chroot", "--tag", &name, "--file"]);
    build
        .arg(repository.path("packaging/Containerfile"))
        .arg(&packages.image);
    ensure!(succeeds(&mut build)?, "buildah could not build the image");
    let archive = packages
        .image
        .with_file_name(format!("trousseau-{}.oci.tar", packages.version));
    if archive.exists() {
        fs_err::remove_file(&archive)?;
    }
    let place = format!("oci-archive:{}", archive.display());
    ensure!(
        succeeds(buildah().args(["push", &name, &place]))?,
        "the image could not be saved"
    );
    Ok(archive)
}

/// Buildah with a storage that works without privileges or an overlay file system.
pub(crate) fn buildah() -> Command {
    let mut command = Command::new("buildah");
    command.arg("--storage-driver=vfs");
    command
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs_err::remove_dir_all(folder)?;
    }
    Ok(fs_err::create_dir_all(folder)?)
}

fn write(to: &Path, content: impl AsRef<[u8]>, mode: u32) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs_err::create_dir_all(folder)?;
    }
    fs_err::write(to, content)?;
    Ok(fs_err::set_permissions(
        to,
        std::fs::Permissions::from_mode(mode),
    )?)
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<()> {
    write(to, fs_err::read(from)?, mode)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    each_file(from, &mut |file| {
        let inside = file.strip_prefix(from)?;
        copy(file, &to.join(inside), 0o644)
    })
}

/// Compresses every file below a folder, as Debian's policy wants manuals and changelogs.
fn compress(folder: &Path) -> Result<()> {
    each_file(folder, &mut |file| compress_file(file))
}

fn compress_file(file: &Path) -> Result<()> {
    let mut gzip = Command::new("gzip");
    gzip.args(["-9", "--no-name", "--force"]).arg(file);
    ensure!(succeeds(&mut gzip)?, "{} could not be compressed", file.display());
    Ok(())
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    each_file(folder, &mut |file| {
        bytes += fs_err::metadata(file)?.len();
        Ok(())
    })?;
    Ok(bytes)
}

fn each_file(folder: &Path, visit: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            each_file(&path, visit)?;
        } else {
            visit(&path)?;
        }
    }
    Ok(())
}
