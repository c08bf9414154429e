//! What may stand beside a number: money, lengths of time, physical units.

/// A currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Currency {
    /// EUR.
    Euro,
    /// USD, and every other dollar.
    Dollar,
    /// GBP.
    Pound,
    /// The franc, French, Swiss or CFA.
    Franc,
    /// JPY.
    Yen,
}

/// The unit of a length of time, as written: a month is not turned into days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days, working days included.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// What a physical unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Metres, miles, feet.
    Length,
    /// Square metres, hectares, acres.
    Area,
    /// Litres, cubic metres.
    Volume,
    /// Kilogrammes, tonnes, pounds.
    Mass,
    /// Kilometres per hour, knots.
    Speed,
    /// Degrees.
    Temperature,
    /// Watts, joules, volts, bytes and the like.
    Other,
}

/// What a unit word says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    Percent,
    Money(Currency),
    Time(TimeUnit),
    Physical(Dimension),
}

/// The currency that a sign stands for.
pub(super) const fn currency_sign(sign: char) -> Option<Currency> {
    match sign {
        '€' => Some(Currency::Euro),
        '$' => Some(Currency::Dollar),
        '£' => Some(Currency::Pound),
        '¥' => Some(Currency::Yen),
        _ => None,
    }
}

/// The unit that a lowercase word names, and what its number is multiplied by.
pub(super) fn unit(word: &str) -> Option<(Unit, f64)> {
    money(word)
        .or_else(|| time(word).map(|(unit, factor)| (Unit::Time(unit), factor)))
        .or_else(|| physical(word).map(|dimension| (Unit::Physical(dimension), 1.0)))
        .or_else(|| matches!(word, "percent" | "pct").then_some((Unit::Percent, 1.0)))
}

fn money(word: &str) -> Option<(Unit, f64)> {
    let (currency, factor) = match word {
        "euro" | "euros" | "eur" => (Currency::Euro, 1.0),
        "centime" | "centimes" => (Currency::Euro, 0.01),
        "dollar" | "dollars" | "usd" => (Currency::Dollar, 1.0),
        "sterling" | "gbp" => (Currency::Pound, 1.0),
        "franc" | "francs" | "chf" | "fcfa" => (Currency::Franc, 1.0),
        "yen" | "yens" => (Currency::Yen, 1.0),
        _ => return None,
    };
    Some((Unit::Money(currency), factor))
}

fn time(word: &str) -> Option<(TimeUnit, f64)> {
    Some(match word {
        "seconde" | "secondes" | "seconds" => (TimeUnit::Second, 1.0),
        "minute" | "minutes" | "min" => (TimeUnit::Minute, 1.0),
        "heure" | "heures" | "hour" | "hours" | "h" => (TimeUnit::Hour, 1.0),
        "jour" | "jours" | "journée" | "journées" | "day" | "days" | "nuits" | "nights" => {
            (TimeUnit::Day, 1.0)
        }
        "semaine" | "semaines" | "week" | "weeks" => (TimeUnit::Week, 1.0),
        "mois" | "month" | "months" => (TimeUnit::Month, 1.0),
        "trimestre" | "trimestres" | "quarters" => (TimeUnit::Month, 3.0),
        "semestre" | "semestres" => (TimeUnit::Month, 6.0),
        "an" | "ans" | "année" | "années" | "year" | "years" => (TimeUnit::Year, 1.0),
        "décennie" | "décennies" | "decade" | "decades" => (TimeUnit::Year, 10.0),
        "siècle" | "siècles" | "century" | "centuries" => (TimeUnit::Year, 100.0),
        _ => return None,
    })
}

fn physical(word: &str) -> Option<Dimension> {
    Some(match word {
        "m" | "mètre" | "mètres" | "metre" | "metres" | "meter" | "meters" | "km" | "kilomètre"
        | "kilomètres" | "kilometres" | "kilometers" | "cm" | "centimètres" | "centimeters" | "mm"
        | "millimètres" | "miles" | "mile" | "feet" | "ft" | "inches" | "yards" | "yd" => Dimension::Length,
        "m²" | "m2" | "km²" | "km2" | "ha" | "hectare" | "hectares" | "acres" => Dimension::Area,
        "l" | "litre" | "litres" | "liters" | "m³" | "m3" | "hectolitres" | "cl" | "ml" => Dimension::Volume,
        "kg" | "g" | "kilo" | "kilos" | "kilogrammes" | "kilograms" | "gramme" | "grammes" | "grams"
        | "tonne" | "tonnes" | "tons" | "mg" | "lb" | "lbs" => Dimension::Mass,
        "mph" | "knots" | "nœuds" => Dimension::Speed,
        "degrés" | "degrees" | "degré" => Dimension::Temperature,
        "kw" | "mw" | "gw" | "kwh" | "mwh" | "gwh" | "twh" | "watts" | "volts" | "joules" | "ko" | "mo"
        | "go" | "octets" | "kb" | "mb" | "gb" | "bytes" | "hz" | "mhz" | "ghz" | "hp" | "ch" => {
            Dimension::Other
        }
        _ => return None,
    })
}
