//! Sends the oldest records of the journal to the server, and discards them when a receipt accounts for them.

use journal::{Journal, JournalError, Record};
use std::sync::{Mutex, PoisonError};
use wire::receipt::Receipt;

/// The maximum size of a request: well under the server's `body_bytes`.
const BODY_BYTES_MAX: usize = 4 << 20;
const SAMPLES_MAX: u64 = 5000;

/// The destination of the samples.
pub trait Destination {
    /// Why the samples must be sent again.
    type Error;

    /// Sends `body`, a JSON array of `samples` samples, once.
    ///
    /// # Errors
    /// When the samples must be sent again: the server is unreachable, it refused the credential, or its answer is
    /// invalid.
    fn deliver(&self, body: &[u8], samples: u64) -> Result<Verdict<Self::Error>, Self::Error>;
}

/// The server's answer to a body.
#[derive(Debug)]
pub enum Verdict<E> {
    /// The result for its samples; it must account for all of them ([`Receipt::accounts_for`]).
    Receipt(Receipt),
    /// It is larger than the server accepts.
    TooLarge {
        /// The server's message.
        reason: String,
        /// The error to report if a smaller body may be accepted.
        error: E,
    },
    /// It can never be stored.
    Hopeless {
        /// The server's message.
        reason: String,
    },
}

/// Why nothing was sent.
#[derive(Debug)]
pub enum SendError<E> {
    /// The journal cannot be read or written.
    Journal(JournalError),
    /// The server did not accept it.
    Destination(E),
}

impl<E> From<JournalError> for SendError<E> {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// The result of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// There was nothing to send.
    Idle,
    /// The counts of the receipt, and the first reason for a rejection.
    Sent {
        /// Samples now in the store.
        stored: u64,
        /// Rejected samples.
        rejected: u64,
        /// The reason, in the server's words.
        reason: Option<String>,
    },
}

/// Sends records from the journal to the server.
#[derive(Debug)]
pub struct Sender<'a, D> {
    destination: D,
    journal: &'a Mutex<Journal>,
    bytes_max: usize,
}

impl<'a, D: Destination> Sender<'a, D> {
    /// The pause between two tries.
    pub const fn new(destination: D, journal: &'a Mutex<Journal>) -> Self {
        Self {
            destination,
            journal,
            bytes_max: BODY_BYTES_MAX,
        }
    }

    /// Sends one request.
    ///
    /// # Errors
    /// When the server did not accept it, or the journal failed. All records are still in the journal then.
    pub fn send(&mut self) -> Result<Report, SendError<D::Error>> {
        let records = self.with_journal(|journal| journal.oldest(self.bytes_max, SAMPLES_MAX))?;
        if records.is_empty() {
            self.bytes_max = BODY_BYTES_MAX;
            return Ok(Report::Idle);
        }
        let samples = records.iter().map(|record| u64::from(record.weight)).sum();
        let verdict = self.destination.deliver(&joined(&records), samples);
        let report = match verdict.map_err(SendError::Destination)? {
            Verdict::Receipt(receipt) => Report::Sent {
                stored: receipt.stored,
                rejected: receipt.rejected,
                reason: receipt.rejections.into_iter().next().map(|one| one.reason),
            },
            // A smaller request may be accepted; a single record cannot be made smaller.
            Verdict::TooLarge { error, .. } if records.len() > 1 => {
                self.bytes_max /= 2;
                return Err(SendError::Destination(error));
            }
            Verdict::TooLarge { reason, .. } | Verdict::Hopeless { reason } => Report::Sent {
                stored: 0,
                rejected: samples,
                reason: Some(reason),
            },
        };
        self.with_journal(|journal| journal.discard(&records))?;
        Ok(report)
    }

    fn with_journal<T>(
        &self,
        act: impl FnOnce(&mut Journal) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        // A panic leaves the journal consistent: it is changed only after everything that can fail.
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut journal)
    }
}

/// Joins JSON arrays into one.
fn joined(records: &[Record]) -> Vec<u8> {
    let inner = |payload: &[u8]| -> Vec<u8> {
        let text = payload.trim_ascii();
        let text = text.strip_prefix(b"[").unwrap_or(text);
        text.strip_suffix(b"]")
            .unwrap_or(text)
            .trim_ascii()
            .to_owned()
    };
    let items: Vec<Vec<u8>> = records
        .iter()
        .map(|record| inner(&record.payload))
        .filter(|items| !items.is_empty())
        .collect();
    [b"[".as_slice(), &items.join(b",".as_slice()), b"]"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use journal::WhenFull;
    use std::cell::RefCell;

    /// A server that accepts bodies up to a size.
    struct Server {
        bytes_max: usize,
        taken: RefCell<Vec<String>>,
    }

    impl Destination for &Server {
        type Error = &'static str;

        fn deliver(&self, body: &[u8], samples: u64) -> Result<Verdict<Self::Error>, Self::Error> {
            let text = String::from_utf8(body.to_owned()).unwrap();
            if text.contains("away") {
                return Err("away");
            }
            if body.len() > self.bytes_max {
                let (reason, error) = ("too large".to_owned(), "too large");
                return Ok(Verdict::TooLarge { reason, error });
            }
            self.taken.borrow_mut().push(text);
            Ok(Verdict::Receipt(Receipt {
                received: samples,
                stored: samples,
                ..Receipt::default()
            }))
        }
    }

    fn journal(folder: &tempfile::TempDir, payloads: &[&str]) -> Mutex<Journal> {
        let mut journal = Journal::open(folder.path(), 1 << 22, WhenFull::DropOldest).unwrap();
        for payload in payloads {
            journal.append(payload.as_bytes(), 1).unwrap();
        }
        Mutex::new(journal)
    }

    fn server(bytes_max: usize) -> Server {
        Server {
            bytes_max,
            taken: RefCell::default(),
        }
    }

    #[test]
    fn arrays_are_joined_and_given_up_when_they_are_stored() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder, &["[1,2]", "[]", "[\n3\n]"]);
        let server = server(100);
        let mut sender = Sender::new(&server, &journal);
        let stored = Report::Sent {
            stored: 3,
            rejected: 0,
            reason: None,
        };
        assert_eq!(sender.send().unwrap(), stored);
        assert_eq!(sender.send().unwrap(), Report::Idle);
        assert_eq!(*server.taken.borrow(), ["[1,2,3]"]);
        assert_eq!(joined(&[]), b"[]");
    }

    #[test]
    fn what_is_too_large_is_halved_until_it_passes_and_a_record_alone_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let wide = format!("[{}]", "1".repeat(50));
        let journal = journal(&folder, &["[1]", "[2]", &wide, "[3]"]);
        let server = server(10);
        let mut sender = Sender::new(&server, &journal);
        let mut rejected = 0;
        for _ in 0..100 {
            match sender.send() {
                Ok(Report::Idle) => break,
                Ok(Report::Sent { rejected: more, .. }) => rejected += more,
                Err(SendError::Destination("too large")) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(rejected, 1);
        assert_eq!(
            server
                .taken
                .borrow()
                .concat()
                .matches(char::is_numeric)
                .count(),
            3
        );
        assert_eq!(journal.lock().unwrap().weight(), 0);
    }

    #[test]
    fn after_a_failure_everything_is_still_there() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder, &["[\"away\"]", "[2]"]);
        let server = server(100);
        let mut sender = Sender::new(&server, &journal);
        assert!(matches!(sender.send(), Err(SendError::Destination("away"))));
        assert_eq!(journal.lock().unwrap().weight(), 2);
    }
}
