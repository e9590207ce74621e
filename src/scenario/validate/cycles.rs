//! Services that wait for one another in a circle.
//!
//! A call holds a worker until it is answered. If the answer needs a call back, each call goes round for ever and takes a
//! worker at every turn: no system is built so on purpose. Going round through a broker is fine: nobody waits.

use super::{Finding, node};
use crate::scenario::document::{Document, Sending};
use crate::scenario::path::Path;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut search = Search { document, done: Vec::new(), findings: Vec::new() };
    for name in document.services.keys() {
        search.visit(name, &mut Vec::new());
    }
    search.findings
}

struct Search<'d> {
    document: &'d Document,
    /// Services whose calls were followed to their ends.
    done: Vec<&'d str>,
    findings: Vec<Finding>,
}

impl<'d> Search<'d> {
    /// Follows the calls of the service `name`, which `way` led to.
    fn visit(&mut self, name: &'d str, way: &mut Vec<&'d str>) {
        if self.done.contains(&name) {
            return;
        }
        way.push(name);
        for (path, callee) in calls(self.document, name) {
            match way.iter().position(|earlier| *earlier == callee) {
                Some(start) => self.findings.push(circle(path, &way[start..], callee)),
                None => self.visit(callee, way),
            }
        }
        way.pop();
        self.done.push(name);
    }
}

/// Whom a service calls, and where it says so; nobody if there is no such service.
fn calls<'d>(document: &'d Document, name: &str) -> Vec<(Path, &'d str)> {
    let sends = document.services.get(name).map(|service| service.sends.as_slice());
    let path = node("services", name).key("sends");
    let call = |(index, sending): (usize, &'d Sending)| match sending {
        Sending::Call(call) => Some((path.index(index).below("call.to"), call.to.as_str())),
        Sending::Publish(_) => None,
    };
    sends.unwrap_or_default().iter().enumerate().filter_map(call).collect()
}

fn circle(path: Path, way: &[&str], back_to: &str) -> Finding {
    let message = format!("calls go in a circle: {} → {back_to}", way.join(" → "));
    let help = "each would wait for the next; put a broker between two of them";
    Finding::error(path, message, help)
}
