//! Tokens of every algorithm are verified by code that is not ours, Node's own, with the keys that the server publishes.

use super::node::run;
use crate::harness::{Server, VIGIED};
use std::process::Command;

const SCRIPT: &str = r#"
const assert = require("node:assert");
const crypto = require("node:crypto");

const [url, ...tokens] = process.argv.slice(1);
const digests = { RS256: "sha256", ES256: "sha256", EdDSA: null };

async function run() {
  const { keys } = await (await fetch(url + "/identity/keys")).json();
  const used = tokens.map((token) => {
    const [header, claims, signature] = token.split(".");
    const { alg, kid } = JSON.parse(Buffer.from(header, "base64url"));
    const jwk = keys.find((own) => own.kid === kid);
    assert.strictEqual(jwk.alg, alg);
    const key = { key: crypto.createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    const verify = (text) => crypto.verify(digests[alg], Buffer.from(text), key, Buffer.from(signature, "base64url"));
    assert(verify(header + "." + claims), alg);
    assert(!verify(header + "." + claims.slice(1)), alg);
    return alg;
  });
  assert.deepStrictEqual(used, ["RS256", "ES256", "EdDSA"]);
  console.log("ok");
}

run().catch((error) => { console.error(error); process.exit(1); });
"#;

#[test]
fn others_verify_tokens_of_every_algorithm_by_the_published_keys() {
    let server = Server::start();
    let mut tokens = vec![server.token()];
    for algorithm in ["es256", "eddsa"] {
        let made = Command::new(VIGIED)
            .args([
                "keys",
                "rotate",
                "--now",
                "--algorithm",
                algorithm,
                "--data",
            ])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        tokens.push(server.token());
    }
    let url = server.serving.url();
    let arguments: Vec<&str> = [&url]
        .into_iter()
        .chain(&tokens)
        .map(String::as_str)
        .collect();
    run(
        "others_verify_tokens_of_every_algorithm_by_the_published_keys",
        SCRIPT,
        &arguments,
    );
}
