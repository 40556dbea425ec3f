//! An issuer of compute resources' tokens: it signs by RS256, and publishes its key on a port of its own, well or badly.

use crate::harness::now;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The claim `iss` of its tokens.
pub(crate) const ISSUER: &str = "https://cluster.example";

/// What its tokens are for.
pub(crate) const AUDIENCE: &str = "vigie";

/// The CRN of its cluster.
pub(crate) const CLUSTER: &str =
    "crn:v1:bluemix:public:containers-kubernetes:us-south:a/1:cluster::";

/// A key pair of an issuer.
pub(crate) struct Signer {
    kid: String,
    pair: RsaKeyPair,
}

impl Signer {
    pub(crate) fn new(kid: &str) -> Self {
        Self {
            kid: kid.to_owned(),
            pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    /// The modulus of its public key.
    pub(crate) fn modulus(&self) -> Vec<u8> {
        let modulus = self.pair.public_key().modulus();
        modulus.big_endian_without_leading_zero().to_vec()
    }

    /// Its public key, as issuers publish it.
    pub(crate) fn jwk(&self) -> Value {
        let exponent = self.pair.public_key().exponent();
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": BASE64.encode(self.modulus()),
            "e": BASE64.encode(exponent.big_endian_without_leading_zero()),
        })
    }

    /// The header of its tokens.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": "RS256", "kid": self.kid})
    }

    /// A token with any header and claims, signed by RS256 whatever the header says.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                message.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{message}.{}", BASE64.encode(signature))
    }

    /// The token of a service account.
    pub(crate) fn token(&self, namespace: &str, name: &str) -> String {
        self.token_with(&self.header(), &claims(namespace, name))
    }
}

/// Header and claims as they are signed.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| BASE64.encode(json.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// The claims of a service account's token, as Kubernetes writes them. It is good for longer than what is given for it.
pub(crate) fn claims(namespace: &str, name: &str) -> Value {
    let now = now();
    json!({
        "iss": ISSUER, "aud": [AUDIENCE], "iat": now - 10, "nbf": now - 10, "exp": now + 7200,
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": "1"}},
    })
}

/// How a publisher answers.
#[derive(Debug, Clone)]
pub(crate) enum Publishing {
    /// With these keys.
    Keys(Vec<Value>),
    /// With this status line, these header lines and this body.
    Raw(String),
    /// Not at all, while it keeps the connection.
    Never,
    /// Byte by byte without an end.
    Trickle,
}

/// Publishes keys at `http://ADDRESS/keys`.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) address: String,
    answer: Arc<Mutex<Publishing>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    pub(crate) fn start(answer: Publishing) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answer = Arc::new(Mutex::new(answer));
        let asked = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&answer), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::Relaxed);
                let how = shared.lock().unwrap().clone();
                // Each in a thread of its own: some never end.
                std::thread::spawn(move || publish(stream, how));
            }
        });
        Self {
            address,
            answer,
            asked,
        }
    }

    /// Answers in another way from now on.
    pub(crate) fn change(&self, answer: Publishing) {
        *self.answer.lock().unwrap() = answer;
    }

    /// How often it was asked.
    pub(crate) fn times_asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The address of the keys.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }
}

fn publish(mut stream: TcpStream, how: Publishing) {
    // A part of the head is enough: what is asked for does not matter.
    let mut head = [0; 16];
    if !matches!(stream.read(&mut head), Ok(1..)) {
        return;
    }
    match how {
        Publishing::Keys(keys) => {
            let body = json!({"keys": keys}).to_string();
            let length = body.len();
            let _ = stream.write_all(
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                )
                .as_bytes(),
            );
            finish(stream);
        }
        Publishing::Raw(text) => {
            let _ = stream.write_all(text.as_bytes());
            finish(stream);
        }
        // Until the other side gives up.
        Publishing::Never => while matches!(stream.read(&mut head), Ok(1..)) {},
        Publishing::Trickle => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(b" ").is_ok() {
                std::thread::yield_now();
            }
        }
    }
}

/// Closes the sending side, and reads what is left to be read, so that the answer is not cut by a reset.
fn finish(mut stream: TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut rest = [0; 1024];
    while matches!(stream.read(&mut rest), Ok(1..)) {}
}
