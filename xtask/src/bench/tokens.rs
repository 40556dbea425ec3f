//! What tokens, their checks and API keys cost (`benches/benches/tokens.rs`), and the memory of a whole server at rest.

use super::server::{Server, vigied};
use crate::process::{cargo, succeed, work_folder};
use anyhow::{Result, ensure};

/// Resident memory of a server that has an account and does nothing.
const RESIDENT_MIB_MAX: f64 = 30.0;

pub(super) fn run() -> Result<()> {
    let bench = succeed(cargo().args([
        "bench",
        "--locked",
        "--package",
        "benches",
        "--bench",
        "tokens",
    ]));
    // Both are shown, whichever of them fails.
    resident().and(bench)
}

fn resident() -> Result<()> {
    let server = Server::start(&vigied()?, &work_folder()?.join("bench-tokens"), &[])?;
    // Somebody has had a token: what that loads stays.
    let header = "Content-Type: application/x-www-form-urlencoded\r\n";
    let grant = "urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey";
    let form = format!("grant_type={grant}&apikey={}", server.owner);
    server.ask("POST", "/identity/token", header, &form)?;
    let mib = server.resident_mib()?;
    println!("resident memory of a server at rest: {mib:.1} MiB (needed: ≤ {RESIDENT_MIB_MAX})");
    ensure!(
        mib <= RESIDENT_MIB_MAX,
        "{mib:.1} MiB are more than {RESIDENT_MIB_MAX}"
    );
    Ok(())
}
