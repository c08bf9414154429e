//! What a request costs: in tokens, and in money at the prices of the places that it may be sent to.

use super::money::Money;

/// What a place asks for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Tokens read.
    pub input: f64,
    /// Tokens written.
    pub output: f64,
}

impl Rates {
    fn cost(self, input: u64, output: u64) -> Money {
        Money::of_tokens(input, self.input).plus(Money::of_tokens(output, self.output))
    }
}

/// What is known of a place's price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Price<'a> {
    /// Nobody is paid by the token.
    Free,
    /// So much, in a currency.
    Known(Rates, &'a str),
    /// Nobody said.
    Unknown,
}

impl Price<'_> {
    /// What so many tokens cost in `currency`. A price in another currency, or none, counts as `otherwise`; without that
    /// nobody knows.
    fn cost(self, (input, output): (u64, u64), currency: &str, otherwise: Option<Rates>) -> Option<Money> {
        match self {
            Price::Free => Some(Money(0)),
            Price::Known(rates, known) if known.eq_ignore_ascii_case(currency) => {
                Some(rates.cost(input, output))
            }
            Price::Known(..) | Price::Unknown => otherwise.map(|rates| rates.cost(input, output)),
        }
    }
}

/// What a request may cost at most, before it is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The bytes that are sent; what is read is estimated by them where nobody counts.
    pub bytes: u64,
    /// Tokens that are read.
    pub input: u64,
    /// Tokens that are written.
    pub output: u64,
    /// The prices of the places that it may be sent to.
    pub prices: &'a [Price<'a>],
    /// What a price that nobody knows counts as.
    pub otherwise: Option<Rates>,
}

impl Asked<'_> {
    /// Both kinds of tokens.
    pub(crate) const fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// At the dearest of the places; `None` where one of the prices is not known.
    pub(crate) fn money(&self, currency: &str) -> Option<Money> {
        let both = (self.input, self.output);
        let mut costs = self
            .prices
            .iter()
            .map(|price| price.cost(both, currency, self.otherwise));
        costs.try_fold(Money(0), |dearest, cost| Some(dearest.max(cost?)))
    }
}

/// What a request did cost.
#[derive(Clone, Copy, Debug)]
pub struct Spent<'a> {
    /// Tokens that were read.
    pub input: u64,
    /// Tokens that were written.
    pub output: u64,
    /// The price of the place that answered.
    pub price: Price<'a>,
    /// What a price that nobody knows counts as.
    pub otherwise: Option<Rates>,
}

impl Spent<'_> {
    /// Both kinds of tokens.
    pub(crate) const fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// In `currency`, where anybody knows.
    pub(crate) fn money(&self, currency: &str) -> Option<Money> {
        self.price
            .cost((self.input, self.output), currency, self.otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_place_is_reserved_for_and_what_nobody_knows_has_no_price() {
        let rates = |input, output| Rates { input, output };
        let cheap = Price::Known(rates(1.0, 2.0), "EUR");
        let dear = Price::Known(rates(3.0, 1.0), "eur");
        let dollars = Price::Known(rates(1.0, 1.0), "USD");
        let asked = |prices: &[Price<'_>], otherwise| {
            let asked = Asked {
                input: 1_000_000,
                output: 1_000_000,
                prices,
                otherwise,
                ..Asked::default()
            };
            asked.money("EUR")
        };
        assert_eq!(asked(&[cheap, dear, Price::Free], None), Money::of_units(4.0));
        assert_eq!(asked(&[Price::Free], None), Some(Money(0)));
        for unknown in [Price::Unknown, dollars] {
            assert_eq!(asked(&[cheap, unknown], None), None);
            assert_eq!(
                asked(&[cheap, unknown], Some(rates(5.0, 5.0))),
                Money::of_units(10.0)
            );
        }
    }
}
