//! What stands behind the question mark: pages of lists and what narrows them. A name that is not known is refused, so
//! that nobody takes a list for narrower than it is.

use axum::extract::Query;
use http::Uri;
use trousseau_retrieval::store::Paging;
use trousseau_wire::Fault;

/// The most items of a page.
const MOST: usize = 100;

/// The pairs of a query.
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads the query of an address.
    pub fn of(uri: &Uri) -> Result<Self, Fault> {
        let pairs = Query::try_from_uri(uri).map_err(|error| invalid("query", &error.to_string()))?;
        let Query(pairs) = pairs;
        Ok(Self(pairs))
    }

    /// Takes the value of a name out; an empty one counts for none.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        let (_, value) = self.0.remove(at);
        (!value.is_empty()).then_some(value)
    }

    /// Takes out how many items a page has.
    pub fn limit(&mut self, usual: usize) -> Result<usize, Fault> {
        match self.take("limit") {
            None => Ok(usual),
            Some(text) => match text.parse() {
                Ok(limit) if (1..=MOST).contains(&limit) => Ok(limit),
                _ => Err(invalid("limit", "from 1 to 100")),
            },
        }
    }

    /// Takes out which page it is to be.
    pub fn paging(&mut self) -> Result<Paging, Fault> {
        let paging = Paging {
            limit: self.limit(Paging::default().limit)?,
            oldest_first: match self.take("order").as_deref() {
                None | Some("desc") => false,
                Some("asc") => true,
                Some(_) => return Err(invalid("order", "asc or desc")),
            },
            after: self.take("after"),
            before: self.take("before"),
        };
        if paging.after.is_some() && paging.before.is_some() {
            return Err(invalid("before", "either after or before"));
        }
        Ok(paging)
    }

    /// Fails when something is left.
    pub fn end(self) -> Result<(), Fault> {
        match self.0.into_iter().next() {
            Some((param, _)) => Err(Fault::Unsupported { param }),
            None => Ok(()),
        }
    }
}

/// The page that an address asks for, and nothing else.
pub fn paging(uri: &Uri) -> Result<Paging, Fault> {
    let mut pairs = Pairs::of(uri)?;
    let paging = pairs.paging()?;
    pairs.end()?;
    Ok(paging)
}

/// A fault of a parameter.
pub fn invalid(param: &str, reason: &str) -> Fault {
    Fault::Invalid {
        param: param.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Paging, String> {
        let uri: Uri = format!("/v1/files?{query}").parse().unwrap();
        paging(&uri).map_err(|fault| fault.to_string())
    }

    #[test]
    fn pages_are_read_and_what_is_wrong_is_named() {
        assert_eq!(read("").unwrap(), Paging::default());
        let asked = Paging {
            limit: 5,
            oldest_first: true,
            after: Some("file-é".to_owned()),
            before: None,
        };
        assert_eq!(
            read("limit=5&order=asc&after=file-%C3%A9&before=").unwrap(),
            asked
        );
        assert_eq!(read("limit=0").unwrap_err(), "limit: from 1 to 100");
        assert_eq!(read("limit=-1").unwrap_err(), "limit: from 1 to 100");
        assert_eq!(read("order=up").unwrap_err(), "order: asc or desc");
        assert_eq!(
            read("after=a&before=b").unwrap_err(),
            "before: either after or before"
        );
        assert_eq!(read("purposes=a").unwrap_err(), "purposes is not supported");
    }
}
