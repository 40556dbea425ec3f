//! Tells the log once that the disk is full, and once that it is not any more: requests that are refused meanwhile would
//! say it a thousand times.

use crate::app::App;
use base::store::StoreError;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(1);

/// What was told last.
#[derive(Debug, Default)]
struct Told(Option<(Kind, Instant)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reserve,
    Full,
}

/// What is to be told.
#[derive(Debug, PartialEq, Eq)]
enum News {
    Full(Kind),
    RoomAgain(Duration),
}

impl Told {
    /// What has changed since it was told last.
    fn hear(&mut self, found: Option<Kind>, now: Instant) -> Option<News> {
        match (self.0, found) {
            (Some((told, _)), Some(kind)) if told == kind => None,
            (before, Some(kind)) => {
                self.0 = Some((kind, before.map_or(now, |(_, since)| since)));
                Some(News::Full(kind))
            }
            (Some((_, since)), None) => {
                self.0 = None;
                Some(News::RoomAgain(now.duration_since(since)))
            }
            (None, None) => None,
        }
    }
}

/// Watches until the server is gone.
pub(crate) async fn watch(app: Weak<App>) {
    let mut told = Told::default();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(app) = app.upgrade() else { return };
        let store = Arc::clone(&app.store);
        drop(app);
        // The file system is asked, which may be away.
        let Ok(found) = tokio::task::spawn_blocking(move || store.room()).await else {
            continue;
        };
        let kind = match &found {
            Err(StoreError::OutOfRoom { .. }) => Some(Kind::Full),
            Err(StoreError::DiskReserve { .. }) => Some(Kind::Reserve),
            _ => None,
        };
        match (told.hear(kind, Instant::now()), found) {
            (Some(News::Full(kind)), Err(error)) => tell(kind, &error),
            (Some(News::RoomAgain(full)), _) => tracing::info!(
                seconds = full.as_secs(),
                "there is room on the disk again: samples are stored"
            ),
            _ => {}
        }
    }
}

fn tell(kind: Kind, error: &StoreError) {
    match kind {
        Kind::Full => tracing::error!(
            %error,
            hint = "make room: writing goes on by itself, and nothing that was acknowledged is lost",
            "the disk is full: samples and deletions are refused with 503"
        ),
        Kind::Reserve => tracing::error!(
            %error,
            hint = "make room, or delete metrics: writing goes on by itself",
            "the disk is nearly full: samples are refused with 503"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_once() {
        let (mut told, start) = (Told::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(told.hear(None, at(0)), None);
        assert_eq!(
            told.hear(Some(Kind::Reserve), at(1)),
            Some(News::Full(Kind::Reserve))
        );
        assert_eq!(told.hear(Some(Kind::Reserve), at(2)), None);
        assert_eq!(
            told.hear(Some(Kind::Full), at(3)),
            Some(News::Full(Kind::Full))
        );
        assert_eq!(told.hear(Some(Kind::Full), at(4)), None);
        assert_eq!(
            told.hear(None, at(9)),
            Some(News::RoomAgain(Duration::from_secs(8)))
        );
        assert_eq!(told.hear(None, at(10)), None);
    }
}
