//! Faxes in both directions.

mod support;

use serde_json::{Value, json};
use support::{Bench, at, quiet, talking};

fn types(bench: &Bench) -> Vec<String> {
    let kind = |event: Value| event["fax"]["type"].as_str().unwrap_or_default().to_owned();
    bench.events("calling.call.fax").into_iter().map(kind).collect()
}

#[test]
fn a_fax_is_sent_page_by_page() {
    let (mut bench, client, call) = talking(quiet(), []);
    let fax = json!({"control_id": "k", "document": "https://files.example/a.pdf", "identity": "+1", "header_info": ""});
    bench.ok(client, "calling.send_fax", at(&call, fax));
    bench.run(10.0);
    assert_eq!(types(&bench), ["page", "page", "finished"]);
    let last = bench.events("calling.call.fax").pop().expect("events");
    assert_eq!(
        last["fax"]["params"],
        json!({
            "direction": "send", "identity": "+1", "remote_identity": "+15551110000",
            "document": "https://files.example/a.pdf", "pages": 2, "success": true, "result": 0,
            "result_text": "OK", "format": "pdf",
        })
    );
    assert!(last["state"].is_null());
}

#[test]
fn a_received_fax_gets_a_document() {
    let (mut bench, client, call) = talking(quiet().state_in_fax_events(true), []);
    bench.ok(client, "calling.receive_fax", at(&call, json!({"control_id": "k"})));
    bench.run(10.0);
    let last = bench.events("calling.call.fax").pop().expect("events");
    let params = &last["fax"]["params"];
    assert!(params["document"].as_str().expect("a document").contains("/faxes/"));
    assert_eq!((&params["direction"], &params["identity"]), (&json!("receive"), &json!("+15552220000")));
    assert_eq!(last["state"], "finished");
}

#[test]
fn a_document_that_is_not_there_cannot_be_sent() {
    let (mut bench, client, call) = talking(quiet().unplayable("https://files.example/gone.pdf"), []);
    let fax = json!({"control_id": "k", "document": "https://files.example/gone.pdf"});
    bench.ok(client, "calling.send_fax", at(&call, fax));
    bench.run(10.0);
    assert_eq!(types(&bench), ["finished"]);
    assert_eq!(bench.events("calling.call.fax")[0]["fax"]["params"]["success"], false);
}

#[test]
fn a_fax_ends_on_command_and_with_the_call() {
    let (mut bench, client, call) = talking(quiet(), []);
    for method in ["calling.send_fax", "calling.receive_fax"] {
        let fax = at(&call, json!({"control_id": "k", "document": "https://files.example/a.pdf"}));
        bench.ok(client, method, fax);
        bench.ok(client, &format!("{method}.stop"), at(&call, json!({"control_id": "k"})));
        assert_eq!(types(&bench).last().expect("events"), "finished");
    }
    bench.ok(client, "calling.receive_fax", at(&call, json!({"control_id": "k"})));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(types(&bench).last().expect("events"), "finished");
    let last = bench.events("calling.call.fax").pop().expect("events");
    assert_eq!(last["fax"]["params"]["success"], false);
    assert_eq!(bench.code(client, "calling.send_fax", at(&call, json!({"control_id": "k"}))), "400");
}
