//! Invoices.

use crm_core::billing::PreviewLine;
use crm_core::billing::truth::{InvoiceLine, InvoiceStatus, InvoiceTruth};

use super::{count, external, externals, money, period, time, times};
use crate::client::Answer;
use crate::wire::{self, Line, linked};

/// The invoice; nothing for a preview, which has no identifier that could be asked for, and for one in a currency that we
/// can't count.
pub(crate) fn invoice(invoice: wire::Invoice) -> Answer<Option<InvoiceTruth>> {
    let Some(id) = invoice.id.as_deref().filter(|id| !id.starts_with("upcoming_")) else { return Ok(None) };
    let amount = |amount: Option<i64>| money(amount, invoice.currency.as_deref());
    let (Some(total), Some(amount_due), Some(amount_paid)) =
        (amount(invoice.total), amount(invoice.amount_due), amount(invoice.amount_paid))
    else {
        return Ok(None);
    };
    // A line that is left out would make its item look paid; so the whole invoice is.
    let lines = invoice.lines.data.iter().map(|line| line_of(&invoice, line)).collect::<Answer<Option<Vec<_>>>>()?;
    let Some(lines) = lines else { return Ok(None) };
    Ok(Some(InvoiceTruth {
        lines,
        id: external(id)?,
        customer: externals(linked(invoice.customer.as_ref()))?,
        subscription: externals(invoice.subscription())?,
        number: invoice.number,
        status: InvoiceStatus::from(invoice.status.unwrap_or_default()),
        total,
        amount_due,
        amount_paid,
        created_at: time(invoice.created.unwrap_or_default()),
        effective_at: times(invoice.effective_at),
        due_at: times(invoice.due_date),
        paid_at: times(invoice.status_transitions.and_then(|transitions| transitions.paid_at)),
        attempt_count: count(invoice.attempt_count.or(Some(0))),
        next_payment_attempt: times(invoice.next_payment_attempt),
        hosted_url: invoice.hosted_url,
        pdf_url: invoice.pdf,
    }))
}

fn line_of(invoice: &wire::Invoice, line: &Line) -> Answer<Option<InvoiceLine>> {
    let currency = line.currency.as_deref().or(invoice.currency.as_deref());
    let Some(amount) = money(line.amount, currency) else { return Ok(None) };
    Ok(Some(InvoiceLine {
        item: externals(line.item())?,
        price: externals(line.price())?,
        amount,
        description: line.description.clone(),
        period: line.period.and_then(|times| period(times.start, times.end)),
    }))
}

/// A line of a preview.
pub(crate) fn preview_line(invoice: &wire::Invoice, line: &Line) -> Option<PreviewLine> {
    let amount = money(line.amount, line.currency.as_deref().or(invoice.currency.as_deref()))?;
    Some(PreviewLine { description: line.description.clone().unwrap_or_default(), amount })
}
