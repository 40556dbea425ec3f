//! A fresh Debian in a folder, and in it the page of installing, run as it stands.

use super::build::Build;
use super::container;
use super::live;
use super::page::{self, Needs};
use crate::packages;
use crate::process::{find_program, is_root, output_of, step, succeed, work_folder};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs that the trial calls, and their Debian packages.
const PROGRAMS: [(&str, &str); 4] = [
    ("mmdebstrap", "mmdebstrap"),
    ("buildah", "buildah"),
    ("systemd-analyze", "systemd"),
    ("ip", "iproute2"),
];

/// Beside what every Debian has; what the page calls.
const INCLUDED: &str = "openssl,systemd";

/// Where Debian keeps its list of sources, newest form first.
const SOURCES: [&str; 2] = [
    "/etc/apt/sources.list.d/debian.sources",
    "/etc/apt/sources.list",
];

/// Enters the root from namespaces of its own: nothing of it outlives the trial, and no port of the machine is taken.
const ENTER: &str = r#"set -e
ip link set lo up
mount -t proc proc "$1/proc"
mount --bind /dev "$1/dev"
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec chroot "$1" /usr/bin/env -i PATH="$PATH" LANG=C.UTF-8 bash /srv/page.sh
"#;

/// Prints the log if something went wrong under systemd.
const LOG: &str = r#"trap 'code=$?; [ $code = 0 ] || journalctl --no-pager --lines 50; exit $code' EXIT
"#;

/// Checks of the unit beside those of the page: it is as closed as it is rated, comes back after a crash with all that was
/// acknowledged, gets a secret that is root's alone, and ends in order.
const CHECKS: &str = r#"
systemd-analyze security --no-pager --threshold=20 vigied | tail -n 1
vigied user list --config /etc/vigie/vigie.toml 2>&1 | grep 'runuser -u vigie --'
runuser -u vigie -- vigied user list --config /etc/vigie/vigie.toml
systemctl reload vigied
pid() { systemctl show --property=MainPID --value vigied; }
PID=$(pid)
test "$(grep -cE '^(NoNewPrivs:.1|Seccomp:.2|CapEff:.0+)$' "/proc/$PID/status")" = 3
inside() { nsenter --target "$(pid)" --mount -- "$@"; }
for place in /etc/vigie /usr/local/bin /var/lib /srv; do
  if inside touch "$place/file"; then exit 1; fi
done
inside touch /var/lib/vigie/file
rm /var/lib/vigie/file
kill -KILL "$PID"
runuser -u vigie -- vigied health --config /etc/vigie/vigie.toml --wait 30
test "$(pid)" != "$PID"
vigie metrics get shop.latency
head -c 12 /dev/urandom | base64 > /etc/vigie/mail-password
chmod 0600 /etc/vigie/mail-password
install -D -m 0644 /usr/local/share/doc/vigie/examples/mail-password.conf /etc/systemd/system/vigied.service.d/edit.conf
cat >> /etc/vigie/vigie.toml <<'END'
[mail]
server = "127.0.0.1:25"
from = "vigie@example.org"
user = "vigie"
password_file = "/run/credentials/vigied.service/mail-password"
tls = "none"
END
systemctl daemon-reload
systemctl restart vigied
rm -r /etc/systemd/system/vigied.service.d
systemctl stop vigied
test "$(systemctl show --property=Result,ExecMainStatus --value vigied | xargs)" = "success 0"
"#;

pub(super) fn try_out(build: &Build, tarball: &Path) -> Result<()> {
    if !is_root() {
        bail!(
            "`--try` makes a root of its own, and that takes root\nhint: run it with sudo, or in a container"
        );
    }
    let missing: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|(program, _)| find_program(program).is_none())
        .map(|(_, package)| package)
        .collect();
    if !missing.is_empty() {
        packages::install(&missing)?;
    }
    let root = Root::make(work_folder()?.join("try-root"))?;
    let page = step("page", || walk(build, tarball, &root.folder))?;
    step("systemd", || {
        let script = page::script(&page, Needs::Systemd, CHECKS)?;
        live::run(&root.folder, &format!("{LOG}{script}"))
    })?;
    step("container", || {
        container::try_out(&root.folder, &build.name())
    })
}

/// The folder; it goes when the trial is over.
struct Root {
    folder: PathBuf,
}

impl Root {
    fn make(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let release = fs::read_to_string("/etc/os-release")?;
        let codename = release
            .lines()
            .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
            .context("`/etc/os-release` names no release of Debian")?;
        let sources = SOURCES
            .into_iter()
            .find(|file| fs::read_to_string(file).is_ok_and(|text| text.contains("debian")))
            .context("no list of apt's sources of Debian")?;
        let root = Self { folder };
        step("root", || {
            succeed(
                Command::new("mmdebstrap")
                    .args(["--quiet", "--variant=minbase"])
                    .arg(format!("--include={INCLUDED}"))
                    .arg(codename)
                    .arg(&root.folder)
                    .arg(sources),
            )
        })?;
        Ok(root)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs the page of the tarball in the root, with a network of its own in which there is only the loopback; returns the page.
fn walk(build: &Build, tarball: &Path, root: &Path) -> Result<String> {
    let place = root.join("srv");
    for file in [tarball.to_owned(), tarball.with_extension("gz.sha256")] {
        let name = file.file_name().context("no name")?;
        fs::copy(&file, place.join(name))?;
    }
    let page = output_of(
        Command::new("tar")
            .args(["--extract", "--to-stdout", "--file"])
            .arg(tarball)
            .arg(format!("{}/INSTALL.md", build.name())),
    )?;
    let script = page::script(&page, Needs::Alone, "")?;
    fs::write(place.join("page.sh"), script)?;
    fs::write(place.join("enter.sh"), ENTER)?;
    // What every machine has, and a root that nobody has started has not.
    fs::write(
        root.join("etc/hosts"),
        "127.0.0.1 localhost\n::1 localhost\n",
    )?;
    succeed(
        Command::new("unshare")
            .args(["--mount", "--pid", "--net", "--fork", "--kill-child"])
            .arg("sh")
            .arg(place.join("enter.sh"))
            .arg(root),
    )?;
    Ok(page)
}
