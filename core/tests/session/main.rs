//! The session, driven by hand on a clock that only moves when a test says so.

mod actions;
mod calls;
mod connection;
mod dialing;
mod input;
mod requests;
mod rig;
