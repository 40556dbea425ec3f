//! The `Containerfile`, built by buildah upon the fresh root, and its server asked whether it is well.

use crate::process::{find_program, output_of, succeed};
use anyhow::Result;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// The script that runs in the container: the server on a folder of its own, until it says that it is ready.
const INSIDE: &str = "set -e; test \"$(id -un)\" = vigie; vigied init --key-file owner.json > /dev/null; \
    vigied serve --listen 127.0.0.1:0 & vigied health --wait 30; kill $!; wait $!";

pub(super) fn try_out(root: &Path, name: &str) -> Result<()> {
    if find_program("buildah").is_none() {
        println!("SKIPPED (`buildah` is not installed): the `Containerfile` is not built");
        return Ok(());
    }
    let store = root.with_file_name("try-images");
    let outcome = build(root, &store, name);
    let _ = buildah(&store, ["rm", "--all"]).output();
    let _ = buildah(&store, ["rmi", "--all", "--force"]).output();
    let _ = std::fs::remove_dir_all(&store);
    outcome
}

fn build(root: &Path, store: &Path, name: &str) -> Result<()> {
    // Whether this machine lets it make a container at all is no question of ours.
    let based = || -> Result<String> {
        let made = output_of(&mut buildah(store, ["from", "scratch"]))?;
        let made = made.trim().to_owned();
        output_of(
            buildah(store, ["copy", "--quiet", &made])
                .arg(root)
                .arg("/"),
        )?;
        output_of(&mut buildah(store, ["run", &made, "--", "true"]))?;
        output_of(&mut buildah(
            store,
            ["commit", "--quiet", &made, "vigie-base"],
        ))?;
        Ok(made)
    };
    if let Err(error) = based() {
        println!(
            "SKIPPED (buildah does not run here: {error:#}): the `Containerfile` is not built"
        );
        return Ok(());
    }
    let context = root.join("srv").join(name);
    succeed(
        buildah(
            store,
            ["build", "--quiet", "--format=docker", "--pull=never"],
        )
        .args([
            "--build-arg",
            "BASE=localhost/vigie-base",
            "--tag",
            "vigie",
            "--file",
        ])
        .arg(context.join("Containerfile"))
        .arg(&context),
    )?;
    let made = output_of(&mut buildah(
        store,
        ["from", "--pull-never", "localhost/vigie"],
    ))?;
    succeed(buildah(store, ["run", made.trim(), "--", "sh", "-c"]).arg(INSIDE))
}

/// With places of its own, so that nothing of the machine's own images is touched.
fn buildah<'a>(store: &Path, words: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("buildah");
    command
        .arg("--root")
        .arg(store.join("root"))
        .arg("--runroot")
        .arg(store.join("run"))
        .args(["--storage-driver", "vfs"]);
    let mut words = words.into_iter();
    command.args(words.next());
    command.env("BUILDAH_ISOLATION", OsStr::new("chroot"));
    command.args(words);
    command
}
