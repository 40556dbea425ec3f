//! A line of cron: one reading a minute, and no mail while all is well.

use super::quoting::cron;
use super::service::AgentService;
use crate::error::Failure;

/// The line; in a file of the machine's it names a user.
pub(super) fn line(agent: &AgentService<'_>, is_system: bool) -> Result<String, Failure> {
    let (user, home) = match is_system {
        true => ("root ", " VIGIE_HOME=/var/lib/vigie-agent"),
        false => ("", ""),
    };
    let key_file = format!("@{}", agent.key_file);
    let mut line = format!(
        "* * * * * {user}VIGIE_API={} VIGIE_API_KEY={}{home}",
        cron(&agent.server)?,
        cron(&key_file)?
    );
    if let Some(file) = &agent.ca_file {
        line.push_str(&format!(" VIGIE_CA_FILE={}", cron(file)?));
    }
    line.push_str(&format!(" {} agent --once --quiet", cron(&agent.program)?));
    for argument in agent.arguments {
        line.push(' ');
        line.push_str(&cron(argument)?);
    }
    line.push('\n');
    Ok(line)
}
