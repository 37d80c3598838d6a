//! Chance that is the same in every run.

/// The generator `SplitMix64` (Steele, Lea and Flood 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn next(&mut self) -> f64 {
        f64::from(u32::try_from(self.next_u64() >> 32).unwrap()) / f64::from(u32::MAX)
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    /// A whole number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = f64::from(u32::try_from(end).unwrap());
        ((self.next() * end).floor().min(end - 1.0).to_string()).parse().unwrap()
    }

    pub(crate) fn is(&mut self, chance: f64) -> bool {
        self.next() < chance
    }
}
