//! Scripted parties on calls.

use std::collections::VecDeque;
use std::time::Duration;

use super::SimulatedService;
use super::calls::{CallKey, Source};
use super::operation::Voice;
use super::timers::{Timer, TimerId};
use crate::methods::media;
use crate::{CallState, Cue, Report, Sound, Step};

/// Maximum number of unconsumed cues that a party remembers; the oldest are dropped first.
const MAX_REMEMBERED_CUES: usize = 32;
/// Bounds of the reaction time to a cue, which is drawn from the seed.
const MIN_REACTION_TIME: Duration = Duration::from_millis(200);
const MAX_REACTION_TIME: Duration = Duration::from_millis(400);
/// Duration of a noise without words.
const NOISE_DURATION: Duration = Duration::from_secs(1);

/// The party on a call, and the progress of its script.
#[derive(Debug, Default)]
pub(crate) struct Party {
    script: VecDeque<Step>,
    noticed: VecDeque<Cue>,
    awaited: Option<Cue>,
    keys: VecDeque<char>,
    key_gap: Duration,
    sentence: Option<String>,
    sound: Option<Sound>,
    timer: Option<TimerId>,
}

impl Party {
    pub(super) fn new(script: Vec<Step>) -> Self {
        Self { script: script.into(), ..Self::default() }
    }

    /// The sentence that the party is saying.
    pub(crate) fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }

    /// The tone that the party is making.
    pub(crate) fn sound(&self) -> Option<Sound> {
        self.sound
    }

    pub(super) fn timer(&self) -> Option<TimerId> {
        self.timer
    }

    /// Returns `true` if a cue was remembered, and consumes it together with all earlier ones.
    fn remembers(&mut self, cue: Cue) -> bool {
        let Some(index) = self.noticed.iter().position(|noticed| *noticed == cue) else { return false };
        self.noticed.drain(..=index);
        true
    }
}

impl SimulatedService {
    /// Schedules the next step of the party on a call, replacing an earlier schedule.
    pub(super) fn schedule_step(&mut self, key: CallKey, time: Duration) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some(old) = call.party.timer.take() {
            self.timers.cancel(old);
        }
        let due = self.now.saturating_add(time);
        call.party.timer = Some(self.timers.set(due, Timer::PartyStep(key)));
    }

    /// Gives the party on a call a cue.
    pub(crate) fn cue(&mut self, key: CallKey, cue: Cue) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let party = &mut call.party;
        if party.awaited == Some(cue) {
            party.awaited = None;
            party.noticed.clear();
            let reaction = self.reaction();
            self.schedule_step(key, reaction);
            return;
        }
        if party.noticed.len() == MAX_REMEMBERED_CUES {
            party.noticed.pop_front();
        }
        party.noticed.push_back(cue);
    }

    pub(super) fn run_step(&mut self, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.party.timer = None;
        call.party.sound = None;
        if call.party.sentence.take().is_some() {
            self.for_each_operation(key, |body, context| body.on_voice(context, &Voice::Stops));
        }
        if self.press_next_key(key) {
            return;
        }
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some(cue) = call.party.awaited.take() {
            self.report(Report::AwaitTimedOut { call: key.id(), cue });
        }
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Some(step) = call.party.script.pop_front() else { return };
        match step {
            Step::Wait(time) => self.schedule_step(key, time),
            Step::Await { cue, within } => {
                if call.party.remembers(cue) {
                    let reaction = self.reaction();
                    self.schedule_step(key, reaction);
                } else {
                    call.party.awaited = Some(cue);
                    self.schedule_step(key, within);
                }
            }
            Step::Press { digits, gap } => {
                call.party.keys = digits.chars().collect();
                call.party.key_gap = gap;
                self.schedule_step(key, Duration::ZERO);
            }
            Step::Say(text) => self.say(key, text),
            Step::Sound(sound) => {
                call.party.sound = Some(sound);
                self.schedule_step(key, sound.lasts());
                self.report(Report::Sounded { call: key.id(), sound });
                self.for_each_operation(key, |body, context| body.on_voice(context, &Voice::Sounds(sound)));
            }
            Step::StaySilent => call.party.script.clear(),
            Step::HangUp => {
                let reason = if call.state >= CallState::Answered { "hangup" } else { "cancel" };
                self.report(Report::PartyHungUp { call: key.id() });
                self.end_call_by(key, reason, Source::Inbound);
            }
        }
    }

    fn press_next_key(&mut self, key: CallKey) -> bool {
        let Some(call) = self.calls.get_mut(&key) else { return false };
        let Some(pressed) = call.party.keys.pop_front() else { return false };
        let more = !call.party.keys.is_empty();
        let gap = call.party.key_gap;
        self.press_key(key, pressed);
        let pause = if more { self.scenario.paced(gap) } else { Duration::ZERO };
        self.schedule_step(key, pause);
        true
    }

    /// Passes a pressed key to the operations and the digit bindings of a call.
    pub(super) fn press_key(&mut self, key: CallKey, pressed: char) {
        self.report(Report::KeyPressed { call: key.id(), key: pressed });
        self.for_each_operation(key, |body, context| body.on_digit(context, pressed));
        self.trigger_bindings(key, pressed);
    }

    fn say(&mut self, key: CallKey, text: String) {
        let lasts = if text.is_empty() {
            self.scenario.paced(NOISE_DURATION)
        } else {
            media::speech(&self.scenario, &text)
        };
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.party.sentence = Some(text.clone());
        self.schedule_step(key, lasts);
        self.report(Report::Spoke { call: key.id(), text: text.clone() });
        let voice = Voice::Starts { text, lasts };
        self.for_each_operation(key, |body, context| body.on_voice(context, &voice));
    }

    fn reaction(&mut self) -> Duration {
        let span = MAX_REACTION_TIME.saturating_sub(MIN_REACTION_TIME).as_secs_f64();
        self.scenario.paced(MIN_REACTION_TIME + Duration::from_secs_f64(span * self.rng.f64()))
    }
}
