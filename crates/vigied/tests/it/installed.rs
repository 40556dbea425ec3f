//! The programs as a service manager, a container's health check and a packager see them.

use crate::harness::{Server, Serving, VIGIED, init, vigie};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn health(data: &Path, more: &[&str]) -> Output {
    Command::new(VIGIED)
        .args(["health", "--data"])
        .arg(data)
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn the_service_manager_hears_start_reload_and_end() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    let next_notice = || {
        let mut buffer = [0; 256];
        let bytes = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..bytes].to_vec()).unwrap()
    };
    let serving = Serving::start_in(&data, "127.0.0.1:0", &[], &[("NOTIFY_SOCKET", &socket)]);
    assert_eq!(next_notice(), "READY=1");
    // Told only once it is true.
    assert!(health(&data, &[]).status.success());
    serving.signal("HUP");
    assert_eq!(next_notice(), "RELOADING=1");
    assert_eq!(next_notice(), "READY=1");
    assert!(serving.stop().success());
    assert_eq!(next_notice(), "STOPPING=1");
}

#[test]
fn a_manager_that_does_not_listen_is_no_reason_not_to_serve() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let nowhere = folder.path().join("nowhere");
    let serving = Serving::start_in(&data, "127.0.0.1:0", &[], &[("NOTIFY_SOCKET", &nowhere)]);
    serving.wait_for_log("NOTIFY_SOCKET");
    assert!(health(&data, &[]).status.success());
}

#[test]
fn health_says_by_its_exit_code_whether_the_server_is_ready() {
    let server = Server::start();
    let data = server.data();
    let output = health(&data, &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"ready\n");
    server.serving.stop();
    for wait in ["0", "1"] {
        let output = health(&data, &["--wait", wait]);
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("operations.sock"), "{stderr}");
        assert!(stderr.contains("\nhint: "), "{stderr}");
    }
}

#[test]
fn health_says_so_where_there_is_no_socket_to_ask() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(VIGIED)
        .args(["health", "--data"])
        .arg(folder.path())
        .env("VIGIE_OPERATIONS_LISTEN", "127.0.0.1:9100")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("`operations.listen`"), "{stderr}");
    assert!(stderr.contains("\nhint: "), "{stderr}");
}

#[test]
fn health_waits_for_a_server_that_is_about_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let waiting = Command::new(VIGIED)
        .args(["health", "--wait", "60", "--data"])
        .arg(&data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let _serving = Serving::start(&data, "127.0.0.1:0", &[]);
    let output = waiting.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn both_programs_name_version_and_commit() {
    for program in [Path::new(VIGIED), &vigie()] {
        let output = Command::new(program).arg("--version").output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let (version, commit) = stdout.trim().rsplit_once('+').unwrap();
        assert!(version.ends_with(env!("CARGO_PKG_VERSION")), "{stdout}");
        assert!(!commit.is_empty(), "{stdout}");
    }
}

#[test]
fn the_server_completes_in_bash() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vigied.bash");
    let output = Command::new(VIGIED)
        .args(["completion", "bash"])
        .output()
        .unwrap();
    std::fs::write(&file, output.stdout).unwrap();
    let script = "source \"$1\"; COMP_WORDS=(vigied ser); COMP_CWORD=1; _vigied vigied ser vigied; echo \"${COMPREPLY[@]}\"";
    let ran = Command::new("bash")
        .args(["-c", script, "bash"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(ran.stdout).unwrap(),
        "serve\n",
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}
