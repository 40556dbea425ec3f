//! Mails over TLS, against a small SMTP server of our own with a certificate of a private authority: nothing of a mail, and
//! no password, crosses the network before the server has shown a certificate for its name.

use crate::harness::{Server, Serving, init};
use crate::mail::{invite, next};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// When the post office speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// From the first byte.
    AtOnce,
    /// After STARTTLS.
    Asked,
    /// It offers none, and takes mails as they come.
    Never,
    /// It offers STARTTLS and then refuses it.
    Refuses,
    /// It offers none, and says yes to the command all the same, in plain.
    Pretends,
}

/// A post office that writes down what it hears.
struct PostOffice {
    address: String,
    mails: Receiver<String>,
    /// Every line, with `plain ` or `tls ` before it.
    received: Arc<Mutex<Vec<String>>>,
}

impl PostOffice {
    fn open(when: When, folder: &Path, certificate: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received: Arc<Mutex<Vec<String>>> = Arc::default();
        let (sender, mails) = channel();
        let config = tls(folder, certificate);
        let lines = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = serve(stream.unwrap(), when, &config, &sender, &lines);
            }
        });
        Self {
            address,
            mails,
            received,
        }
    }

    fn lines(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    /// Nothing but the greeting may be said in plain.
    fn nothing_was_plain(&self) {
        for line in self.lines() {
            let harmless = ["plain EHLO", "plain STARTTLS", "plain QUIT", "tls "];
            assert!(
                harmless.iter().any(|prefix| line.starts_with(prefix)),
                "{line}"
            );
        }
    }
}

fn tls(folder: &Path, certificate: &str) -> Arc<ServerConfig> {
    let pem = |name: &str| folder.join(format!("{name}.pem"));
    let chain = CertificateDer::pem_file_iter(pem(certificate)).unwrap();
    let chain = chain.map(|certificate| certificate.unwrap()).collect();
    let key = PrivateKeyDer::from_pem_file(pem(&format!("{certificate}-key"))).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

fn serve(
    mut stream: TcpStream,
    when: When,
    config: &Arc<ServerConfig>,
    sender: &Sender<String>,
    received: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let encrypted = |stream: TcpStream| {
        let session = ServerConnection::new(Arc::clone(config)).unwrap();
        StreamOwned::new(session, stream)
    };
    if when == When::AtOnce {
        let mut stream = encrypted(stream);
        write!(stream, "220 post office\r\n")?;
        return talk(stream, "tls", "", sender, received).map(drop);
    }
    write!(stream, "220 post office\r\n")?;
    let offers = match when {
        When::Asked | When::Refuses => "STARTTLS",
        _ => "",
    };
    let plain = stream.try_clone()?;
    if !talk(plain, "plain", offers, sender, received)? {
        return Ok(());
    }
    match when {
        When::Asked => {
            write!(stream, "220 go ahead\r\n")?;
            talk(encrypted(stream), "tls", "", sender, received).map(drop)
        }
        When::Pretends => {
            write!(stream, "220 go ahead\r\n")?;
            talk(stream, "plain", "", sender, received).map(drop)
        }
        _ => {
            write!(stream, "454 not now\r\n")?;
            talk(stream, "plain", "", sender, received).map(drop)
        }
    }
}

/// Answers commands until the client goes; whether it has asked for TLS.
fn talk(
    stream: impl Read + Write,
    way: &str,
    offers: &str,
    sender: &Sender<String>,
    received: &Mutex<Vec<String>>,
) -> std::io::Result<bool> {
    let mut stream = BufReader::new(stream);
    let mut in_mail: Option<String> = None;
    loop {
        let mut text = String::new();
        if stream.read_line(&mut text)? == 0 {
            return Ok(false);
        }
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        if let Some(mail) = &mut in_mail {
            if text == "." {
                sender.send(std::mem::take(mail)).unwrap();
                in_mail = None;
                write!(stream.get_mut(), "250 taken\r\n")?;
            } else {
                mail.push_str(&text);
                mail.push('\n');
            }
            continue;
        }
        received.lock().unwrap().push(format!("{way} {text}"));
        let word = text.split([' ', ':']).next().unwrap_or_default();
        let answer = match &*word.to_uppercase() {
            "EHLO" if way == "tls" => "250-post\r\n250 AUTH PLAIN",
            "EHLO" if offers.is_empty() => "250-post\r\n250 AUTH PLAIN",
            "EHLO" => "250-post\r\n250 STARTTLS",
            "STARTTLS" => return Ok(true),
            "AUTH" => "235 welcome",
            "DATA" => {
                in_mail = Some(String::new());
                "354 go on"
            }
            "QUIT" => {
                write!(stream.get_mut(), "221 bye\r\n")?;
                return Ok(false);
            }
            _ => "250 yes",
        };
        write!(stream.get_mut(), "{answer}\r\n")?;
    }
}

/// Runs openssl in the folder.
fn openssl(folder: &Path, arguments: &str) -> bool {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder);
    command.output().is_ok_and(|made| made.status.success())
}

