//! A station: a request comes in and waits, the one before it is served and leaves.

use divan::Bencher;
use divan::counter::ItemsCount;
use pileup::model::id::{Id, NodeId};
use pileup::model::message::Messages;
use pileup::model::station::{Entry, Job, Station};
use pileup::policy::discipline::Discipline;
use pileup::random::KeyedStream;
use pileup::time::{SimDuration, SimTime};

const REQUESTS: u64 = 10_000;

/// With so many in line all the time.
#[divan::bench(args = [0, 10, 100_000])]
fn one_in_one_out(bencher: Bencher, in_line: u64) {
    let message = Messages::default().create(SimTime::ZERO, 0, Id::new(0), NodeId::new(0));
    let job =
        |since| Job { message, link: Id::new(0), attempt: 1, since, needs: SimDuration::ZERO };
    let mut station =
        Station::new(1, u32::MAX, 0, Discipline::Fifo, 1, KeyedStream::new(1, 0, "lots"));
    for number in 0..in_line {
        station.admit();
        station.line_up(job(SimTime::from_nanos(number)), 0);
    }
    bencher.counter(ItemsCount::new(REQUESTS)).bench_local(|| {
        for number in 0..REQUESTS {
            assert_eq!(station.entry(), Entry::Admitted);
            station.admit();
            station.line_up(job(SimTime::from_nanos(number)), 0);
            divan::black_box(station.take_next(SimTime::ZERO));
            station.leave();
        }
    });
}
