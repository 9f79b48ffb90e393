// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! The words of ../../plan.h: those that say how the memory is laid out are in the image.

/// Which work.
pub struct Plan {
    pub rx: bool,
    pub copied: bool,
    pub check: bool,
    pub payload: u32,
    pub batches: usize,
    pub ms: u64,
    pub image: String,
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is no number"))
}

impl Plan {
    /// Read the words; an image is needed.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Plan, String> {
        let mut next = || words.next().ok_or("see plan.h");
        let rx = next()? == "rx";
        next()?;
        let payload = number(&next()?)?;
        let copied = next()? == "copied";
        let mut plan = Plan {
            rx,
            copied,
            check: false,
            payload,
            batches: 0,
            ms: 20,
            image: String::new(),
        };
        for word in words {
            plan.option(&word)?;
        }
        Ok(plan)
    }

    fn option(&mut self, word: &str) -> Result<(), String> {
        match word.split_once('=') {
            Some(("sum", value)) => self.check = value == "all",
            Some(("batches", value)) => self.batches = number(value)?,
            Some(("ms", value)) => self.ms = number(value)?,
            Some(("image", value)) => self.image = value.to_string(),
            // Crates of today know split rings, and publish each chain.
            Some(("ring", "split") | ("publish", "single")) => {}
            Some(("events" | "regions", _)) => {}
            _ => return Err(format!("{word} is not for these crates")),
        }
        Ok(())
    }
}
