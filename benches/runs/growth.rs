//! How costs grow with the size of the work: curves, drawn into `docs/performance/` and shown by PERFORMANCE.md.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::clock::cpu_seconds;
use crate::document::{self, Table};
use crate::hold::Hold;
use crate::one::in_a_process_of_its_own;
use crate::workload::{Per, load, many_nodes, run};

const FOLDER: &str = "docs/performance";
const ROUNDS: usize = 3;

/// A curve over a logarithmic axis.
struct Curve {
    file: &'static str,
    title: &'static str,
    /// What grows.
    across: &'static str,
    /// What it costs.
    up: &'static str,
    points: Vec<(f64, f64)>,
}

/// Measures every curve, prints its points, and draws it.
pub fn draw() {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .unwrap_or_else(|_| panic!("the font is one"));
    fs::create_dir_all(FOLDER).expect("a folder can be made");
    let measured: [fn() -> Curve; 5] = [pending, messages, nodes, partitions, backlog];
    let sections = measured.map(|measure| {
        let curve = measure();
        eprintln!("{}", curve.title);
        curve.draw().unwrap_or_else(|error| panic!("{}: {error}", curve.file));
        curve.section()
    });
    document::tell("growth", &sections.join("\n"));
}

fn pending() -> Curve {
    const TURNS: u64 = 1_000_000;
    let points = [10, 100, 1_000, 10_000, 100_000, 1_000_000].map(|pending| {
        let mut hold = Hold::new(pending);
        (
            pending as f64,
            least(|| cpu_seconds(|| black_box(hold.turn(TURNS))).0 * 1e9 / TURNS as f64),
        )
    });
    Curve {
        file: "pending.svg",
        title: "An event, by how many are pending",
        across: "events in the calendar",
        up: "ns",
        points: points.into(),
    }
}

fn messages() -> Curve {
    let points = [10_000, 100_000, 1_000_000, 10_000_000].map(|messages| {
        let scenario = load("w1", &[&format!("duration={}s", messages / 900)]);
        (f64::from(messages), least(|| run(&scenario, Per::Message).nanos_each()))
    });
    Curve {
        file: "messages.svg",
        title: "A message of W1, by the length of the run",
        across: "messages in the run",
        up: "ns",
        points: points.into(),
    }
}

fn nodes() -> Curve {
    let points = [1, 3, 10, 33, 100, 333, 1_000, 3_333].map(|threes| {
        let scenario = many_nodes(threes, 2_000_000);
        (3.0 * threes as f64, least(|| run(&scenario, Per::Message).nanos_each()))
    });
    Curve {
        file: "nodes.svg",
        title: "A message, by the size of the system",
        across: "nodes",
        up: "ns",
        points: points.into(),
    }
}

/// The log of `log.json` with so many partitions, and as many workers in each group.
fn partitions() -> Curve {
    let points = [1, 4, 16, 64, 256, 1_000].map(|partitions| {
        let workers = ["billing", "shipping", "mail"]
            .map(|service| format!("services.{service}.workers={partitions}"));
        let topic = format!("brokers.log.log.topics.orders.partitions={partitions}");
        let sets: Vec<&str> =
            workers.iter().map(String::as_str).chain([topic.as_str(), "duration=1s"]).collect();
        let scenario = load("log", &sets);
        (f64::from(partitions), least(|| run(&scenario, Per::Message).nanos_each()))
    });
    Curve {
        file: "partitions.svg",
        title: "A message into a log that three groups read, by its partitions",
        across: "partitions",
        up: "ns",
        points: points.into(),
    }
}

fn backlog() -> Curve {
    let points = [100_u64, 300, 1_000, 3_000, 10_000].map(|millis| {
        let until = format!("producers.web.arrivals[0].constant.until={millis}ms");
        let duration = format!("duration={}ms", 11 * millis);
        let told = in_a_process_of_its_own("burst", &[&until, &duration]);
        let told = |key: &str| told[key].as_f64().unwrap_or(f64::NAN);
        (told("peak_pending"), told("grown_bytes") / told("peak_pending"))
    });
    Curve {
        file: "backlog.svg",
        title: "Memory of a queued message, by the length of the queue",
        across: "messages in the queue at its peak",
        up: "bytes",
        points: points.into(),
    }
}

/// The least of several rounds: what disturbs a measurement makes it longer.
fn least(mut measure: impl FnMut() -> f64) -> f64 {
    (0..ROUNDS).map(|_| measure()).fold(f64::INFINITY, f64::min)
}

impl Curve {
    /// The curve as the document shows it.
    fn section(&self) -> String {
        let mut table = Table::new(&[self.across]);
        let mut costs = vec![self.up.to_owned()];
        for (size, cost) in &self.points {
            table.head.push(short(*size));
            costs.push(format!("{cost:.1}"));
        }
        table.rows.push(costs);
        format!("![{}]({FOLDER}/{})\n\n{}", self.title, self.file, table.markdown())
    }

    fn draw(&self) -> Result<(), Box<dyn std::error::Error>> {
        let path = Path::new(FOLDER).join(self.file);
        let area = SVGBackend::new(&path, (480, 260)).into_drawing_area();
        area.fill(&WHITE)?;
        let sizes = self.points.iter().map(|point| point.0);
        let (first, last) =
            (sizes.clone().fold(f64::INFINITY, f64::min), sizes.fold(0.0, f64::max));
        let highest = self.points.iter().map(|point| point.1).fold(0.0, f64::max);
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 15))
            .margin(10)
            .x_label_area_size(38)
            .y_label_area_size(48)
            .build_cartesian_2d((first * 0.8..last * 1.25).log_scale(), 0.0..highest * 1.2)?;
        chart
            .configure_mesh()
            .x_desc(self.across)
            .y_desc(self.up)
            .x_label_formatter(&|size| short(*size))
            .light_line_style(TRANSPARENT)
            .draw()?;
        let line = RGBColor(31, 119, 180);
        chart.draw_series([PathElement::new(self.points.clone(), line.stroke_width(2))])?;
        chart.draw_series(self.points.iter().map(|point| Circle::new(*point, 3, line.filled())))?;
        Ok(())
    }
}

/// `10 k`, `3 M`.
fn short(number: f64) -> String {
    match number {
        1e6.. => format!("{} M", (number / 1e5).round() / 10.0),
        1e3.. => format!("{} k", (number / 1e2).round() / 10.0),
        _ => format!("{number}"),
    }
}
