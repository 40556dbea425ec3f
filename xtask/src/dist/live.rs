//! A running systemd in the fresh root, which starts the unit as any machine would: in namespaces and a control group of its
//! own, so that it can neither see nor outlive anything of this machine.

use crate::process::in_ci;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// After so long it has hung.
const SECONDS_MAX: u32 = 300;

/// The script that systemd runs, below the root, and what it said.
const SCRIPT: &str = "srv/live.sh";
const SAID: &str = "srv/live.log";

/// Starts the script when the system is up; with it the system ends, and its exit code says how.
const UNIT: &str = "\
[Unit]
SuccessAction=exit
FailureAction=exit
SuccessActionExitStatus=0
FailureActionExitStatus=1
[Service]
Type=oneshot
Environment=HOME=/root
StandardOutput=append:/srv/live.log
StandardError=inherit
ExecStart=/bin/bash /srv/live.sh
";
const TARGET: &str = "[Unit]\nRequires=trial.service basic.target\nAfter=basic.target\n";

/// Moves into the control group, and from there into namespaces of its own; whoever ends this shell ends them all.
const BEGIN: &str = r#"set -e
echo $$ > "$1/cgroup.procs"
exec unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child sh -c "$2" sh "$3"
"#;

/// Lays out what a container's manager would: the settings of the kernel and its devices are read, never written. A root that
/// was only changed into would not do, since the unit makes a user namespace, and nobody may in one; and systemd hands secrets
/// out by mounts that units see only where mounts are shared.
const BOOT: &str = r#"set -e
cd "$1"
mount --bind . .
cd "$1"
ip link set lo up
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
if [ -e proc/sysrq-trigger ]; then mount --bind /dev/null proc/sysrq-trigger; fi
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
pivot_root . mnt
cd /
exec sh -c 'umount -l /mnt && mount --make-rshared / && exec setpriv \
  --bounding-set -sys_time,-sys_module,-sys_rawio,-sys_boot,-syslog,-mac_admin,-mac_override,-wake_alarm \
  env -i container=trial PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  /lib/systemd/systemd --unit=trial.target --show-status=no --log-target=journal'
"#;

/// The properties that the unit asks of the kernel; where this machine does not give them, the unit is not to blame.
const PROBE: &str = "systemctl --version && unshare --user true\n";

/// Runs `script` under systemd in `root`; or says why this machine cannot.
pub(super) fn run(root: &Path, script: &str) -> Result<()> {
    let probed = boot(root, PROBE);
    let why = match &probed {
        Ok((output, _)) if output.status.success() => None,
        Ok((output, log)) => Some(format!(
            "{}: {} {}",
            output.status,
            log.trim(),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Some(format!("{error:#}")),
    };
    if let Some(why) = why {
        println!("SKIPPED (systemd does not run in a root here: {why}): the unit is not started");
        if in_ci() {
            bail!("systemd does not run in a root here, and under CI nothing may be skipped");
        }
        return Ok(());
    }
    let (output, log) = boot(root, script)?;
    println!("{}", log.trim_end());
    if !output.status.success() {
        bail!("under systemd it ended with {}", output.status);
    }
    Ok(())
}

/// Starts systemd with this script, and waits for the end; also returns what the script said.
fn boot(root: &Path, script: &str) -> Result<(Output, String)> {
    let units = root.join("etc/systemd/system");
    fs::create_dir_all(&units)?;
    fs::write(
        units.join("trial.service"),
        format!("{UNIT}TimeoutStartSec={SECONDS_MAX}\n"),
    )?;
    fs::write(units.join("trial.target"), TARGET)?;
    fs::write(root.join(SCRIPT), script)?;
    fs::write(root.join(SAID), "")?;
    let group = Group::make()?;
    let output = Command::new("timeout")
        .args(["--signal=KILL", &(2 * SECONDS_MAX).to_string()])
        .args(["sh", "-c", BEGIN, "sh"])
        .arg(&group.folder)
        .arg(BOOT)
        .arg(root)
        .output()
        .context("cannot run `timeout`")?;
    let log = fs::read(root.join(SAID))?;
    for unit in ["trial.service", "trial.target"] {
        fs::remove_file(units.join(unit))?;
    }
    Ok((output, String::from_utf8_lossy(&log).into_owned()))
}

/// A control group below our own, in the form that systemd manages; it goes when what ran in it is over.
struct Group {
    folder: PathBuf,
}

impl Group {
    fn make() -> Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts")?;
        let cgroup = fs::read_to_string("/proc/self/cgroup")?;
        let parent =
            place(&mounts, &cgroup).context("no control groups of version 2 are mounted")?;
        let folder = parent.join(format!("trial-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        Ok(Self { folder })
    }
}

/// Where our own group is, of what `/proc` says of mounts and groups.
fn place(mounts: &str, cgroup: &str) -> Option<PathBuf> {
    let mounted = mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?, words.next()?);
        (kind == "cgroup2").then_some(place)
    })?;
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(mounted).join(path))
}

impl Drop for Group {
    fn drop(&mut self) {
        // The last of what was killed may take a moment to go.
        for _ in 0..50 {
            let removed = Command::new("find")
                .arg(&self.folder)
                .args(["-depth", "-type", "d", "-exec", "rmdir", "{}", "+"])
                .output();
            if removed.is_ok() && !self.folder.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_group_is_found_where_both_versions_are_mounted_and_where_one_is() {
        let both = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n\
                    cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(
            place(both, "3:cpu:/\n0::/\n").unwrap(),
            Path::new("/sys/fs/cgroup/unified")
        );
        let one = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
        assert_eq!(
            place(one, "0::/user.slice/session-1.scope\n").unwrap(),
            Path::new("/sys/fs/cgroup/user.slice/session-1.scope")
        );
        assert_eq!(place("proc /proc proc rw 0 0\n", "0::/\n"), None);
    }
}
