//! A party that answers and then does nothing: every wait ends, or the documentation of its method says what bounds it.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use futures_lite::future;
use signalwire_relay_core::calling::Operation;
use signalwire_relay_core::{
    Action, Call, Client, Collect, Error, LiveAction, LiveDirection, LiveTranscribeLogEvent, RoomEvent,
    RoomStatus, phone, refer_to, secs, ws,
};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Phone, Reading, Scenario, Step};

/// The time after which a wait counts as one that the silent person never ends.
const LONG: Duration = Duration::from_mins(20);
const OURS: &str = "+15552220000";
const NOBODY: &str = "+15551000001";
const SOMEBODY: &str = "+15551000002";

/// The bound of the wait for an operation.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// The operation ends by itself within this many seconds.
    Ends(u64),
    /// The operation ends when it is stopped, or with the call.
    Call,
}
use Bound::{Call as WithTheCall, Ends};

type BoxedWait = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

struct Row {
    /// The operation's type; in brackets, something else that is waited for.
    operation: &'static str,
    /// The method whose documentation says what ends it.
    documented: &'static str,
    /// The bounds by the newer specification, and by the SDKs.
    bounds: [Bound; 2],
    wait: fn(Client, Call) -> BoxedWait,
}

/// Waits for an action, for as long as a party may be silent.
async fn over<M: Operation>(action: Action<M>) -> Result<(), Error> {
    action.wait().timeout(LONG).await.map(drop)
}

macro_rules! row {
    ($operation:literal, $documented:literal, [$newer:expr, $older:expr], |$client:ident, $call:ident| $wait:expr) => {
        Row {
            operation: $operation,
            documented: $documented,
            bounds: [$newer, $older],
            wait: |$client, $call| {
                Box::pin(async move {
                    let _ = (&$client, &$call);
                    $wait.await
                })
            },
        }
    };
}

/// Operations of AI sidecars.
fn sidecars() -> Vec<Row> {
    vec![
        row!("AiSidecar", "ai_sidecar", [WithTheCall, WithTheCall], |_client, call| {
            over(call.ai_sidecar("en-US").await?)
        }),
        row!("[AiSidecar for one summary]", "ai_sidecar", [Ends(1), Ends(1)], |_client, call| {
            over(call.ai_sidecar("en-US").action(LiveAction::summarize()).await?)
        }),
        row!("[Question to a sidecar]", "ai_sidecar", [Ends(1), Ends(1)], |_client, call| async move {
            let asked = call.ai_sidecar("en-US").await?.ask("Is the caller silent?").await?;
            asked.answer().timeout(LONG).await.map(drop)
        }),
    ]
}

