//! What goes over the wire, method by method and event by event, beside what the protocol says.

mod ai;
mod ai_events;
mod arguments;
mod by_hand;
mod calls;
mod checklist;
mod client;
mod clocks;
mod company;
mod devices;
mod endings;
mod events;
mod evidence;
mod handles;
mod input;
mod media;
mod names;
mod parity;
mod reading;
mod results;
mod session;
mod table;
mod wire;
mod wire_page;
