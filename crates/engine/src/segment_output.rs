//! Segments that a flush, a merge or an expiry writes: begun, ended, synced, and given up.

use crate::core::Core;
use crate::error::{self, FileAction};
use crate::layout::{SEGMENTS, segment_dir};
use crate::manifest::{SegmentEntry, UnknownFields};
use crate::open_dir::sync_dir;
use crate::publish::NewSegment;
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use crate::segment::writer::SegmentWriter;
use base::store::StoreError;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

impl Core {
    pub(crate) fn begin_segment(&self, header: Header) -> Result<SegmentWriter, StoreError> {
        let dir = segment_dir(self.dir(), &header);
        let path = dir.join(format!("{:010}.seg", self.take_file_number()));
        let create = || {
            self.storage
                .create_dir(&dir)
                .map_err(error::io(FileAction::Create, &dir))?;
            SegmentWriter::create(&self.storage, &path, header)
        };
        match create() {
            // Whoever has just given up the last segment of the folder has removed it in between.
            Err(error) if error::is_not_found(&error) => create(),
            created => created,
        }
    }

    /// Ends a segment; its folder is still to be synced ([`Self::sync_segments`]).
    pub(crate) fn end_segment(
        &self,
        header: Header,
        writer: SegmentWriter,
    ) -> Result<NewSegment, StoreError> {
        let path = writer.path().to_owned();
        let written = writer.finish().inspect_err(|_| self.discard(&path))?;
        let file = path
            .strip_prefix(self.dir())
            .unwrap_or(&path)
            .display()
            .to_string();
        let entry = SegmentEntry {
            file,
            day: header.day.0,
            more_days: header.more_days,
            sequence: header.sequence,
            samples: written.samples,
            series: written.series,
            bytes: written.bytes,
            from: written.from,
            until: written.until,
            unknown_fields: UnknownFields::new(),
        };
        let opened = Segment::open(&self.files, &path).inspect_err(|_| self.discard(&path));
        let segment = Arc::new(opened?);
        Ok(NewSegment { segment, entry })
    }

    /// The entries of these segments are on stable storage.
    pub(crate) fn sync_segments(&self, segments: &[NewSegment]) -> Result<(), StoreError> {
        let of = |written: &NewSegment| segment_dir(self.dir(), written.segment.header());
        let mut dirs: BTreeSet<PathBuf> = segments.iter().map(of).collect();
        if !dirs.is_empty() {
            dirs.insert(self.dir().join(SEGMENTS));
        }
        for dir in dirs {
            sync_dir(self.storage.as_ref(), &dir)?;
        }
        Ok(())
    }

    /// Gives up segments that the manifest names no more, and the folders of days that have no others.
    pub(crate) fn discard_segments(&self, segments: Vec<Arc<Segment>>) {
        let dirs = self.day_dirs(segments.iter());
        for segment in segments {
            segment.set_obsolete();
        }
        self.remove_dirs(&dirs);
    }

    /// The folders of these segments that may be removed. That of late segments stays: every flush may write to it.
    pub(crate) fn day_dirs<'s>(
        &self,
        segments: impl Iterator<Item = &'s Arc<Segment>>,
    ) -> BTreeSet<PathBuf> {
        segments
            .filter(|segment| !segment.is_multi_day())
            .map(|segment| segment_dir(self.dir(), segment.header()))
            .collect()
    }

    /// Removes these folders, as far as nothing is left in them.
    pub(crate) fn remove_dirs(&self, dirs: &BTreeSet<PathBuf>) {
        for dir in dirs {
            // Fails where other segments are left, or readers of these.
            let _ = self.storage.remove_dir(dir);
        }
    }
}
