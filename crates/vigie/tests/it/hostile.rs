//! A server whose every text tries to take over the terminal. Every command of the program is run against it.

use crate::person::Person;
use crate::terminal::Terminal;
use std::process::Command;

/// Colours, bells, C1, DEL, both kinds of bidi, zero-width, soft hyphen, separators, tags, forged lines.
const POISON: &str = "\u{1b}[31m\u{1b}]0;x\u{7}\u{9b}2J\u{7f}\u{202e}\u{2066}\u{200f}\u{61c}\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}\u{2028}\u{2029}\u{85}\u{e0041}\nFORGED\n\r\t";

/// Every command, `~` standing for the poison in names. One that asks is also run so that it asks.
pub(crate) const COMMANDS: &[&str] = &[
    "login -a ADDRESS --apikey vgk_good -o field-org~ -s dev~",
    "login -a ADDRESS --apikey vgk_good",
    "login -a ADDRESS --apikey vgk_bad",
    "login -a ADDRESS -u ada -p wrong",
    "login -a ADDRESS -u ada~",
    "login -a ADDRESS --sso",
    "login -a ADDRESS --apikey vgk_good -r mars~",
    "target",
    "target -r eu-de~",
    "target -o field-org~",
    "target -c nobody~",
    "target --cf",
    "target --output json",
    "status",
    "status --output json",
    "api",
    "regions",
    "regions --output json",
    "plugin install x~",
    "update",
    "iam oauth-tokens",
    "iam token",
    "iam token --curl",
    "iam token --env",
    "iam token --json",
    "iam token --header",
    "iam bearer-token",
    "iam api-keys",
    "iam api-keys --uuid",
    "iam api-keys --output json",
    "iam api-key-create ci~",
    "iam api-key-create ci --output json",
    "iam api-key-update ci~ -d x~",
    "iam api-key-delete ci~ -f",
    "iam api-key-delete twin~",
    "iam api-key-delete nobody~",
    "iam api-key-lock ci~",
    "iam api-key-unlock ci~",
    "iam api-key-disable ci~",
    "iam api-key-enable ci~",
    "iam service-ids",
    "iam service-ids --uuid",
    "iam service-ids --output json",
    "iam service-id ci~",
    "iam service-id ServiceId-0b8d2a3c-0000-4000-8000-000000000001",
    "iam service-id nobody~",
    "iam service-id-create ci~",
    "iam service-id-create ci --output json",
    "iam service-id-update ci~ -d x~",
    "iam service-id-delete ci~",
    "iam service-id-delete twin~ -f",
    "iam service-id-lock twin~",
    "iam service-id-unlock ci~ --output json",
    "iam service-api-keys ci~",
    "iam service-api-keys --all",
    "iam service-api-key first~ ci~",
    "iam service-api-key nothing~ ci~",
    "iam service-api-key-create new~ ci~",
    "iam service-api-key-create new ci~ --output json",
    "iam service-api-key-update first~ ci~ -n x~",
    "iam service-api-key-delete first~ ci~",
    "iam service-api-key-delete first~ ci~ -f",
    "iam service-api-key-lock first~ ci~",
    "iam service-api-key-unlock first~ ci~",
    "iam service-api-key-disable first~ ci~",
    "iam service-api-key-enable first~ ci~",
    "iam accounts",
    "iam account-users",
    "iam account-user-invite bo@example.org~",
    "iam orgs",
    "iam org field-org~",
    "iam org-create new~",
    "iam org-delete field-org~",
    "iam org-rename field-org~ other~",
    "iam org-users field-org~",
    "iam spaces -o field-org~",
    "iam space dev~ -o field-org~",
    "iam space-create dev~ -o field-org~",
    "iam space-delete dev~ -o field-org~",
    "iam space-rename dev~ other~ -o field-org~",
    "iam space-users dev~ -o field-org~",
    "iam org-role-set bo field-org~ OrgUser",
    "iam org-role-unset bo field-org~ OrgUser",
    "iam space-role-set bo field-org~ dev~ SpaceAuditor",
    "iam space-role-unset bo field-org~ dev~ SpaceAuditor",
    "account list",
    "account list --output json",
    "account orgs",
    "account orgs --guid",
    "account org field-org~",
    "account org field-org~ --guid",
    "account org nowhere~",
    "account org-create new~",
    "account org-delete field-org~",
    "account org-delete field-org~ -f --recursive",
    "account org-rename field-org~ other~",
    "account org-users field-org~ -a",
    "account org-users field-org~ --output json",
    "account spaces -o field-org~",
    "account spaces -o field-org~ --guid",
    "account space dev~ -o field-org~",
    "account space nowhere~ -o field-org~",
    "account space-create dev~ -o field-org~",
    "account space-delete dev~ -o field-org~",
    "account deleted",
    "account deleted --output json",
    "account space-restore old-space~",
    "account space-restore old-space~ --name new~ --output json",
    "account org-restore old-org~",
    "account org-restore nowhere~",
    "account space-rename dev~ other~ -o field-org~",
    "account space-rename dev~ other~ -o field-org~ --output json",
    "account space-users field-org~ dev~",
    "account space-users dev~ -o field-org~ --output json",
    "account roles",
    "account users --all-roles",
    "account users",
    "account users --output json",
    "account user-invite bo@example.org~",
    "account invitations",
    "account invitations --output json",
    "account accept nobody~",
    "account accept fedcba9876543210fedcba9876543210~",
    "account decline fedcba9876543210fedcba9876543210~",
    "account user-invite bo@example.org -o field-org~ -s dev~ --space-role SpaceAuditor",
    "account user-remove bo@example.org~",
    "account user-remove bo@example.org~ -f",
    "account role-set bo Viewer",
    "account role-unset bo~ Viewer",
    "account org-role-set bo field-org~ OrgUser",
    "account org-role-unset bo field-org~ OrgUser",
    "account space-role-set bo field-org~ dev~ SpaceAuditor",
    "account space-role-unset bo field-org~ dev~ SpaceAuditor",
    "account password --current wrong --new-password better-one",
    "cf oauth-token",
    "metrics send a.b=1 c.d=2@5000000000",
    "metrics send a.b=1 c.d=2@5000000000 --output json",
    "metrics send a~=1",
    "metrics get a.b",
    "metrics get a.b --format sparkline",
    "metrics get a.b --format chart",
    "metrics get a.b --format csv",
    "metrics get a.b --format json",
    "metrics get scale(a.b,2) --format raw",
    "metrics get a.b --format svg --output-file a.svg",
    "metrics senders",
    "metrics senders --silent --output json",
    "metrics rejects",
    "metrics rejects --output json",
    "metrics functions",
    "metrics functions nothing~",
    "metrics functions movingAverage --output json",
    "metrics find a.*",
    "metrics find a.* --output json",
    "metrics tail a.b --format nothing~",
    "metrics list",
    "metrics list --format plain",
    "metrics list --format json",
    "metrics delete nothing~",
    "metrics delete a.b --dry-run",
    "metrics delete a.b",
    "metrics settings",
    "metrics settings --resolution 60 --output json",
    "metrics settings --key-before-names off --output json",
    "metrics schemas get",
    "metrics schemas get --output json",
    "metrics schemas get --file schemas",
    "metrics schemas set a~ --pattern b --retentions 1m:1d",
    "metrics schemas set a~ --pattern b~ --method sum --output json",
    "metrics schemas unset a~",
    "metrics schemas unset --all",
    "metrics schemas import rules.conf --dry-run",
    "metrics schemas import rules~.conf",
    "import whisper nothing~",
    "import whisper .",
    "import whisper . --dry-run --output json",
    "import prometheus nothing~",
    "import samples rules.conf --output json",
    "import samples rules.conf",
    "import graphite ADDRESS",
    "import graphite ADDRESS --match a~ --dry-run --output json",
    "export a.*",
    "export a.* --format csv",
    "export nothing~ --format csv",
    "export -o all.jsonl --output json",
    "agent --once --interval 1s --host h",
    "agent install --user --print~",
    "agent install --user --cron --key-file nowhere~",
    "config --list",
    "config --sso-otp manual~",
    "completion bash",
    "__complete zsh target -s ",
    "__complete fish metrics get ",
    "__complete zsh metrics get scale(q",
    "__complete bash d vigie metrics functions s",
    "__complete zsh iam api-key-delete ",
    "__complete fish account user-remove ",
    "__complete zsh iam service-id-delete ",
    "__complete bash d vigie target -o d",
    "man --into .",
    "version",
    "logout",
];

