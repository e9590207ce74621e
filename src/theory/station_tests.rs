//! Each kind of station, held against numbers that were worked out elsewhere.

use super::station::*;
use crate::theory::testing::assert_near;

#[test]
fn each_kind_of_station_gets_its_own_formula() {
    let told = |station: Station| {
        let LongRun { law, mean_waiting_s, .. } = station.long_run();
        (law.name(), (mean_waiting_s * 1e6).round() / 1e6)
    };
    let mm5 = Station::plain(40.0, 0.1, 1.0, 5);
    let mm1 = Station::plain(8.0, 0.1, 1.0, 1);
    let md1 = Station { service_cv2: 0.0, ..mm1 };
    assert_eq!(told(mm1), ("M/M/1", 0.4));
    assert_eq!(told(md1), ("M/D/1", 0.2));
    assert_eq!(told(Station { service_cv2: 4.0, ..mm1 }), ("M/G/1", 1.0));
    assert_eq!(told(mm5), ("M/M/c", 0.055_411));
    assert_eq!(told(Station { service_cv2: 0.0, ..mm5 }), ("M/G/c, about", 0.027_706));
    let arrivals = Arrivals::Clockwork;
    assert_eq!(told(Station { arrivals, ..mm1 }), ("D/M/1", 0.169_273));
    assert_eq!(told(Station { arrivals, ..md1 }), ("D/D/c", 0.0));
    let worker = Worker::Sleeps { mean_s: 0.5, cv2: 0.0 };
    assert_eq!(told(Station { worker, arrival_rate: 6.0, ..mm1 }), ("M/G/1 with sleeps", 0.4));
    let worker = Worker::Together { at_most: 10 };
    let batches = Station { worker, ..Station::plain(7.0, 1.0, 1.0, 1) };
    assert_eq!(told(batches), ("M/M[1,B]/1", 2.000_922));
    assert_near(batches.offered_load(), 0.7);
}

#[test]
fn who_does_not_wait_is_told_of_too() {
    let bounded = Station { capacity: Some(10), ..Station::plain(36.0, 0.1, 1.0, 3) };
    let LongRun { law, mean_waiting_s, mean_in_system, lost, .. } = bounded.long_run();
    assert_eq!(law, Law::Mmck);
    assert_near(mean_in_system, 6.952_978_1);
    assert_near(lost, 0.199_909_86);
    assert_near(mean_waiting_s, 0.141_395_65);
    let callers = Callers::HangUp { patience_s: 0.5 };
    let impatient = Station { callers, ..Station::plain(120.0, 0.1, 1.0, 10) };
    let LongRun { law, mean_in_system, lost, .. } = impatient.long_run();
    assert_eq!(law, Law::ErlangA);
    assert_near(lost, 0.177_420_95);
    assert_near(mean_in_system, 10.645_257_116 + 9.870_948_577);
    let callers = Callers::ComeAgain { after_s: 0.25, persistence: 1.0 };
    let again = Station { callers, ..Station::plain(6.0, 0.1, 1.0, 1) };
    let LongRun { law, mean_waiting_s, mean_in_system, attempts, .. } = again.long_run();
    assert_eq!(law, Law::Retrial);
    assert_near(mean_waiting_s, 0.525);
    assert_near(mean_in_system, 0.6 + 3.15);
    assert_near(attempts, 3.1);
}

#[test]
fn batches_stops_and_callers_in_turn_are_told_of_too() {
    let arrivals = Arrivals::Batches { mean_size: 5.0, size_square: 25.0 };
    let batches = Station { arrivals, ..Station::plain(7.5, 0.1, 1.0, 1) }.long_run();
    assert_eq!(batches.law, Law::BatchArrivals);
    assert_near(batches.mean_in_system, 9.0);
    assert_near(batches.mean_waiting_s, 1.1);
    let worker = Worker::Stops { failure_rate: 0.1, repair_rate: 0.5 };
    let stops = Station { worker, ..Station::plain(5.0, 0.1, 1.0, 1) }.long_run();
    assert_eq!(stops.law, Law::Breakdowns);
    assert_near(stops.mean_in_system, 5.666_666_667);
    let callers = Callers::ComeAgainInTurn { after_s: 0.2 };
    let in_turn = Station { callers, ..Station::plain(4.0, 0.1, 1.0, 1) }.long_run();
    assert_eq!(in_turn.law, Law::ConstantRetrial);
    assert_near(in_turn.mean_waiting_s, 2.171_428_571_4 / 4.0);
    assert_near(in_turn.mean_in_system, 2.171_428_571_4 + 0.4);
    let too_slow = Station { callers, ..Station::plain(6.0, 0.1, 1.0, 1) }.long_run();
    assert_eq!(too_slow.mean_waiting_s, f64::INFINITY);
}

#[test]
fn offered_load_decides_stability() {
    let busy = Station::plain(17.5, 0.025, 0.25, 1);
    assert_near(busy.offered_load(), 0.4375);
    assert_near(busy.service_capacity(), 40.0);
    assert!(busy.is_stable());
    let overloaded = Station::plain(50.0, 0.025, 0.25, 1);
    assert!(!overloaded.is_stable());
    assert_eq!(overloaded.long_run().mean_in_system, f64::INFINITY);
}

#[test]
fn an_idle_station_is_empty() {
    let idle = Station::plain(0.0, 0.1, 1.0, 3);
    assert_eq!((idle.offered_load(), idle.long_run().mean_in_system), (0.0, 0.0));
    assert_eq!(Station::plain(5.0, 0.0, 0.0, 1).long_run().mean_waiting_s, 0.0);
}
