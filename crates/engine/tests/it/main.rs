//! Stories of the whole engine, through [`base::store::SampleStore`] alone.

// Under `cfg(test)` also for clippy, which forgives tests their unwraps.
#[cfg(test)]
mod concurrent;
#[cfg(test)]
mod copy;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod deletions;
#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod directories;
#[cfg(test)]
mod dropped_tenants;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fetching;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod group_commit;
#[cfg(test)]
mod held_expiry;
#[cfg(test)]
mod held_flush;
#[cfg(test)]
mod held_merge;
#[cfg(test)]
mod held_reader;
#[cfg(test)]
mod hooked;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod late;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod merge_order;
#[cfg(test)]
mod model;
#[cfg(test)]
mod panics;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod purges;
#[cfg(test)]
mod quota;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod removed_folder;
#[cfg(test)]
mod segment_syncs;
#[cfg(test)]
mod spill;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod support;
#[cfg(test)]
mod together;
#[cfg(test)]
mod upkeep;
#[cfg(test)]
mod values;
#[cfg(test)]
mod visibility;
