//! Senders that are known by a certificate, with `openssl s_client` as the sender.

use super::Listeners;
use crate::command_line::certificate;
use crate::harness::{Server, Serving, init, now, until};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn openssl(folder: &Path, arguments: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder);
    let made = command.output().unwrap();
    assert!(made.status.success(), "{arguments}: {made:?}");
    String::from_utf8(made.stdout).unwrap()
}

/// Two authorities, `ours` and `another`, and certificates of theirs.
fn authorities(folder: &Path) {
    const NEW: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    for name in ["ours", "another"] {
        openssl(
            folder,
            &format!(
                "{NEW} -subj /CN={name} -addext basicConstraints=critical,CA:TRUE -keyout {name}-key.pem -out {name}.pem"
            ),
        );
    }
    for (name, by) in [
        ("named", "ours"),
        ("printed", "ours"),
        ("withdrawn", "ours"),
        ("unknown", "ours"),
        ("theirs", "another"),
    ] {
        openssl(
            folder,
            &format!(
                "{NEW} -subj /CN={name} -CA {by}.pem -CAkey {by}-key.pem -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:{name}.example.org -keyout {name}-key.pem -out {name}.pem"
            ),
        );
    }
}

/// Lines and port 9095 with TLS, and who is known by which certificate.
fn settings(tls: [&str; 2], authority: &Path, certificates: &str) -> [String; 7] {
    [
        format!("tls.certificate={}", tls[0]),
        format!("tls.key={}", tls[1]),
        "graphite.listen=127.0.0.1:0".to_owned(),
        "graphite.tls=true".to_owned(),
        "lumberjack.listen=127.0.0.1:0".to_owned(),
        format!("senders.client_ca_file={}", authority.display()),
        format!("senders.certificates={certificates}"),
    ]
}

struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Client {
    fn start(folder: &Path, address: &str, certificate: Option<&str>) -> Self {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-connect", address]);
        if let Some(name) = certificate {
            command.args(["-cert", &format!("{name}.pem")]);
            command.args(["-key", &format!("{name}-key.pem")]);
        }
        command.current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.stderr(Stdio::null()).spawn().unwrap())
    }

    fn send(&mut self, bytes: &[u8]) {
        // Who is refused may be gone.
        let _ = self.0.stdin.as_mut().unwrap().write_all(bytes);
    }

    /// The server's text until it closes.
    fn end(mut self) -> String {
        let mut printed = String::new();
        let out = self.0.stdout.as_mut().unwrap();
        out.read_to_string(&mut printed).unwrap();
        printed
    }

    fn answer<const N: usize>(&mut self) -> [u8; N] {
        let mut answer = [0; N];
        let out = self.0.stdout.as_mut().unwrap();
        out.read_exact(&mut answer).unwrap();
        answer
    }
}

/// Waits until it has stored so many; what samples are read with would be HTTPS.
fn stores(listeners: &Listeners, count: u64) {
    let end = format!(" {count}");
    until("so many are stored", || {
        let metrics = listeners.server.operations("/metrics").text();
        metrics
            .lines()
            .any(|line| line.starts_with("vigie_samples_stored_total") && line.ends_with(&end))
    });
}

