//! M/D/1: random arrivals, one worker, constant service time. Its means are those of M/G/1; here is its distribution.
//!
//! λ is the arrival rate, D the service time, ρ = λD. Source: the states after departures by the cut between fewer than n and n or more
//! (only positive terms; V. Ramaswami 1988), and from them the waiting time by G. J. Franx, "A simple solution for the M/D/c waiting
//! time distribution", Operations Research Letters 29 (2001). A. K. Erlang's own formula (1909) alternates in sign and loses all
//! digits at high loads.

/// The part of the messages whose sojourn (line and work) is at most `t`.
#[must_use]
pub fn sojourn_within(arrival_rate: f64, service_s: f64, t: f64) -> f64 {
    if arrival_rate * service_s >= 1.0 || t < service_s {
        return 0.0;
    }
    waiting_within(arrival_rate, service_s, t - service_s)
}

/// The part of the messages that wait in line for at most `t`: with (k − 1)D ≤ t < kD, the sum over j < k of
/// P(at most k − j in the system) · e^(−x) xʲ ÷ j!, where x = λ(kD − t).
#[must_use]
pub fn waiting_within(arrival_rate: f64, service_s: f64, t: f64) -> f64 {
    let load = arrival_rate * service_s;
    if load >= 1.0 || t < 0.0 {
        return 0.0;
    }
    if load == 0.0 {
        return 1.0;
    }
    let steps = (t / service_s).floor() as usize + 1;
    let x = arrival_rate * (steps as f64 * service_s - t);
    let at_most = at_most(load, steps);
    let mut poisson = (-x).exp();
    let mut within = 0.0;
    for j in 0..steps {
        within += at_most[steps - j] * poisson;
        poisson *= x / (j + 1) as f64;
    }
    within.min(1.0)
}

/// The sojourn time that a part `q` of the messages stays below, by halving on [`sojourn_within`].
#[must_use]
pub fn sojourn_percentile_s(arrival_rate: f64, service_s: f64, q: f64) -> f64 {
    if arrival_rate * service_s >= 1.0 {
        return f64::INFINITY;
    }
    let falls_short = |t| sojourn_within(arrival_rate, service_s, t) < q;
    let mut above = service_s;
    while falls_short(above) {
        above *= 2.0;
    }
    let mut below = above / 2.0;
    for _ in 0..60 {
        let middle = f64::midpoint(below, above);
        if falls_short(middle) {
            below = middle;
        } else {
            above = middle;
        }
    }
    above
}

/// The probability of at most n in the system, for n up to `most`.
fn at_most(load: f64, most: usize) -> Vec<f64> {
    // Arrivals within a service time are Poisson with mean ρ: `tail[n]` is the probability of n or more.
    let mut tail = vec![1.0; most + 2];
    let (mut exactly, mut fewer) = ((-load).exp(), 0.0);
    let none = exactly;
    for (n, beyond) in tail.iter_mut().enumerate().skip(1) {
        fewer += exactly;
        exactly *= load / n as f64;
        *beyond = if n < 20 { 1.0 - fewer } else { tail_sum(exactly, load, n) };
    }
    let mut of = vec![1.0 - load];
    for n in 1..=most {
        let later = (1..n).map(|below| of[below] * tail[n - below + 1]);
        of.push((of[0] * tail[n] + later.sum::<f64>()) / none);
    }
    of.iter()
        .scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        })
        .collect()
}

/// The Poisson terms from the n-th on, which is `exactly`.
fn tail_sum(exactly: f64, load: f64, n: usize) -> f64 {
    let terms = (1..40).scan(exactly, |term, step| {
        let now = *term;
        *term *= load / (n + step) as f64;
        Some(now)
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn percentiles_are_those_of_erlang_and_crommelin() {
        for (rate, time, q, wanted) in [
            (8.0, 0.1, 0.5, 0.227_593_987_3),
            (8.0, 0.1, 0.95, 0.762_032_499_7),
            (8.0, 0.1, 0.99, 1.135_588_679_2),
            (18.0, 0.05, 0.5, 0.200_652_376_0),
            (18.0, 0.05, 0.95, 0.756_433_691_5),
            (18.0, 0.05, 0.99, 1.144_911_867_5),
        ] {
            assert_near(sojourn_percentile_s(rate, time, q), wanted);
        }
    }

    #[test]
    fn who_finds_the_worker_idle_does_not_wait() {
        assert_near(waiting_within(8.0, 0.1, 0.0), 0.2);
        assert_eq!(sojourn_within(8.0, 0.1, 0.099), 0.0);
        assert_eq!(sojourn_percentile_s(10.0, 0.1, 0.5), f64::INFINITY);
    }

    #[test]
    fn the_tail_holds_many_services_later() {
        let beyond = 1.0 - sojourn_within(18.0, 0.05, 3.0);
        assert!(beyond > 0.0 && beyond < 1e-4, "{beyond}");
    }
}
