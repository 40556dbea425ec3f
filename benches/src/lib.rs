//! Nothing: the benchmarks are under `benches`. `cargo bench -p benches --bench NAME` runs one.
