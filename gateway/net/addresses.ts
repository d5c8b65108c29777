import { BlockList, isIPv4, isIPv6 } from "node:net";

/** What the registries of special addresses keep back from the public internet, and clouds' own services on public ones. */
const special: Record<"ipv4" | "ipv6", readonly string[]> = {
  ipv4: [
    // "This" network, private networks, carrier's NAT, loopback, link-local (metadata services of clouds).
    ...["0.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
    ...["100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
    // Protocols, documentation, relays of 6to4, benchmarks.
    ...["192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "198.18.0.0/15"],
    // Multicast, reserved, broadcast.
    ...["224.0.0.0/4", "240.0.0.0/4"],
    // Azure's platform, which serves every machine there.
    "168.63.129.16/32",
  ],
  // All within the one eighth that is global unicast: protocols with Teredo, documentation, 6to4.
  ipv6: ["2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16"],
};

const kept = new BlockList();
for (const family of ["ipv4", "ipv6"] as const) addSubnets(kept, special[family], family);
const globalUnicast = new BlockList();
addSubnets(globalUnicast, ["2000::/3"], "ipv6");

/** Whether an IP address is one that anybody on the internet may reach. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !kept.check(address, "ipv4");
  // All other IPv6 is local, or hides an IPv4 address: mapped ones, NAT64, the old compatible form.
  return isIPv6(address) && globalUnicast.check(address, "ipv6") && !kept.check(address, "ipv6");
}

function addSubnets(list: BlockList, subnets: readonly string[], family: "ipv4" | "ipv6"): void {
  for (const subnet of subnets) {
    const [net = "", prefix = ""] = subnet.split("/");
    list.addSubnet(net, Number(prefix), family);
  }
}
