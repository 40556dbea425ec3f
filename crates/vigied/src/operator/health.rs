//! `vigied health`: whether the server on this data folder is ready. It asks over the operators' listener, so that a container
//! needs no other program for its health check.

use crate::cli::Output;
use crate::config::OperationsAddress;
use crate::config::Settings;
use crate::control::local_client;
use crate::failure::coded_error::CodedError;
use crate::operator::output;
use anyhow::{Context, bail};
use std::time::{Duration, Instant};

/// Time between two checks while waiting.
const PAUSE: Duration = Duration::from_millis(200);

/// Returns the output once the server is ready, or the reason why it is not ready after `wait` seconds.
pub(crate) fn ask(settings: &Settings, wait: u64, output: Output) -> anyhow::Result<String> {
    let end = Instant::now() + Duration::from_secs(wait);
    loop {
        match once(settings, output) {
            Err(_) if Instant::now() < end => std::thread::sleep(PAUSE),
            answer => return answer,
        }
    }
}

fn once(settings: &Settings, output: Output) -> anyhow::Result<String> {
    let place = settings.operations();
    let OperationsAddress::Socket(path) = &place else {
        bail!(
            "`operations.listen` is an address, and `vigied health` asks over a Unix socket\nhint: ask `/health/ready` of that address or of the public one, for example with `curl --fail-with-body`"
        );
    };
    let hint = "see whether `vigied serve` runs with these settings, as a user whose socket you may open; name its folder with `--data DIR`";
    let body = local_client::get(path, "/health/ready").with_context(|| {
        format!(
            "no server answers on the operators' socket `{}`\nhint: {hint}",
            path.display()
        )
    })?;
    let value: serde_json::Value = serde_json::from_str(&body)
        .with_context(|| format!("`{}` does not answer as a Vigie", path.display()))?;
    if value.get("status").and_then(serde_json::Value::as_str) != Some("ready") {
        let text = format!("the server is not ready: {}", body.trim());
        return Err(CodedError::new("not_ready", text).into());
    }
    Ok(output::one(output, &value, || "ready\n".to_owned()))
}
