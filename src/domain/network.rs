//! Networks: which addresses may be called, and whose word on who asked is taken. What a caller names must not make the service
//! knock at the doors of the house it stands in (server-side request forgery, CWE-918).

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Blocks that are not of the public internet, by the IANA registries of special-purpose addresses; where a block has
/// public parts, the whole of it. Of IPv6 all is special but `2000::/3`.
const SPECIAL: [&str; 21] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/3",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "4000::/2",
    "8000::/1",
];

/// Networks that a setting names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl std::str::FromStr for Networks {
    type Err = String;

    /// Reads `10.0.0.0/8, 192.168.1.7`: networks, or single addresses.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
        let one = |part: &str| {
            let single = || part.parse::<IpAddr>().map(IpNet::from);
            part.parse::<IpNet>().or_else(|_| single()).map_err(|_| part.to_owned())
        };
        parts.map(one).collect::<Result<_, _>>().map(Self)
    }
}

impl Networks {
    /// Whether an address may be called: a public one by `https`, one of these networks in any way.
    pub fn admit(&self, address: IpAddr, https: bool) -> bool {
        // ::ffff:127.0.0.1 is 127.0.0.1.
        let address = address.to_canonical();
        let special = SPECIAL.iter().any(|block| block.parse::<IpNet>().is_ok_and(|block| block.contains(&address)));
        self.holds(address) || (https && !special)
    }

    /// Who asked, where these are the proxies of the house: whoever is at the other end, or, of a proxy, whoever it says it asks
    /// for (`X-Forwarded-For`, from its last part on). What stands before the word of a stranger is the stranger's, and is not
    /// believed.
    pub fn asker(&self, peer: IpAddr, forwarded_for: &str) -> IpAddr {
        let mut asker = peer.to_canonical();
        for part in forwarded_for.rsplit(',').map(str::trim) {
            if !self.holds(asker) {
                break;
            }
            // Some write the port as well.
            let told = part.parse().or_else(|_| part.parse::<SocketAddr>().map(|address| address.ip()));
            let Ok(told) = told else { break };
            asker = told.to_canonical();
        }
        asker
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_and_a_stranger_is_not() {
        let proxies: Networks = "10.0.0.0/24, ::1".parse().unwrap();
        for (peer, forwarded_for, asker) in [
            ("203.0.113.7", "", "203.0.113.7"),
            ("203.0.113.7", "8.8.8.8", "203.0.113.7"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "8.8.8.8, 203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "8.8.8.8, 203.0.113.7,10.0.0.2", "203.0.113.7"),
            ("10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
            ("10.0.0.1", "[2400:3200::1]:4711", "2400:3200::1"),
            ("::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            ("::1", "unknown", "::1"),
            ("10.0.0.1", "8.8.8.8, unknown", "10.0.0.1"),
        ] {
            assert_eq!(
                proxies.asker(peer.parse().unwrap(), forwarded_for).to_string(),
                asker,
                "{peer} {forwarded_for}"
            );
        }
    }

    #[test]
    fn only_public_addresses_are_called_unless_a_network_is_named() {
        let (none, some): (Networks, Networks) =
            ("".parse().unwrap(), "10.20.0.0/16, fd00::/8,127.0.0.1".parse().unwrap());
        for (address, public, named) in [
            ("8.8.8.8", true, false),
            ("2400:3200::1", true, false),
            ("10.20.1.1", false, true),
            ("10.21.1.1", false, false),
            ("127.0.0.1", false, true),
            ("127.0.0.2", false, false),
            ("::ffff:127.0.0.1", false, true),
            ("::ffff:10.21.1.1", false, false),
            ("169.254.169.254", false, false),
            ("0.0.0.0", false, false),
            ("172.31.255.255", false, false),
            ("100.100.100.200", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("::1", false, false),
            ("fd00::1", false, true),
            ("fe80::1", false, false),
            ("64:ff9b::7f00:1", false, false),
            ("2002:7f00:1::", false, false),
            ("5f00::1", false, false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(none.admit(address, true), public, "{address}");
            assert!(!none.admit(address, false), "{address}");
            assert_eq!(some.admit(address, true), public || named, "{address}");
            assert_eq!(some.admit(address, false), named, "{address}");
        }
    }

    #[test]
    fn every_block_is_one() {
        assert!(SPECIAL.iter().all(|block| block.parse::<IpNet>().is_ok()));
        assert_eq!("10.0.0.0/8;".parse::<Networks>(), Err("10.0.0.0/8;".into()));
    }
}
