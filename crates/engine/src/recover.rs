//! The start: reads the manifest, the segments and the names, replays the log, and removes orphan files.

use crate::config::EngineConfig;
use crate::core::{BackgroundRequests, Core, Counters, MergePasses};
use crate::created_series::CreatedSeries;
use crate::day::Day;
use crate::deletion_turns::DeletionTurns;
use crate::dropped_series::DroppedSeries;
use crate::due_expiry::DailyShare;
use crate::error::{self, FileAction};
use crate::events::Events;
use crate::head_reservations::HeadReservations;
use crate::index::activity::{ActivityIndex, NewlyActive, covers};
use crate::layout::{NAMES, SEGMENTS, WAL, is_ours, is_segment_folder, stray_file};
use crate::manifest::{self, Manifest, TenantOwner};
use crate::open_dir::sync_dir;
use crate::open_views::OpenQueries;
use crate::poison::Poison;
use crate::registry::name_file::NameFile;
use crate::registry::table::{FingerprintKey, Registry};
use crate::replay_effects::{NEWLY_ACTIVE_MAX, ReplayEffects};
use crate::reserve::Reserve;
use crate::resource_shortage::ResourceShortage;
use crate::segment::file::FileCache;
use crate::segment::layout::Header;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::state::{State, Version};
use crate::storage::Storage;
use crate::stuck_detector::StuckDetector;
use crate::tenant_tallies::TenantTallies;
use crate::tombstone::hidden;
use crate::tombstones::Tombstones;
use crate::wal::TornTail;
use crate::wal::record::FILE_HEADER_BYTES;
use crate::wal::replay::replay;
use crate::wal::writer::LogWriter;
use base::store::StoreError;
use base::time::Clock;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A report of the recovery at a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Series that exist.
    pub series: u64,
    /// Segments that were opened.
    pub segments: u64,
    /// Log files that were replayed.
    pub wal_files: u64,
    /// Records of these files.
    pub wal_records: u64,
    /// Samples in these records.
    pub wal_samples: u64,
    /// Series that these records create.
    pub wal_series: u64,
    /// The torn tail that was cut off.
    pub torn: Option<TornTail>,
    /// Files that the manifest does not name, such as those of a flush that a crash interrupted. They were deleted.
    pub orphans: Vec<PathBuf>,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} series in {} segments; replayed {} samples and {} new series from {} log records in {} files",
            self.series,
            self.segments,
            self.wal_samples,
            self.wal_series,
            self.wal_records,
            self.wal_files,
        )?;
        if let Some(torn) = &self.torn {
            write!(
                f,
                "; cut {} torn bytes off {}",
                torn.bytes,
                torn.file.display()
            )?;
        }
        if !self.orphans.is_empty() {
            write!(f, "; deleted {} unfinished files", self.orphans.len())?;
        }
        write!(f, "; took {} ms", self.took.as_millis())
    }
}