/// Two authorities, and certificates of theirs: `ours`, `ours-elsewhere` (for another name) and `theirs`.
fn certificates(folder: &Path) -> bool {
    const NEW: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    let authority = |name: &str| {
        let arguments = format!(
            "{NEW} -subj /CN={name} -addext basicConstraints=critical,CA:TRUE -keyout {name}-key.pem -out {name}.pem"
        );
        openssl(folder, &arguments)
    };
    let leaf = |name: &str, by: &str, of: &str| {
        let arguments = format!(
            "{NEW} -subj /CN=post -CA {by}.pem -CAkey {by}-key.pem -addext basicConstraints=critical,CA:FALSE -addext subjectAltName={of} -keyout {name}-key.pem -out {name}.pem"
        );
        openssl(folder, &arguments)
    };
    authority("authority")
        && authority("another")
        && leaf("ours", "authority", "IP:127.0.0.1")
        && leaf("ours-elsewhere", "authority", "DNS:mail.example.org")
        && leaf("theirs", "another", "IP:127.0.0.1")
}

/// A folder with the certificates, and with a password that nobody else may read.
fn folder(test: &str) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        testing::skipped(test, "no openssl");
        return None;
    }
    let password = folder.path().join("password");
    std::fs::write(&password, "open sesame\n").unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    Some(folder)
}

/// The settings of mail to this post office, as the flags of a server.
fn settings(folder: &Path, address: &str, more: &[&str]) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut all = vec![
        format!("mail.server={address}"),
        "mail.from=vigie@example.org".to_owned(),
        format!("mail.ca_file={}", path("authority.pem")),
        "mail.user=vigie".to_owned(),
        format!("mail.password_file={}", path("password")),
    ];
    all.extend(more.iter().map(|setting| (*setting).to_owned()));
    all.into_iter()
        .flat_map(|setting| ["--set".to_owned(), setting])
        .collect()
}

fn with_mail(folder: &Path, address: &str, more: &[&str]) -> Server {
    let flags = settings(folder, address, more);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    Server::with(&flags)
}

#[test]
fn a_mail_goes_over_tls_to_a_server_of_a_private_authority() {
    let Some(folder) = folder("a_mail_goes_over_tls_to_a_server_of_a_private_authority") else {
        return;
    };
    for (when, more) in [
        (When::AtOnce, &["mail.tls=tls"][..]),
        (When::Asked, &["mail.tls=starttls"]),
        // Encrypted is what it is where nothing is said.
        (When::Asked, &[]),
    ] {
        let office = PostOffice::open(when, folder.path(), "ours");
        let server = with_mail(folder.path(), &office.address, more);
        invite(&server, "ada@example.org");
        let mail = next(&office.mails);
        assert!(mail.contains("To: ada@example.org"), "{when:?}: {mail}");
        office.nothing_was_plain();
        let received = office.lines();
        let has = |start: &str| received.iter().any(|line| line.starts_with(start));
        assert!(has("tls AUTH PLAIN") && has("tls MAIL"), "{received:?}");
    }
}