/// Whether a character of the output is one that a server must not bring to a screen.
fn is_hostile(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e0fff}')
}

fn check(line: &str, place: &str, output: &str) {
    // For a program, a name stays what it is; only control characters are in no name.
    let is_exact = line.contains("--format csv") && place == "a pipe";
    let found: Vec<char> = output
        .chars()
        .filter(|c| is_hostile(*c) && (c.is_control() || !is_exact))
        .collect();
    assert!(
        found.is_empty(),
        "`{line}` shows {found:?} on {place}:\n{output:?}"
    );
    assert!(
        !output.lines().any(|line| line.trim() == "FORGED"),
        "`{line}` shows a forged line on {place}:\n{output}"
    );
    assert!(!output.contains("panicked"), "{line}: {output}");
}

/// A login of a hostile server's, the poison in every file that could be poisoned.
fn desk() -> Terminal {
    let mut terminal = Terminal::new();
    terminal.set("NO_COLOR", "1");
    terminal.server.configure(|behavior| {
        behavior.poison = POISON;
        behavior.invitations = 1;
        behavior.accounts = 1;
        behavior.spaces = 2;
    });
    let login = words(&terminal, COMMANDS[0]);
    let ran = run(&terminal, &login);
    assert!(ran.2, "{}", ran.0);
    terminal
}

