//! A certificate named in `VIGIE_CA_FILE` that the server shows itself: trusted for what it says, and for no more.

use crate::terminal::Terminal;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Shows a certificate, and signs with a key, whether they belong together or not.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A server that answers 404 to whoever trusts it; returns its port.
fn serve(certificate: &Path, key: &Path) -> u16 {
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let shows = Shows(Arc::new(CertifiedKey::new(vec![certificate], key)));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shows));
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let mut read = [0_u8; 4096];
            if matches!(stream.read(&mut read), Ok(1..)) {
                let _ = stream.write_all(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.flush();
            }
        }
    });
    port
}

/// Certificates and keys made by openssl.
struct Workshop(tempfile::TempDir);

impl Workshop {
    fn new() -> Self {
        Self(tempfile::TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, line: &str) {
        let made = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{line}: {made:?}");
    }

    fn key(&self, name: &str) -> PathBuf {
        self.openssl(&format!(
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}"
        ));
        self.path(name)
    }

    /// A self-signed certificate as openssl makes it by itself, for a key.
    fn certificate(&self, name: &str, key: &str, names: &str) -> PathBuf {
        self.openssl(&format!(
            "req -x509 -key {key} -days 2 -subj /CN=vigie -addext subjectAltName={names} -out {name}"
        ));
        self.path(name)
    }

    /// The same with another time in which it is good.
    fn dated(&self, name: &str, key: &str, from: &str, until: &str) -> PathBuf {
        let mut config = String::new();
        let _ = write!(
            config,
            "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n\
             default_md=sha256\npolicy=any\nx509_extensions=v3\n[any]\ncommonName=supplied\n\
             [v3]\nbasicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
        );
        std::fs::write(self.path("ca.conf"), config).unwrap();
        std::fs::write(self.path("index.txt"), "").unwrap();
        std::fs::write(self.path("serial"), "01\n").unwrap();
        self.openssl(&format!(
            "req -new -key {key} -subj /CN=vigie -out request.pem"
        ));
        self.openssl(&format!(
            "ca -batch -selfsign -config ca.conf -keyfile {key} -in request.pem -notext -out {name} -startdate {from} -enddate {until}"
        ));
        self.path(name)
    }
}

/// The output about a server that shows `certificate` and signs with `key`, where `named` is in its file.
fn output_about(named: Option<&Path>, certificate: &Path, key: &Path, host: &str) -> String {
    let mut terminal = Terminal::new();
    if let Some(named) = named {
        terminal.set("VIGIE_CA_FILE", named.to_str().unwrap());
    }
    let port = serve(certificate, key);
    let ran = terminal.run(&format!(
        "vigie login -a https://{host}:{port} --apikey vgk_good"
    ));
    assert_ne!(ran.code, 0);
    ran.stderr
}

const TRUSTED: &str = "a Vigie server?";
const NAMES: &str = "DNS:localhost,IP:127.0.0.1";

#[test]
fn regression_7_the_named_certificate_itself_is_trusted() {
    let shop = Workshop::new();
    let key = shop.key("key.pem");
    let certificate = shop.certificate("own.pem", "key.pem", NAMES);
    let output = output_about(Some(&certificate), &certificate, &key, "127.0.0.1");
    assert!(output.contains(TRUSTED), "{output}");
    // Among others in one file, as well.
    shop.key("other-key.pem");
    let other = shop.certificate("other.pem", "other-key.pem", NAMES);
    let both = shop.path("both.pem");
    let text = [other, certificate.clone()].map(|path| std::fs::read_to_string(path).unwrap());
    std::fs::write(&both, text.concat()).unwrap();
    let output = output_about(Some(&both), &certificate, &key, "localhost");
    assert!(output.contains(TRUSTED), "{output}");
}

#[test]
fn regression_7_a_named_certificate_is_no_more_than_it_says() {
    let shop = Workshop::new();
    let key = shop.key("key.pem");
    let certificate = shop.certificate("own.pem", "key.pem", NAMES);
    let refused = |why: &str, output: String| {
        assert!(!output.contains(TRUSTED), "{why}: {output}");
        assert!(output.contains("was not trusted"), "{why}: {output}");
        output
    };
    // Its time is over, or has not come.
    let old = shop.dated("old.pem", "key.pem", "200101000000Z", "210101000000Z");
    let output = refused("expired", output_about(Some(&old), &old, &key, "127.0.0.1"));
    assert!(output.to_lowercase().contains("expired"), "{output}");
    let early = shop.dated("early.pem", "key.pem", "20900101000000Z", "20910101000000Z");
    let output = refused(
        "early",
        output_about(Some(&early), &early, &key, "127.0.0.1"),
    );
    assert!(
        output.to_lowercase().contains("not valid yet") || output.contains("NotValidYet"),
        "{output}"
    );
    // Good for another name.
    let elsewhere = shop.certificate("elsewhere.pem", "key.pem", "DNS:metrics.example");
    let output = refused(
        "name",
        output_about(Some(&elsewhere), &elsewhere, &key, "127.0.0.1"),
    );
    assert!(
        output.contains("metrics.example") || output.to_lowercase().contains("name"),
        "{output}"
    );
    // Another certificate, also one for the same key.
    let again = shop.certificate("again.pem", "key.pem", NAMES);
    let output = refused(
        "same key",
        output_about(Some(&certificate), &again, &key, "127.0.0.1"),
    );
    assert!(output.contains("not one that was named"), "{output}");
    assert!(output.contains("`VIGIE_CA_FILE`"), "{output}");
    let stranger = shop.key("stranger-key.pem");
    let other = shop.certificate("other.pem", "stranger-key.pem", NAMES);
    refused(
        "another",
        output_about(Some(&certificate), &other, &stranger, "127.0.0.1"),
    );
    let output = refused(
        "not named",
        output_about(None, &certificate, &key, "127.0.0.1"),
    );
    assert!(output.contains("not one that was named"), "{output}");
    // Shown by somebody who does not have its key.
    refused(
        "stolen",
        output_about(Some(&certificate), &certificate, &stranger, "127.0.0.1"),
    );
}