#[test]
fn a_certificate_stands_for_its_key_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (pem, pem_key) = certificate(root);
    authorities(root);
    let data = root.join("data");
    let owner = init(&data);
    let start = |flags: &[&str]| Listeners {
        server: Server {
            serving: Serving::start(&data, "127.0.0.1:0", flags),
            owner: owner.clone(),
            folder: tempfile::tempdir().unwrap(),
        },
    };
    // The keys are made, and one of them withdrawn, by plain HTTP.
    let first = start(&[]);
    let (key, id) = first.server.narrow_key();
    let (_, gone) = first.server.narrow_key();
    let token = first.server.token();
    let path = format!("/v1/apikeys/{gone}");
    let deleted = first.server.request("DELETE", &path).bearer(&token).send();
    assert_eq!(deleted.status, 204);
    drop(first);
    let print = openssl(root, "x509 -in printed.pem -noout -fingerprint -sha256");
    let print = print.trim().split_once('=').unwrap().1.to_owned();
    let certificates =
        format!("named.example.org={id}, sha256:{print}={id}, withdrawn.example.org={gone}");
    let settings = settings([&pem, &pem_key], &root.join("ours.pem"), &certificates);
    let flags: Vec<&str> = settings
        .iter()
        .flat_map(|setting| ["--set", setting])
        .collect();
    let listeners = start(&flags);
    let log = &listeners.server.serving;
    log.wait_for_log("an entry of `senders.certificates` lets nobody in");
    let address = listeners.address("graphite.listen");
    let connect = |certificate| Client::start(root, &address, certificate);
    let line = |name: &str| format!("{name} 1 {}\n", now() - 5);
    // By name, by fingerprint, and without one by what it says.
    let mut named = connect(Some("named"));
    named.send(line("by.name").as_bytes());
    let mut printed = connect(Some("printed"));
    printed.send(line("by.print").as_bytes());
    let mut by_key = connect(None);
    by_key.send(format!("AUTH apikey {key}\n{}", line("by.key")).as_bytes());
    assert_eq!(&by_key.answer::<3>(), b"OK ");
    for (certificate, why) in [
        ("unknown", "ERR the certificate has no key"),
        ("withdrawn", "ERR the key of the certificate"),
    ] {
        let mut client = connect(Some(certificate));
        client.send(line("never.a").as_bytes());
        let answer = client.end();
        assert!(answer.starts_with(why), "{answer}");
    }
    assert_eq!(listeners.not_stored("graphite.listen", "certificate"), 2);
    let mut nobody = connect(None);
    nobody.send(line("never.b").as_bytes());
    assert!(nobody.end().starts_with("ERR say who you are first"));
    let mut theirs = connect(Some("theirs"));
    theirs.send(line("never.c").as_bytes());
    assert_eq!(theirs.end(), "");
    until("it is counted", || {
        listeners.not_stored("graphite.listen", "tls") == 1
    });
    // On port 9095 no password is needed then, and the space must be the key's.
    let address = listeners.address("lumberjack.listen");
    let space = owner.space.clone();
    let log_in = |space: &str| {
        let mut client = Client::start(root, &address, Some("named"));
        let login = [b"2T\x24".as_slice(), space.as_bytes(), b"\0"].concat();
        client.send(&login);
        client
    };
    let mut client = log_in(&space);
    assert_eq!(&client.answer::<6>(), b"1A\0\0\0\0");
    let message = line("by.jack");
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let window = [
        b"1W\0\0\0\x011M\0\0\0\x01".as_slice(),
        &length,
        message.as_bytes(),
    ];
    client.send(&window.concat());
    assert_eq!(&client.answer::<6>(), b"1A\0\0\0\x01");
    let mut elsewhere = log_in("00000000-0000-4000-8000-000000000000");
    assert_eq!(&elsewhere.answer::<6>(), b"0A\0\0\0\0");
    stores(&listeners, 4);
    // What is read with is plain HTTP again.
    let Listeners { server } = listeners;
    assert!(server.serving.stop().success());
    let listeners = start(&[]);
    assert_eq!(
        (listeners.stored("by.*"), listeners.stored("never.*")),
        (4, 0)
    );
}

/// From then on the certificates of what the file holds now come in, and those of the old authority no more; who is in stays.
#[test]
fn the_authority_is_read_again_on_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (pem, pem_key) = certificate(path);
    authorities(path);
    let authority = path.join("authority.pem");
    let copy = |from: &str| std::fs::copy(path.join(from), &authority).unwrap();
    copy("ours.pem");
    let server = Server::start();
    let (_, id) = server.narrow_key();
    let certificates = format!("named.example.org={id}, theirs.example.org={id}");
    let settings = settings([&pem, &pem_key], &authority, &certificates);
    let flags: Vec<&str> = settings
        .iter()
        .flat_map(|setting| ["--set", setting])
        .collect();
    let listeners = Listeners { server }.restarted("TERM", &flags);
    let address = listeners.address("graphite.listen");
    let connect = |certificate| Client::start(path, &address, Some(certificate));
    let line = |name: &str| format!("{name} 1 {}\n", now() - 5);
    let refused = |certificate| {
        let mut client = connect(certificate);
        client.send(line("never.a").as_bytes());
        assert_eq!(client.end(), "", "{certificate}");
    };
    let mut before = connect("named");
    before.send(line("by.before").as_bytes());
    stores(&listeners, 1);
    refused("theirs");
    let reread = |expected| {
        listeners.server.serving.signal("HUP");
        listeners.server.serving.wait_for_log(expected);
    };
    copy("another.pem");
    reread("authority of senders' certificates read again");
    let mut theirs = connect("theirs");
    theirs.send(line("by.theirs").as_bytes());
    stores(&listeners, 2);
    refused("named");
    before.send(line("by.before.still").as_bytes());
    stores(&listeners, 3);
    // One that is none changes nothing.
    std::fs::write(&authority, "no certificate").unwrap();
    reread("authority of senders' certificates not read again");
    let mut theirs = connect("theirs");
    theirs.send(line("by.theirs.again").as_bytes());
    stores(&listeners, 4);
    refused("named");
    let listeners = listeners.restarted("TERM", &[]);
    assert_eq!(listeners.stored("never.*"), 0);
}
