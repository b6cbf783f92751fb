//! What goes over the wire, method by method and event by event, beside what the protocol says.

mod checklist;
mod events;
mod handles;
mod methods;
mod names;
mod parity;
mod wire;
