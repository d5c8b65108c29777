import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../../gateway/net/addresses.ts";

describe("an address", () => {
  it.each([
    ...["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "223.255.255.255"],
    ...["2606:4700::1111", "2a00:1450:4001:800::200e", "2001:4860:4860::8888"],
  ])("%s is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    // This machine, and none.
    ...["127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "::1", "::"],
    // Private, carrier's NAT, link-local with the metadata services of clouds.
    ...["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255"],
    ...["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1"],
    ...["100.100.100.200", "192.0.0.192", "168.63.129.16"],
    // Documentation, benchmarks, protocols, relays.
    ...["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "192.0.0.1", "192.88.99.1"],
    ...["2001:db8::1", "3fff::1", "2001:2::1", "100::1", "5f00::1"],
    // Multicast, reserved, broadcast.
    ...["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1"],
    // IPv4 in IPv6: mapped, translated, compatible, 6to4, Teredo.
    ...["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "::127.0.0.1"],
    ...["2002:7f00:1::", "2001::1", "::ffff:0:127.0.0.1"],
    // No address at all.
    ...["", "localhost", "127.1", "2130706433", "0x7f000001", "8.8.8.8/8", "[::1]"],
  ])("%s is not public", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
