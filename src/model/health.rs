//! What the faults that are active now make of a node: a fold over a healthy one. No fault is ever undone, so overlapping
//! faults combine, and when the last one ends the node is as healthy as if nothing had happened.

/// The state of a node under the faults that are active now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Health {
    /// It is down for as long as this lasts.
    pub crashed: bool,
    /// It went down in good order.
    pub stopped: bool,
    /// It is up and accepts, and does nothing.
    pub hung: bool,
    /// By how much work takes longer.
    pub slowdown: f64,
    /// The probability that a piece of work ends in an error.
    pub error_probability: f64,
    /// Which of its nodes a broker has lost, by bit.
    pub lost_nodes: u32,
}

impl Default for Health {
    fn default() -> Health {
        Health {
            crashed: false,
            stopped: false,
            hung: false,
            slowdown: 1.0,
            error_probability: 0.0,
            lost_nodes: 0,
        }
    }
}

/// What one active fault does to the node that it is on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ailment {
    /// Down.
    Crash,
    /// Down in good order: its consumers have said goodbye.
    Stop,
    /// Up, and standing still.
    Hang,
    /// Slower by a factor.
    Slowdown(f64),
    /// Failing with a probability.
    Errors(f64),
    /// Without one of the nodes of a broker.
    NodeLost(u32),
}

impl Health {
    /// This health with one more ailment.
    #[must_use]
    pub fn with(mut self, ailment: Ailment) -> Health {
        match ailment {
            Ailment::Crash => self.crashed = true,
            Ailment::Stop => {
                self.stopped = !self.crashed;
                self.crashed = true;
            }
            Ailment::Hang => self.hung = true,
            Ailment::NodeLost(node) => self.lost_nodes |= 1 << node,
            Ailment::Slowdown(factor) => self.slowdown *= factor,
            Ailment::Errors(probability) => {
                self.error_probability = 1.0 - (1.0 - self.error_probability) * (1.0 - probability);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_faults_combine() {
        let ailments = [
            Ailment::Slowdown(2.0),
            Ailment::Slowdown(3.0),
            Ailment::Errors(0.5),
            Ailment::Errors(0.5),
        ];
        let health = ailments.into_iter().fold(Health::default(), Health::with);
        assert_eq!((health.slowdown, health.error_probability), (6.0, 0.75));
        assert!(!health.crashed);
    }
}
