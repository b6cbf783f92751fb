//! One suite of scenarios for every runtime, over real sockets, with TLS and without.
//!
//! A scenario is written once, against the handles of the core, and says nothing of what carries them. Each is tried on
//! each runtime twice, and a table tells how that went. Names are `GROUP::SCENARIO::RUNTIME::plain` or `::tls`, and
//! filters work as in any test: `cargo test -p signalwire-relay-runtimes -- ivr` or `-- smol::tls`.

mod log;
mod proxy;
mod runtimes;
mod scenarios;
mod self_test;
mod service;
mod table;
mod trial;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use crate::table::Table;

/// How many trials go on at once. They wait for the clock most of the time.
const AT_ONCE: usize = 12;

fn main() -> ExitCode {
    trial::remember_panics();
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(AT_ONCE));
    let table = Arc::new(Table::default());
    let mut trials = Vec::new();
    for play in scenarios::all().into_iter().map(Arc::new) {
        for runtime in runtimes::ALL {
            for tls in [false, true] {
                let (play, table) = (play.clone(), table.clone());
                let security = if tls { "tls" } else { "plain" };
                let name = format!("{}::{}::{security}", play.name(), runtime.name());
                trials.push(Trial::test(name, move || {
                    let (outcome, took) = trial::perform(&play, *runtime, tls);
                    table.enter(play.name(), runtime.name(), tls, outcome.is_ok().then_some(took));
                    outcome.map_err(Into::into)
                }));
            }
        }
    }
    trials.extend(self_test::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        print!("{table}");
    }
    conclusion.exit_code()
}
