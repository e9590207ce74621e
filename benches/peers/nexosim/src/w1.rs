//! One server, first come, first served, at 90 % load. It ends when the last customer has left.

use std::collections::VecDeque;
use std::sync::Mutex;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::{exponential, stream};

/// The sum of all waiting times, in seconds, and how many waited.
static WAITED: Mutex<(f64, u64)> = Mutex::new((0.0, 0));

#[derive(Serialize, Deserialize)]
pub struct Customers {
    pub arrival: Output<()>,
    left: u64,
    chance: Xoshiro256PlusPlus,
}

#[Model]
impl Customers {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.next(cx);
    }

    fn next(&mut self, cx: &Context<Self>) {
        if self.left > 0 {
            self.left -= 1;
            let delay = exponential(&mut self.chance, 1e-3 / 0.9);
            cx.schedule_event(delay, schedulable!(Self::arrive), ()).expect("it is later");
        }
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.arrival.send(()).await;
        self.next(cx);
    }
}

#[derive(Serialize, Deserialize)]
pub struct Server {
    /// Since when each customer is here; the first is being served.
    line: VecDeque<MonotonicTime>,
    chance: Xoshiro256PlusPlus,
    waited_s: f64,
    served: u64,
    last: u64,
}

#[Model]
impl Server {
    pub async fn come(&mut self, _: (), cx: &Context<Self>) {
        self.line.push_back(cx.time());
        if self.line.len() == 1 {
            self.serve(cx);
        }
    }

    fn serve(&mut self, cx: &Context<Self>) {
        let Some(since) = self.line.front() else { return };
        self.waited_s += cx.time().duration_since(*since).as_secs_f64();
        let delay = exponential(&mut self.chance, 1e-3);
        cx.schedule_event(delay, schedulable!(Self::finish), ()).expect("it is later");
    }

    #[nexosim(schedulable)]
    async fn finish(&mut self, _: (), cx: &Context<Self>) {
        self.line.pop_front();
        self.served += 1;
        if self.served == self.last {
            *WAITED.lock().expect("one thread") = (self.waited_s, self.served);
        }
        self.serve(cx);
    }
}

pub fn run(messages: u64) {
    let mut customers = Customers { arrival: Output::default(), left: messages, chance: stream(1) };
    let server = Server {
        line: VecDeque::new(),
        chance: stream(2),
        waited_s: 0.0,
        served: 0,
        last: messages,
    };
    let (customers_mailbox, server_mailbox) = (Mailbox::new(), Mailbox::new());
    customers.arrival.connect(Server::come, &server_mailbox);
    let mut simulation = SimInit::with_num_threads(1)
        .add_model(customers, customers_mailbox, "customers")
        .add_model(server, server_mailbox, "server")
        .init(MonotonicTime::EPOCH)
        .expect("it can be built");
    simulation.run().expect("it runs to its end");
    let (waited_s, served) = *WAITED.lock().expect("one thread");
    assert_eq!(served, messages);
    println!("{{\"messages\": {served}, \"waiting_mean_s\": {}}}", waited_s / served as f64);
}
