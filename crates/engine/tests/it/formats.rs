//! Folders of older formats. Version 1, of which nobody had any, is refused; from version 2 on they are read for ever.
//!
//! A fixture under `tests/fixtures` is written by [`write_story`] once, and never again after its format was released: a change
//! of format gets a folder of its own beside it. That of version 2 was written anew before that, when labels got a form of their
//! own. `v2-dropped-tenant` is the log file that follows those of `v2` once [`drop_other_tenant`] was called: the record that drops a
//! tenant is younger than that folder.

use crate::support::{DAY, MINUTE, NOON, delete, find, range, read, scope, send};
use base::context::Context;
use base::store::SampleStore;
use base::time::{ManualClock, Millis};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn open(dir: &Path) -> Engine {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    Engine::open(EngineConfig::new(dir), clock, Arc::new(Disk))
        .unwrap()
        .0
}

/// Every kind of record, segment and code: created series, samples, both deletions, a dropped tenant, marks; steps, constants,
/// decimals, exceptions, raw.
fn write_story(engine: &Engine) {
    for at in 0..70_i64 {
        let instant = NOON - at * MINUTE;
        let third = (at as f64 + 1.0).sqrt() / 3e5;
        let exception = if at == 3 { -0.0 } else { at as f64 / 100.0 };
        send(
            engine,
            1,
            &[
                ("regular.step", instant, 1.0),
                ("regular.decimal", instant + (at * 37) % 1000, exception),
                ("regular.double", instant - DAY, third),
            ],
        );
    }
    send(engine, 2, &[("other.tenant;host=é", NOON, 2.5)]);
    send(engine, 3, &[("dropped.tenant", NOON, 3.5)]);
    // More days than get segments of their own.
    for day in 2..20 {
        send(engine, 1, &[("far.back", NOON - day * DAY, day as f64)]);
    }
    delete(
        engine,
        1,
        "regular.step",
        Some(range(NOON - 9 * MINUTE, NOON - 2 * MINUTE)),
    );
    engine.flush().unwrap();
    send(
        engine,
        1,
        &[
            ("in.log", NOON + 1, 7.0),
            ("gone", NOON, 1.0),
            ("regular.step", NOON, 5.0),
        ],
    );
    delete(engine, 1, "gone", None);
    delete(
        engine,
        1,
        "regular.double",
        Some(range(NOON - DAY - 2 * MINUTE, NOON)),
    );
    engine
        .drop_tenant(&scope(3), &Context::unlimited())
        .unwrap();
}

/// What goes on with the folder of the story: the second tenant is dropped, and then sends something new.
fn drop_other_tenant(engine: &Engine) {
    let dropped = engine.drop_tenant(&scope(2), &Context::unlimited());
    assert_eq!(dropped.unwrap(), 1);
    send(engine, 2, &[("after.drop", NOON + 2, 4.0)]);
}

fn check_story(engine: &Engine) {
    check_first_tenant(engine);
    assert_eq!(read(engine, 2, "other.tenant;host=é"), [(NOON, 2.5)]);
    assert_eq!(find(engine, 3, "**"), [""; 0]);
}

fn check_other_tenant_dropped(engine: &Engine) {
    check_first_tenant(engine);
    assert_eq!(find(engine, 2, "*"), ["after branch"]);
    assert_eq!(read(engine, 2, "after.drop"), [(NOON + 2, 4.0)]);
    assert_eq!(read(engine, 2, "other.tenant;host=é"), []);
}

fn check_first_tenant(engine: &Engine) {
    let all = ["far branch", "in branch", "regular branch"];
    assert_eq!(find(engine, 1, "*"), all);
    let far = read(engine, 1, "far.back");
    assert_eq!(
        (far.len(), far.first()),
        (18, Some(&(NOON - 19 * DAY, 19.0)))
    );
    assert_eq!(read(engine, 1, "in.log"), [(NOON + 1, 7.0)]);
    let step = read(engine, 1, "regular.step");
    assert_eq!((step.len(), step.last()), (62, Some(&(NOON, 5.0))));
    let decimal = read(engine, 1, "regular.decimal");
    assert_eq!(decimal.len(), 70);
    assert!(
        decimal
            .iter()
            .any(|(_, value)| value.to_bits() == (-0.0_f64).to_bits())
    );
    assert!(
        decimal
            .iter()
            .any(|(_, value)| value.to_bits() == 0.69_f64.to_bits())
    );
    let double = read(engine, 1, "regular.double");
    assert_eq!(double.len(), 67);
    assert_eq!(
        double.first().map(|(_, value)| value.to_bits()),
        Some((70_f64.sqrt() / 3e5).to_bits())
    );
}

