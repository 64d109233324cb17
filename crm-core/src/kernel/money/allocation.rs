//! Splitting an amount so that the parts add up to it again.

use super::{Money, MoneyError, Result};

impl Money {
    /// Splits the amount by weights, by the method of the largest remainder: one part for each weight, in their order.
    ///
    /// The parts add up to the amount exactly and each is less than one smallest unit from its exact share. Units that
    /// are left over go to the largest remainders, on a tie to the lower index; a weight of zero gets nothing. Negative
    /// amounts are split as their positive counterparts are.
    ///
    /// # Errors
    /// `NoWeights` when there is no weight above zero.
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>> {
        let total: u128 = weights.iter().copied().map(u128::from).sum();
        if total == 0 {
            return Err(MoneyError::NoWeights);
        }
        // At most 2^63 times 2^64, so the products fit; the shares are at most the amount.
        let amount = u128::from(self.minor.unsigned_abs());
        let mut shares: Vec<u128> = weights.iter().map(|weight| amount * u128::from(*weight) / total).collect();
        let mut by_remainder: Vec<(usize, u128)> =
            weights.iter().map(|weight| amount * u128::from(*weight) % total).enumerate().collect();
        by_remainder.sort_by_key(|(_, remainder)| std::cmp::Reverse(*remainder));

        let mut left = amount - shares.iter().sum::<u128>();
        for (index, _) in by_remainder {
            if left == 0 {
                break;
            }
            if let Some(share) = shares.get_mut(index) {
                *share += 1;
                left -= 1;
            }
        }
        shares.into_iter().map(|share| self.signed(share)).collect()
    }

    fn signed(self, share: u128) -> Result<Self> {
        let share = i128::try_from(share).map_err(|_| MoneyError::Overflow)?;
        self.with(i64::try_from(if self.is_negative() { -share } else { share }).ok())
    }
}
