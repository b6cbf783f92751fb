//! A prompt followed by a collect. A key or a word cuts the prompt short.

use super::ai::refuse_beside_agent;
use super::collect::{DIGITS_WITH_MINIMUM, FIRST_INPUT, Input, SPEECH};
use super::play::Player;
use super::validate::{Kind, Param, WEB, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::SimulatedService;
use crate::service::operation::{Control, Operation, OperationContext, Tick, Voice};

pub(super) const NAME: &str = "calling.play_and_collect";

/// The input after a prompt.
const INPUT: &[Param] = &[
    optional("digits", Kind::Object(DIGITS_WITH_MINIMUM)),
    optional("speech", Kind::Object(SPEECH)),
    optional("initial_timeout", FIRST_INPUT),
    older("partial_results", Kind::Flag),
    older("continuous", Kind::Flag),
    older("send_start_of_input", Kind::Flag),
    older("start_input_timers", Kind::Flag),
];
const VOLUME: Kind = Kind::Between(-40.0, 40.0);

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        required("play", Kind::Media),
        required("collect", Kind::Object(INPUT)),
        optional("volume", VOLUME),
        optional("status_url", WEB),
    ],
    shape: Shape::Operation,
    message: texts("Playing and collecting", "OK"),
    run: Run::Function(play_and_collect),
}];

fn play_and_collect(service: &mut SimulatedService, request: &Request) -> Outcome {
    refuse_beside_agent(service, request.call()?)?;
    if service.scenario.is_to_specification() && service.runs(request.call()?, &[NAME]) {
        return Err(ServiceError::conflict("Play and collect is already in progress"));
    }
    let options = request
        .value("collect")
        .as_object()
        .ok_or_else(|| ServiceError::bad("Missing parameter 'collect'"))?;
    let input = Input::behind_prompt(options, service.scenario.reading)
        .map_err(|_| ServiceError::bad("Missing parameter 'collect.digits' or 'collect.speech'"))?;
    let prompt = Player::new(&service.scenario, request.value("play"), 1);
    service.start_operation(request, Box::new(PlayAndCollect { prompt, input }))?;
    accepted()
}

#[derive(Debug)]
struct PlayAndCollect {
    prompt: Player,
    input: Input,
}

impl PlayAndCollect {
    fn cut_prompt(&mut self, context: &mut OperationContext<'_>) {
        self.prompt.end(context, true, false);
    }
}

impl Operation for PlayAndCollect {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        self.prompt.start(context, true);
        if self.input.wants_speech() && context.sentence().is_some() {
            self.cut_prompt(context);
        }
        self.input.listen(context);
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, tick: Tick) {
        if tick == Tick::Done {
            self.prompt.end(context, true, true);
            if self.input.starts_alone {
                self.input.start_clock(context);
            }
        } else {
            self.input.on_timer(context, tick);
        }
    }

    fn on_digit(&mut self, context: &mut OperationContext<'_>, key: char) {
        if self.input.wants_digits() {
            self.cut_prompt(context);
            self.input.on_digit(context, key);
        }
    }

    fn on_voice(&mut self, context: &mut OperationContext<'_>, voice: &Voice) {
        if self.input.wants_speech() {
            self.cut_prompt(context);
            self.input.on_voice(context, voice);
        }
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, control: &Control) -> Outcome {
        match control {
            Control::Stop => {
                self.cut_prompt(context);
                self.input.stop(context);
            }
            Control::StartInputTimers => self.input.start_clock(context),
            _ => {}
        }
        accepted()
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.cut_prompt(context);
        self.input.fails(context);
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.cut_prompt(context);
        self.input.call_ends(context);
    }
}
