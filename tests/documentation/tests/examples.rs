//! Each example in the documentation, on a call with a person who talks, against a service that refuses whatever the
//! newer specification does not know, and against one that behaves as the SDKs expect.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use signalwire_relay_core::{Call, Client, Error, secs};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Message, Phone, Reading, Scenario, Step, Violation};

type Running = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// The output of an example.
trait Outcome {
    fn text(self) -> Result<(), String>;
}

impl Outcome for () {
    fn text(self) -> Result<(), String> {
        Ok(())
    }
}

impl<T> Outcome for Result<T, Error> {
    fn text(self) -> Result<(), String> {
        self.map(drop).map_err(|error| error.to_string())
    }
}

fn outcome(of: impl Outcome) -> Result<(), String> {
    of.text()
}

#[expect(clippy::allow_attributes, reason = "which of these an example needs is its own matter")]
#[allow(clippy::all, clippy::pedantic, unused, unreachable_pub, reason = "examples show one thing at a time")]
mod examples {
    use super::{Running, outcome};

    include!(concat!(env!("OUT_DIR"), "/examples.rs"));
}

/// The time limit of an example. Some wait for what never comes here.
const LONG: Duration = Duration::from_mins(5);

/// The requests in the documentation that only older services know, with the text of the refusal. Their documentation says
/// so.
const OLDER: [(&str, &str); 6] = [
    ("calling.hold", "Method 'calling.hold' not found"),
    ("calling.unhold", "Method 'calling.unhold' not found"),
    ("calling.begin", "Method 'calling.begin' not found"),
    ("calling.call", "Method 'calling.call' not found"),
    ("calling.receive", "Method 'calling.receive' not found"),
    ("signalwire.execute", "Method 'signalwire.execute' not found"),
];

fn scenario(reading: Reading) -> Scenario {
    let talks = [
        Step::wait(5.0),
        Step::say("I need some help"),
        Step::wait(10.0),
        Step::press("1234#"),
        Step::StaySilent,
    ];
    let caller = || Caller::new("+15551110000", "+15552220000").script(talks.clone());
    Scenario::new()
        .reading(reading)
        .strict(reading == Reading::Specification)
        .caller(caller())
        .caller(caller().context("office").at(secs(20)))
        .message(Message::new("+15551110001", "+15552220000", "Is anybody there?").at(secs(20)))
        .phone(Phone::any().answers_after(secs(1)).script([
            Step::say("Hello?"),
            Step::wait(20.0),
            Step::HangUp,
        ]))
}

/// Runs an example. Returns the objections of the service and the outcome.
fn run(
    reading: Reading,
    example: impl FnOnce(Client, Option<Call>) -> Running,
    on_a_call: bool,
) -> (Vec<Violation>, Option<Result<(), String>>) {
    let mut world = World::new(scenario(reading), 1);
    let client = world.client(World::config());
    let call = world.block_on(async {
        client.ready().await.expect("connected");
        if !on_a_call {
            return None;
        }
        let call = client.incoming_calls().next().await.expect("a call");
        call.answer().await.expect("accepted");
        call.wait_for_answered().await.expect("answered");
        Some(call)
    });
    let ended = world.run_within(LONG, example(client.clone(), call));
    let (board, _) = world.service();
    (board.violations().to_vec(), ended.ok())
}

fn of_older_services(violation: &Violation) -> Option<usize> {
    let Violation::BadRequest { method, message, .. } = violation else { return None };
    OLDER.iter().position(|older| *older == (method, message))
}

/// Runs all examples in one reading. Gives those of [`OLDER`] that were objected to.
fn run_all(reading: Reading) -> Vec<usize> {
    let mut older = Vec::new();
    let mut wrong = Vec::new();
    let mut note = |place: &str, (violations, ended): (Vec<Violation>, Option<Result<(), String>>)| {
        for violation in violations {
            match of_older_services(&violation) {
                Some(index) if reading == Reading::Specification => older.push(index),
                _ => wrong.push(format!("{place}: {violation}")),
            }
        }
        if let Some(Err(error)) = ended
            && error.contains("invalid")
        {
            wrong.push(format!("{place}: {error}"));
        }
    };
    for (place, example) in examples::OF_CALLS {
        note(place, run(reading, |_, call| example(call.expect("there is one")), true));
    }
    for (place, example) in examples::OF_CLIENTS {
        note(place, run(reading, |client, _| example(client), false));
    }
    assert!(wrong.is_empty(), "{reading:?}: {wrong:#?}");
    older
}

#[test]
fn the_documentation_shows_nothing_that_a_strict_service_refuses_but_what_it_says_so_of() {
    let (calls, clients) = (examples::OF_CALLS.len(), examples::OF_CLIENTS.len());
    assert!(calls > 70 && clients > 15, "{calls} examples of calls, {clients} of clients");
    let seen = run_all(Reading::Specification);
    let stale: Vec<_> =
        (0..OLDER.len()).filter(|index| !seen.contains(index)).map(|index| OLDER[index]).collect();
    assert!(stale.is_empty(), "no example asks for these: {stale:?}");
}

#[test]
fn the_documentation_shows_nothing_that_an_older_service_objects_to() {
    run_all(Reading::Sdks);
}
