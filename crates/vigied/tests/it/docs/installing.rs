//! The parts of the installation guide that need no machine of their own; `cargo xtask dist --try` runs all of it.

use super::{docs, walked, walked_text};
use crate::undisturbed::own_address;

/// The commands of the page that make an authority, and a certificate of it for this machine.
fn private_ca() -> String {
    let page = std::fs::read_to_string(docs().join("guides/install.md")).unwrap();
    let (_, section) = page.split_once("## TLS with a private CA\n").unwrap();
    let blocks: Vec<&str> = section
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .take(2)
        .collect();
    blocks.concat()
}

/// The authority and the certificate that the page makes are taken by the server, by the command line and by curl.
#[test]
fn the_private_ca_of_the_page_works() {
    let made = private_ca();
    assert!(made.contains("openssl verify"), "{made}");
    let story = format!(
        "```sh\n{made}\
         vigied init --data tls-data --key-file owner.json > /dev/null\n\
         vigied serve --data tls-data --listen 127.0.0.1:8080 --tls-cert tls.crt --tls-key tls.key &\n\
         vigied health --data tls-data --wait 30\n\
         curl --silent --cacert ca.crt https://127.0.0.1:8080/health/ready\n\
         export VIGIE_CA_FILE=$PWD/ca.crt\n\
         vigie login -a https://127.0.0.1:8080 --apikey @owner.json -o vigie -s dev\n```\n"
    );
    // A page without commands of its own.
    let output = walked("reference/errors.md", &story);
    for expected in [
        "tls.crt: OK",
        "{\"status\":\"ready\"}",
        "Targeted space dev",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

/// They set the level of the log, and so each command of the page told what a server writes down.
#[test]
fn with_the_settings_of_the_page_a_command_that_succeeds_warns_of_nothing() {
    let settings = docs().join("../dist/vigie.toml");
    let story = format!(
        "```sh\nsed 's|^data = .*|data = \"own\"|' {} > vigie.toml\n\
         vigied init --config vigie.toml --key-file owner.json > /dev/null 2> said\n\
         cat said\ntest ! -s said && echo silent\n```\n",
        settings.display()
    );
    let output = walked("reference/errors.md", &story);
    assert!(output.contains("silent"), "{output}");
}

/// Two nodes on one PostgreSQL, as the page sets them up: the second knows whom the first made, and serves them.
#[test]
fn the_nodes_of_the_page_have_one_identity() {
    let Some(database) = testing::postgres("the_nodes_of_the_page_have_one_identity") else {
        return;
    };
    let page = std::fs::read_to_string(docs().join("guides/several-nodes.md")).unwrap();
    let second = std::net::TcpListener::bind((own_address(), 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let page = page.replace("127.0.0.1:8081", &second.to_string());
    let before = format!("```sh\nexport DATABASE='{database}'\n```\n");
    let folder = tempfile::tempdir().unwrap();
    let (done, output) = walked_text(folder.path(), &page, &before);
    assert!(done, "{output}");
    for expected in ["owner@vigie.local", "shop.orders"] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
    assert!(!folder.path().join("node-2/iam.db").exists());
}
