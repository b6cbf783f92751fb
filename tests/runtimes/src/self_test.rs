//! That a trial fails when it should.

use std::future::pending;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;
use signalwire_relay_core::secs;
use signalwire_relay_simulator::Scenario;

use crate::runtimes;
use crate::scenarios::{Play, answered, one_caller};
use crate::trial::{self, WANTED};

/// Plays that go wrong, and what is to be said of each.
fn plays() -> [(Play, &'static str); 6] {
    let hanging = Play::new("self_test::hangs", Scenario::new(), |_, _| pending());
    let blocking = Play::new("self_test::blocks", Scenario::new(), |_, _| async {
        loop {
            std::thread::park();
        }
    });
    let panicking = Play::new("self_test::panics", Scenario::new(), |_, _| async {
        assert!(WANTED.is_empty(), "{WANTED}: in a flow");
        Ok(())
    });
    let failing = Play::new("self_test::fails", Scenario::new(), |client, _| async move {
        client.execute("no.such.method", json!({})).await?;
        Ok(())
    });
    let objectionable = Play::new("self_test::objectionable", Scenario::new(), |client, _| async move {
        let _ = client.execute("calling.teleport", json!({})).await;
        Ok(())
    });
    let leaving = one_caller().session_lifetime(secs(1));
    let leaving = Play::new("self_test::leaves_a_call", leaving, |client, _| async move {
        answered(&client).await?;
        client.disconnect();
        Ok(())
    });
    [
        (hanging.limit(secs(0.5)), "self_test::hangs on tokio-multi: it hangs"),
        (blocking.limit(secs(0.5)), "self_test::blocks on tokio-multi: it hangs"),
        (panicking, "self_test.rs"),
        (failing, "self_test.rs"),
        (objectionable, "the service objects"),
        (leaving, "left behind"),
    ]
}

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |(play, says): (Play, &'static str)| {
        Trial::test(play.name(), move || match trial::perform(&Arc::new(play), runtimes::ALL[0], false).0 {
            Err(text) if text.contains(says) => Ok(()),
            Err(text) => Err(format!("it does not say {says:?}: {text}").into()),
            Ok(()) => Err("it did not fail".into()),
        })
    };
    plays().map(trial).into()
}
