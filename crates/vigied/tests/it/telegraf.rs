//! Requests of Telegraf, written down from its sources (1.40, plugins `outputs.influxdb`, `outputs.influxdb_v2` and
//! `outputs.graphite`), with samples of our own. The program itself is not run: no registry has it.
//!
//! It writes its bodies without a length, in chunks. InfluxDB 1's output asks for `CREATE DATABASE` when it connects, and
//! compresses only when told to; InfluxDB 2's compresses unless told not to. Neither asks `/ping`.

use crate::harness::Reply;
use crate::key_sender::KeySender;
use crate::senders::{Listeners, allow_keys_before_names};
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;

/// Its `User-Agent`.
const AGENT: &str = "Telegraf/1.40.0 Go/1.26.0";

const LINES: &str = "\
cpu,cpu=cpu-total,host=web1 usage_idle=97.25,usage_user=1.5 1519862400000000000
disk,device=sda1,fstype=ext4,host=web1,mode=rw,path=/ total=42110582784i,used_percent=61.5 1519862400000000000
system,host=web1 load1=0.5,uptime=86400i,uptime_format=\"1 day,  0:00\" 1519862400000000000
";

/// A request as Go's client writes it: the agent first, then what else there is, in the order of the alphabet.
fn request(path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Vec<u8> {
    let mut text =
        format!("POST {path} HTTP/1.1\r\nHost: vigie.example.org\r\nUser-Agent: {AGENT}\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "Accept-Encoding: gzip\r\n\r\n";
    let mut bytes = text.into_bytes();
    if let Some(body) = body {
        // As its pipe and its buffers part it, in pieces that end anywhere.
        for piece in body.chunks(100) {
            bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
            bytes.extend(piece);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
    }
    bytes
}

impl KeySender {
    /// Sends what was written on a connection of its own.
    fn exchange(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.server.serving.address).unwrap();
        stream.write_all(bytes).unwrap();
        Reply::read(crate::raw_http::answer(&mut stream).as_bytes())
    }

    /// `outputs.influxdb`, with the `username` and `password` of the guide.
    fn first(&self, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
        let basic = wire::credential::encode_basic("apikey", &self.key);
        let credential = [("Authorization", basic.as_str())];
        self.exchange(&request(
            path,
            &[&headers[..1], &credential, &headers[1..]].concat(),
            body,
        ))
    }

    /// `outputs.influxdb_v2`, with the `token` of the guide.
    fn second(&self, bucket: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let token = format!("Token {}", self.key);
        let common = [
            ("Transfer-Encoding", "chunked"),
            ("Authorization", token.as_str()),
        ];
        let last = [("Content-Type", "text/plain; charset=utf-8")];
        let path = format!("/api/v2/write?bucket={bucket}&org=vigie");
        self.exchange(&request(
            &path,
            &[&common, headers, &last].concat(),
            Some(body),
        ))
    }

    fn has_them(&self) {
        for (name, value) in [
            ("cpu.usage_idle;cpu=cpu-total;host=web1", json!(97.25)),
            ("system.uptime;host=web1", json!(86_400)),
            (
                "disk.used_percent;device=sda1;fstype=ext4;host=web1;mode=rw;path=/",
                json!(61.5),
            ),
        ] {
            assert_eq!(self.values(name), json!([[value, 1_519_862_400]]), "{name}");
        }
    }
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

const CHUNKED: (&str, &str) = ("Transfer-Encoding", "chunked");
const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

#[test]
fn what_its_output_for_influxdb_1_sends_is_stored() {
    let sender = KeySender::start();
    let space = format!("s-{}", sender.server.owner.space);
    // When it connects, with what it calls a database; and again when a write says that there is none.
    let query = wire::query::encode(&[("q", &format!("CREATE DATABASE \"{space}\""))]);
    let form = format!(
        "POST /query HTTP/1.1\r\nHost: vigie.example.org\r\nUser-Agent: {AGENT}\r\nContent-Length: {}\r\nAuthorization: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip\r\n\r\n{query}",
        query.len(),
        wire::credential::encode_basic("apikey", &sender.key),
    );
    let reply = sender.exchange(form.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    // It takes the answer for done where that is JSON, and no result has an `error`.
    assert!(
        reply.json()["results"][0]["error"].is_null(),
        "{}",
        reply.text()
    );
    let path = format!("/write?db={space}");
    let reply = sender.first(&path, &[CHUNKED, TEXT], Some(LINES.as_bytes()));
    assert_eq!(reply.status, 204, "{}", reply.text());
    sender.has_them();
    // With `content_encoding`, `retention_policy` and `write_consistency`.
    let path = format!("/write?consistency=any&db={space}&rp=autogen");
    let gzip = ("Content-Encoding", "gzip");
    let reply = sender.first(&path, &[CHUNKED, gzip, TEXT], Some(&packed(LINES)));
    assert_eq!(reply.status, 204, "{}", reply.text());
    // It keeps what it has where this is said, asks for the database again, and sends again.
    let reply = sender.first("/write?db=nosuch", &[CHUNKED, TEXT], Some(LINES.as_bytes()));
    let error = reply.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("database not found"), "{error}");
}

#[test]
fn what_its_output_for_influxdb_2_sends_is_stored() {
    let sender = KeySender::start();
    let space = format!("s-{}", sender.server.owner.space);
    let gzip = [("Content-Encoding", "gzip")];
    let reply = sender.second(&space, &gzip, &packed(LINES));
    assert_eq!(reply.status, 204, "{}", reply.text());
    sender.has_them();
    // With `content_encoding = "identity"`.
    let reply = sender.second(&space, &[], LINES.as_bytes());
    assert_eq!(reply.status, 204, "{}", reply.text());
    // It reads a `message` of the refusal, and keeps what it has where the key is refused: 401 or 403.
    let token = format!("Token {}x", sender.key);
    let headers = [CHUNKED, ("Authorization", token.as_str()), TEXT];
    let path = format!("/api/v2/write?bucket={space}&org=vigie");
    let reply = sender.exchange(&request(&path, &headers, Some(LINES.as_bytes())));
    assert_eq!(reply.status, 401, "{}", reply.text());
    assert!(reply.json()["message"].is_string(), "{}", reply.text());
}

/// Its templates make names of measurements and tags, and `prefix` stands before them: the place for a key. Before each write it
/// looks whether the connection is still open.
#[test]
fn what_its_output_for_graphite_sends_is_stored() {
    let listeners = Listeners::open(&[]);
    let (key, _) = listeners.server.narrow_key();
    allow_keys_before_names(&listeners, true);
    let now = crate::harness::now();
    let batch = format!(
        "{key}.web1.cpu-total.cpu.usage_idle 97.25 {now}\n{key}.web1.sda1.ext4.rw.-.disk.used_percent 61.5 {now}\n{key}.web1.system.uptime 86400 {now}\n"
    );
    let mut sender = listeners.connect();
    sender.send(&batch);
    // With `graphite_tag_support`.
    sender.send(&format!(
        "{key}.cpu.usage_user;cpu=cpu-total;host=web1 1.5 {now}\n"
    ));
    listeners.wait_for("web1.cpu-total.cpu.usage_idle", 1);
    listeners.wait_for("web1.sda1.ext4.rw.-.disk.used_percent", 1);
    listeners.wait_for("cpu.usage_user;cpu=cpu-total;host=web1", 1);
}
