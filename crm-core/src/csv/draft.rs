//! A row that may not be whole yet: unquoted newlines have spread its cells over several lines.

use super::record::RepairKind;
use super::repair::Look;

/// A record as it was read, before it is made as wide as the header.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
    pub(super) repairs: Vec<(Option<usize>, RepairKind)>,
    /// How many blank lines came before it.
    pub(super) blank_lines: usize,
    pub(super) begins_quoted: bool,
    pub(super) ends_quoted: bool,
}

impl Draft {
    /// What its first cell looks like.
    pub(super) fn look(&self) -> Option<Look> {
        self.cells.first().and_then(|cell| Look::of(cell.as_bytes()))
    }

    /// Whether `next` is no row but the rest of this one's last cell (and the cells behind it).
    pub(super) fn is_continued_by(&self, next: &Self, columns: usize) -> bool {
        let (found, more) = (self.cells.len(), next.cells.len());
        // A row of one column is always complete, and always a row.
        let is_possible = columns > 1 && !self.ends_quoted && !next.begins_quoted;
        if !is_possible || found > columns || found + more > columns + 1 {
            return false;
        }
        let is_text = next.cells.first().is_some_and(|cell| !cell.trim().is_empty());
        let look = self.look();
        is_text
            && if found == columns {
                look.is_none() || look != next.look()
            } else {
                look.is_some() && look != next.look()
            }
    }

    /// Takes the cells of `next`; text that makes the last cell longer than `max_cell` is dropped with the row.
    pub(super) fn join(&mut self, next: Self, max_cell: usize) {
        let column = self.cells.len();
        let mut cells = next.cells.into_iter();
        if let (Some(last), Some(first)) = (self.cells.last_mut(), cells.next())
            && last.len() <= max_cell
        {
            // The newlines alone may make it too long; more of them than that need not be kept.
            last.extend(std::iter::repeat_n('\n', 1 + next.blank_lines.min(max_cell)));
            last.push_str(&first);
        }
        self.cells.extend(cells);
        self.ends_quoted = next.ends_quoted;
        match self.repairs.last_mut() {
            Some((at, RepairKind::ContinuationLine { lines })) if *at == Some(column) => *lines += 1,
            _ => self.repairs.push((Some(column), RepairKind::ContinuationLine { lines: 1 })),
        }
        let moved = next.repairs.into_iter().map(|(at, kind)| (at.map(|at| at + column - 1), kind));
        self.repairs.extend(moved);
    }
}
