//! Sends the oldest records of the journal to the server, and discards them when a receipt accounts for them.

use crate::bypass::Bypass;
use journal::{Journal, JournalError, Record};
use std::sync::{Mutex, PoisonError};
use wire::ingest::split_body::split_body;
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
    fn deliver(&self, body: &[u8], samples: u64) -> Result<Verdict, Self::Error>;
}

/// The server's answer to a body.
#[derive(Debug)]
pub enum Verdict {
    /// The result for its samples; it must account for all of them ([`Receipt::accounts_for`]).
    Receipt(Receipt),
    /// It is larger than the server accepts.
    TooLarge {
        /// The server's message.
        reason: String,
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

/// The result of sending.
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
    bypass: Option<&'a Bypass>,
    bytes_max: usize,
}

impl<'a, D: Destination> Sender<'a, D> {
    /// A sender of what is in the journal, and of nothing else.
    pub const fn new(destination: D, journal: &'a Mutex<Journal>) -> Self {
        Self {
            destination,
            journal,
            bypass: None,
            bytes_max: BODY_BYTES_MAX,
        }
    }

    /// Also sends what the journal could not take, when nothing older is in it.
    #[must_use]
    pub fn past(mut self, bypass: &'a Bypass) -> Self {
        self.bypass = Some(bypass);
        self
    }

    /// Whether a record waits that the journal could not take.
    pub fn is_offered(&self) -> bool {
        self.bypass.is_some_and(Bypass::is_offered)
    }

    /// Sends the oldest records, in one request, or in several where the server takes no such large one.
    ///
    /// # Errors
    /// When the server did not accept it, or the journal failed. All records are still where they were then.
    pub fn send(&mut self) -> Result<Report, SendError<D::Error>> {
        loop {
            let oldest = |journal: &mut Journal| journal.oldest(self.bytes_max, SAMPLES_MAX);
            let records = self.with_journal(oldest)?;
            if records.is_empty() {
                self.bytes_max = BODY_BYTES_MAX;
                return self.send_offered().map_err(SendError::Destination);
            }
            let samples = records.iter().map(|record| u64::from(record.weight)).sum();
            let body = joined(&records);
            let verdict = self.destination.deliver(&body, samples);
            let sent = match verdict.map_err(SendError::Destination)? {
                Verdict::TooLarge { .. } if records.len() > 1 => {
                    self.bytes_max /= 2;
                    continue;
                }
                Verdict::TooLarge { reason } => self
                    .in_halves(&body, samples, reason)
                    .map_err(SendError::Destination)?,
                verdict => Sent::of(verdict, samples),
            };
            self.with_journal(|journal| journal.discard(&records))?;
            return Ok(sent.into());
        }
    }

    /// Sends the record that the journal could not take, if there is one.
    ///
    /// # Errors
    /// When the server did not accept it. Who offered it still has it then.
    pub fn send_offered(&self) -> Result<Report, D::Error> {
        let Some(offered) = self.bypass.and_then(Bypass::take) else {
            return Ok(Report::Idle);
        };
        let (body, samples) = (offered.body(), offered.samples());
        let sent = match self.destination.deliver(body, samples)? {
            Verdict::TooLarge { reason } => self.in_halves(body, samples, reason)?,
            verdict => Sent::of(verdict, samples),
        };
        offered.accounted_for();
        Ok(sent.into())
    }