fn words(terminal: &Terminal, line: &str) -> Vec<String> {
    line.split(' ')
        .map(|word| {
            word.replace("ADDRESS", &terminal.server.address.to_string())
                .replace('~', POISON)
        })
        .collect()
}

fn command(terminal: &Terminal, words: &[String]) -> Command {
    let mut command = terminal.command("vigie");
    command.args(words);
    command
}

/// The output in a pipe: both streams, and whether it went well.
fn run(terminal: &Terminal, words: &[String]) -> (String, String, bool) {
    let output = command(terminal, words).output().unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.success(),
    )
}

fn tour(terminal: &Terminal, lines: &[&str]) {
    for line in lines {
        let words = words(terminal, line);
        let (stdout, stderr, good) = run(terminal, &words);
        check(line, "a pipe", &stdout);
        check(line, "a pipe", &stderr);
        if good && (line.contains("json") || line.contains("--json")) {
            let value = serde_json::from_str::<serde_json::Value>(&stdout);
            assert!(value.is_ok(), "`{line}`: {value:?} in {stdout}");
        }
    }
}

#[test]
fn no_text_of_a_server_reaches_a_pipe_raw() {
    let terminal = desk();
    terminal.server.store.lock().unwrap().samples.insert(
        "a.b".to_owned(),
        [(1_519_862_400_000, 1.into())].into_iter().collect(),
    );
    tour(&terminal, COMMANDS);
}

#[test]
fn no_text_of_a_refusal_reaches_a_pipe_raw() {
    for status in [400, 401, 403, 404, 409, 500] {
        let terminal = desk();
        terminal
            .server
            .configure(|behavior| behavior.refuse = Some(status));
        tour(&terminal, COMMANDS);
    }
}

#[test]
fn no_text_of_a_server_reaches_a_terminal_raw() {
    let terminal = desk();
    terminal.server.store.lock().unwrap().samples.insert(
        "a.b".to_owned(),
        [(1_519_862_400_000, 1.into())].into_iter().collect(),
    );
    for line in COMMANDS {
        let mut person = Person::with(command(&terminal, &words(&terminal, line)), 80);
        // Whatever is asked has its answer; then nothing more comes.
        person.press("1\n1\n1\ny\n\u{4}\u{4}\u{4}");
        let (screen, _) = person.leave();
        // What was typed is shown by the terminal itself.
        check(line, "a terminal", &screen.replace("^D\u{8}\u{8}", ""));
    }
}

#[test]
fn a_refused_renewal_and_a_trace_are_shown_escaped() {
    let terminal = desk();
    terminal
        .server
        .configure(|behavior| behavior.refresh_refused = Some("BXNIM0439E"));
    terminal.edit("config.json", |config| {
        config["IAMToken"] = "Bearer e30.e30.x".into();
    });
    tour(
        &terminal,
        &["iam token", "account orgs", "iam token --min-ttl 1h"],
    );

    let mut terminal = desk();
    terminal.set("VIGIE_TRACE", "true");
    tour(&terminal, &["regions", "account list"]);
}

#[test]
fn what_a_server_says_at_length_is_cut_short() {
    let terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        behavior.refuse = Some(400);
        behavior.poison = Box::leak("x".repeat(1 << 20).into_boxed_str());
    });
    for line in [
        "account list",
        "account orgs",
        "iam api-keys",
        "metrics list",
        "account users",
    ] {
        let (stdout, stderr, good) = run(&terminal, &words(&terminal, line));
        assert!(!good, "{line}");
        let length = stdout.len() + stderr.len();
        assert!(length < 8 << 10, "`{line}` shows {length} bytes");
    }
}

