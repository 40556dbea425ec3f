//! The protocol between the operator's commands and a server, over the socket in its data folder.

pub(crate) mod local_client;
pub(crate) mod socket_path;

use crate::failure::Report;
use crate::failure::coded_error::CodedError;
use base::scope::Domain;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The socket's name in the data folder.
const SOCKET: &str = "control.sock";

/// The path for commands.
pub(crate) const COMMAND: &str = "/command";

/// The path for the place of the server's identity.
pub(crate) const IDENTITY: &str = "/identity";

/// The path for the number of stored series per domain.
pub(crate) const SERIES: &str = "/series";

/// Maximum domains of a request.
const DOMAINS_PER_QUESTION: usize = 1000;

/// The path for audit counts that are not written yet.
pub(crate) const PENDING: &str = "/audit/pending";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CommandRequest {
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CommandReply {
    Text(String),
    Error { code: String, text: String },
}

impl CommandReply {
    pub(crate) fn error(error: &anyhow::Error) -> Self {
        let report = Report::of(error);
        Self::Error {
            text: report.text(),
            code: report.code,
        }
    }
}

/// How long a command may take. What it asks a database that is away for fails long before, and says so.
pub(crate) const COMMAND_TIME_MAX: Duration = Duration::from_secs(150);

/// The place of a server's identity database.
#[derive(Serialize, Deserialize)]
pub(crate) struct IdentityPlace {
    /// The URL in its setting `database`, with the password; `None` for the file in the data folder.
    pub(crate) database: Option<String>,
}

/// The path of the socket.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join(SOCKET)
}

/// Runs a command on the folder's server. The outer error means that the server did not get the command. After any other error
/// the command must not be sent again, because the server may have run it.
pub(crate) fn send(data: &Path, arguments: &[String]) -> std::io::Result<anyhow::Result<String>> {
    // The server ends the connection first, should it take longer.
    let patience = COMMAND_TIME_MAX.saturating_add(local_client::PATIENCE);
    let stream = local_client::connect(&path(data), patience)?;
    let asked = CommandRequest {
        arguments: arguments.to_vec(),
    };
    let answered = || -> anyhow::Result<CommandReply> {
        let answer = local_client::post(stream, COMMAND, &serde_json::to_string(&asked)?)?;
        Ok(serde_json::from_str(&answer)?)
    };
    Ok(match answered() {
        Ok(CommandReply::Text(text)) => Ok(text),
        Ok(CommandReply::Error { code, text }) => Err(CodedError::new(code, text).into()),
        Err(error) => Err(error.context(
            "the server was asked and did not answer: it may have carried the command out\nhint: `vigied audit` shows whether it has",
        )),
    })
}

/// Sends a request without a body to the folder's server.
pub(crate) fn ask(data: &Path, method: &str, asked: &str) -> std::io::Result<local_client::Answer> {
    local_client::ask(&path(data), method, asked)
}

/// The place of the identity database of the folder's server; `None` if no server answers there, or only one that does not know the
/// question.
pub(crate) fn identity_place(data: &Path) -> Option<IdentityPlace> {
    let answer = ask(data, "GET", IDENTITY).ok()?;
    match answer.status {
        200 => serde_json::from_str(&answer.body).ok(),
        _ => None,
    }
}

/// The number of stored series of each domain; `None` if no server on the folder answers.
pub(crate) fn series(data: &Path, of: &[Domain]) -> Option<Vec<u64>> {
    let mut all = Vec::new();
    for some in of.chunks(DOMAINS_PER_QUESTION) {
        let named: Vec<String> = some.iter().map(ToString::to_string).collect();
        let asked = serde_json::to_string(&named).ok()?;
        let stream = local_client::connect(&path(data), local_client::PATIENCE).ok()?;
        let answer = local_client::post(stream, SERIES, &asked).ok()?;
        let counts: Vec<u64> = serde_json::from_str(&answer).ok()?;
        all.extend(counts);
    }
    (all.len() == of.len()).then_some(all)
}

/// The audit counts that the folder's server has not written yet.
pub(crate) fn pending_of(data: &Path) -> anyhow::Result<Vec<serde_json::Value>> {
    let text = local_client::get(&path(data), PENDING)?;
    Ok(serde_json::from_str(&text)?)
}