    /// Sends the halves of a body that is too large, and theirs; gives up a sample that is too large alone. A sample that is sent
    /// again after an error has its time, so it is stored once.
    fn in_halves(&self, body: &[u8], samples: u64, reason: String) -> Result<Sent, D::Error> {
        let Some(halves) = split_body(body) else {
            return Ok(Sent {
                stored: 0,
                rejected: samples,
                reason: Some(reason),
            });
        };
        let first_samples = (halves.first_samples as u64).min(samples);
        let mut all = Sent::default();
        for (body, samples) in [
            (halves.first, first_samples),
            (halves.second, samples - first_samples),
        ] {
            let sent = match self.destination.deliver(&body, samples)? {
                Verdict::TooLarge { reason } => self.in_halves(&body, samples, reason)?,
                verdict => Sent::of(verdict, samples),
            };
            all.stored += sent.stored;
            all.rejected += sent.rejected;
            all.reason = all.reason.or(sent.reason);
        }
        Ok(all)
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

/// The outcome of sending samples.
#[derive(Debug, Default)]
struct Sent {
    stored: u64,
    rejected: u64,
    reason: Option<String>,
}

impl Sent {
    fn of(verdict: Verdict, samples: u64) -> Self {
        match verdict {
            Verdict::Receipt(receipt) => Self {
                stored: receipt.stored,
                rejected: receipt.rejected,
                reason: receipt.rejections.into_iter().next().map(|one| one.reason),
            },
            Verdict::TooLarge { reason } | Verdict::Hopeless { reason } => Self {
                stored: 0,
                rejected: samples,
                reason: Some(reason),
            },
        }
    }
}

impl From<Sent> for Report {
    fn from(sent: Sent) -> Self {
        Self::Sent {
            stored: sent.stored,
            rejected: sent.rejected,
            reason: sent.reason,
        }
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
    use crate::notifier::Notifier;
    use journal::WhenFull;
    use std::cell::RefCell;

    /// A server that accepts bodies up to a size.
    struct Server {
        bytes_max: usize,
        taken: RefCell<Vec<String>>,
    }

    impl Destination for &Server {
        type Error = &'static str;

        fn deliver(&self, body: &[u8], samples: u64) -> Result<Verdict, Self::Error> {
            let text = String::from_utf8(body.to_owned()).unwrap();
            if text.contains("away") {
                return Err("away");
            }
            if body.len() > self.bytes_max {
                let reason = "too large".to_owned();
                return Ok(Verdict::TooLarge { reason });
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
    fn regression_7_a_record_that_is_too_large_is_sent_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let items: Vec<String> = (10..47).map(|item| item.to_string()).collect();
        let wide = "9".repeat(50);
        let record = format!("[{},{wide},99]", items.join(","));
        let journal =
            Mutex::new(Journal::open(folder.path(), 1 << 22, WhenFull::DropOldest).unwrap());
        let weight = items.len() as u32 + 2;
        journal
            .lock()
            .unwrap()
            .append(record.as_bytes(), weight)
            .unwrap();
        let server = server(10);
        let mut sender = Sender::new(&server, &journal);
        let sent = Report::Sent {
            stored: u64::from(weight) - 1,
            rejected: 1,
            reason: Some("too large".to_owned()),
        };
        assert_eq!(sender.send().unwrap(), sent);
        assert_eq!(sender.send().unwrap(), Report::Idle);
        let taken = server.taken.borrow().join(",").replace(['[', ']'], "");
        assert_eq!(taken, format!("{},99", items.join(",")));
    }

    #[test]
    fn what_the_disk_does_not_take_is_sent_behind_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder, &["[1]"]);
        let server = server(100);
        let (bypass, notifier) = (Bypass::default(), Notifier::default());
        let mut sender = Sender::new(&server, &journal).past(&bypass);
        std::thread::scope(|threads| {
            let seen = notifier.notifications();
            let offering = threads.spawn(|| bypass.offer(b"[2,3]", 2, &notifier, |_| true));
            notifier.wait_for_next(seen);
            assert!(sender.is_offered());
            for (stored, text) in [(1, "[1]"), (2, "[2,3]")] {
                let sent = Report::Sent {
                    stored,
                    rejected: 0,
                    reason: None,
                };
                assert_eq!(sender.send().unwrap(), sent);
                assert_eq!(server.taken.borrow().last().unwrap(), text);
            }
            assert!(offering.join().unwrap());
            assert_eq!(sender.send().unwrap(), Report::Idle);
            let seen = notifier.notifications();
            let offering = threads.spawn(|| bypass.offer(b"[\"away\"]", 1, &notifier, |_| true));
            notifier.wait_for_next(seen);
            assert!(matches!(sender.send(), Err(SendError::Destination("away"))));
            assert!(!offering.join().unwrap(), "who offered it still has it");
        });
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