fn fixture(name: &str) -> PathBuf {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below `dir`, with what it holds.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

#[test]
fn a_folder_of_version_1_is_refused_with_what_to_do_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    copy(&fixture("v1"), &dir);
    let before = contents(&dir);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let refused = Engine::open(EngineConfig::new(&dir), clock, Arc::new(Disk)).unwrap_err();
    let message = format!("{refused}: {}", refused.source().unwrap());
    assert!(
        message.contains("manifest.json") && message.contains("format version 1"),
        "{message}"
    );
    assert!(
        message.contains("`vigie metrics get --format csv`"),
        "{message}"
    );
    let asked = engine::check_format(&dir).unwrap_err();
    assert_eq!(format!("{asked}: {}", asked.source().unwrap()), message);
    assert_eq!(contents(&dir), before);
}

/// It was acknowledged, by a build before a downgrade: no torn write, though it is the last of the log.
#[test]
fn a_log_record_of_a_newer_build_is_refused_with_what_to_do_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    let engine = open(&dir);
    send(&engine, 1, &[("a", NOON, 1.0)]);
    drop(engine);
    let is_log = |path: &&PathBuf| path.extension().is_some_and(|found| found == "wal");
    let log = contents(&dir).keys().rfind(is_log).unwrap().clone();
    let mut bytes = fs::read(&log).unwrap();
    let payload = b"what is new";
    let mut record = u32::try_from(payload.len()).unwrap().to_le_bytes().to_vec();
    record.extend([99_u8, 0, 0, 0]);
    record.extend(3_u64.to_le_bytes());
    record.extend(crc32fast::hash(payload).to_le_bytes());
    record.extend(crc32fast::hash(&record).to_le_bytes());
    record.extend(payload);
    bytes.extend(record);
    fs::write(&log, bytes).unwrap();
    let before = contents(&dir);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let refused = Engine::open(EngineConfig::new(&dir), clock, Arc::new(Disk)).unwrap_err();
    let message = format!("{refused}: {}", refused.source().unwrap());
    assert!(
        message.contains(".wal") && message.contains("newer build: start that one"),
        "{message}"
    );
    assert_eq!(contents(&dir), before);
}

/// Makes a name file of one series one of a newer build: of a kind of samples that this one does not know.
fn change_names(bytes: &mut [u8]) {
    // Behind the magic (8), and the count, the tenant and the number, each of one byte.
    bytes[11] = 9;
    let end = bytes.len() - 4;
    let sum = crc32fast::hash(&bytes[..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&sum);
}

/// The same of a segment of one block: the byte `at` of that block is one that this build does not know.
fn change_block(bytes: &mut [u8], at: usize) {
    let footer = bytes.len() - 88;
    let begin = u64::from_le_bytes(bytes[footer..footer + 8].try_into().unwrap());
    let begin = usize::try_from(begin).unwrap();
    bytes[begin + at] = 0x7f;
    let sum = crc32fast::hash(&bytes[begin..begin + 36]).to_le_bytes();
    bytes[footer + 24..footer + 28].copy_from_slice(&sum);
    let sum = crc32fast::hash(&bytes[footer..footer + 76]).to_le_bytes();
    bytes[footer + 76..footer + 80].copy_from_slice(&sum);
}

/// They were called damaged, and a backup would have been looked for.
#[test]
fn names_and_segments_of_a_newer_build_are_refused_with_what_to_do_and_left_as_they_are() {
    type Change = fn(&mut [u8]);
    let changes: [(&str, Change); 5] = [
        ("names", change_names),
        // The codes of both columns, the kind of samples, and what is not used.
        ("seg", |bytes| change_block(bytes, 6)),
        ("seg", |bytes| change_block(bytes, 7)),
        ("seg", |bytes| change_block(bytes, 27)),
        ("seg", |bytes| change_block(bytes, 30)),
    ];
    for (position, (kind, change)) in changes.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("samples");
        let engine = open(&dir);
        send(&engine, 1, &[("a", NOON, 1.0)]);
        engine.flush().unwrap();
        drop(engine);
        let is_changed = |path: &&PathBuf| path.extension().is_some_and(|found| found == kind);
        let file = contents(&dir).keys().find(is_changed).unwrap().clone();
        let mut bytes = fs::read(&file).unwrap();
        change(&mut bytes);
        fs::write(&file, bytes).unwrap();
        // What the manifest does not name would go at a start.
        fs::write(dir.join("names/0000000099.names"), "").unwrap();
        let before = contents(&dir);
        let clock = Arc::new(ManualClock::at(Millis(NOON)));
        let refused = Engine::open(EngineConfig::new(&dir), clock, Arc::new(Disk)).unwrap_err();
        let message = match refused.source() {
            Some(source) => format!("{refused}: {source}"),
            None => refused.to_string(),
        };
        let named = file.display().to_string();
        assert!(
            message.contains(&named) && message.contains("newer build: start that one"),
            "{position}: {message}"
        );
        assert_eq!(contents(&dir), before, "{position}");
    }
}

