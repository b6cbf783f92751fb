//! What goes over the wire, method by method and event by event, beside what the protocol says.

mod by_hand;
mod checklist;
mod devices;
mod events;
mod evidence;
mod handles;
mod methods;
mod names;
mod parity;
mod results;
mod session;
mod table;
mod wire;
mod wire_page;
