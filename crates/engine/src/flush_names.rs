//! The name file of a flush: the series that began or ended since the last one, or, once there are many such files, all series.

use crate::created_series::CreatedSeries;
use crate::index::names::Names;
use crate::registry::name_file::NameFile;
use crate::series_ref::SeriesRef;
use std::collections::HashSet;
use std::sync::Arc;

/// Name files are rewritten as one when there would be more than this.
const NAME_FILES_MAX: usize = 16;

/// Whether there are so many name files that the next flush writes one in the place of all.
pub(crate) const fn must_rewrite_all(name_files: usize) -> bool {
    name_files >= NAME_FILES_MAX
}

/// The name file that a flush writes.
#[derive(Debug)]
pub(crate) struct FlushedNames {
    /// The contents of the name file; `None` if no names have changed.
    pub(crate) file: Option<Vec<u8>>,
    /// Whether the file replaces all earlier name files; otherwise it is added to them.
    pub(crate) replaces_all: bool,
}

impl FlushedNames {
    /// Every series there is.
    pub(crate) fn all(names: &Names) -> Self {
        let mut created: Vec<CreatedSeries> = Vec::new();
        names.each(|tenant, name, series| {
            created.push(CreatedSeries {
                tenant,
                name: Arc::clone(name),
                series,
            });
        });
        let dropped = Vec::new();
        Self {
            file: encoded(NameFile { created, dropped }),
            replaces_all: true,
        }
    }

    /// The changes since the last name file. Dropped series are read before created ones, so a series that was created and dropped in
    /// between is left out.
    pub(crate) fn since(mut created: Vec<CreatedSeries>, dropped: Vec<SeriesRef>) -> Self {
        let gone: HashSet<SeriesRef> = dropped.iter().copied().collect();
        created.retain(|created| !gone.contains(&created.series));
        Self {
            file: encoded(NameFile { created, dropped }),
            replaces_all: false,
        }
    }
}

fn encoded(names: NameFile) -> Option<Vec<u8>> {
    let is_empty = names.created.is_empty() && names.dropped.is_empty();
    (!is_empty).then(|| names.encode())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::TenantId;

    fn created(name: &str, series: u32) -> CreatedSeries {
        CreatedSeries {
            tenant: TenantId(1),
            name: name.into(),
            series: SeriesRef(series),
        }
    }

    #[test]
    fn a_series_that_began_and_ended_since_is_only_said_to_have_ended() {
        let begun = vec![created("a", 1), created("b", 2)];
        let flushed = FlushedNames::since(begun, vec![SeriesRef(0), SeriesRef(2)]);
        let file = NameFile::decode(&flushed.file.unwrap()).unwrap();
        assert_eq!(file.created, [created("a", 1)]);
        assert_eq!(file.dropped, [SeriesRef(0), SeriesRef(2)]);
        assert!(!flushed.replaces_all);
    }

    #[test]
    fn where_there_is_nothing_to_say_there_is_no_file() {
        assert_eq!(FlushedNames::since(Vec::new(), Vec::new()).file, None);
        let none_left = FlushedNames::all(&Names::default());
        assert_eq!((none_left.file, none_left.replaces_all), (None, true));
        let names = Names::of_sorted(vec![created("a", 7)]);
        let file = NameFile::decode(&FlushedNames::all(&names).file.unwrap()).unwrap();
        assert_eq!(
            (file.created, file.dropped.len()),
            (vec![created("a", 7)], 0)
        );
    }
}
