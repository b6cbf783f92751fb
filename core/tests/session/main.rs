//! The session, driven by hand on a clock that only moves when a test says so.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

mod actions;
mod calls;
mod client_state;
mod closing;
mod connection;
mod contexts;
mod credentials;
mod dialing;
mod draining;
mod driver;
mod faults;
mod fixture;
mod handlers;
mod hang_ups;
mod input;
mod messages;
mod offers;
mod reach;
mod refusals;
mod requests;
mod secrets;
mod shuffled;
mod tasks;