/// Every operation that there is, as an application would use it that gives nothing but what it has to.
fn rows() -> Vec<Row> {
    let mut rows = sidecars();
    rows.extend([
        row!("Play", "play", [Ends(10), Ends(10)], |_client, call| over(call.play_tts("Hello?").await?)),
        row!("Record", "record", [WithTheCall, Ends(10)], |_client, call| over(call.record().await?)),
        row!("[Record with silence]", "record", [Ends(10), Ends(10)], |_client, call| {
            let record = call.record().initial_timeout(secs(5)).end_silence_timeout(secs(1));
            over(record.await?)
        }),
        row!("StandaloneCollect", "collect", [Ends(5), Ends(5)], |_client, call| {
            over(call.collect(Collect::digits(1)).await?)
        }),
        row!("[StandaloneCollect of speech]", "collect", [Ends(5), Ends(5)], |_client, call| {
            over(call.collect(Collect::speech().continuous(true)).await?)
        }),
        row!("PlayAndCollect", "play_and_collect", [Ends(15), Ends(15)], |_client, call| {
            over(call.prompt_tts("One key, please.", Collect::digits(1)).await?)
        }),
        row!("Connect", "connect", [Ends(35), Ends(35)], |_client, call| {
            over(call.connect(phone(NOBODY).from(OURS)).await?)
        }),
        row!("[Connect to somebody]", "connect", [WithTheCall, WithTheCall], |_client, call| {
            over(call.connect(phone(SOMEBODY).from(OURS)).await?)
        }),
        row!("[Connect with a limit]", "connect", [Ends(70), Ends(70)], |_client, call| {
            over(call.connect(phone(SOMEBODY).from(OURS)).max_duration(secs(60)).await?)
        }),
        row!("SendDigits", "send_digits", [Ends(5), Ends(5)], |_client, call| over(
            call.send_digits("1w2").await?
        )),
        row!("Detect", "detect", [Ends(31), Ends(31)], |_client, call| over(call.detect_digit(None).await?)),
        row!("[Detect machines]", "detect", [Ends(31), Ends(31)], |_client, call| {
            over(call.detect_answering_machine().await?)
        }),
        row!("[Detect machines that are ready]", "detect", [Ends(31), Ends(31)], |_client, call| {
            async move {
                let detect = call.detect_answering_machine().await?;
                detect.ready().timeout(LONG).await.map(drop)
            }
        }),
        row!("[Detect faxes]", "detect", [Ends(31), Ends(31)], |_client, call| over(
            call.detect_fax(None).await?
        )),
        row!("SendFax", "send_fax", [Ends(120), Ends(120)], |_client, call| {
            over(call.send_fax("https://example.com/page.pdf").await?)
        }),
        row!("ReceiveFax", "receive_fax", [Ends(120), Ends(120)], |_client, call| over(
            call.receive_fax().await?
        )),
        row!("Tap", "tap", [WithTheCall, WithTheCall], |_client, call| {
            over(call.tap("both", ws("wss://example.com/tap")).await?)
        }),
        row!("Stream", "stream", [WithTheCall, WithTheCall], |_client, call| {
            over(call.stream("wss://example.com/stream").await?)
        }),
        row!("Transcribe", "transcribe", [WithTheCall, WithTheCall], |_client, call| over(
            call.transcribe().await?
        )),
        row!("Ai", "ai", [WithTheCall, WithTheCall], |_client, call| {
            over(call.ai().prompt_text("You give tours.").await?)
        }),
        row!("EnterQueue", "queue_enter", [Ends(181), WithTheCall], |_client, call| {
            over(call.queue_enter("support").await?)
        }),
        row!("Pay", "pay", [Ends(60), Ends(60)], |_client, call| over(
            call.pay("https://example.com/pay").await?
        )),
        row!("Refer", "refer", [Ends(60), Ends(60)], |_client, call| {
            over(call.refer(refer_to("sip:desk@example.com")).await?)
        }),
        row!("Echo", "echo", [Ends(61), WithTheCall], |_client, call| over(call.echo().await?)),
        row!("[Dial]", "dial", [Ends(121), Ends(121)], |client, _call| async move {
            match client.dial(phone(NOBODY).from(OURS)).await {
                Err(Error::DialFailed(_)) => Ok(()),
                other => other.map(drop),
            }
        }),
        row!("[SendMessage]", "send_message", [Ends(60), Ends(60)], |client, _call| async move {
            let message = client.send_message(SOMEBODY, OURS).body("Hello?").await?;
            message.wait().timeout(LONG).await.map(drop)
        }),
        row!("[Room]", "join_room", [WithTheCall, WithTheCall], |_client, call| async move {
            let left = call.wait_for(|room: &RoomEvent| room.join_status == RoomStatus::Leave);
            call.join_room("lobby").await?;
            left.timeout(LONG).await.map(drop)
        }),
        row!("[LiveTranscribe]", "live_transcribe", [WithTheCall, WithTheCall], |_client, call| async move {
            let words = call.wait_for(|_: &LiveTranscribeLogEvent| true);
            call.live_transcribe(LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller])).await?;
            words.timeout(LONG).await.map(drop)
        }),
        row!("[Answered already]", "wait_for_answered", [Ends(1), Ends(1)], |_client, call| async move {
            call.wait_for_answered().await
        }),
        row!("[Ended]", "wait_for_ended", [WithTheCall, WithTheCall], |_client, call| async move {
            call.wait_for_ended().timeout(LONG).await.map(drop)
        }),
    ]);
    rows
}

