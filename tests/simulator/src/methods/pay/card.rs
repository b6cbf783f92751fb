//! The questions of a payment, and the card that the answers describe.

use std::time::Duration;

use crate::Cue;

/// The month in which every simulation starts, counted from the year 2000.
const FIRST_MONTH: u32 = 25 * 12;

/// A question to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    CardNumber,
    Expiration,
    SecurityCode,
    PostalCode,
}

impl Question {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CardNumber => "payment-card-number",
            Self::Expiration => "expiration-date",
            Self::SecurityCode => "security-code",
            Self::PostalCode => "postal-code",
        }
    }

    pub(super) fn cue(self) -> Cue {
        match self {
            Self::CardNumber => Cue::CardNumberAsked,
            Self::Expiration => Cue::ExpirationAsked,
            Self::SecurityCode => Cue::SecurityCodeAsked,
            Self::PostalCode => Cue::PostalCodeAsked,
        }
    }

    /// The `payment_error_code` of a failed question.
    pub(super) fn error_code(self) -> &'static str {
        match self {
            Self::CardNumber => "700",
            Self::Expiration => "701",
            Self::SecurityCode => "702",
            Self::PostalCode => "703",
        }
    }

    pub(super) fn complaint(self) -> &'static str {
        match self {
            Self::CardNumber => "invalid-card-number",
            Self::Expiration => "invalid-date",
            Self::SecurityCode => "invalid-security-code",
            Self::PostalCode => "invalid-postal-code",
        }
    }
}

/// The input of the caller so far.
#[derive(Debug, Default)]
pub(super) struct Card {
    pub(super) number: String,
    pub(super) expiration: String,
    pub(super) security_code: String,
    pub(super) postal_code: String,
}

impl Card {
    pub(super) fn kind(&self) -> &'static str {
        match self.number.as_bytes() {
            [b'4', ..] => "visa",
            [b'5', b'1'..=b'5', ..] | [b'2', b'2'..=b'7', ..] => "mastercard",
            [b'3', b'4' | b'7', ..] => "amex",
            [b'6', b'0' | b'5', ..] => "discover",
            [b'3', b'5', ..] => "jcb",
            [b'3', b'0' | b'6' | b'8', ..] => "diners-club",
            [b'5' | b'6', ..] => "maestro",
            _ => "",
        }
    }

    pub(super) fn digits(&self) -> usize {
        if self.kind() == "amex" { 15 } else { 16 }
    }

    pub(super) fn code_digits(&self) -> usize {
        if self.kind() == "amex" { 4 } else { 3 }
    }

    pub(super) fn masked(&self) -> String {
        let hidden = self.number.len().saturating_sub(4);
        format!("{}{}", "*".repeat(hidden), self.number.get(hidden..).unwrap_or_default())
    }
}

/// Returns `true` if the check digit of a card number is correct.
pub(super) fn passes_luhn(number: &str) -> bool {
    let digits = number.chars().rev().map(|c| c.to_digit(10));
    let sum = digits.enumerate().try_fold(0, |sum, (index, digit)| {
        let digit = if index % 2 == 1 { digit? * 2 } else { digit? };
        Some(sum + digit / 10 + digit % 10)
    });
    sum.is_some_and(|sum: u32| sum.is_multiple_of(10))
}

/// Returns `true` if the date of a card, month and year with two digits each, is valid and not over.
pub(super) fn is_to_come(date: &str, now: Duration) -> bool {
    const MONTH: u64 = 30 * 24 * 60 * 60;
    let part = |from: usize| date.get(from..from + 2).and_then(|text| text.parse::<u32>().ok());
    let (Some(month @ 1..=12), Some(year)) = (part(0), part(2)) else { return false };
    let passed = u32::try_from(now.as_secs() / MONTH).unwrap_or(u32::MAX);
    date.len() == 4 && year * 12 + month > FIRST_MONTH.saturating_add(passed)
}
