//! Units of systemd.

use super::quoting::{command, setting};
use super::service::AgentService;
use crate::error::Failure;

const UNIT: &str = "\
[Unit]
Description=Vigie agent: sends this host's metrics
";

/// A start that fails, because the server is away, is tried again; what has been read by then is in the buffer.
const RUNS: &str = "\
Restart=always
RestartSec=5
TimeoutStopSec=30
UMask=0077
";

/// It reads the host's figures and its own state, talks over the network, and does no more. It needs to see all processes, which it
/// counts, and the file systems as they are.
const HARDENED: &str = "
DynamicUser=yes
StateDirectory=vigie-agent
StateDirectoryMode=0700
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateIPC=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RemoveIPC=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
DevicePolicy=closed
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
";

/// The part of it that a user's own systemd can do.
const HARDENED_USER: &str = "
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
";

/// For the machine: under a user of its own, which sees the key while it runs.
pub(super) fn of_machine(agent: &AgentService<'_>) -> Result<String, Failure> {
    let start = start(agent)?;
    let variables = variables(agent)?;
    let key = setting(&format!("key:{}", agent.key_file))?;
    Ok(format!(
        "{UNIT}Wants=network-online.target\nAfter=network-online.target\n\n[Service]\n{start}{variables}\
         LoadCredential={key}\nEnvironment=VIGIE_API_KEY=@%d/key\nEnvironment=VIGIE_HOME=%S/vigie-agent\n\
         {RUNS}{HARDENED}\n[Install]\nWantedBy=multi-user.target\n"
    ))
}

/// For a user.
pub(super) fn of_user(agent: &AgentService<'_>) -> Result<String, Failure> {
    let start = start(agent)?;
    let variables = variables(agent)?;
    let key = setting(&format!("VIGIE_API_KEY=@{}", agent.key_file))?;
    Ok(format!(
        "{UNIT}\n[Service]\n{start}{variables}Environment={key}\n{RUNS}{HARDENED_USER}\n[Install]\nWantedBy=default.target\n"
    ))
}

fn start(agent: &AgentService<'_>) -> Result<String, Failure> {
    let mut line = format!("ExecStart={} agent", command(&agent.program)?);
    for argument in agent.arguments {
        line.push(' ');
        line.push_str(&command(argument)?);
    }
    line.push('\n');
    Ok(line)
}

fn variables(agent: &AgentService<'_>) -> Result<String, Failure> {
    let mut lines = String::new();
    let ca_file = agent.ca_file.as_deref();
    let named = [
        ("VIGIE_API", Some(&*agent.server)),
        ("VIGIE_CA_FILE", ca_file),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            let word = setting(&format!("{name}={value}"))?;
            lines.push_str(&format!("Environment={word}\n"));
        }
    }
    Ok(lines)
}
