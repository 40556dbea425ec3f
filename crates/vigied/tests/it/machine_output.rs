//! `--output json` everywhere: each command prints one JSON value on standard output, and nothing else.

use crate::harness::Server;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every command once, in an order in which each can succeed. `iam` names are the older ones of `account` commands.
const LINES: &[&str] = &[
    "version",
    "api",
    "regions",
    "config --list",
    "target",
    "status",
    "iam oauth-tokens",
    "iam token",
    "iam bearer-token",
    "cf oauth-token",
    "plugin list",
    "update",
    "iam api-key-create ci",
    "iam api-keys",
    "iam api-key-update ci -d builds",
    "iam api-key-lock ci",
    "iam api-key-unlock ci",
    "iam api-key-disable ci",
    "iam api-key-enable ci",
    "iam api-key-delete ci -f",
    "iam service-id-create ci",
    "iam service-ids",
    "iam service-id ci",
    "iam service-id-update ci -d builds",
    "iam service-id-lock ci",
    "iam service-id-unlock ci",
    "iam service-api-key-create first ci",
    "iam service-api-keys ci",
    "iam service-api-key first ci",
    "iam service-api-key-update first ci -d builds",
    "iam service-api-key-lock first ci",
    "iam service-api-key-unlock first ci",
    "iam service-api-key-disable first ci",
    "iam service-api-key-enable first ci",
    "iam service-api-key-delete first ci -f",
    "iam service-id-delete ci -f",
    "iam accounts",
    "iam account-users",
    "iam account-user-invite bo@example.org",
    "iam orgs",
    "iam org vigie",
    "iam org-create tall-org",
    "iam org-rename tall-org wide-org",
    "iam spaces -o vigie",
    "iam space dev -o vigie",
    "iam space-create prod -o vigie",
    "iam space-rename prod plain -o vigie",
    "iam space-users plain -o vigie",
    "iam org-users vigie",
    "iam org-role-set bo@example.org vigie OrgManager",
    "iam org-role-unset bo@example.org vigie OrgManager",
    "iam space-role-set bo@example.org vigie dev SpaceAuditor",
    "iam space-role-unset bo@example.org vigie dev SpaceAuditor",
    "iam space-delete plain -o vigie -f",
    "iam org-delete wide-org -f",
    "account list",
    "account orgs",
    "account org vigie",
    "account org-create new-org",
    "account org-rename new-org old-org",
    "account spaces -o vigie",
    "account space dev -o vigie",
    "account space-create test -o vigie",
    "account space-rename test tried -o vigie",
    "account space-users tried -o vigie",
    "account org-users vigie -a",
    "account roles",
    "account users --all-roles",
    "account users",
    "account user-invite dora@example.org",
    "account role-set bo@example.org Viewer",
    "account role-unset bo@example.org Viewer",
    "account org-role-set bo@example.org vigie OrgAuditor",
    "account org-role-unset bo@example.org vigie OrgAuditor",
    "account space-role-set bo@example.org vigie dev SpaceDeveloper",
    "account space-role-unset bo@example.org vigie dev SpaceDeveloper",
    "account user-remove bo@example.org -f",
    "account invitations",
    "account space-delete tried -o vigie -f",
    "account org-delete old-org -f",
    "account deleted",
    "account space-restore tried",
    "account org-restore old-org",
    "metrics send room.temperature=21.5",
    "metrics get room.*",
    "metrics list",
    "metrics find room.*",
    "metrics senders",
    "metrics rejects",
    "metrics functions sumSeries",
    "metrics schemas set fast --pattern ^room --retentions 1s:1d",
    "metrics schemas get",
    "metrics schemas unset fast",
    "metrics delete room.* --yes",
    "metrics settings --resolution 60",
    "agent install --user --print",
];

/// Commands without JSON: a script for a shell, and a program that runs on (`metrics tail` has `--format json`). `agent`, which has
/// a command below it, is one, too: its log is for people.
/// Answers to an invitation need one: `accounts` tries them.
const EXCEPT: [&str; 5] = [
    "metrics tail",
    "completion",
    "man",
    "account accept",
    "account decline",
];

/// The commands of the reference that have no commands below them.
fn commands() -> BTreeSet<String> {
    let reference = include_str!("../../../../docs/reference/cli.md");
    let all: Vec<&str> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## `vigie ")?.strip_suffix('`'))
        .collect();
    all.iter()
        .filter(|command| {
            let below = format!("{command} ");
            !all.iter().any(|other| other.starts_with(&below))
        })
        .map(|command| (*command).to_owned())
        .collect()
}

#[test]
fn every_command_prints_json_and_nothing_else() {
    let server = Server::start();
    let (url, owner) = (server.serving.url(), &server.owner);
    let login = format!(
        "login -a {url} -u {} -p {} -o vigie -s dev",
        owner.user, owner.password
    );
    let password = format!(
        "account password --current {} --new-password better-one",
        owner.password
    );
    let rules = server.folder.path().join("storage-schemas.conf");
    std::fs::write(&rules, "[all]\npattern = .*\nretentions = 10s:1d\n").unwrap();
    let import = format!("metrics schemas import {}", rules.display());
    let folder = server.folder.path();
    let files =
        ["key", "old.prom", "all.jsonl"].map(|name| folder.join(name).display().to_string());
    let [key, prom, all] = &files;
    std::fs::write(key, format!("apikey:{}", owner.api_key)).unwrap();
    std::fs::write(prom, "up 1 1750000000\n").unwrap();
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/whisper/tree");
    let moves = [
        format!("import prometheus {prom}"),
        format!("export up -o {all}"),
        format!("import samples {all}"),
        format!("import whisper {tree}"),
        format!(
            "import graphite {url}/graphite/s-{} --credentials {key} --from -1d",
            owner.space
        ),
    ];
    let lines = std::iter::once(&*login)
        .chain(LINES.iter().copied())
        .chain(moves.iter().map(String::as_str))
        .chain([&*import, &*password, "logout"]);
    let mut missing = commands();
    for line in lines {
        let ran = server
            .vigie()
            .args(line.split(' '))
            .args(["--output", "json"])
            .output()
            .unwrap();
        let (out, errors) = (
            String::from_utf8(ran.stdout).unwrap(),
            String::from_utf8(ran.stderr).unwrap(),
        );
        assert!(ran.status.success(), "`{line}`: {out}{errors}");
        let value = serde_json::from_str::<Value>(&out);
        assert!(value.is_ok(), "`{line}` prints no JSON: {out}");
        missing.retain(|command| line != command && !line.starts_with(&format!("{command} ")));
    }
    missing.retain(|command| !EXCEPT.contains(&command.as_str()));
    assert!(missing.is_empty(), "not tried: {missing:?}");
}