/// Opens a samples folder, or makes it.
pub(crate) fn open(
    config: EngineConfig,
    clock: Arc<dyn Clock>,
    storage: Arc<dyn Storage>,
    events: Arc<dyn Events>,
) -> Result<(Core, RecoveryReport), StoreError> {
    let started = Instant::now();
    let disk = storage.as_ref();
    let dir = config.dir.as_path();
    let wal_dir = dir.join(WAL);
    // Checked before anything is written: a folder of another format stays unchanged.
    let loaded = Manifest::load(disk, dir)?;
    // A file elsewhere would be read as one of the store's, and removed with it.
    if let Some(stray) = loaded.as_ref().and_then(stray_file) {
        let what = format!("it lists `{stray}`, which is no name of a file of the store");
        return Err(error::corrupt(&dir.join(manifest::FILE), 0, what));
    }
    for folder in [dir, &dir.join(SEGMENTS), &dir.join(NAMES), &wal_dir] {
        disk.create_dir(folder)
            .map_err(error::io(FileAction::Create, folder))?;
    }
    sync_dir(disk, dir)?;
    let poison = Arc::new(Poison::default());
    let mut report = RecoveryReport::default();
    let is_new = loaded.is_none();
    let manifest = match loaded {
        Some(manifest) => manifest,
        None => {
            refuse_orphans(disk, dir)?;
            Manifest::new(random_key())
        }
    };
    let files = FileCache::new(Arc::clone(&storage), config.directory_cache_bytes);
    // Checked before anything is removed: a folder with files of a newer build stays unchanged.
    let (state, mut names) = load(disk, &files, dir, &manifest)?;
    report.orphans = delete_orphans(disk, dir, &manifest, is_new)?;
    report.segments = state.version().segments.len() as u64;
    let wal = if is_new {
        let wal = LogWriter::create(
            Arc::clone(&storage),
            &wal_dir,
            Arc::clone(&poison),
            ResourceShortage::new(config.disk_full_retry_ms),
            manifest.wal_first,
            0,
        )?;
        manifest.store(disk, dir)?;
        wal
    } else {
        let mut effects = ReplayEffects::new(&state);
        let replayed = replay(
            disk,
            &wal_dir,
            manifest.wal_first,
            manifest.sequence,
            |sequence, record| effects.apply(sequence, record),
        )?;
        let counts = effects.finish(&names, replayed.last_sequence);
        report.wal_series = counts.series;
        report.wal_samples = counts.samples;
        report.wal_files = replayed.files;
        report.wal_records = replayed.records;
        report.torn = replayed.torn;
        let next = replayed.file_number.checked_add(1).ok_or_else(|| {
            let last = crate::wal::path(&wal_dir, replayed.file_number);
            error::corrupt(&last, 0, "no log file can follow it")
        })?;
        LogWriter::create(
            Arc::clone(&storage),
            &wal_dir,
            Arc::clone(&poison),
            ResourceShortage::new(config.disk_full_retry_ms),
            next,
            replayed.last_sequence,
        )?
    };
    {
        let mut catalog = state.catalog().write();
        names.extend(catalog.created.iter().cloned());
        catalog.registry.index_names(names);
        state.publish_names(&catalog.registry);
        report.series = catalog.registry.len() as u64;
    }
    report.took = started.elapsed();
    let core = Core {
        reserve: Reserve::new(config.reserve_bytes),
        flush_shortage: ResourceShortage::new(config.disk_full_retry_ms),
        config,
        clock,
        events,
        storage,
        files,
        poison,
        wal,
        state,
        reservations: HeadReservations::default(),
        open_queries: OpenQueries::default(),
        deletion_turns: DeletionTurns::default(),
        compacting: Mutex::new(MergePasses::default()),
        flushing: Mutex::new(None),
        expiring: Mutex::new(DailyShare::of(manifest.expiry.as_ref())),
        held_back_reported: AtomicI32::new(i32::MIN),
        dropping_tenant: Mutex::new(()),
        next_file: AtomicU64::new(manifest.next_file),
        manifest: Mutex::new(manifest),
        stuck_detector: StuckDetector::default(),
        requests: Mutex::new(BackgroundRequests::default()),
        wake: Condvar::new(),
        stopping: Arc::new(AtomicBool::new(false)),
        counters: Counters::default(),
    };
    Ok((core, report))
}

/// The standard library seeds every hasher with the operating system's randomness.
fn random_key() -> FingerprintKey {
    [0, 1].map(|half: u64| RandomState::new().hash_one(half))
}

/// Without a manifest there may be an empty first log file, left by a crash of the very first start. Anything else says
/// that the manifest was lost, and that deleting orphan files would delete all samples.
fn refuse_orphans(storage: &dyn Storage, dir: &Path) -> Result<(), StoreError> {
    let ours = files(storage, dir)?
        .into_iter()
        .filter(|file| is_ours(file));
    for file in ours {
        let kind = file.extension().and_then(|extension| extension.to_str());
        let holds_samples = match kind {
            Some("seg" | "names") => true,
            Some("wal") => {
                storage
                    .read(&file)
                    .map_err(error::io(FileAction::Read, &file))?
                    .len()
                    > FILE_HEADER_BYTES
            }
            _ => false,
        };
        if holds_samples {
            let what = format!("missing, though there is {}", file.display());
            return Err(error::corrupt(&dir.join(manifest::FILE), 0, what));
        }
    }
    Ok(())
}

/// Every file below the samples folder that could be one of ours.
fn files(storage: &dyn Storage, dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let list = |dir: PathBuf| -> Result<Vec<PathBuf>, StoreError> {
        let names = storage
            .list(&dir)
            .map_err(error::io(FileAction::List, &dir))?;
        Ok(names.into_iter().map(|name| dir.join(name)).collect())
    };
    let mut all = list(dir.join(WAL))?;
    all.extend(list(dir.join(NAMES))?);
    for day in list(dir.join(SEGMENTS))?
        .into_iter()
        .filter(|path| is_segment_folder(path))
    {
        all.extend(list(day)?);
    }
    let temporary = dir.join(manifest::TEMPORARY);
    if list(dir.to_owned())?.contains(&temporary) {
        all.push(temporary);
    }
    Ok(all)
}

