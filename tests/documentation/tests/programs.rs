//! Each program of the README and of the examples, as printed, with the connection lost at each frame in turn, and with
//! everybody who hangs up at each frame in turn.

use std::io;

use signalwire_relay_core::secs;
use signalwire_relay_harness::{Break, EveryCut, Tally};
use signalwire_relay_simulator::{Caller, Cue, Phone, Reading, Scenario, Step};

/// The runtime of the programs: clients of the world that they are played in.
#[expect(
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    reason = "the signatures are those of the runtimes"
)]
mod runtime {
    use std::cell::RefCell;
    use std::io;
    use std::ops::Deref;
    use std::time::Duration;

    pub(crate) use signalwire_relay_core::*;

    thread_local! {
        /// The client that the next program connects as.
        static CLIENT: RefCell<Option<Client>> = const { RefCell::new(None) };
    }

    pub(crate) fn give(client: Client) {
        CLIENT.with(|next| *next.borrow_mut() = Some(client));
    }

    pub(crate) fn args() -> impl Iterator<Item = String> {
        std::iter::once("program".to_owned())
    }

    #[derive(Clone)]
    pub(crate) struct RelayClient(Client);

    impl Deref for RelayClient {
        type Target = Client;

        fn deref(&self) -> &Client {
            &self.0
        }
    }

    impl RelayClient {
        pub(crate) async fn connect(_: Config) -> Result<Self, Error> {
            let client = CLIENT.with(|next| next.borrow_mut().take()).expect("a program connects once");
            client.ready().await?;
            Ok(Self(client))
        }

        /// Would serve until somebody ends the program: the world ends when everything is done.
        pub(crate) async fn run(&self) -> Result<(), Error> {
            Ok(())
        }
    }

    /// The world has its own settings.
    pub(crate) struct Config;

    impl Config {
        pub(crate) fn from_env() -> Result<Self, ConfigError> {
            Ok(Self)
        }

        pub(crate) fn from_vars(_: impl Fn(&str) -> Option<String>) -> Self {
            Self
        }

        pub(crate) fn contexts<const N: usize>(self, contexts: [&str; N]) -> Self {
            assert_eq!(contexts, ["default"; N], "the context of the world");
            self
        }

        pub(crate) fn drain_timeout(self, _: Duration) -> Self {
            self
        }
    }

    pub(crate) struct Demo;

    impl Demo {
        pub(crate) fn start(_: &str) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn is_simulated(&self) -> bool {
            true
        }

        pub(crate) fn var(&self, _: &str) -> Option<String> {
            None
        }

        pub(crate) fn print_reports(&self, _: impl FnOnce() + Send + 'static) {}

        pub(crate) fn check(self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[expect(clippy::allow_attributes, reason = "which of these a program needs is its own matter")]
#[allow(clippy::all, clippy::pedantic, unused, unreachable_pub, missing_docs, reason = "programs as printed")]
mod programs {
    include!(concat!(env!("OUT_DIR"), "/programs.rs"));
}

fn play<O>(scenario: Scenario, main: impl AsyncFn() -> O) {
    let scenario = scenario.reading(Reading::Specification);
    for what in [Break::Cut, Break::HangUp, Break::HalfOpen] {
        let findings = EveryCut::new(scenario.clone()).breaking([what]).run(async |client, _: Tally| {
            runtime::give(client);
            // A program may fail over a cut. It has to end, and to leave nobody on the line.
            let _ = main().await;
        });
        println!("{what}: {} runs, {} steps", findings.runs, findings.steps);
        findings.expect_none();
    }
}

fn builtin(name: &str) -> Scenario {
    Scenario::builtin(name).map_err(io::Error::other).expect("it is part of the simulator")
}

#[test]
fn the_program_of_the_readme_survives_every_cut_with_a_caller_who_stays() {
    let caller = Caller::new("+15551110000", "+15552220000").script([
        Step::on(Cue::PromptFinished),
        Step::press("1"),
        Step::StaySilent,
    ]);
    let sales = Phone::new("+15551001000").answers_after(secs(3.0)).script([Step::wait(20.0), Step::HangUp]);
    play(Scenario::new().caller(caller).phone(sales), async || programs::readme::main().await);
}

#[test]
fn the_example_hello_survives_every_cut() {
    play(builtin("hello"), async || programs::hello::main().await);
}

#[test]
fn the_example_ivr_survives_every_cut() {
    play(builtin("ivr"), async || programs::ivr::main().await);
}

#[test]
fn the_example_outbound_survives_every_cut() {
    play(builtin("outbound"), async || programs::outbound::main().await);
}

#[test]
fn the_example_sms_survives_every_cut() {
    play(builtin("sms"), async || programs::sms::main().await);
}

#[test]
fn the_example_voicemail_detect_survives_every_cut() {
    play(builtin("voicemail_detect"), async || programs::voicemail_detect::main().await);
}

#[test]
fn the_example_conference_survives_every_cut() {
    play(builtin("conference"), async || programs::conference::main().await);
}

#[test]
fn the_example_ai_agent_survives_every_cut() {
    play(builtin("ai_agent"), async || programs::ai_agent::main().await);
}

#[test]
fn the_example_ai_menu_survives_every_cut() {
    play(builtin("ai_menu"), async || programs::ai_menu::main().await);
}
