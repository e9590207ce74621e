//! Functions with a body for each of their mutants.

use std::collections::BTreeMap;

use crate::mutant::{Lines, Mutant, Span};

/// The text of a file in which mutants are woven, and whose each of its lines is.
pub struct Woven {
    pub text: String,
    /// First and last line of the body of each mutant.
    pub bodies: Vec<(usize, usize, usize)>,
    /// First and last line of each function, with its mutants.
    pub functions: Vec<(usize, usize, Vec<usize>)>,
}

/// Weaves mutants, each with its number, into their file. Those that are in no function, or in one within another, are left out and given back.
pub fn weave(source: &str, mutants: &[(usize, &Mutant)]) -> (Woven, Vec<usize>) {
    let mut functions: BTreeMap<Span, Vec<(usize, &Mutant)>> = BTreeMap::new();
    let mut left = Vec::new();
    for (number, mutant) in mutants {
        match mutant.function {
            Some(span) => functions.entry(span).or_default().push((*number, mutant)),
            None => left.push(*number),
        }
    }
    let lines = Lines::of(source);
    let mut woven = Woven { text: String::new(), bodies: Vec::new(), functions: Vec::new() };
    let mut reached = 0;
    for (span, mutants) in functions {
        let (start, end) = (lines.offset(span.start), lines.offset(span.end));
        let body = body(&source[start..end]).map(|body| start + body);
        let Some(body) = body.filter(|_| start >= reached) else {
            left.extend(mutants.iter().map(|(number, _)| number));
            continue;
        };
        woven.text.push_str(&source[reached..body]);
        woven.add_bodies(source, &lines, (body, end), &mutants);
        reached = end;
    }
    woven.text.push_str(&source[reached..]);
    (woven, left)
}

impl Woven {
    fn add_bodies(
        &mut self,
        source: &str,
        lines: &Lines,
        (start, end): (usize, usize),
        mutants: &[(usize, &Mutant)],
    ) {
        let first = self.line();
        self.text.push_str("{\n");
        for (number, mutant) in mutants {
            let from = lines.offset(mutant.span.start).max(start);
            let to = lines.offset(mutant.span.end);
            self.text.push_str(&format!("if crate::mutant({number})\n"));
            let begins = self.line();
            let pieces = [&source[start..from], " ", &mutant.replacement, " ", &source[to..end]];
            pieces.iter().for_each(|piece| self.text.push_str(piece));
            self.bodies.push((begins, self.line(), *number));
            self.text.push_str("\nelse ");
        }
        self.text.push_str(&source[start..end]);
        self.text.push_str("\n}");
        let numbers = mutants.iter().map(|(number, _)| *number).collect();
        self.functions.push((first, self.line(), numbers));
    }

    fn line(&self) -> usize {
        self.text.matches('\n').count() + 1
    }
}

/// Where the body of a function begins: at the first brace that is in no parenthesis.
fn body(function: &str) -> Option<usize> {
    let mut depth = 0;
    for (offset, letter) in function.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(offset),
            _ => {}
        }
    }
    None
}
