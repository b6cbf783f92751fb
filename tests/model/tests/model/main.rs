//! Random histories against what must always be true.
//!
//! `RELAY_MODEL_CASES` says how many are played (default 400), `RELAY_MODEL_SEED` which: each run prints its own. A
//! history in which something goes wrong is shortened as far as possible and printed as a sequence of steps.

mod application;
mod incidents;
mod runner;
mod session;
