//! The parties on the phone.

use signalwire_relay_core::secs;
use signalwire_relay_simulator::{Caller, Cue, Delivery, Message, Phone, Scenario, Step};

/// The prefix of the call centre's numbers. The last digit selects what the application does with a call.
pub(crate) const OURS: &str = "+1555222000";
pub(crate) const ANSWERS: &str = "+15553330001";
pub(crate) const ANSWERS_TOO: &str = "+15553330002";
pub(crate) const BUSY: &str = "+15553330003";
pub(crate) const SILENT: &str = "+15553330004";
pub(crate) const DECLINES: &str = "+15553330005";
pub(crate) const MACHINE: &str = "+15553330006";
/// The text of a message that has the call centre dial. The number behind it selects the way.
pub(crate) const DIAL: &str = "dial ";
/// The number of ways to dial.
pub(crate) const WAYS_TO_DIAL: u8 = 6;

/// Returns a scenario with the phones that can be dialled. Every party hangs up in the end.
pub(crate) fn scenario() -> Scenario {
    let greeting = "You have reached a machine. Please leave a message.";
    Scenario::new()
        .phone(Phone::new(ANSWERS).answers_after(secs(3)).script([
            Step::wait(1.0),
            Step::say("Hello?"),
            Step::wait(12.0),
            Step::HangUp,
        ]))
        .phone(
            Phone::new(ANSWERS_TOO)
                .answers_after(secs(4))
                .script([Step::say("Yes?"), Step::wait(4.0), Step::HangUp])
                .messages(Delivery::Undelivered("carrier_blocked".to_owned())),
        )
        .phone(Phone::new(BUSY).busy())
        .phone(Phone::new(SILENT).no_answer())
        .phone(Phone::new(DECLINES).declines_after(secs(2)).messages(Delivery::Failed("spam".to_owned())))
        .phone(Phone::new(MACHINE).voicemail_after(secs(5)).script([
            Step::say(greeting),
            Step::Sound(signalwire_relay_simulator::Sound::Beep),
            Step::wait(15.0),
            Step::HangUp,
        ]))
}

/// Draws a caller, who may hang up at any time.
pub(crate) fn caller(random: &mut fastrand::Rng) -> Caller {
    let from = [ANSWERS, ANSWERS_TOO, DECLINES][random.usize(..3)];
    let to = format!("{OURS}{}", random.u8(..10));
    let key = random.u8(0..6).to_string();
    let linger = Step::wait(5.0 + 35.0 * random.f64());
    let script = match random.u8(..4) {
        // Hangs up at a random time.
        0 => vec![Step::wait(30.0 * random.f64()), Step::HangUp],
        1 => vec![Step::on(Cue::PromptStarted), Step::press(key), linger, Step::HangUp],
        2 => vec![Step::on(Cue::Collecting), Step::press("1234#"), linger, Step::HangUp],
        _ => vec![Step::on(Cue::Playing), Step::say("I have a question."), linger, Step::HangUp],
    };
    Caller::new(from, to).patience(secs(25)).script(script)
}

/// Draws a message, which may ask the call centre to dial.
pub(crate) fn message(random: &mut fastrand::Rng) -> Message {
    let from = [ANSWERS, ANSWERS_TOO, DECLINES][random.usize(..3)];
    let body = if random.bool() {
        format!("{DIAL}{}", random.u8(..WAYS_TO_DIAL))
    } else {
        "When do you open?".to_owned()
    };
    Message::new(from, format!("{OURS}0"), body)
}
