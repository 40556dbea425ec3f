//! A real server in a temporary folder, and a plain HTTP client to talk to it.

mod account;
mod connection;
mod documented;
mod init;
mod pending;
mod second_account;
mod stores;
mod turns;
mod until;

pub(crate) use account::Account;
pub(crate) use connection::KeptConnection;
pub(crate) use init::{Owner, init, init_on_postgres, init_with};
pub(crate) use pending::{Pending, whole_answer};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
pub(crate) use stores::make_folder_of_node;
pub(crate) use turns::Turns;
pub(crate) use until::until;

/// The server's binary.
pub(crate) const VIGIED: &str = env!("CARGO_BIN_EXE_vigied");

/// The command line's binary, which `cargo xtask test` builds beside the server's.
pub(crate) fn vigie() -> PathBuf {
    let path = Path::new(VIGIED).with_file_name("vigie");
    assert!(
        path.exists(),
        "{} is missing: run `cargo build -p vigie` first (`cargo xtask test` does)",
        path.display()
    );
    path
}

/// A running `vigied serve`.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    data: PathBuf,
    log: Arc<(Mutex<String>, Condvar)>,
    /// Where its identity is, if a test asked for one.
    postgres: Option<Box<stores::Postgres>>,
}

impl Serving {
    /// Starts a server on `data` and waits until it prints its address.
    pub(crate) fn start(data: &Path, listen: &str, flags: &[&str]) -> Self {
        Self::try_start(data, listen, flags)
            .unwrap_or_else(|log| panic!("vigied did not start:\n{log}"))
    }

    /// As [`Self::start`], with more in its environment.
    pub(crate) fn start_in(
        data: &Path,
        listen: &str,
        flags: &[&str],
        environment: &[(&str, &Path)],
    ) -> Self {
        Self::try_start_under(data, listen, flags, environment)
            .unwrap_or_else(|log| panic!("vigied did not start:\n{log}"))
    }

    /// As [`Self::start`]; the log when the server ended instead.
    pub(crate) fn try_start(data: &Path, listen: &str, flags: &[&str]) -> Result<Self, String> {
        Self::try_start_under(data, listen, flags, &[])
    }

    /// As [`Self::try_start`], with more in its environment.
    pub(crate) fn try_start_under(
        data: &Path,
        listen: &str,
        flags: &[&str],
        environment: &[(&str, &Path)],
    ) -> Result<Self, String> {
        let mut child = Command::new(VIGIED)
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .args(flags)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = child.stderr.take().unwrap();
        let log = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let sink = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            // Whole lines alone: a line of which a part is found is there to its end.
            let mut errors = BufReader::new(errors);
            let mut line = Vec::new();
            while let Ok(1..) = errors.read_until(b'\n', &mut line) {
                let text = String::from_utf8_lossy(&line);
                sink.0.lock().unwrap().push_str(&text);
                sink.1.notify_all();
                line.clear();
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        if line.is_empty() {
            child.wait().unwrap();
            reader.join().unwrap();
            let log = log.0.lock().unwrap().clone();
            return Err(log);
        }
        Ok(Self {
            child,
            address: line.trim().to_owned(),
            data: data.to_owned(),
            log,
            postgres: None,
        })
    }

    /// The lines that the server has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.0.lock().unwrap().clone()
    }

    /// Waits until the log holds `text`.
    pub(crate) fn wait_for_log(&self, text: &str) {
        let guard = self.log.0.lock().unwrap();
        let (held, waited) = self
            .log
            .1
            .wait_timeout_while(guard, PATIENCE, |log| !log.contains(text))
            .unwrap();
        assert!(!waited.timed_out(), "the log never said `{text}`: {held}");
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks the operators' socket in the data folder.
    pub(crate) fn operations(&self, path: &str) -> Reply {
        operations(&self.data.join("operations.sock"), path)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// SIGTERM, and waits for the end.
    pub(crate) fn stop(mut self) -> std::process::ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server with its folder and owner, removed on drop.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) serving: Serving,
    pub(crate) owner: Owner,
    pub(crate) folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        Self::at("127.0.0.1:0", flags)
    }

    pub(crate) fn at(listen: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = init(&folder.path().join("data"));
        Self::on(folder, owner, listen, flags)
    }

