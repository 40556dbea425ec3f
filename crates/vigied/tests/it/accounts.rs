//! Several accounts on one server: created by the operator while it runs, chosen at login, switched by the command line,
//! isolated, and left again.

use crate::harness::{Owner, Reply, Request, Serving, VIGIED, init_with, now};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const BEA: &str = "bea@example.org";

/// A running server, its first account, and the flags that name its database.
struct Stage<'a> {
    folder: tempfile::TempDir,
    serving: Serving,
    first: Owner,
    database: &'a [&'a str],
}

impl<'a> Stage<'a> {
    fn set(database: &'a [&'a str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = init_with(&data, database);
        let serving = Serving::start(&data, "127.0.0.1:0", database);
        Self {
            folder,
            serving,
            first,
            database,
        }
    }

    /// Runs `vigied account` beside the server.
    fn operator(&self, arguments: &[&str]) -> Output {
        vigied_account(arguments, &self.folder.path().join("data"), self.database)
    }

    fn create(&self) -> Output {
        self.operator(&["create", "Second", "--owner", BEA, "--output", "json"])
    }

    fn person(&self, name: &str) -> Person {
        Person {
            home: self.folder.path().join(name),
            url: self.serving.url(),
        }
    }
}

fn vigied_account(arguments: &[&str], data: &Path, database: &[&str]) -> Output {
    Command::new(VIGIED)
        .arg("account")
        .args(arguments)
        .args(database)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
        .to_owned()
}

/// A user with their own command line and home.
struct Person {
    home: PathBuf,
    url: String,
}

impl Person {
    fn vigie(&self, line: &str) -> Output {
        Command::new(crate::harness::vigie())
            .args(line.split_whitespace())
            .env_clear()
            .env("IBMCLOUD_CONFIG_HOME", &self.home)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn run_ok(&self, line: &str) -> String {
        let output = self.vigie(line);
        let printed = stdout(&output) + &stderr(&output);
        assert!(output.status.success(), "vigie {line}\n{printed}");
        stdout(&output)
    }

    /// The exit code and the output.
    fn refused(&self, line: &str) -> (i32, String) {
        let output = self.vigie(line);
        let code = output.status.code().unwrap();
        assert_ne!(code, 0, "vigie {line}\n{}", stdout(&output));
        (code, stderr(&output))
    }

    fn login(&self, user: &str, password: &str, more: &str) -> String {
        self.run_ok(&format!(
            "login -a {} -u {user} -p {password} {more}",
            self.url
        ))
    }

    fn token(&self) -> String {
        self.run_ok("iam token").trim().to_owned()
    }

    /// The account the command line's token is for, as the server reads it.
    fn bound(&self) -> String {
        let reply = Request::new(&self.url, "GET", "/identity/userinfo")
            .bearer(&self.token())
            .send();
        text(&reply.json()["account"], "bss")
    }

    fn config(&self, key: &str) -> String {
        let file = std::fs::read(self.home.join("config.json")).unwrap();
        text(&serde_json::from_slice(&file).unwrap(), key)
    }
}

fn metrics(url: &str, token: &str, scope: &str) -> Reply {
    Request::new(url, "GET", "/v1/metrics?target=where.am.i")
        .header("X-Auth-User-Token", &format!("iam {token}"))
        .header("X-Auth-Scope-Id", scope)
        .send()
}

/// Polls until a request answers with this status; the operator's change reaches the node within its poll.
fn becomes(status: u16, ask: impl Fn() -> Reply) {
    let limit = Instant::now() + Duration::from_secs(90);
    loop {
        let reply = ask();
        if reply.status == status {
            return;
        }
        assert!(
            Instant::now() < limit,
            "still {}: {}",
            reply.status,
            reply.text()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn renew(url: &str, refresh: &str, account: Option<&str>) -> Reply {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh)];
    form.extend(account.map(|account| ("account", account)));
    Request::new(url, "POST", "/identity/token")
        .basic("bx", "bx")
        .form(&form)
        .send()
}

#[test]
fn two_accounts_on_one_running_server() {
    two_accounts(&Stage::set(&[]));
}

#[test]
fn two_accounts_on_one_running_server_on_postgres() {
    if let Some(database) = testing::postgres("two_accounts") {
        two_accounts(&Stage::set(&["--database", &database]));
    }
}

#[test]
fn without_a_first_account_there_is_none_to_add_to() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for arguments in [&["list"][..], &["create", "Second", "--owner", BEA]] {
        let output = vigied_account(arguments, &data, &[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).contains("name your server's folder with `--data DIR`. `vigied init"),
            "{}",
            stderr(&output)
        );
    }
    assert!(!data.exists(), "a folder was made");
}

#[test]
fn the_operator_is_told_what_to_hand_on() {
    let stage = Stage::set(&[]);
    let made = stage.operator(&[
        "create", "Second", "--owner", BEA, "--org", "lab", "--space", "prod",
    ]);
    let printed = stdout(&made);
    for expected in [
        "Account:        Second (",
        "Region:         local\n",
        "Organization:   lab (",
        "Space:          prod (",
        "User:           bea@example.org\n",
        "Password:       ",
        "API key:        vgk_",
        "they are not shown again",
        &format!(
            "vigie login -a {} -u bea@example.org -c ",
            stage.serving.url()
        ),
    ] {
        assert!(printed.contains(expected), "no `{expected}` in\n{printed}");
    }
    let known = stdout(&stage.operator(&["create", "Third", "--owner", BEA]));
    assert!(known.contains("the password is unchanged"), "{known}");
    assert!(!known.contains("vgk_"), "{known}");
    let nowhere = ["create", "Fourth", "--owner", BEA, "--region", "mars"];
    let refused = stage.operator(&nowhere);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("there is no region `mars`"));

