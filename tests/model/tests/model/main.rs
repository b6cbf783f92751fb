//! Random histories of sessions and of applications.
//!
//! `RELAY_MODEL_CASES` is the number of histories (default 400), `RELAY_MODEL_SEED` selects them; each run prints its own.
//! A history with a finding is shortened as far as possible and printed step by step.

mod application;
mod environment;
mod runner;
mod session;
