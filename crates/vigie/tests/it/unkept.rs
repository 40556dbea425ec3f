//! A renewal that cannot be kept must not cost the login: the server gives each refresh token one successor, and takes a
//! second use for theft.

use crate::fixture::{ACCOUNT, jwt};
use crate::terminal::{Finished, Terminal};
use crate::unwritable::{fill, read_only, run_limited, small_disk, writable};

fn expire(terminal: &Terminal) {
    terminal.edit("config.json", |config| {
        config["IAMToken"] = format!("Bearer {}", jwt(0, 5, ACCOUNT)).into();
    });
}

fn renewals(terminal: &Terminal) -> usize {
    terminal.server.requests("POST", "/identity/token").len() - 1
}

/// Nothing was asked for, nothing printed that could be taken for a token, and it is said what stands in the way.
fn left_alone(terminal: &Terminal, ran: &Finished) {
    assert_eq!(renewals(terminal), 0, "the refresh token was used: {ran:?}");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
    let stderr = &ran.stderr;
    assert!(stderr.contains("the login was not renewed"), "{stderr}");
    assert!(stderr.contains("/.vigie"), "{stderr}");
    assert!(stderr.contains("`VIGIE_HOME`"), "{stderr}");
}

/// Once there is room, the login is as good as ever.
fn goes_on(terminal: &mut Terminal) {
    let ran = terminal.run("vigie iam token");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(renewals(terminal), 1);
    assert_eq!(terminal.file("config.json")["IAMRefreshToken"], "vgr_2");
}

#[test]
fn on_a_full_disk_the_login_is_not_used_up() {
    let mut terminal = Terminal::logged_in();
    let folder = terminal.path(".vigie");
    let Some(_disk) = small_disk(&folder) else {
        return testing::skipped(
            "on_a_full_disk_the_login_is_not_used_up",
            "no rights to mount",
        );
    };
    expire(&terminal);
    fill(&folder);
    for _ in 0..2 {
        let ran = terminal.run("vigie iam token");
        left_alone(&terminal, &ran);
    }
    std::fs::remove_file(folder.join("fill")).unwrap();
    goes_on(&mut terminal);
}

#[test]
fn in_a_read_only_folder_the_login_is_not_used_up() {
    let mut terminal = Terminal::logged_in();
    expire(&terminal);
    let Some(disk) = read_only(&terminal.path(".vigie")) else {
        return testing::skipped(
            "in_a_read_only_folder_the_login_is_not_used_up",
            "no rights to mount",
        );
    };
    let ran = terminal.run("vigie iam token");
    left_alone(&terminal, &ran);
    drop(disk);
    goes_on(&mut terminal);
}

#[test]
fn where_the_lock_alone_can_be_written_the_login_is_not_used_up() {
    let mut terminal = Terminal::logged_in();
    expire(&terminal);
    let folder = terminal.path(".vigie");
    let Some(disk) = read_only(&folder) else {
        return testing::skipped(
            "where_the_lock_alone_can_be_written_the_login_is_not_used_up",
            "no rights to mount",
        );
    };
    let lock = writable(
        &folder.join("config.json.lock"),
        &terminal.path("a lock elsewhere"),
    );
    let ran = terminal.run("vigie iam token");
    left_alone(&terminal, &ran);
    drop(lock);
    drop(disk);
    goes_on(&mut terminal);
}

