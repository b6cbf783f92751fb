//! Scripted people doing things on calls.

use std::collections::VecDeque;
use std::time::Duration;

use super::SimulatedService;
use super::calls::{CallKey, Source};
use super::operation::Voice;
use super::timers::{Timer, TimerId};
use crate::methods::media;
use crate::{CallState, Cue, Report, Sound, Step};

/// How many unconsumed cues a person remembers; older ones are forgotten.
const MEMORY: usize = 32;
/// A person reacts to a cue between these, drawn from the seed.
const QUICKEST_REACTION: Duration = Duration::from_millis(200);
const SLOWEST_REACTION: Duration = Duration::from_millis(400);
/// How long a noise without words lasts.
const NOISE: Duration = Duration::from_secs(1);

/// The person on a call, in the middle of a script.
#[derive(Debug, Default)]
pub(crate) struct Person {
    script: VecDeque<Step>,
    noticed: VecDeque<Cue>,
    awaited: Option<Cue>,
    keys: VecDeque<char>,
    key_gap: Duration,
    sentence: Option<String>,
    sound: Option<Sound>,
    timer: Option<TimerId>,
}

impl Person {
    pub(super) fn new(script: Vec<Step>) -> Self {
        Self { script: script.into(), ..Self::default() }
    }

    /// What the person is saying at this moment.
    pub(crate) fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }

    /// The tone that the person, or rather the machine, makes at this moment.
    pub(crate) fn sound(&self) -> Option<Sound> {
        self.sound
    }

    pub(super) fn timer(&self) -> Option<TimerId> {
        self.timer
    }

    /// Looks for a remembered cue; it and everything before it are forgotten then.
    fn remembers(&mut self, cue: Cue) -> bool {
        let Some(place) = self.noticed.iter().position(|noticed| *noticed == cue) else { return false };
        self.noticed.drain(..=place);
        true
    }
}

impl SimulatedService {
    /// Lets the person on a call act after a while, in place of what was planned.
    pub(super) fn person_acts_after(&mut self, key: CallKey, time: Duration) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some(old) = call.person.timer.take() {
            self.timers.cancel(old);
        }
        let due = self.now.saturating_add(time);
        call.person.timer = Some(self.timers.set(due, Timer::PersonActs(key)));
    }

    /// Lets the person on a call notice something.
    pub(crate) fn cue(&mut self, key: CallKey, cue: Cue) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let person = &mut call.person;
        if person.awaited == Some(cue) {
            person.awaited = None;
            person.noticed.clear();
            let reaction = self.reaction();
            self.person_acts_after(key, reaction);
            return;
        }
        if person.noticed.len() == MEMORY {
            person.noticed.pop_front();
        }
        person.noticed.push_back(cue);
    }

    pub(super) fn person_acts(&mut self, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.person.timer = None;
        call.person.sound = None;
        if call.person.sentence.take().is_some() {
            self.tell_operations(key, |body, context| body.on_voice(context, &Voice::Stops));
        }
        if self.presses_next_key(key) {
            return;
        }
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some(cue) = call.person.awaited.take() {
            self.report(Report::WaitedInVain { call: key.id(), cue });
        }
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Some(step) = call.person.script.pop_front() else { return };
        match step {
            Step::Wait(time) => self.person_acts_after(key, time),
            Step::Await { cue, within } => {
                if call.person.remembers(cue) {
                    let reaction = self.reaction();
                    self.person_acts_after(key, reaction);
                } else {
                    call.person.awaited = Some(cue);
                    self.person_acts_after(key, within);
                }
            }
            Step::Press { digits, gap } => {
                call.person.keys = digits.chars().collect();
                call.person.key_gap = gap;
                self.person_acts_after(key, Duration::ZERO);
            }
            Step::Say(text) => self.person_says(key, text),
            Step::Sound(sound) => {
                call.person.sound = Some(sound);
                self.person_acts_after(key, sound.lasts());
                self.report(Report::Sounded { call: key.id(), sound });
                self.tell_operations(key, |body, context| body.on_voice(context, &Voice::Sounds(sound)));
            }
            Step::StaySilent => call.person.script.clear(),
            Step::HangUp => {
                let reason = if call.state >= CallState::Answered { "hangup" } else { "cancel" };
                self.report(Report::PersonHungUp { call: key.id() });
                self.end_call_by(key, reason, Source::Inbound);
            }
        }
    }

    fn presses_next_key(&mut self, key: CallKey) -> bool {
        let Some(call) = self.calls.get_mut(&key) else { return false };
        let Some(pressed) = call.person.keys.pop_front() else { return false };
        let more = !call.person.keys.is_empty();
        let gap = call.person.key_gap;
        self.key_pressed(key, pressed);
        let pause = if more { self.scenario.paced(gap) } else { Duration::ZERO };
        self.person_acts_after(key, pause);
        true
    }

    /// A key on the telephone of a call: what runs there hears it, and it may set off a binding.
    pub(super) fn key_pressed(&mut self, key: CallKey, pressed: char) {
        self.report(Report::KeyPressed { call: key.id(), key: pressed });
        self.tell_operations(key, |body, context| body.on_digit(context, pressed));
        self.trigger_bindings(key, pressed);
    }

    fn person_says(&mut self, key: CallKey, text: String) {
        let lasts =
            if text.is_empty() { self.scenario.paced(NOISE) } else { media::speech(&self.scenario, &text) };
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.person.sentence = Some(text.clone());
        self.person_acts_after(key, lasts);
        self.report(Report::Spoke { call: key.id(), text: text.clone() });
        let voice = Voice::Starts { text, lasts };
        self.tell_operations(key, |body, context| body.on_voice(context, &voice));
    }

    fn reaction(&mut self) -> Duration {
        let span = SLOWEST_REACTION.saturating_sub(QUICKEST_REACTION).as_secs_f64();
        self.scenario.paced(QUICKEST_REACTION + Duration::from_secs_f64(span * self.rng.f64()))
    }
}
