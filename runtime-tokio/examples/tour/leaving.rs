//! What ends or hands over the call.

use serde_json::json;
use signalwire_relay_tokio::{Call, Error, refer_to, secs};

use crate::asking::Tour;
use crate::{HOOK, map};

pub(crate) async fn go(tour: &mut Tour, call: &Call) {
    let bedrock = call
        .amazon_bedrock()
        .prompt(json!({"text": "You give tours."}))
        .swaig(json!({"functions": []}))
        .ai_params(map(json!({})))
        .global_data(map(json!({})))
        .post_prompt(json!({"text": "Sum up."}))
        .post_prompt_url(HOOK);
    tour.ask("amazon_bedrock, in full", bedrock).await;
    let refer = refer_to("sip:desk@example.com").from("sip:tour@example.com").login("user", "password");
    if let Some(referral) = tour.ask("refer, in full", call.refer(refer).status_url(HOOK)).await {
        println!("  referred: {:?}", referral.wait().timeout(secs(60)).await.map(|event| event.state));
    }
    tour.ask("transfer", call.transfer("context:tour")).await;
    let gone: Result<(), Error> = call.hangup().await;
    println!("hangup: {gone:?}");
}
