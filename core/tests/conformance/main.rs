//! What goes over the wire, method by method and event by event, beside what the protocol says.

mod events;
mod methods;
mod parity;
mod wire;
