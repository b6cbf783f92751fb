//! Payments.

use signalwire_relay_tokio::{Call, PayParameter, PayPrompt, PayStep, TokenType, secs};

use crate::HOOK;
use crate::asking::Tour;

pub(crate) async fn go(tour: &mut Tour, call: &Call) {
    let full = call
        .pay("https://example.com/pay")
        .input_method("dtmf")
        .status_url(HOOK)
        .payment_method("credit-card")
        .bank_account_type("consumer-checking")
        .key_timeout(secs(5))
        .max_attempts(2_u32)
        .security_code(true)
        .postal_code("true")
        .min_postal_code_length(5_u32)
        .token_type(TokenType::OneTime)
        .charge_amount("12.50")
        .currency("usd")
        .language("en-US")
        .voice("woman")
        .say_voice("woman")
        .description("A tour")
        .valid_card_types("visa mastercard")
        .parameters([PayParameter::new("order", "7")])
        .prompts([
            PayPrompt::at(PayStep::CardNumber).say("Your card, please."),
            PayPrompt::at(PayStep::SecurityCode)
                .play("https://example.com/again.mp3")
                .card_type("visa")
                .error_type("invalid-security-code"),
            PayPrompt::at(PayStep::BankAccountNumber)
                .say("Your account, twice.")
                .require_matching_inputs(true),
            PayPrompt::at(PayStep::ExpirationDate).say("Until when?").param("attempt", "1"),
        ]);
    if let Some(payment) = tour.ask("pay, in full", full).await {
        println!("  paid: {:?}", payment.wait().timeout(secs(90)).await.map(|event| event.outcome()));
    }
    if let Some(payment) = tour.ask("pay", call.pay("https://example.com/pay")).await {
        tour.ask("pay: stop", payment.stop()).await;
        let _ = payment.wait().timeout(secs(10)).await;
    }
}