/// A newer build that is started again finds what it wrote.
#[test]
fn fields_of_a_newer_manifest_outlive_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    let engine = open(&dir);
    send(&engine, 1, &[("a", NOON, 1.0)]);
    engine.flush().unwrap();
    drop(engine);
    let file = dir.join("manifest.json");
    let text = fs::read_to_string(&file).unwrap();
    let (_, manifest) = text.trim_end().split_once("\"manifest\":").unwrap();
    let manifest = manifest.strip_suffix('}').unwrap();
    let (of_all, of_segment) = (
        "\"later\":{\"more\":[1,\"a\"]}",
        "\"codec\":18446744073709551615",
    );
    let newer = manifest.replacen('{', &format!("{{{of_all},"), 1).replacen(
        "\"segments\":[{",
        &format!("\"segments\":[{{{of_segment},"),
        1,
    );
    let sum = crc32fast::hash(newer.as_bytes());
    fs::write(&file, format!("{{\"crc32\":{sum},\"manifest\":{newer}}}\n")).unwrap();
    let engine = open(&dir);
    send(&engine, 1, &[("a", NOON + 1, 2.0)]);
    engine.flush().unwrap();
    let after = fs::read_to_string(&file).unwrap();
    assert_ne!(after, text);
    for field in [of_all, of_segment] {
        assert_eq!(after.matches(field).count(), 1, "{field}: {after}");
    }
    assert_eq!(read(&engine, 1, "a"), [(NOON, 1.0), (NOON + 1, 2.0)]);
}

#[test]
fn asking_for_the_version_makes_nothing_and_leaves_damage_to_the_opening() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    engine::check_format(&dir).unwrap();
    assert!(!dir.exists());
    drop(open(&dir));
    engine::check_format(&dir).unwrap();
    fs::write(dir.join("manifest.json"), "{").unwrap();
    let before = contents(&dir);
    engine::check_format(&dir).unwrap();
    assert_eq!(contents(&dir), before);
}

#[test]
fn the_fixture_of_version_2_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    copy(&fixture("v2"), &dir);
    let engine = open(&dir);
    check_story(&engine);
    engine.flush().unwrap();
    check_story(&engine);
    engine.compact().unwrap();
    check_story(&engine);
}

#[test]
fn the_fixture_with_a_dropped_tenant_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    copy(&fixture("v2"), &dir);
    copy(&fixture("v2-dropped-tenant"), &dir);
    let engine = open(&dir);
    check_other_tenant_dropped(&engine);
    engine.flush().unwrap();
    check_other_tenant_dropped(&engine);
    engine.compact().unwrap();
    check_other_tenant_dropped(&engine);
    drop(engine);
    check_other_tenant_dropped(&open(&dir));
}

#[test]
fn what_follows_the_story_is_what_the_fixture_of_it_tells() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    copy(&fixture("v2"), &dir);
    // Whatever commits by itself adds a mark.
    let config = EngineConfig {
        commit_interval_ms: 3_600_000,
        ..EngineConfig::new(&dir)
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = Engine::open(config, clock, Arc::new(Disk)).unwrap().0;
    drop_other_tenant(&engine);
    check_other_tenant_dropped(&engine);
    drop(engine);
    let log = Path::new("wal/0000000003.wal");
    let written = fs::read(dir.join(log)).unwrap();
    let stored = fs::read(fixture("v2-dropped-tenant").join(log)).unwrap();
    assert_eq!(written, stored);
}

#[test]
fn the_story_is_what_the_fixture_tells() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    let engine = open(&dir);
    write_story(&engine);
    check_story(&engine);
    drop(engine);
    check_story(&open(&dir));
    // Set to a folder that does not exist yet, this makes the fixture of a new format version.
    if let Some(target) = option_env!("ENGINE_FIXTURE_DIR") {
        let engine = folder.path().join("again");
        write_story(&open(&engine));
        copy(&engine, Path::new(target));
    }
}
