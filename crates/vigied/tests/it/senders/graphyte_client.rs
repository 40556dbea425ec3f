//! `graphyte`, unmodified: Graphite's lines from a Python program, with a key before each name, and from an address that is known.

use super::{Listeners, key_before_names};
use std::process::Command;

/// The program of the guide, with this address and prefix.
fn program(address: &str, key: &str) -> String {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/senders.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, program) = guide.split_once("```\nimport graphyte\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    let (host, port) = address.rsplit_once(':').unwrap();
    let program = program
        .replace("127.0.0.1", host)
        .replace("2003", port)
        .replace("KEY", key);
    format!("import graphyte\n{program}")
}

fn run(python: &std::ffi::OsStr, program: &str) {
    let output = Command::new(python).args(["-c", program]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    // It says no more of a connection that fails than a line of its log.
    assert!(output.status.success() && errors.is_empty(), "{errors}");
}

#[test]
fn graphyte_sends_as_the_guide_says() {
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        testing::skipped(
            "graphyte_sends_as_the_guide_says",
            "no Python with graphyte",
        );
        return;
    };
    let listeners = Listeners::open(&[]);
    let (key, _) = listeners.server.narrow_key();
    key_before_names::allow(&listeners, true);
    run(
        &python,
        &program(&listeners.address("graphite.listen"), &key),
    );
    listeners.wait_for("shop.orders", 1);
    assert_eq!(listeners.values("shop.orders")["shop.orders"], [17.0]);
    // Without a prefix, where the address is known.
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let address = listeners.address("graphite.listen");
    run(&python, &program(&address, "").replace("\"\"", "None"));
    listeners.wait_for("shop.orders", 1);
}