    let list = stdout(&stage.operator(&["list"]));
    let rows: Vec<Vec<&str>> = list
        .lines()
        .map(|line| {
            line.split("   ")
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(rows[0], ["Account GUID", "Name", "Members", "Owner"]);
    let tail: Vec<&[&str]> = rows[1..].iter().map(|row| &row[1..]).collect();
    let owner = stage.first.user.as_str();
    assert_eq!(
        tail,
        [
            ["Second", "1", BEA],
            ["Third", "1", BEA],
            ["Vigie", "1", owner]
        ]
    );
}

fn two_accounts(stage: &Stage<'_>) {
    let (url, first) = (stage.serving.url(), &stage.first);
    let made = stage.create();
    assert!(made.status.success(), "{}", stderr(&made));
    let second: Value = serde_json::from_slice(&made.stdout).unwrap();
    let (theirs, space) = (text(&second, "account_guid"), text(&second, "space_guid"));
    assert_eq!(text(&second, "owner"), BEA);
    let (bea, owner) = (stage.person("bea"), stage.person("owner"));

    // The running node learns of the account by its poll.
    let key = text(&second, "api_key");
    becomes(200, || {
        Request::new(&url, "POST", "/identity/token")
            .form(&[
                ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
                ("apikey", &key),
            ])
            .send()
    });
    let list = stage.operator(&["list", "--output", "json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let owners: Vec<(String, String)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|account| (text(account, "account_name"), text(account, "owner")))
        .collect();
    let pair = |name: &str, owner: &str| (name.to_owned(), owner.to_owned());
    assert_eq!(owners, [pair("Second", BEA), pair("Vigie", &first.user)]);
    let again = stage.create();
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("an account `Second` exists"));

    // One account each: the login asks nothing. Then the first owner is invited into the second.
    let printed = bea.login(BEA, &text(&second, "password"), "-o vigie -s dev");
    assert!(printed.contains("Targeted account Second"), "{printed}");
    let printed = bea.run_ok(&format!(
        "account user-invite {} --account-role Viewer -o vigie --org-role OrgAuditor -s dev --space-role SpaceDeveloper",
        first.user
    ));
    assert!(!printed.contains("One-time code"), "{printed}");
    assert!(printed.contains("once they accept"), "{printed}");
    // Nobody joins an account without accepting: the login shows the invitation, and a key cannot accept it.
    let scripted = stage.person("scripted");
    scripted.run_ok(&format!("login -a {url} --apikey {}", first.api_key));
    let (code, errors) = scripted.refused(&format!("account accept {theirs}"));
    assert_eq!(code, 4, "{errors}");
    let ran = owner.vigie(&format!(
        "login -a {url} -u {} -p {}",
        first.user, first.password
    ));
    let command = format!("vigie account accept {theirs}");
    assert!(stderr(&ran).contains(&command), "{}", stderr(&ran));
    let listed = owner.run_ok("account invitations");
    assert!(
        listed.contains("Second") && listed.contains(BEA),
        "{listed}"
    );
    owner.run_ok(&format!("account accept {theirs}"));
    assert!(
        owner
            .run_ok("account invitations")
            .contains("No invitations")
    );
    let (code, errors) = bea.refused(&format!("account user-invite {}", first.user));
    assert_eq!(code, 1);
    assert!(
        errors.contains("is a member of the account already"),
        "{errors}"
    );

    // Several accounts: without a terminal the list and the flag, with the flag the account.
    let line = format!("login -a {url} -u {} -p {}", first.user, first.password);
    let (code, errors) = owner.refused(&line);
    assert_eq!(code, 2);
    for expected in [&*first.account, &*theirs, "-c ACCOUNT_ID"] {
        assert!(errors.contains(expected), "{errors}");
    }
    let (code, _) = owner.refused(&format!("{line} -c nowhere"));
    assert_eq!(code, 5);
    owner.login(
        &first.user,
        &first.password,
        &format!("-c {theirs} -o vigie -s dev"),
    );
    assert_eq!(owner.bound(), theirs);
    assert_eq!(owner.run_ok("account space dev --guid").trim(), space);
    owner.run_ok("metrics send where.am.i=2");
    let there = owner.token();

    // `target -c` switches back, and every later renewal stays.
    let printed = owner.run_ok(&format!("target -c {}", first.account));
    assert!(printed.contains("Targeted space dev"), "{printed}");
    assert_eq!(owner.bound(), first.account);
    owner.run_ok("metrics send where.am.i=1");
    let refresh = owner.config("IAMRefreshToken");
    let renewed = renew(&url, &refresh, None).json();
    let bound = Request::new(&url, "GET", "/identity/userinfo")
        .bearer(&text(&renewed, "access_token"))
        .send();
    assert_eq!(text(&bound.json()["account"], "bss"), first.account);

    // Management uses the account of the token; a refusal says how to switch.
    let (code, errors) = owner.refused(&format!("account users -c {theirs}"));
    assert_eq!(code, 4, "{errors}");
    assert!(
        errors.contains(&format!("vigie target -c {theirs}")),
        "{errors}"
    );

    // A key is for one account: the login asks nothing, and the key cannot leave it.
    let script = stage.person("script");
    let by_key = format!("login -a {url} --apikey {}", first.api_key);
    let printed = script.run_ok(&by_key);
    assert!(printed.contains("Targeted account Vigie"), "{printed}");
    let (code, errors) = script.refused(&format!("{by_key} -c {theirs}"));
    assert_eq!(code, 1, "{errors}");
    assert!(errors.contains("is for the account"), "{errors}");
    assert_eq!(script.bound(), first.account);

    // A wrong account does not use up the refresh token.
    let refresh = text(&renewed, "refresh_token");
    for wrong in ["00000000000000000000000000000000", "nonsense"] {
        let refused = renew(&url, &refresh, Some(wrong));
        assert_eq!(refused.status, 400);
        assert_eq!(text(&refused.json(), "errorCode"), "BXNIM0141E");
    }
    let after = renew(&url, &refresh, None);
    assert_eq!(after.status, 200, "{}", after.text());
    let here = text(&after.json(), "access_token");

    isolated(
        stage,
        &Pair {
            here,
            there,
            theirs: &theirs,
            space: &space,
        },
    );

    // After the removal: access ends at once there, and is unchanged in the first account.
    let there = renewed_for(&owner, &theirs);
    assert_eq!(metrics(&url, &there, &format!("s-{space}")).status, 200);
    let (code, errors) = bea.refused(&format!("account user-remove {BEA} -f"));
    assert_eq!(code, 1);
    assert!(errors.contains("without an Administrator"), "{errors}");
    let (code, errors) = bea.refused(&format!("account user-remove {}", first.user));
    assert_eq!(code, 2, "{errors}");
    bea.run_ok(&format!("account user-remove {} -f", first.user));
    let gone = metrics(&url, &there, &format!("s-{space}"));
    assert_eq!((gone.status, gone.code()), (401, "BXNMSRI07E".to_owned()));
    let (code, errors) = owner.refused("account users");
    assert_eq!(code, 3, "{errors}");
    let printed = owner.login(&first.user, &first.password, "");
    assert!(printed.contains("Targeted account Vigie"), "{printed}");
    assert_eq!(owner.bound(), first.account);
    let (code, _) = owner.refused(&format!("target -c {theirs}"));
    assert_eq!(code, 5);
}

/// Switches the account of the command line; returns its new token.
fn renewed_for(person: &Person, account: &str) -> String {
    person.run_ok(&format!("target -c {account}"));
    person.token()
}

/// Two tokens of one person, one for each account.
struct Pair<'a> {
    here: String,
    there: String,
    theirs: &'a str,
    space: &'a str,
}

/// Each token opens its own account and says which one the other is for.
fn isolated(stage: &Stage<'_>, pair: &Pair<'_>) {
    let (url, first) = (stage.serving.url(), &stage.first);
    let (mine, other) = (format!("s-{}", first.space), format!("s-{}", pair.space));
    let value = |token: &str, scope: &str| {
        let reply = metrics(&url, token, scope);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()[0]["datapoints"][0][0].clone()
    };
    assert_eq!(value(&pair.here, &mine), json!(1));
    assert_eq!(value(&pair.there, &other), json!(2));
    for (token, scope, account) in [
        (&pair.here, &other, pair.theirs),
        (&pair.there, &mine, &*first.account),
    ] {
        let refused = metrics(&url, token, scope);
        assert_eq!(
            (refused.status, refused.code()),
            (401, "BXNMSRI06E".to_owned())
        );
        let hint = refused.json()["errors"][0]["hint"].clone();
        let command = format!("vigie target -c {account}");
        assert!(hint.as_str().unwrap().contains(&command), "{hint}");
    }
    // A key of the first account opens neither the other's spaces nor a token for it.
    let by_key = Request::new(&url, "POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("apikey {}", first.api_key))
        .header("X-Auth-Scope-Id", &other)
        .json(&json!([{"name": "where.am.i", "value": 3, "timestamp": now() - 5}]))
        .send();
    assert_eq!(by_key.code(), "BXNMSRI06E", "{}", by_key.text());
    let key_grant = Request::new(&url, "POST", "/identity/token")
        .basic("bx", "bx")
        .form(&[
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", &first.api_key),
            ("account", pair.theirs),
        ])
        .send();
    assert_eq!(text(&key_grant.json(), "errorCode"), "BXNIM0141E");
    // Managing: the user's accounts are listed with their owners, and managed one at a time.
    let get = |path: &str| Request::new(&url, "GET", path).bearer(&pair.here).send();
    let accounts = get("/coe/v2/accounts").json();
    let owners: Vec<&str> = accounts["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| account["entity"]["owner_userid"].as_str().unwrap())
        .collect();
    assert_eq!(owners, [BEA, &*first.user]);
    let elsewhere = get(&format!("/v2/accounts/{}/users", pair.theirs));
    assert_eq!(elsewhere.status, 403, "{}", elsewhere.text());
    let error = &elsewhere.json()["errors"][0];
    assert_eq!(error["message_code"], "wrong_account");
    let command = format!("vigie target -c {}", pair.theirs);
    assert!(error["details"].as_str().unwrap().contains(&command));
    let foundry = get(&format!("/v2/spaces/{}", pair.space));
    assert_eq!(foundry.status, 403, "{}", foundry.text());
    assert!(foundry.json()["hint"].as_str().unwrap().contains(&command));
    let unknown = get("/v2/accounts/00000000000000000000000000000000/users");
    assert_eq!(unknown.status, 404, "{}", unknown.text());
}
