//! Numbers as people read them: `1,234,567`, `14 min 49 s`, `99.95 %`, `2.4 ms`.
//!
//! Files for machines (CSV, JSON) never use these: they have numbers in their shortest exact form.

/// What a metric is counted in, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A count of messages, attempts, crashes…
    Count,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Per second.
    PerSecond,
    /// A share of one.
    Ratio,
    /// How many times.
    Times,
    /// 0 or 1; over replications, the share of them in which it was 1.
    Truth,
}

impl Unit {
    /// The unit of a metric: by contract it stands last in its name.
    #[must_use]
    pub fn of(metric: &str) -> Unit {
        match metric {
            "metastable" => Unit::Truth,
            _ if metric.contains("amplification") => Unit::Times,
            _ if metric.ends_with("_ratio") => Unit::Ratio,
            _ if metric.ends_with("_per_s") => Unit::PerSecond,
            _ if metric.ends_with("_ms") => Unit::Milliseconds,
            _ if metric.ends_with("_s") || metric.contains("_s_") => Unit::Seconds,
            _ => Unit::Count,
        }
    }
}

/// A value of `metric`, with its unit.
#[must_use]
pub fn metric(metric: &str, value: f64) -> String {
    match Unit::of(metric) {
        Unit::Count => count(value),
        Unit::Seconds => duration(value),
        Unit::Milliseconds => duration(value / 1e3),
        Unit::PerSecond => format!("{}/s", quantity(value)),
        Unit::Ratio => percent(value),
        Unit::Times => format!("{}×", quantity(value)),
        Unit::Truth => truth(value),
    }
}

/// The same, with a dash for a value that does not exist.
#[must_use]
pub fn metric_or_dash(name: &str, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| metric(name, value))
}

/// `1,234,567`, and `0.25` for a mean below ten.
#[must_use]
pub fn count(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 100.0 { thousands(value) } else { quantity(value) }
}

/// Whole, with thousands separated by commas.
#[must_use]
pub fn thousands(value: f64) -> String {
    if !value.is_finite() || value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if value < 0.0 && digits != "0" {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number beside an axis: `0.5`, `200,000`, `10 M`.
#[must_use]
pub fn short(value: f64) -> String {
    match value.abs() {
        1e6..1e9 => format!("{} M", quantity(value / 1e6)),
        1e9..1e12 => format!("{} G", quantity(value / 1e9)),
        _ => count(value),
    }
}

/// Three significant figures: `0.0123`, `1.23`, `12.3`, `1,234`.
#[must_use]
pub fn quantity(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || value.abs() >= 99.95 {
        return thousands(value);
    }
    if value.abs() < 1e-4 {
        return format!("{value:.1e}");
    }
    let decimals = if value.abs() >= 9.995 { 1 } else { 2 + leading_zeros(value.abs()) };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How many zeros follow the decimal point: 2 for 0.004.
fn leading_zeros(value: f64) -> usize {
    (1..6).take_while(|&zeros| value * 10_f64.powi(zeros) < 1.0).count() + usize::from(value < 1.0)
}

/// `2.4 ms`, `12 s`, `14 min 49 s`, `4 h`, `7 d 3 h`: at most two units, and no unit that is nought.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "∞".to_owned();
    }
    if seconds < 0.0 {
        return format!("-{}", duration(-seconds));
    }
    match seconds {
        // Simulated time comes in whole nanoseconds.
        ..0.000_000_000_5 => "0 s".to_owned(),
        ..0.000_999_5 => format!("{} µs", quantity(seconds * 1e6)),
        ..0.999_5 => format!("{} ms", quantity(seconds * 1e3)),
        ..59.95 => format!("{} s", quantity(seconds)),
        ..3_599.5 => two_units(seconds.round(), (60.0, "min"), (1.0, "s")),
        ..86_370.0 => two_units((seconds / 60.0).round(), (60.0, "h"), (1.0, "min")),
        _ => two_units((seconds / 3_600.0).round(), (24.0, "d"), (1.0, "h")),
    }
}

fn two_units(value: f64, large: (f64, &str), small: (f64, &str)) -> String {
    let (whole, rest) = ((value / large.0).floor(), value % large.0);
    if rest == 0.0 {
        format!("{} {}", thousands(whole), large.1)
    } else {
        format!("{} {} {rest:.0} {}", thousands(whole), large.1, small.1)
    }
}

/// `99.95 %`; never rounded up to 100 % or down to 0 %, since that is where the difference matters.
#[must_use]
pub fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.0 => format!("{} %", quantity(percent)),
        ..0.01 => "< 0.01 %".to_owned(),
        99.99..100.0 => "> 99.99 %".to_owned(),
        99.0..100.0 => format!("{} %", trimmed(&format!("{percent:.2}"))),
        _ => format!("{} %", quantity(percent)),
    }
}

fn trimmed(decimal: &str) -> &str {
    decimal.trim_end_matches('0').trim_end_matches('.')
}

fn truth(share: f64) -> String {
    match share {
        0.0 => "no".to_owned(),
        1.0 => "yes".to_owned(),
        _ => format!("in {}", percent(share)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(thousands(1_234_567.0), "1,234,567");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(-0.2), "0");
        assert_eq!(thousands(-1000.0), "-1,000");
    }

    #[test]
    fn quantities_have_three_significant_figures() {
        let cases = [(0.0, "0"), (12.5, "12.5"), (0.25, "0.25"), (0.012_34, "0.0123")];
        for (value, text) in cases {
            assert_eq!(quantity(value), text);
        }
        assert_eq!(quantity(1.0), "1");
        assert_eq!(quantity(9.999), "10");
        assert_eq!(quantity(99.97), "100");
        assert_eq!(quantity(1_234.5), "1,234");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let cases = [
            (0.0024, "2.4 ms"),
            (3.2e-95, "0 s"),
            (0.000_03, "30 µs"),
            (1.0, "1 s"),
            (59.99, "1 min"),
            (889.0, "14 min 49 s"),
            (14_400.0, "4 h"),
            (3_599.9, "1 h"),
            (86_399.0, "1 d"),
            (615_600.0, "7 d 3 h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn almost_always_is_not_always() {
        assert_eq!(percent(0.9995), "99.95 %");
        assert_eq!(percent(0.999_999), "> 99.99 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.000_001), "< 0.01 %");
    }

    #[test]
    fn a_metric_is_shown_in_the_unit_of_its_name() {
        assert_eq!(metric("latency_p99_ms", 2.4), "2.4 ms");
        assert_eq!(metric("peak_lag_at_s", 889.0), "14 min 49 s");
        assert_eq!(metric("goodput_per_s", 40.0), "40/s");
        assert_eq!(metric("retry_amplification_ratio", 121.4), "121×");
        assert_eq!(metric("metastable", 1.0), "yes");
        assert_eq!(metric("pending", 200_000.0), "200,000");
    }
}
