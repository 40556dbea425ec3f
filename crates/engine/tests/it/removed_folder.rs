//! A flush finds the folder of its segment, and a merge or an expiry that has just given up the last segment in it removes it.

use crate::hooked::{Hook, Hooked};
use crate::support::{DAY, NOON, config, open, read, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis};
use engine::Engine;
use engine::storage::Storage;
use engine::storage::faulty::Faulty;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Removes a folder once, just before the first file is made in it.
#[derive(Debug)]
struct Remover {
    storage: Faulty,
    folder: &'static str,
    is_done: AtomicBool,
}

impl Hook for Remover {
    fn before_create(&self, file: &Path) {
        if let Some(folder) = file.parent()
            && folder.ends_with(self.folder)
            && !self.is_done.swap(true, Ordering::SeqCst)
        {
            self.storage.remove_dir(folder).unwrap();
        }
    }
}

/// The store took no writes from then on, until it was started again.
#[test]
fn a_folder_that_is_removed_while_a_flush_is_about_to_use_it_is_made_again() {
    for folder in ["segments/2026-11-23", "segments/late"] {
        let storage = Faulty::new(1);
        let hook = Arc::new(Remover {
            storage: storage.clone(),
            folder,
            is_done: AtomicBool::new(false),
        });
        let clock = Arc::new(ManualClock::at(Millis(NOON)));
        let hooked = Arc::new(Hooked::new(&storage, &hook));
        let engine = Engine::open(config(), clock, hooked).unwrap().0;
        let mut days: Vec<(&str, i64, f64)> =
            (0..12).map(|day| ("a.b", NOON - day * DAY, 1.0)).collect();
        // The days with the fewest series share a late segment: this one is none of them.
        days.push(("a.c", NOON, 1.0));
        send(&engine, 1, &days);
        engine.flush().unwrap();
        assert!(hook.is_done.load(Ordering::SeqCst), "{folder}");
        send(&engine, 1, &[("a.b", NOON + 1, 1.0)]);
        assert_eq!(read(&engine, 1, "a.b").len(), 13);
        let crashed = storage.crash();
        drop(engine);
        assert_eq!(read(&open(&crashed), 1, "a.b").len(), 13);
    }
}
