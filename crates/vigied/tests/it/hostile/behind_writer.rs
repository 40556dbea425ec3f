//! Requests that wait while somebody else writes to the identity database.
//!
//! The server lets each wait for the database for twenty seconds, and refuses it then. On a busy machine these may be over before a test
//! has seen what it is about: it is tried again.

use super::queries::figure;
use crate::harness::{Pending, Reply, Request, Server, until};

/// How often a test is tried.
const TRIES: u32 = 10;

/// Runs a test, which ends with the answer to one of those that were to wait where it came too early. It is tried again where the answer
/// tells that the time was over.
pub(super) fn in_time(test: impl Fn() -> Result<(), Reply>) {
    let mut text = String::new();
    for _ in 0..TRIES {
        let Err(early) = test() else {
            return;
        };
        text = early.text();
        assert!(early.status >= 500, "{}: {text}", early.status);
    }
    panic!("{TRIES} times one that waited was answered before all was seen, the last with: {text}");
}

pub(super) fn in_flight(server: &Server) -> u64 {
    figure(server, "vigie_http_requests_in_flight")
}

/// A writer of the database that does not end its transaction until it is dropped.
pub(super) struct Writer {
    tx: Option<db::Tx>,
    runtime: tokio::runtime::Runtime,
}

impl Writer {
    pub(super) fn begin(server: &Server) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let file = server.data().join("iam.db");
        let tx = runtime.block_on(async {
            let db = db::Db::open(file.to_str().unwrap()).await.unwrap();
            db.begin().await.unwrap()
        });
        Self {
            tx: Some(tx),
            runtime,
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(tx) = self.tx.take() {
            self.runtime.block_on(tx.end()).unwrap();
        }
    }
}

/// All requests that a server has, which wait behind a writer: those that have a turn for the database, and the others for a turn. Where
/// one of them is answered, that is an error.
pub(super) struct Waiting<'s> {
    server: &'s Server,
    requests: Vec<Pending>,
    writer: Writer,
}

impl<'s> Waiting<'s> {
    /// None yet. Nobody else may ask the server meanwhile.
    pub(super) fn behind_writer(server: &'s Server) -> Self {
        Self {
            server,
            requests: Vec::new(),
            writer: Writer::begin(server),
        }
    }

    fn are_answered(&self) -> bool {
        self.requests.iter().any(Pending::is_answered)
    }

    fn still_wait(&mut self) -> Result<(), Reply> {
        let answered = self.requests.iter().position(Pending::is_answered);
        answered.map_or(Ok(()), |at| Err(self.requests.remove(at).reply()))
    }

    /// Sends these, and returns when the server works on all.
    pub(super) fn add(&mut self, requests: impl IntoIterator<Item = Request>) -> Result<(), Reply> {
        let begun = requests.into_iter().map(|request| request.begin());
        self.requests.extend(begun);
        let all = self.requests.len() as u64;
        until("all have come, or one is answered", || {
            in_flight(self.server) >= all || self.are_answered()
        });
        self.still_wait()
    }

    /// Sends a request as often as there are places, and once more: all wait but one, whose refusal is returned. Requests that the server
    /// works on need not have their places yet; when one is refused, all others have.
    pub(super) fn fill(&mut self, places: u64, request: &Request) -> Result<Reply, Reply> {
        let begun = (0..=places).map(|_| request.begin());
        self.requests.extend(begun);
        until("one is answered", || self.are_answered());
        let refused = self.still_wait().expect_err("one is answered");
        if refused.status != 429 {
            return Err(refused);
        }
        self.still_wait().map(|()| refused)
    }

    /// The answer to a request that waits for none of them.
    pub(super) fn answer_beside(&mut self, request: &Request) -> Result<Reply, Reply> {
        let pending = request.begin();
        until("it is answered, or one that waits", || {
            pending.is_answered() || self.are_answered()
        });
        self.still_wait().map(|()| pending.reply())
    }

    /// The writer ends: the answers to all, in the order in which they were sent.
    pub(super) fn answers(self) -> Result<Vec<Reply>, Reply> {
        drop(self.writer);
        let mut replies = Vec::new();
        for request in self.requests {
            let reply = request.reply();
            // Its time was over just before.
            if reply.status == 503 {
                return Err(reply);
            }
            replies.push(reply);
        }
        Ok(replies)
    }
}
