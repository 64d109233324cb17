//! How much each agreement counts, in tenths of a bit.
//!
//! The sum is a logarithm of odds (Fellegi and Sunter): a weight is the logarithm of how much more often two records of
//! one person agree so than two records of different people do. The figures are rounded from general frequencies (one
//! e-mail address among millions of people, a given name among some hundred), not fitted to a data set. Agreements that
//! come together (domain and company, address and domain) are counted once, by their stronger one.

/// Two records taken at random are one person once in 65,000 times; what is known must outweigh that.
pub(super) const PERSON_PRIOR: i32 = -160;
/// The same for companies, of which there are fewer.
pub(super) const COMPANY_PRIOR: i32 = -130;

/// A personal mailbox belongs to one person, with few exceptions: enough by itself, if nothing speaks against it.
pub(super) const SAME_MAILBOX: i32 = 210;
/// A mailbox that differs by tag or dots: mostly one person, never proof.
pub(super) const FOLDED_MAILBOX: i32 = 170;
/// A typing error away: the same local part at a misspelt domain, or the other way round.
pub(super) const CLOSE_MAILBOX: i32 = 90;
/// `info@`: the same company, not the same person.
pub(super) const SHARED_MAILBOX: i32 = 40;
/// People have several addresses, so another one says little.
pub(super) const OTHER_MAILBOX: i32 = -10;

/// A number; households and switchboards share them, so it weighs less than a mailbox.
pub(super) const SAME_LINE: i32 = 180;
/// One number with two extensions is a switchboard.
pub(super) const SWITCHBOARD: i32 = 60;
/// One digit off, or two neighbours exchanged.
pub(super) const CLOSE_LINE: i32 = 50;
/// People have several numbers.
pub(super) const OTHER_LINE: i32 = -10;

/// One given or family name among some hundred common ones.
pub(super) const SAME_NAME: i32 = 70;
/// A nickname of the same name.
pub(super) const NICKNAME: i32 = 60;
/// A typing error, or a name that the other one contains.
pub(super) const CLOSE_NAME: i32 = 50;
/// An initial fits one name in ten or so.
pub(super) const FITTING_INITIAL: i32 = 25;
/// Another name is the strongest sign of another person, though people marry.
pub(super) const OTHER_NAME: i32 = -70;
/// Given and family name stand in each other's field.
pub(super) const EXCHANGED_NAMES: i32 = -10;

/// One company among a thousand or more, by its name without legal form.
pub(super) const SAME_COMPANY: i32 = 100;
/// A typing error, or all words of the shorter name.
pub(super) const CLOSE_COMPANY: i32 = 80;
/// The same domain of addresses where at least one company is not named: theirs, or that of a provider.
pub(super) const SAME_DOMAIN: i32 = 60;
/// The same domain, but companies with different names: a provider or a group.
pub(super) const SHARED_DOMAIN: i32 = 10;
/// People change their employer, but not often.
pub(super) const OTHER_COMPANY: i32 = -25;

/// One town among some hundred.
pub(super) const SAME_CITY: i32 = 40;
/// A typing error away.
pub(super) const CLOSE_CITY: i32 = 30;
/// People move, and give a suburb or the city.
pub(super) const OTHER_CITY: i32 = -15;
/// Half the world is a manager.
pub(super) const SAME_JOB_TITLE: i32 = 10;

/// For a company, its name is what a person's whole name is.
pub(super) const COMPANY_SAME_NAME: i32 = 150;
/// A typing error, or all words of the shorter name.
pub(super) const COMPANY_CLOSE_NAME: i32 = 100;
/// Brands and abbreviations differ from the registered name.
pub(super) const COMPANY_OTHER_NAME: i32 = -20;
/// A company's own domain.
pub(super) const COMPANY_SAME_DOMAIN: i32 = 160;
/// Companies have several domains.
pub(super) const COMPANY_OTHER_DOMAIN: i32 = -15;
/// Any mailbox of a company.
pub(super) const COMPANY_SAME_MAILBOX: i32 = 100;
/// Two people write from it, so that it may be two leads.
pub(super) const COMPANY_OTHER_MAILBOX: i32 = -60;
/// The company's number.
pub(super) const COMPANY_SAME_LINE: i32 = 100;

/// Thousandths of certainty at -10, -9 … 10 bits: `1000 / (1 + 2^-bits)`.
const CERTAINTY: [u16; 21] =
    [1, 2, 4, 8, 15, 30, 59, 111, 200, 333, 500, 667, 800, 889, 941, 970, 985, 992, 996, 998, 999];

/// The certainty, in thousandths, of a sum of weights; straight between whole bits.
pub(super) fn certainty(weight: i32) -> u16 {
    let above = weight.saturating_add(100);
    let (Ok(bit), Ok(tenth)) = (usize::try_from(above.div_euclid(10)), u16::try_from(above.rem_euclid(10))) else {
        return 0;
    };
    let Some(low) = CERTAINTY.get(bit) else { return 1000 };
    let high = CERTAINTY.get(bit + 1).copied().unwrap_or(1000);
    low + (high - low) * tenth / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_follows_the_logistic_curve() {
        for weight in -120..=120 {
            let exact = 1000.0 / (1.0 + (-f64::from(weight) / 10.0).exp2());
            let off = (f64::from(certainty(weight)) - exact).abs();
            assert!(off < 8.0, "{weight}: {} for {exact}", certainty(weight));
        }
        assert!((-2000..2000).is_sorted_by_key(certainty));
        assert_eq!((certainty(i32::MIN), certainty(i32::MAX)), (0, 1000));
    }
}
