//! The SignalWire RELAY client for ordinary threads: **not written yet**.
//!
//! This crate holds the name and is empty on purpose: it has no public items, so nothing can be built on it
//! by mistake. The client for tokio, `signalwire-relay-tokio`, works; the protocol itself lives in
//! `signalwire-relay-core`, which does no I/O and can be driven from a thread today by hand, as its
//! documentation shows.
