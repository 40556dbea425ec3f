//! Nothing: the benchmarks are under `benches`. `cargo bench -p benches` runs them.
