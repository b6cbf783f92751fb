//! A simulated SignalWire RELAY service.