/// The lock can be had, and nothing else written: here by the limit on the size of files, as by a quota.
#[test]
fn under_a_limit_on_files_the_login_is_not_used_up() {
    let mut terminal = Terminal::logged_in();
    expire(&terminal);
    for blocks in [0, 1] {
        let ran = run_limited(&terminal, blocks, "vigie iam token");
        left_alone(&terminal, &ran);
    }
    let names: Vec<_> = std::fs::read_dir(terminal.path(".vigie"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("tmp"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
    goes_on(&mut terminal);
}

#[test]
fn a_token_that_is_still_good_is_given_where_a_longer_one_could_not_be_kept() {
    let mut terminal = Terminal::logged_in();
    let token = terminal.run("vigie iam token").stdout;
    let ran = run_limited(&terminal, 0, "vigie iam token --min-ttl 2h");
    assert_eq!((ran.code, &ran.stdout), (0, &token), "{ran:?}");
    assert!(ran.stderr.contains("the login was not renewed"), "{ran:?}");
    assert_eq!(renewals(&terminal), 0);
}

/// Keeping a token may fail in spite of the preparation; then the token is worth more than nothing.
#[test]
fn a_token_that_cannot_be_kept_is_printed_all_the_same() {
    let mut terminal = Terminal::logged_in();
    expire(&terminal);
    lose_what_was_prepared(&terminal);
    let ran = terminal.run("vigie iam token");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.starts_with("e30."), "{ran:?}");
    assert!(ran.stderr.contains("could not be kept"), "{ran:?}");
    assert!(ran.stderr.contains("`vigie login`"), "{ran:?}");
    assert!(!ran.stderr.contains("vgr_"), "{ran:?}");
    assert_eq!(renewals(&terminal), 1);
}

fn lose_what_was_prepared(terminal: &Terminal) {
    let file = terminal.path(".vigie/config.json.tmp");
    terminal
        .server
        .configure(|behavior| behavior.vanishing = Some(file));
}

/// A process that goes on has the successor, and the disk only what it was got for.
#[test]
fn what_could_not_be_kept_is_not_asked_for_twice_by_one_process() {
    let mut terminal = Terminal::logged_in();
    lose_what_was_prepared(&terminal);
    // Two renewals are needed until the server is content.
    terminal.server.store.lock().unwrap().serial_min = 3;
    let ran = terminal.run("vigie agent --readings 3 --interval 1s --host h");
    assert!(ran.stderr.contains("could not be kept"), "{ran:?}");
    let used: Vec<String> = terminal.server.requests("POST", "/identity/token")[1..]
        .iter()
        .map(|asked| asked.field("refresh_token").unwrap())
        .collect();
    assert_eq!(used[..2], ["vgr_1", "vgr_2"], "{ran:?}");
    assert!(terminal.server.store.lock().unwrap().len() > 0);
}

#[test]
fn a_login_that_could_not_be_kept_sends_no_credential() {
    let terminal = Terminal::new();
    let address = terminal.server.address;
    let line = format!("vigie login -a {address} -u ada@example.org -p s3cret");
    let ran = run_limited(&terminal, 0, &line);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("/.vigie"), "{ran:?}");
    assert!(
        terminal
            .server
            .requests("POST", "/identity/token")
            .is_empty()
    );
}

#[test]
fn a_switch_of_accounts_that_could_not_be_kept_is_not_made() {
    let terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| behavior.accounts = 2);
    let ran = run_limited(
        &terminal,
        0,
        "vigie target -c 89abcdef0123456789abcdef01234567",
    );
    left_alone(&terminal, &ran);
}

/// There is a way to a UAA token that uses nothing up.
#[test]
fn a_uaa_token_that_cannot_be_kept_is_got_for_the_iam_token() {
    let terminal = Terminal::logged_in();
    terminal.edit(".cf/config.json", |cf| {
        cf["AccessToken"] = "bearer e30.e30.x".into();
    });
    let ran = run_limited(&terminal, 0, "vigie cf oauth-token");
    assert!(ran.stdout.starts_with("bearer e30."), "{ran:?}");
    assert!(ran.stderr.contains("could not be kept"), "{ran:?}");
    let asked = terminal.server.requests("POST", "/oauth/token");
    assert_eq!(asked.len(), 1);
    assert!(asked[0].body.starts_with("grant_type=iam_token"));
}

/// A key is shown once: it is made only where it can be written down.
#[test]
fn a_key_that_could_not_be_written_down_is_not_made() {
    let terminal = Terminal::logged_in();
    let line = "vigie iam api-key-create ci --file key.json";
    for blocks in [0, 1] {
        let ran = run_limited(&terminal, blocks, line);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
        assert!(ran.stderr.contains("key.json"), "{ran:?}");
        assert!(terminal.server.requests("POST", "/v1/apikeys").is_empty());
    }
    let names = std::fs::read_dir(terminal.path(".")).unwrap();
    let left = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("key.json"));
    assert_eq!(left.count(), 0);
}

#[test]
fn an_agent_whose_buffer_cannot_be_made_names_the_flag() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address.to_string();
    terminal.set("VIGIE_API", &address);
    terminal.set("VIGIE_API_KEY", "vgk_good");
    std::fs::create_dir(terminal.path(".vigie")).unwrap();
    let Some(_disk) = read_only(&terminal.path(".vigie")) else {
        return testing::skipped(
            "an_agent_whose_buffer_cannot_be_made_names_the_flag",
            "no rights to mount",
        );
    };
    let line = "vigie agent --once --host h --scope account";
    let ran = terminal.run(line);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("`--buffer DIR`"), "{ran:?}");
    let ran = terminal.run(&format!("{line} --buffer buffer"));
    assert_eq!(ran.code, 0, "{ran:?}");
}
