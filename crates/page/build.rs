//! Embeds the web page: every file of `web/dist`, each with the compressed forms that the page's own build put beside it
//! (`.br`, `.gz`). A file whose type is not known stops the build, so that nothing is ever served under a guess.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

type Failure = Box<dyn std::error::Error>;

/// The types that the page is made of.
const KINDS: [(&str, &str); 11] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
];

#[expect(
    clippy::disallowed_methods,
    reason = "this is how cargo speaks to a build script"
)]
fn main() -> Result<(), Failure> {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo names no manifest")?;
    let out = std::env::var_os("OUT_DIR").ok_or("cargo names no folder")?;
    let dist = Path::new(&own).join("../../web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files.iter().filter(|file| !is_compressed(file)) {
        let name = file.strip_prefix(&dist)?.to_str().ok_or("a name is not UTF-8")?;
        let kind = kind(file).ok_or_else(|| format!("web/dist/{name}: no type is known for it"))?;
        let bytes = |path: &Path| format!("include_bytes!({:?})", path.display().to_string());
        let beside = |ending: &str| {
            let path = PathBuf::from(format!("{}.{ending}", file.display()));
            match files.contains(&path) {
                true => format!("Some({})", bytes(&path)),
                false => "None".to_owned(),
            }
        };
        writeln!(
            list,
            "Embedded {{ name: {name:?}, kind: {kind:?}, plain: {}, brotli: {}, gzip: {} }},",
            bytes(file),
            beside("br"),
            beside("gz"),
        )?;
    }
    list.push(']');
    fs_err::write(Path::new(&out).join("page.rs"), list)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() {
            collect(&path, files)?;
        } else if !hidden {
            files.push(path);
        }
    }
    Ok(())
}

fn is_compressed(file: &Path) -> bool {
    matches!(ending(file), Some("br" | "gz"))
}

fn kind(file: &Path) -> Option<&'static str> {
    let ending = ending(file)?;
    let known = KINDS.iter().find(|(known, _)| *known == ending);
    known.map(|(_, kind)| *kind)
}

fn ending(file: &Path) -> Option<&str> {
    file.extension()?.to_str()
}
