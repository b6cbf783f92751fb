//! Frames that were seen lately: one that is delivered again has the same id and the same text.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::value::RawValue;

use super::recent::Recent;

/// Frames by their ids and a hash of the text of their events.
#[derive(Debug)]
pub(super) struct SeenFrames(Recent<(Box<str>, u64)>);

impl SeenFrames {
    /// Remembers up to this number of frames.
    pub(super) fn new(limit: usize) -> Self {
        Self(Recent::new(limit))
    }

    /// Returns `true` if a frame was remembered.
    pub(super) fn contains(&self, id: &RawValue, text: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&key(id, text))
    }

    /// Remembers a frame.
    pub(super) fn insert(&mut self, id: &RawValue, text: &str) {
        self.0.insert(key(id, text));
    }

    /// Remembers a frame. Returns `true` if it was remembered already.
    pub(super) fn repeats(&mut self, id: &RawValue, text: &str) -> bool {
        let repeated = self.contains(id, text);
        if !repeated {
            self.insert(id, text);
        }
        repeated
    }
}

fn key(id: &RawValue, text: &str) -> (Box<str>, u64) {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    (id.get().into(), hasher.finish())
}
