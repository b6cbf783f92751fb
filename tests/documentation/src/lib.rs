//! Runs the examples in the documentation against the simulated service: see `tests/examples.rs`.
