//! The addresses of a host, in the order in which they are tried.

use std::net::SocketAddr;

/// How many addresses of a host one attempt to connect tries. The next attempt begins with others.
const MAX_ADDRESSES: usize = 20;
/// The attempt, counted since a connection last held, from which the address that was connected to last counts as bad: the
/// connections to it do not hold.
const DISTRUSTED_FROM: u32 = 3;

/// What earlier attempts have shown of addresses.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// The address that the last WebSocket was opened to.
    good: Option<SocketAddr>,
    /// Addresses that were tried in vain, the latest last.
    tried: Vec<SocketAddr>,
}

impl Addresses {
    /// Returns the addresses to try: the one that was good last, then those that were not tried in vain, then the others,
    /// the longest ago first. Within that, the families take turns, for one of them may be of no use.
    ///
    /// `attempt` counts from 1 since a connection last held.
    pub(super) fn order(&mut self, attempt: u32, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
        if attempt >= DISTRUSTED_FROM
            && let Some(bad) = self.good.take()
        {
            self.begin(bad);
        }
        self.tried.retain(|address| found.contains(address));
        let mut ordered = in_turn(found);
        ordered.sort_by_key(|address| {
            let tried = self.tried.iter().position(|tried| tried == address);
            (self.good != Some(*address), tried.map(|position| position + 1))
        });
        ordered.truncate(MAX_ADDRESSES);
        ordered
    }

    /// An address is tried.
    pub(super) fn begin(&mut self, address: SocketAddr) {
        self.tried.retain(|tried| *tried != address);
        self.tried.push(address);
    }

    /// A WebSocket was opened to an address.
    pub(super) fn opened(&mut self, address: SocketAddr) {
        self.tried.retain(|tried| *tried != address);
        self.good = Some(address);
    }
}

/// Addresses, each once, with the families in turn. The first is of the family that comes first, as the operating
/// system prefers.
fn in_turn(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_ipv4 = found.first().is_some_and(SocketAddr::is_ipv4);
    let mut seen = [0_usize; 2];
    let mut ranked: Vec<((usize, usize), SocketAddr)> = Vec::with_capacity(found.len());
    for address in found {
        if ranked.iter().all(|(_, known)| *known != address) {
            let family = usize::from(address.is_ipv4() != first_is_ipv4);
            ranked.push(((seen[family], family), address));
            seen[family] += 1;
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, address)| address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses<const N: usize>(texts: [&str; N]) -> [SocketAddr; N] {
        texts.map(|text| text.parse().expect("an address"))
    }

    #[test]
    fn addresses_of_both_families_are_tried_in_turn() {
        let [a, b, c, d] = addresses(["[::1]:1", "[::2]:1", "127.0.0.1:1", "127.0.0.2:1"]);
        let order = |found: &[SocketAddr]| Addresses::default().order(1, found.to_vec());
        assert_eq!(order(&[a, b, c, d]), [a, c, b, d]);
        assert_eq!(order(&[c, d, a]), [c, a, d]);
        assert_eq!(order(&[c, c, d, c]), [c, d], "each once");
        assert_eq!(order(&[]), []);
    }

    #[test]
    fn the_address_that_was_good_comes_first_and_those_that_were_tried_in_vain_last() {
        let [a, b, c, d] = addresses(["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"]);
        let mut known = Addresses::default();
        known.begin(b);
        known.begin(a);
        known.begin(c);
        known.opened(c);
        assert_eq!(known.order(1, vec![a, b, c, d]), [c, d, b, a]);
        assert_eq!(known.order(2, vec![a, b, d]), [d, b, a], "it is no address of the host any more");
    }

    #[test]
    fn an_address_whose_connections_do_not_hold_comes_last() {
        let [a, b] = addresses(["10.0.0.1:1", "10.0.0.2:1"]);
        let mut known = Addresses::default();
        known.begin(a);
        known.opened(a);
        assert_eq!(known.order(2, vec![a, b]), [a, b], "the first loss is nothing");
        assert_eq!(known.order(3, vec![a, b]), [b, a]);
    }

    #[test]
    fn of_very_many_addresses_the_next_attempt_tries_others() {
        let found: Vec<SocketAddr> =
            (0..50).map(|port| SocketAddr::from(([10, 0, 0, 1], port + 1))).collect();
        let mut known = Addresses::default();
        let first = known.order(1, found.clone());
        assert_eq!(first.len(), MAX_ADDRESSES);
        for address in &first {
            known.begin(*address);
        }
        let second = known.order(2, found.clone());
        assert!(second.iter().all(|address| !first.contains(address)));
        for address in &second {
            known.begin(*address);
        }
        let third = known.order(3, found);
        assert_eq!(third[10..], first[..10], "then the longest ago");
    }
}
