//! SignalWire RELAY protocol core.