#[test]
fn no_mail_goes_to_a_server_that_speaks_no_tls_or_shows_another_certificate() {
    let Some(folder) =
        folder("no_mail_goes_to_a_server_that_speaks_no_tls_or_shows_another_certificate")
    else {
        return;
    };
    for (when, certificate, tls) in [
        (When::Never, "ours", "starttls"),
        (When::Refuses, "ours", "starttls"),
        (When::Pretends, "ours", "starttls"),
        (When::Never, "ours", "tls"),
        (When::Asked, "ours-elsewhere", "starttls"),
        (When::Asked, "theirs", "starttls"),
        (When::AtOnce, "ours-elsewhere", "tls"),
        (When::AtOnce, "theirs", "tls"),
    ] {
        let office = PostOffice::open(when, folder.path(), certificate);
        let tls = format!("mail.tls={tls}");
        let server = with_mail(folder.path(), &office.address, &[&tls]);
        invite(&server, "ada@example.org");
        server.serving.wait_for_log("is not sent yet");
        office.nothing_was_plain();
        let received = office.lines();
        let is_sent = received
            .iter()
            .any(|line| line.contains("AUTH") || line.contains("MAIL"));
        assert!(!is_sent, "{when:?} {certificate} {tls}: {received:?}");
        assert!(office.mails.try_recv().is_err());
        // What it is about is said, and whom it is for is not.
        let log = server.serving.log();
        let report = log.lines().find(|line| line.contains("is not sent yet"));
        assert!(!report.unwrap().contains("ada@example.org"), "{log}");
        let parts = ["`mail.tls", "`mail.ca_file`", "(454): not now"];
        assert!(parts.iter().any(|part| log.contains(part)), "{log}");
    }
}

#[test]
fn files_of_mail_that_are_no_good_are_refused_at_the_start() {
    let Some(folder) = folder("files_of_mail_that_are_no_good_are_refused_at_the_start") else {
        return;
    };
    let data = folder.path().join("data");
    init(&data);
    let path = |name: &str| folder.path().join(name);
    let set = |key: &str, name: &str| format!("{key}={}", path(name).display());
    let refused = |more: &[&str]| {
        let flags = settings(folder.path(), "127.0.0.1:9", more);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        Serving::try_start(&data, "127.0.0.1:0", &flags).unwrap_err()
    };
    std::fs::write(path("nothing.pem"), "no certificate").unwrap();
    std::fs::write(path("empty"), "").unwrap();
    std::fs::set_permissions(path("empty"), std::fs::Permissions::from_mode(0o600)).unwrap();
    for (key, name, expected) in [
        ("mail.ca_file", "missing.pem", "cannot read `mail.ca_file`"),
        ("mail.ca_file", "nothing.pem", "no certificate"),
        ("mail.ca_file", "ours-key.pem", "no certificate"),
        ("mail.password_file", "missing", "`mail.password_file`"),
        ("mail.password_file", "empty", "no password"),
    ] {
        let log = refused(&[&set(key, name)]);
        assert!(log.contains(expected) && log.contains(name), "{log}");
    }
    // A password that everybody may read, be it through a link.
    let password = path("password");
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&password, path("link")).unwrap();
    for name in ["password", "link"] {
        let log = refused(&[&set("mail.password_file", name)]);
        assert!(log.contains("chmod o-rwx"), "{log}");
    }
    let allowed = settings(
        folder.path(),
        "127.0.0.1:9",
        &["allow_readable_secrets=true"],
    );
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    drop(Serving::start(&data, "127.0.0.1:0", &allowed));
}
