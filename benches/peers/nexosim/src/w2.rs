//! Eight servers at 80 % load, room for 16 in line, a timeout, three retries after an exponential back-off with full jitter.
//! What timed out is worked on all the same.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::{exponential, stream};

const SERVERS: u32 = 8;
const ROOM: usize = 16;
const TIMEOUT: Duration = Duration::from_millis(500);
const ATTEMPTS: u8 = 4;

/// What the clients learned.
#[derive(Default, Clone, Copy, Serialize, Deserialize)]
struct Learned {
    answered: u64,
    latency_s: f64,
    timed_out: u64,
    refused: u64,
}

static LEARNED: Mutex<Learned> =
    Mutex::new(Learned { answered: 0, latency_s: 0.0, timed_out: 0, refused: 0 });

/// An attempt of a request, and in the other direction its answer.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Attempt {
    request: u64,
    number: u8,
    refused: bool,
}

#[derive(Serialize, Deserialize)]
struct Request {
    made_at: MonotonicTime,
    /// The attempt whose answer is waited for, 0 if none is.
    awaited: u8,
}

#[derive(Serialize, Deserialize)]
pub struct Clients {
    pub call: Output<Attempt>,
    requests: Vec<Request>,
    last: u64,
    learned: Learned,
    chance: Xoshiro256PlusPlus,
}

#[Model]
impl Clients {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.next(cx);
    }

    fn next(&mut self, cx: &Context<Self>) {
        if (self.requests.len() as u64) < self.last {
            let delay = exponential(&mut self.chance, 1.0 / 64.0);
            cx.schedule_event(delay, schedulable!(Self::make), ()).expect("it is later");
        }
    }

    #[nexosim(schedulable)]
    async fn make(&mut self, _: (), cx: &Context<Self>) {
        let request = self.requests.len() as u64;
        self.requests.push(Request { made_at: cx.time(), awaited: 0 });
        self.next(cx);
        self.attempt(Attempt { request, number: 1, refused: false }, cx).await;
    }

    #[nexosim(schedulable)]
    async fn attempt(&mut self, attempt: Attempt, cx: &Context<Self>) {
        self.requests[attempt.request as usize].awaited = attempt.number;
        cx.schedule_event(TIMEOUT, schedulable!(Self::time_out), attempt).expect("it is later");
        self.call.send(attempt).await;
    }

    #[nexosim(schedulable)]
    async fn time_out(&mut self, attempt: Attempt, cx: &Context<Self>) {
        if self.requests[attempt.request as usize].awaited == attempt.number {
            self.learned.timed_out += 1;
            self.fail(attempt, cx);
        }
    }

    pub async fn hear(&mut self, answer: Attempt, cx: &Context<Self>) {
        let request = &mut self.requests[answer.request as usize];
        if request.awaited != answer.number {
            return;
        }
        if answer.refused {
            self.learned.refused += 1;
            return self.fail(answer, cx);
        }
        request.awaited = 0;
        self.learned.answered += 1;
        self.learned.latency_s += cx.time().duration_since(request.made_at).as_secs_f64();
        self.publish();
    }

    fn fail(&mut self, Attempt { request, number, .. }: Attempt, cx: &Context<Self>) {
        self.requests[request as usize].awaited = 0;
        self.publish();
        if number == ATTEMPTS {
            return;
        }
        let longest = (0.1 * f64::from(1_u32 << (number - 1))).min(10.0);
        let unit = (self.chance.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let delay = Duration::from_nanos(((unit * longest * 1e9) as u64).max(1));
        let again = Attempt { request, number: number + 1, refused: false };
        cx.schedule_event(delay, schedulable!(Self::attempt), again).expect("it is later");
    }

    fn publish(&self) {
        if self.requests.len() as u64 == self.last {
            *LEARNED.lock().expect("one thread") = self.learned;
        }
    }
}

#[derive(Serialize, Deserialize)]
pub struct Servers {
    pub answer: Output<Attempt>,
    line: VecDeque<Attempt>,
    busy: u32,
    chance: Xoshiro256PlusPlus,
}

#[Model]
impl Servers {
    pub async fn come(&mut self, attempt: Attempt, cx: &Context<Self>) {
        if self.busy < SERVERS {
            self.busy += 1;
            self.serve(attempt, cx);
        } else if self.line.len() < ROOM {
            self.line.push_back(attempt);
        } else {
            self.answer.send(Attempt { refused: true, ..attempt }).await;
        }
    }

    fn serve(&mut self, attempt: Attempt, cx: &Context<Self>) {
        let delay = exponential(&mut self.chance, 0.1);
        cx.schedule_event(delay, schedulable!(Self::finish), attempt).expect("it is later");
    }

    #[nexosim(schedulable)]
    async fn finish(&mut self, attempt: Attempt, cx: &Context<Self>) {
        match self.line.pop_front() {
            Some(next) => self.serve(next, cx),
            None => self.busy -= 1,
        }
        self.answer.send(attempt).await;
    }
}

pub fn run(messages: u64) {
    let mut clients = Clients {
        call: Output::default(),
        requests: Vec::new(),
        last: messages,
        learned: Learned::default(),
        chance: stream(1),
    };
    let mut servers =
        Servers { answer: Output::default(), line: VecDeque::new(), busy: 0, chance: stream(2) };
    let (clients_mailbox, servers_mailbox) = (Mailbox::new(), Mailbox::new());
    clients.call.connect(Servers::come, &servers_mailbox);
    servers.answer.connect(Clients::hear, &clients_mailbox);
    let mut simulation = SimInit::with_num_threads(1)
        .add_model(clients, clients_mailbox, "clients")
        .add_model(servers, servers_mailbox, "servers")
        .init(MonotonicTime::EPOCH)
        .expect("it can be built");
    simulation.run().expect("it runs to its end");
    let Learned { answered, latency_s, timed_out, refused } = *LEARNED.lock().expect("one thread");
    println!(
        "{{\"messages\": {messages}, \"latency_mean_s\": {}, \"timed_out\": {timed_out}, \"refused\": {refused}}}",
        latency_s / answered as f64
    );
}
