//! The entries of the registry by series number, in pages: numbers are never reused, and series that end together
//! leave whole pages empty, which are freed.

use crate::series_ref::SeriesRef;
use crate::sparse::Sparse;
use base::id::TenantId;
use std::sync::Arc;

/// Series of a page.
const PAGE: usize = 64;

/// The entry of an existing series.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) tenant: TenantId,
    pub(crate) name: Arc<str>,
}

impl Entry {
    /// Whether it is the tenant's series of this name.
    pub(crate) fn is_named(&self, tenant: TenantId, name: &str) -> bool {
        self.tenant == tenant && *self.name == *name
    }
}

#[derive(Debug)]
struct Page {
    used: usize,
    entries: [Option<Entry>; PAGE],
}

/// The entries of all existing series, by number.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pages: Sparse<Page>,
    count: usize,
}

/// Finds the entries of series that are mostly neighbours: the page of the last one is at hand.
#[derive(Debug)]
pub(crate) struct Cursor<'e> {
    entries: &'e Entries,
    page: Option<(usize, &'e Page)>,
}

const fn place(series: SeriesRef) -> (usize, usize) {
    (series.0 as usize / PAGE, series.0 as usize % PAGE)
}

impl Entries {
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, series: SeriesRef) -> Option<&Entry> {
        let (page, slot) = place(series);
        self.pages.get(page)?.entries.get(slot)?.as_ref()
    }

    pub(crate) const fn cursor(&self) -> Cursor<'_> {
        Cursor {
            entries: self,
            page: None,
        }
    }

    pub(crate) fn insert(&mut self, series: SeriesRef, entry: Entry) {
        let (page, slot) = place(series);
        let page = self.pages.get_or_insert_with(page, || Page {
            used: 0,
            entries: std::array::from_fn(|_| None),
        });
        let Some(page) = page else {
            return;
        };
        if let Some(slot) = page.entries.get_mut(slot)
            && slot.replace(entry).is_none()
        {
            page.used += 1;
            self.count += 1;
        }
    }

    pub(crate) fn remove(&mut self, series: SeriesRef) -> Option<Entry> {
        let (number, slot) = place(series);
        let page = self.pages.get_mut(number)?;
        let entry = page.entries.get_mut(slot)?.take()?;
        page.used -= 1;
        let is_empty = page.used == 0;
        self.count -= 1;
        if is_empty {
            self.pages.remove(number);
        }
        Some(entry)
    }
}

impl<'e> Cursor<'e> {
    pub(crate) fn get(&mut self, series: SeriesRef) -> Option<&'e Entry> {
        let (number, slot) = place(series);
        let page = match self.page {
            Some((last, page)) if last == number => page,
            _ => {
                let page = self.entries.pages.get(number)?;
                self.page = Some((number, page));
                page
            }
        };
        page.entries.get(slot)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_series_is_given_back() {
        let mut entries = Entries::default();
        let entry = Entry {
            tenant: TenantId(1),
            name: "a".into(),
        };
        for number in 0..200 {
            entries.insert(SeriesRef(number), entry.clone());
        }
        for number in 64..128 {
            assert!(entries.remove(SeriesRef(number)).is_some());
            assert!(entries.remove(SeriesRef(number)).is_none());
        }
        assert_eq!(entries.len(), 136);
        assert!(entries.pages.get(1).is_none() && entries.pages.get(0).is_some());
        assert!(entries.get(SeriesRef(64)).is_none());
        assert!(entries.get(SeriesRef(199)).is_some());
    }
}