fn delete_orphans(
    storage: &dyn Storage,
    dir: &Path,
    manifest: &Manifest,
    is_new: bool,
) -> Result<Vec<PathBuf>, StoreError> {
    let named: BTreeSet<PathBuf> = manifest
        .names
        .iter()
        .chain(manifest.segments.iter().map(|entry| &entry.file))
        .map(|file| dir.join(file))
        .collect();
    let wal_dir = dir.join(WAL);
    let counts = |file: &Path| {
        let number = file
            .file_name()
            .and_then(|name| crate::wal::file_number(name.to_str()?));
        let is_log = file.parent() == Some(&wal_dir)
            && number.is_some_and(|number| number >= manifest.wal_first);
        named.contains(file) || (is_log && !is_new)
    };
    let mut orphans = files(storage, dir)?;
    orphans.retain(|file| is_ours(file) && !counts(file));
    for file in &orphans {
        storage
            .remove(file)
            .map_err(error::io(FileAction::Remove, file))?;
        if let Some(parent) = file.parent() {
            sync_dir(storage, parent)?;
        }
    }
    Ok(orphans)
}

/// Loads the files that the manifest lists; the names are still to be sorted.
fn load(
    storage: &dyn Storage,
    files: &Arc<FileCache>,
    dir: &Path,
    manifest: &Manifest,
) -> Result<(State, Vec<CreatedSeries>), StoreError> {
    let mut registry = Registry::new(manifest.fingerprint_key);
    let mut all = Vec::new();
    for file in &manifest.names {
        let path = dir.join(file);
        let bytes = storage
            .read(&path)
            .map_err(error::io(FileAction::Read, &path))?;
        let decoded = NameFile::decode(&bytes);
        let names = decoded.map_err(|undecoded| undecoded.into_error(&path, 0))?;
        // A series may have been dropped and its name created again; the new series counts.
        for series in names.dropped {
            registry.remove(series);
        }
        registry.reserve_capacity(names.created.len());
        for created in &names.created {
            registry.register(created.series, created.tenant, Arc::clone(&created.name));
        }
        if all.is_empty() {
            all = names.created;
        } else {
            all.extend(names.created);
        }
    }
    registry.reserve_numbers_below(manifest.next_series);
    let mut segments = Vec::with_capacity(manifest.segments.len());
    let mut days = ActivityIndex::default();
    let mut newly_active = Vec::new();
    let mut tombstones = manifest.tombstones.clone();
    // Dropped series have no names any more, and tombstones of them hide nothing that could be found.
    tombstones.retain_mut(|tombstone| match registry.tenant_of(&tombstone.series) {
        Some(tenant) => {
            tombstone.tenant = tenant;
            true
        }
        None => false,
    });
    tombstones.sort_by_key(|tombstone| tombstone.sequence);
    let tombstones = Tombstones::of_all(tombstones);
    let mut dropped = DroppedSeries::default();
    for entry in &manifest.segments {
        let path = dir.join(&entry.file);
        let mut on_block = |header: &Header, series: SeriesRef, day: Day| {
            let Some(entry) = registry.get(series) else {
                // Had it been dropped before the segment was written, the segment would not hold it.
                dropped.add(day, 1, manifest.sequence);
                return;
            };
            let mut hiding = hidden(tombstones.of_tenant(entry.tenant), series, header.purged);
            if !hiding.any(|range| covers(range, day)) {
                newly_active.push((day, series));
            }
            if newly_active.len() >= NEWLY_ACTIVE_MAX {
                days.set(NewlyActive::of(&newly_active));
                newly_active.clear();
            }
        };
        let segment = Segment::open_with(files, &path, &mut on_block)?;
        let (day, more_days) = (segment.day().0, segment.header().more_days);
        if (day, more_days) != (entry.day, entry.more_days) || segment.sequence() != entry.sequence
        {
            return Err(error::corrupt(
                &path,
                0,
                "not the segment that the manifest names",
            ));
        }
        segments.push(Arc::new(segment));
    }
    segments.sort_by_key(|segment| (segment.day(), segment.sequence()));
    days.set(NewlyActive::of(&newly_active));
    let version = Version {
        stored: Arc::new(TenantTallies::of(&segments)),
        segments: Arc::new(segments),
        tombstones,
        ..Version::default()
    };
    let state = State::new(registry, days, version, manifest.sequence, dropped);
    let owners = manifest.owners.iter().filter_map(TenantOwner::read);
    owners.for_each(|(tenant, owner)| state.owners.learn(tenant, owner));
    Ok((state, all))
}
