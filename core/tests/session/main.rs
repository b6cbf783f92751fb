//! The session, driven by hand on a clock that only moves when a test says so.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

mod actions;
mod calls;
mod closing;
mod connection;
mod dialing;
mod driver;
mod faults;
mod input;
mod messages;
mod pump;
mod refusals;
mod requests;
mod rig;
mod secrets;
mod shuffled;
mod tasks;
