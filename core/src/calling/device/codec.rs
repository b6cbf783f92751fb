//! Codecs of audio and video.

use crate::enums::open_enum;

open_enum! {
    /// An audio or video codec. Which ones are possible depends on the device.
    pub enum Codec {
        /// G.711 µ-law.
        Pcmu = "PCMU",
        /// G.711 A-law.
        Pcma = "PCMA",
        /// Opus.
        Opus = "OPUS",
        /// G.729.
        G729 = "G729",
        /// G.722.
        G722 = "G722",
        /// Linear PCM, for streams.
        L16 = "L16",
        /// VP8 video.
        Vp8 = "VP8",
        /// H.264 video.
        H264 = "H264",
        /// AMR-WB.
        AmrWb = "AMR-WB",
    }
}

impl Codec {
    /// What calls can use.
    pub(crate) const OF_CALLS: [Self; 8] =
        [Self::Pcmu, Self::Pcma, Self::Opus, Self::G729, Self::G722, Self::AmrWb, Self::Vp8, Self::H264];
}