fn scenario(reading: Reading) -> Scenario {
    Scenario::new()
        .reading(reading)
        .caller(Caller::new("+15551110000", OURS).script([Step::StaySilent]))
        .phone(Phone::new(NOBODY).no_answer())
        .phone(Phone::any().answers_after(secs(1)).script([Step::StaySilent]))
}

/// Returns the outcome of the wait, and the time that it took.
fn waited(row: &Row, reading: Reading) -> (Result<(), Error>, Duration) {
    let mut world = World::new(scenario(reading), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    let began = world.now();
    let outcome = world.block_on((row.wait)(client.clone(), call.clone()));
    let lasted = world.now().saturating_sub(began);
    if matches!(outcome, Err(Error::TimedOut(_))) {
        // A wait that only the call bounds ends with the call.
        let ended = world.block_on(async {
            let again = (row.wait)(client.clone(), call.clone());
            let hang_up = async {
                call.hangup().await?;
                call.wait_for_ended().await.map(drop)
            };
            future::zip(again, hang_up).await.0
        });
        assert!(!matches!(ended, Err(Error::TimedOut(_))), "{}: it outlasts its call", row.operation);
    }
    (outcome, lasted)
}

#[test]
fn every_wait_for_a_person_who_does_nothing_is_bounded_as_it_says() {
    for row in rows() {
        for (reading, bound) in [Reading::Specification, Reading::Sdks].into_iter().zip(row.bounds) {
            let (outcome, lasted) = waited(&row, reading);
            let what = format!("{} in {reading:?}: {outcome:?} after {lasted:?}", row.operation);
            match bound {
                Ends(seconds) => {
                    assert!(!matches!(outcome, Err(Error::TimedOut(_))), "{what}");
                    assert!(lasted <= Duration::from_secs(seconds), "{what}");
                }
                WithTheCall => assert!(matches!(outcome, Err(Error::TimedOut(_))), "{what}"),
            }
        }
    }
}

/// The sources of the core, folders below folders included.
fn sources() -> Vec<String> {
    fn read(folder: &Path, sources: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("the sources of the core").flatten() {
            let path = entry.path();
            if path.is_dir() {
                read(&path, sources);
            } else {
                sources.push(fs::read_to_string(path).expect("text"));
            }
        }
    }
    let mut sources = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/src"), &mut sources);
    sources
}

#[test]
fn every_operation_that_there_is_is_waited_for() {
    let mut there_are = BTreeSet::new();
    for source in sources() {
        for (at, _) in source.match_indices("\noperation!(") {
            let name = source[at + "\noperation!(".len()..].trim_start().split(',').next().expect("a name");
            there_are.insert(name.to_owned());
        }
    }
    let listed: BTreeSet<_> =
        rows().iter().map(|row| row.operation.to_owned()).filter(|name| !name.starts_with('[')).collect();
    assert!(there_are.len() > 15, "{there_are:?}");
    assert_eq!(there_are, listed, "left: in the sources, right: here");
}

#[test]
fn the_documentation_of_every_operation_says_what_ends_it() {
    let sources = sources();
    for row in rows() {
        let definition = format!("    pub fn {}(&self", row.documented);
        let (before, _) =
            sources.iter().find_map(|source| source.split_once(&definition)).expect("the method is there");
        let documentation: Vec<_> =
            before.lines().rev().take_while(|line| line.trim_start().starts_with("///")).collect();
        let says = |words: &str| documentation.iter().any(|line| line.contains(words));
        assert!(says("# Completion") || row.documented.starts_with("wait_for"), "{}", row.documented);
        if row.bounds.iter().any(|bound| matches!(bound, WithTheCall)) {
            assert!(says("end of the call") || row.documented.starts_with("wait_for"), "{}", row.documented);
        }
    }
}