/// A token goes into headers, and with `--env` and `--curl` into a shell.
#[test]
fn what_is_no_token_is_not_taken_for_one() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    for token in [
        "e30.e30.x'; touch owned; '",
        "e30.e30.x\nX: y",
        "e30.e30.x\u{1b}[31m",
        "",
    ] {
        terminal.server.configure(|behavior| {
            behavior.patches = vec![("/identity/token", "/access_token", token.into())];
        });
        let ran = terminal.run(&format!("vigie login -a {address} --apikey vgk_good"));
        assert_eq!(ran.code, 1, "{token:?}: {ran:?}");
        assert!(ran.stderr.contains("no token has"), "{ran:?}");
        assert!(!terminal.path(".vigie/config.json").exists());
    }
}

#[test]
fn ids_of_a_server_are_one_word_to_a_shell() {
    let mut terminal = Terminal::logged_in();
    let guid = "x'; touch owned; '";
    terminal.edit(".cf/config.json", |cf| {
        cf["SpaceFields"]["GUID"] = guid.into();
    });
    let printed = terminal.run("vigie iam token --env").stdout;
    let shell = Command::new("/bin/sh")
        .args(["-euc", &format!("{printed}\nprintf %s \"$VIGIE_SCOPE\"")])
        .current_dir(terminal.path("."))
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(shell.stdout).unwrap(),
        format!("s-{guid}")
    );
    assert!(!terminal.path("owned").exists());
}

/// A command that is not in the table would not be attacked.
#[test]
fn every_command_is_attacked() {
    let reference = include_str!("../../../../docs/reference/cli.md");
    let all: Vec<&str> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## `vigie ")?.strip_suffix('`'))
        .collect();
    assert!(all.len() > 50, "{all:?}");
    for path in &all {
        let is_group = all
            .iter()
            .any(|other| other.starts_with(&format!("{path} ")));
        let is_attacked = COMMANDS
            .iter()
            .any(|line| *line == *path || line.starts_with(&format!("{path} ")));
        assert!(
            is_group || is_attacked,
            "`{path}` is in no table of `hostile.rs`"
        );
    }
}

/// A hint is there to be pasted: what a colleague or a server called something is a word of it, whatever is in it.
#[test]
fn a_pasted_hint_runs_nothing_but_itself() {
    const NAME: &str = "x;touch$IFS.pwned;`touch .pwned`'\"$(touch .pwned)\n!";
    let terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        behavior.poison = NAME;
        behavior.invitations = 1;
    });
    let org = format!("field-org{NAME}");
    let address = terminal.server.address.to_string();
    let lines = [
        vec!["account", "space", "nowhere", "-o", &org],
        vec!["account", "accept", "nowhere"],
        vec!["status"],
        vec!["target", "-c", "nowhere"],
        vec!["login", "-a", &address, "--apikey", "vgk_good"],
        vec!["iam", "account-user-invite", "bo@example.org"],
    ];
    let mut pasted = Vec::new();
    for line in lines {
        let words: Vec<String> = line.iter().map(|&word| word.to_owned()).collect();
        let (out, err, _) = run(&terminal, &words);
        for output in [out, err] {
            // Of each line, what follows the first `vigie ` that can be typed: names have backticks of their own.
            for line in output.lines() {
                for (at, _) in line.match_indices("vigie ") {
                    let before = &line[..at];
                    if before.ends_with('`') || before.trim().is_empty() {
                        pasted.push(line[at..].to_owned());
                    }
                }
            }
        }
    }
    let harmful: Vec<&String> = pasted.iter().filter(|one| one.contains(".pwned")).collect();
    assert!(
        !harmful.is_empty(),
        "no hint had the name in it: {pasted:?}"
    );
    for command in harmful {
        // Up to where the shell says that the command ends: the backtick that closes it, which is in no quotes.
        let mut quoted = false;
        let end = command.replace(r"'\''", "____").find(|character| {
            quoted ^= character == '\'';
            character == '`' && !quoted
        });
        let command = &command[..end.unwrap_or(command.len())];
        let script = format!("vigie() {{ :; }}\n{command}");
        let ran = Command::new("bash")
            .args(["-c", &script])
            .current_dir(terminal.path("."))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{command}: {ran:?}");
        assert!(!terminal.path(".pwned").exists(), "{command}");
    }
}
