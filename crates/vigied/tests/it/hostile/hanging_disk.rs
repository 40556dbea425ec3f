//! A disk that neither works nor fails: every sync of the store waits. Health says so, reading goes on, the process ends by its
//! deadline, and what was acknowledged is there afterwards.
//!
//! The disk is a few lines of C put before the system's own functions (`LD_PRELOAD`), so that the real program is seen in the
//! state that a test from within can only imitate.

use crate::harness::{Owner, Reply, Request, Serving, init, operations, until};
use std::fs::{remove_file, write};
use std::path::{Path, PathBuf};
use std::process::Command;

const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Waits while the file that HANG_WHILE names is there, if the descriptor is one of the store's. */
static void hang(int descriptor) {
    char link[64], path[4096];
    const char *file = getenv("HANG_WHILE");
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!file || length < 0) return;
    path[length] = 0;
    if (!strstr(path, "/samples/")) return;
    while (access(file, F_OK) == 0) usleep(5000);
}

int fsync(int descriptor) {
    hang(descriptor);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(descriptor);
}

int fdatasync(int descriptor) {
    hang(descriptor);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(descriptor);
}
"#;

/// A server whose disk hangs while a file is there.
struct Hanging {
    folder: tempfile::TempDir,
    owner: Owner,
    serving: Serving,
}

impl Hanging {
    fn start(flags: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write(path("shim.c"), SHIM).unwrap();
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([path("shim.so"), path("shim.c")])
            .arg("-ldl")
            .output();
        if !made.is_ok_and(|made| made.status.success()) {
            return None;
        }
        let owner = init(&path("data"));
        let (shim, file) = (path("shim.so"), path("hang"));
        let environment: [(&str, &Path); 2] = [("LD_PRELOAD", &shim), ("HANG_WHILE", &file)];
        let serving =
            Serving::try_start_under(&path("data"), "127.0.0.1:0", flags, &environment).unwrap();
        Some(Self {
            folder,
            owner,
            serving,
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn hang(&self) {
        write(self.folder.path().join("hang"), "").unwrap();
    }

    fn go_on(&self) {
        remove_file(self.folder.path().join("hang")).unwrap();
    }

    fn ask(&self, method: &str, path: &str) -> Request {
        ask(&self.serving, &self.owner, method, path)
    }

    fn write(&self, name: &str) -> Request {
        let body = format!(r#"[{{"name":"{name}","value":1}}]"#);
        self.ask("POST", "/v1/metrics?durability=committed")
            .body(body)
    }

    fn ready(&self) -> u16 {
        Request::new(&self.serving.url(), "GET", "/health/ready")
            .send()
            .status
    }
}

fn ask(serving: &Serving, owner: &Owner, method: &str, path: &str) -> Request {
    Request::new(&serving.url(), method, path)
        .header("X-Auth-User-Token", &format!("apikey {}", owner.api_key))
        .header("X-Auth-Scope-Id", &format!("s-{}", owner.space))
}

#[test]
fn a_disk_that_hangs_is_seen_outlived_and_recovered_from() {
    let flags = [
        "--set",
        "limits.request_seconds=600",
        "--set",
        "shutdown_seconds=3",
    ];
    let Some(mut server) = Hanging::start(&flags) else {
        return testing::skipped(
            "a_disk_that_hangs_is_seen_outlived_and_recovered_from",
            "no cc",
        );
    };
    assert_eq!(server.write("kept").send().status, 200);
    assert_eq!(server.ready(), 200);
    // A write that waits for the disk, and is answered when the disk goes on.
    server.hang();
    let waiting = server.write("late");
    let waiting = std::thread::spawn(move || waiting.send());
    until("the server is not ready", || server.ready() == 503);
    let reply = operations(&server.data().join("operations.sock"), "/health/ready");
    let text = reply.text();
    assert!(
        reply.status == 503 && text.contains("waited for its disk"),
        "{text}"
    );
    assert!(!waiting.is_finished(), "nothing is on the disk yet");
    // What needs no disk goes on.
    let read: Reply = server.ask("GET", "/v1/metrics?target=kept").send();
    assert_eq!(read.json()[0]["target"], "kept", "{}", read.text());
    let live = Request::new(&server.serving.url(), "GET", "/health/live").send();
    assert_eq!(live.status, 200);
    server.go_on();
    let written = waiting.join().unwrap();
    assert_eq!(written.status, 200, "{}", written.text());
    until("the server is ready again", || server.ready() == 200);
    // The end comes by its deadline, though nothing can be flushed.
    server.hang();
    let waiting = server.write("never");
    std::thread::spawn(move || waiting.try_send());
    until("the server is not ready", || server.ready() == 503);
    server.serving.signal("TERM");
    until("the process has ended", || {
        server.serving.child.try_wait().unwrap().is_some()
    });
    let log = server.serving.log();
    assert!(log.contains("nothing acknowledged is lost"), "{log}");
    server.go_on();
    let again = Serving::start(&server.data(), "127.0.0.1:0", &[]);
    for name in ["kept", "late"] {
        let path = format!("/v1/metrics?target={name}");
        let read = ask(&again, &server.owner, "GET", &path).send();
        assert_eq!(read.json()[0]["target"], name, "{}", read.text());
    }
}
