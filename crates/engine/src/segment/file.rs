//! The file under a segment. It is opened when it is read and closed when many others have been read since, so that
//! years of days need no more than a few file descriptors. The file of a segment that no longer counts is removed when
//! its last reader is done, so that a query that has begun can end.

use super::cache::PageCache;
use crate::error;
use crate::storage::{ReadFile, Storage};
use base::mutex::lock;
use base::store::{Outage, StoreError};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// An eighth of the descriptors that a process has by default: the rest is for connections, and for files that are written.
const OPEN_MAX: usize = 128;

/// Where segment files come from, and the ones opened last.
#[derive(Debug)]
pub(crate) struct FileCache {
    storage: Arc<dyn Storage>,
    last: Mutex<VecDeque<Arc<dyn ReadFile>>>,
    pages: PageCache,
}

impl FileCache {
    /// `page_bytes`: of the pages of directories that it holds.
    pub(crate) fn new(storage: Arc<dyn Storage>, page_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            storage,
            last: Mutex::default(),
            pages: PageCache::new(page_bytes),
        })
    }

    pub(crate) const fn pages(&self) -> &PageCache {
        &self.pages
    }

    /// Closes every file that nobody reads just now: something else needs the descriptors.
    pub(crate) fn close_all(&self) {
        lock(&self.last).clear();
    }
}

/// A segment's file, open or not.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    path: PathBuf,
    files: Arc<FileCache>,
    open: Mutex<Option<Weak<dyn ReadFile>>>,
    obsolete: AtomicBool,
}

impl SegmentFile {
    pub(crate) fn new(files: &Arc<FileCache>, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            files: Arc::clone(files),
            open: Mutex::default(),
            obsolete: AtomicBool::new(false),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where pages of its directory are kept.
    pub(super) fn pages(&self) -> &PageCache {
        self.files.pages()
    }

    /// Opens it, unless it still is.
    pub(crate) fn get(&self) -> Result<Arc<dyn ReadFile>, StoreError> {
        let mut open = lock(&self.open);
        if let Some(file) = open.as_ref().and_then(Weak::upgrade) {
            return Ok(file);
        }
        let file = match self.open_once() {
            Err(refused) if refused.outage() == Some(Outage::ResourcesExhausted) => {
                self.files.close_all();
                self.open_once()?
            }
            opened => opened?,
        };
        *open = Some(Arc::downgrade(&file));
        drop(open);
        let mut last = lock(&self.files.last);
        if last.len() >= OPEN_MAX {
            last.pop_front();
        }
        last.push_back(Arc::clone(&file));
        Ok(file)
    }

    fn open_once(&self) -> Result<Arc<dyn ReadFile>, StoreError> {
        let opened = self.files.storage.open(&self.path);
        opened.map_err(error::io("open", &self.path))
    }

    /// The manifest names it no more: it goes with its last reader.
    pub(crate) fn set_obsolete(&self) {
        self.obsolete.store(true, Ordering::SeqCst);
    }
}

impl Drop for SegmentFile {
    fn drop(&mut self) {
        let open = lock(&self.open).as_ref().and_then(Weak::upgrade);
        if let Some(file) = open {
            // An open file would keep its bytes on the disk.
            lock(&self.files.last).retain(|other| !Arc::ptr_eq(other, &file));
        }
        if self.obsolete.load(Ordering::SeqCst) {
            // When that fails it is an orphan, and goes at the next start.
            let _ = self.files.storage.remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::faulty::Faulty;

    #[test]
    fn without_a_descriptor_the_files_that_nobody_reads_are_closed_for_one() {
        let storage = Faulty::new(1);
        let dir = Path::new("/s");
        storage.create_dir(dir).unwrap();
        let files = FileCache::new(Arc::new(storage.clone()), 0);
        let [first, second] = ["1.seg", "2.seg"].map(|name| {
            storage.create(&dir.join(name)).unwrap();
            SegmentFile::new(&files, &dir.join(name))
        });
        first.get().unwrap();
        storage.refuse_opens(0, 1);
        second.get().unwrap();
        assert!(lock(&first.open).as_ref().unwrap().upgrade().is_none());
        assert_eq!(lock(&files.last).len(), 1);
        storage.refuse_opens(0, 2);
        let refused = first.get().unwrap_err();
        assert_eq!(refused.outage(), Some(Outage::ResourcesExhausted));
        first.get().unwrap();
    }

    #[test]
    fn few_stay_open_and_an_obsolete_one_goes_with_its_last_reader() {
        let storage = Faulty::new(1);
        let dir = Path::new("/s");
        storage.create_dir(dir).unwrap();
        let files = FileCache::new(Arc::new(storage.clone()), 0);
        let all: Vec<Arc<SegmentFile>> = (0..OPEN_MAX + 10)
            .map(|number| {
                let path = dir.join(format!("{number}.seg"));
                storage.create(&path).unwrap();
                Arc::new(SegmentFile::new(&files, &path))
            })
            .collect();
        for file in &all {
            file.get().unwrap();
        }
        let open = |file: &SegmentFile| lock(&file.open).as_ref().unwrap().strong_count();
        assert_eq!(lock(&files.last).len(), OPEN_MAX);
        assert_eq!((open(&all[0]), open(&all[10])), (0, 1));
        all[0].get().unwrap();
        assert_eq!((open(&all[0]), open(&all[10])), (1, 0));

        let reader = Arc::clone(&all[20]);
        reader.set_obsolete();
        drop(all);
        assert!(reader.get().is_ok());
        let path = reader.path().to_owned();
        drop(reader);
        assert!(storage.open(&path).is_err());
        assert!(storage.open(&dir.join("21.seg")).is_ok());
        assert!(lock(&files.last).is_empty());
    }
}
