/**
 * Which addresses deliveries may go to. Whoever registers a webhook has the server call an address of their choice, from where the
 * server stands: nothing that is reachable from there alone is called, unless the operator says so.
 */
import { BlockList, isIP } from 'node:net';

/** What the operator allows of what lies inside: everything, or these networks, addresses and hosts. */
export type Inside = 'all' | readonly string[];

/** Of the registry of special-purpose addresses (IANA), all that are not for everybody's use; and multicast. */
const INSIDE_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local, where clouds tell machines their credentials (169.254.169.254).
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** Everything else of IPv6 lies inside, or leads to an address of IPv4 that is written into it. */
const OUTSIDE_6 = ['2000::/3'];
const INSIDE_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const inside4 = listOf(INSIDE_4);
const outside6 = listOf(OUTSIDE_6);
const inside6 = listOf(INSIDE_6);

/** Whether an address is not one of the whole internet's. What is no address is. */
export function isInside(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return inside4.check(address);
  const bare = withoutZone(address);
  return version !== 6 || !outside6.check(bare, 'ipv6') || inside6.check(bare, 'ipv6');
}

/** Whether text is something that {@link Inside} may list: a network (10.1.0.0/16), an address, or the name of a host. */
export function isInsideEntry(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  if (bits !== undefined)
    return more === undefined && isIP(address) !== 0 && isPrefix(bits, isIP(address) === 4 ? 32 : 128);
  return (
    isIP(text) !== 0 || /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/i.test(text)
  );
}

export class AddressRules {
  readonly #all: boolean;
  readonly #networks: BlockList;
  readonly #hosts: ReadonlySet<string>;
  readonly #isStrict: boolean;

  constructor(inside: Inside) {
    const listed = inside === 'all' ? [] : inside;
    this.#all = inside === 'all';
    this.#isStrict = !this.#all && listed.length === 0;
    this.#networks = listOf(listed.filter((entry) => entry.includes('/') || isIP(entry) !== 0));
    this.#hosts = new Set(listed.map((entry) => entry.toLowerCase()));
  }

  /** Whether what a URL leads to may turn out to lie inside, and to be allowed. A name is not looked up. */
  mayLieInside(url: URL): boolean {
    const host = hostOf(url);
    return !this.#isStrict && (isIP(host) === 0 || isInside(host));
  }

  /** Whether a URL may be called, as far as it tells that by itself. */
  allowsName(url: URL): boolean {
    const host = hostOf(url);
    if (/(^|\.)localhost$/.test(host)) return this.allows(host, '127.0.0.1');
    return isIP(host) === 0 || this.allows(host, host);
  }

  /** Whether a connection to this address, which the host stands for, may be made. */
  allows(host: string, address: string): boolean {
    if (!isInside(address) || this.#all || this.#hosts.has(host)) return true;
    return this.#networks.check(withoutZone(address), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}

/** The host of a URL without the brackets of an address of IPv6, and without the dot at the end that names may have. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname.replace(/\.$/, '');
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

/** fe80::1%eth0 is fe80::1, as seen from one interface. */
function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? address;
}

function isPrefix(bits: string, most: number): boolean {
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}