    /// One whose account and keys are those of no other server.
    pub(crate) fn elsewhere() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = init_with(&folder.path().join("data"), &[]);
        Self::on(folder, owner, "127.0.0.1:0", &[])
    }

    fn on(folder: tempfile::TempDir, owner: Owner, listen: &str, flags: &[&str]) -> Self {
        let serving = Serving::start(&folder.path().join("data"), listen, &patient(flags));
        Self {
            serving,
            owner,
            folder,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(&self.serving.url(), method, path)
    }

    /// Asks the operators' socket.
    pub(crate) fn operations(&self, path: &str) -> Reply {
        self.serving.operations(path)
    }

    /// An IAM token of the owner's API key.
    pub(crate) fn token(&self) -> String {
        token(&self.serving.url(), &self.owner.api_key)
    }

    /// A new key of the owner that can only send to the first space, and its id.
    pub(crate) fn narrow_key(&self) -> (String, String) {
        let token = self.token();
        let info = self.request("GET", "/identity/userinfo").bearer(&token);
        let body = serde_json::json!({
            "name": "sender",
            "iam_id": info.send().json()["iam_id"],
            "reach": {"domain": format!("s-{}", self.owner.space), "only": "send"},
        });
        let request = self.request("POST", "/v1/apikeys").bearer(&token);
        let made = request.json(&body).send();
        assert_eq!(made.status, 201, "{}", made.text());
        let text = |field: &str| made.json()[field].as_str().unwrap().to_owned();
        (text("apikey"), text("id"))
    }

    /// A monitoring request of the owner in the first space.
    pub(crate) fn metrics(&self, token: &str, method: &str, path: &str) -> Request {
        self.request(method, path)
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header("X-Auth-Scope-Id", &format!("s-{}", self.owner.space))
    }

    /// Runs the real command line with its own configuration folder.
    pub(crate) fn vigie(&self) -> Command {
        let mut command = Command::new(vigie());
        command
            .env_clear()
            .env("IBMCLOUD_CONFIG_HOME", self.folder.path().join("cli"))
            .stdin(Stdio::null());
        command
    }
}

/// The settings of a server whose requests may take long, because this build is slow and its machine busy. What a test says of
/// that time is kept.
fn patient<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    let mut all = Vec::from(flags);
    if !flags
        .iter()
        .any(|flag| flag.starts_with("limits.request_seconds="))
    {
        all.extend(["--set", "limits.request_seconds=240"]);
    }
    all
}

/// `GET PATH` of a Unix socket.
pub(crate) fn operations(socket: &Path, path: &str) -> Reply {
    try_operations(socket, &format!("GET {path} HTTP/1.0\r\n\r\n"))
        .unwrap_or_else(|error| panic!("{}: {path}: {error}", socket.display()))
}

/// A request, as it is written, to a Unix socket.
pub(crate) fn try_operations(socket: &Path, request: &str) -> std::io::Result<Reply> {
    let mut stream = std::os::unix::net::UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    std::io::Write::write_all(&mut stream, request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(Reply::read(&bytes))
}

/// Whether the server knows this key already: it reads the operator's changes with its next poll. The key is used because
/// unknown passwords count as guesses.
pub(crate) fn knows(url: &str, api_key: &str) -> bool {
    let request = Request::new(url, "GET", "/v2/organizations");
    let header = format!("apikey {api_key}");
    request.header("X-Auth-User-Token", &header).send().status == 200
}

/// Exchanges an API key for an IAM token.
pub(crate) fn token(url: &str, api_key: &str) -> String {
    let reply = Request::new(url, "POST", "/identity/token")
        .form(&[
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", api_key),
        ])
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

/// How long a request waits for its answer.
const PATIENCE: Duration = Duration::from_secs(300);
/// The same, where the work takes long on a busy machine and the number of its steps is what is tested.
const LONG_PATIENCE: Duration = Duration::from_secs(1800);

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    patience: Duration,
}

impl Request {
    pub(crate) fn new(base: &str, method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: format!("{base}{path}"),
            headers: Vec::new(),
            body: None,
            patience: PATIENCE,
        }
    }

    /// Waits for as long as the answer may take anywhere.
    pub(crate) fn patiently(self) -> Self {
        Self {
            patience: LONG_PATIENCE,
            ..self
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(value.to_string())
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = wire::query::encode(fields);
        self.header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
    }

    pub(crate) fn basic(self, user: &str, password: &str) -> Self {
        let value = wire::credential::encode_basic(user, password);
        self.header("Authorization", &value)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn send(self) -> Reply {
        let what = format!("{} {}", self.method, self.url);
        self.try_send()
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    pub(crate) fn try_send(self) -> Result<Reply, ureq::Error> {
        let agent = connection::agent(self.patience);
        let mut request = ureq::http::Request::builder()
            .method(self.method.as_str())
            .uri(self.url.as_str());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(self.body.unwrap_or_default())
            .expect("a request that can be written");
        let mut response = agent.run(request)?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .read_to_vec()?;
        let reply = Reply {
            status,
            headers,
            body,
        };
        // Every answer of the server has one; what stands in front of it in a test may say anything.
        if reply.header("transaction-id").is_some() {
            documented::check(&self.method, &self.url, status);
        }
        Ok(reply)
    }
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A whole answer from a connection that was closed after it.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = bytes.split_at(end.map_or(bytes.len(), |at| at + 4));
        let head = String::from_utf8_lossy(head).into_owned();
        let lines = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        Self {
            status: head
                .get(9..12)
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
            headers: lines
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.to_vec(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The code of the first error of a monitoring reply.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    i64::try_from(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
}
