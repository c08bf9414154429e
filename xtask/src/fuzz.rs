//! The fuzz targets of `fuzz/`: built and run briefly on every machine, for a minute each with `--long`.
//!
//! They are libFuzzer programs built with the stable compiler: coverage instrumentation is a pass of LLVM. There
//! is no address sanitizer, which needs an unstable compiler and would guard code that has no `unsafe`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{answer, say, succeeds};
use crate::repository::Repository;
use crate::test::Run;
use crate::tools::system_packages;
use crate::verdict::{Skip, Tally};

const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Where inputs that were worth keeping and inputs that broke something go.
const BUILD: &str = "target/fuzz";

/// Builds every target and runs it on the samples and on what it makes of them.
pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    let compiler =
        answer(Command::new("c++").arg("--version")).is_some() || system_packages(&["g++"], run.options)?;
    if !compiler {
        tally.skip(Skip {
            id: "fuzz".to_owned(),
            reason: "needs a C++ compiler".to_owned(),
        });
        return Ok(tally);
    }
    let host = run.repository.host()?;
    if !build(run.repository, &host)? {
        tally.fail("the fuzz targets do not build".to_owned());
        return Ok(tally);
    }
    for name in targets(&run.repository.path("fuzz/targets"))? {
        if fuzz(run, &host, &name)? {
            tally.pass();
        } else {
            tally.fail(format!("fuzz target {name}; the input is in {BUILD}/broken/"));
        }
    }
    Ok(tally)
}

fn build(repository: &Repository, host: &str) -> Result<bool> {
    let mut cargo = repository.cargo();
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ]);
    cargo
        .args(["--target", host, "--target-dir", BUILD])
        .env("RUSTFLAGS", INSTRUMENTED);
    succeeds(&mut cargo)
}

/// The names of the targets: the files of `fuzz/targets`.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// Runs one target; what it says is shown when it finds something.
fn fuzz(run: &Run<'_>, host: &str, name: &str) -> Result<bool> {
    let build = run.repository.path(BUILD);
    let kept = build.join("kept").join(name);
    let broken = build.join("broken");
    fs_err::create_dir_all(&kept)?;
    fs_err::create_dir_all(&broken)?;
    let mut command = Command::new(build.join(host).join("release").join(name));
    command.arg(format!("-artifact_prefix={}/{name}-", broken.display()));
    command.args([
        "-max_len=16384",
        "-timeout=10",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
    ]);
    command.arg(if run.options.long {
        "-max_total_time=60"
    } else {
        "-runs=5000"
    });
    // The first folder is the only one that the target writes to.
    command.arg(kept).arg(run.repository.path("samples"));
    let seeds = run.repository.path("fuzz/seeds").join(name);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        say(&said);
        return Ok(false);
    }
    say(&format!(
        "{name}: {} inputs",
        inputs(&said).context("libFuzzer gave no count")?
    ));
    Ok(true)
}

/// How many inputs a target was run on, as libFuzzer reports at its end.
fn inputs(said: &str) -> Option<u64> {
    let count = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_inputs_is_read() {
        let said = "Done 17 runs\nstat::number_of_executed_units: 17\nstat::peak_rss_mb: 26\n";
        assert_eq!(inputs(said), Some(17));
        assert_eq!(inputs("INFO: Seed: 1\n"), None);
    }

    #[test]
    fn every_target_is_built() {
        let repository = Repository::of_this_build().unwrap();
        let manifest = fs_err::read_to_string(repository.path("fuzz/Cargo.toml")).unwrap();
        for name in targets(&repository.path("fuzz/targets")).unwrap() {
            assert!(
                manifest.contains(&format!("path = \"targets/{name}.rs\"")),
                "{name}"
            );
        }
    }
}
